"""Deadlines by hand from the State Council's calendars of 2025 and 2026: the day of receipt never counts."""

from datetime import date

import pytest

from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.layers.library.own_files import calendar_of
from onemap.tests.rules.review.conftest import ASKED, done, opinion

CALENDAR = WorkCalendar()


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2026-03-02", 5, "2026-03-09"),  # a Monday: over one weekend
        ("2026-03-06", 5, "2026-03-13"),  # a Friday
        ("2026-03-07", 5, "2026-03-13"),  # a Saturday: Monday is the first day
        ("2026-09-24", 5, "2026-10-09"),  # Mid-Autumn 25–27 September, National Day 1–7 October
        ("2026-09-30", 5, "2026-10-13"),  # 8, 9, Saturday the 10th is worked, then 12, 13
        ("2026-10-09", 1, "2026-10-10"),  # a worked Saturday
        ("2026-02-13", 5, "2026-02-27"),  # Spring Festival 15–23 February; Saturday the 14th and the 28th are worked
        ("2026-02-13", 6, "2026-02-28"),
        ("2025-09-26", 5, "2025-10-10"),  # Sunday the 28th is worked; 29, 30; 1–8 October free; 9, 10
    ],
)
def test_working_days_are_counted_across_holidays_and_worked_weekends(received, days, due):
    assert CALENDAR.after(date.fromisoformat(received), days) == date.fromisoformat(due)


def test_the_days_between_two_days_are_those_that_lead_from_one_to_the_other():
    start = date(2026, 9, 20)
    for days in range(1, 30):
        assert CALENDAR.between(start, CALENDAR.after(start, days)) == days
    assert CALENDAR.between(date(2026, 10, 9), date(2026, 9, 24)) == -5


def test_a_year_without_calendar_is_refused_and_names_it():
    with pytest.raises(OneMapError) as refused:
        CALENDAR.after(date(2099, 12, 28), 5)
    assert (refused.value.code, refused.value.problems[0].facts["year"]) == ("calendar.missing", 2099)


def test_a_bureau_supplies_its_own_year(town):
    town.library.with_suffix(".calendar.toml").write_text(
        '[2099]\nholidays = ["2099-01-01", "2099-10-01/2099-10-07"]\nworkdays = ["2099-10-10"]\n', encoding="utf-8"
    )
    with open_library(str(town.library)) as library:
        calendar = calendar_of(library)
    # 28, 29, 30 September 2099 are Monday to Wednesday; then 8 and 9 October, and Saturday the 10th is worked.
    assert calendar.after(date(2099, 9, 27), 6) == date(2099, 10, 10)
    assert calendar.is_worked(date(2026, 10, 10))


def test_the_years_of_a_named_calendar_go_before_those_of_the_library_and_leave_it_its_others(town, monkeypatch):
    own, named = town.library.with_suffix(".calendar.toml"), town.folder / "named.toml"
    own.write_text('[2098]\nworkdays = ["2098-12-27"]\n[2099]\nworkdays = ["2099-01-03"]\n', encoding="utf-8")
    named.write_text('[2099]\nholidays = ["2099-01-02"]\n', encoding="utf-8")
    monkeypatch.setenv("ONEMAP_CALENDAR", str(named))
    with open_library(str(town.library)) as library:
        calendar = calendar_of(library)
    # A Saturday of the library's own 2098; a Friday and a Saturday of 2099.
    days = date(2098, 12, 27), date(2099, 1, 2), date(2099, 1, 3)
    assert [calendar.is_worked(day) for day in days] == [True, False, False]
    assert not calendar.is_worked(date(2026, 10, 1))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[2099", "calendar.syntax"),
        ("[next]\n", "calendar.value"),
        ('[2099]\nfree = ["2099-01-01"]', "calendar.value"),
        ('[2099]\nholidays = ["2098-12-31"]', "calendar.value"),
        ('[2099]\nholidays = ["2099-02-30"]', "calendar.value"),
        ('[2099]\nholidays = ["2099-02-03/2099-02-01"]', "calendar.value"),
        ("[2099]\nholidays = 3", "calendar.value"),
        ('[2099]\nholidays = ["2099-02-01/2099-02-09"]\nworkdays = ["2099-02-08"]', "calendar.both"),
    ],
)
def test_a_wrong_calendar_file_is_refused_with_its_place(town, text, code):
    town.library.with_suffix(".calendar.toml").write_text(text, encoding="utf-8")
    with pytest.raises(OneMapError) as refused, open_library(str(town.library)) as library:
        calendar_of(library)
    assert refused.value.code == code
    assert refused.value.problems[0].facts["file"] == "town.calendar.toml"


def test_a_calendar_file_named_in_the_environment_must_exist(town, monkeypatch):
    monkeypatch.setenv("ONEMAP_CALENDAR", str(town.folder / "none.toml"))
    with pytest.raises(OneMapError) as refused, open_library(str(town.library)) as library:
        calendar_of(library)
    assert refused.value.code == "calendar.file"


def test_circulating_starts_the_clock_of_each_department_that_is_asked_and_of_no_other(town):
    case = town.open(on="2026-09-24")
    assert all(one["due"] is None for one in town.show(case, "2026-09-24")["opinions"])
    after = town.done("circulate", case, on="2026-09-24")
    assert {one["department"]: one["due"] for one in after["opinions"] if one["due"]} == dict.fromkeys(
        ASKED, "2026-10-09"
    )


def test_the_list_of_cases_says_a_month_ahead_that_the_calendar_ends(town):
    def remarks(day):
        answer = done("review", "list", town.library, "--on", day)
        return [problem["code"] for problem in answer.json["problems"]]

    calendar = town.library.with_suffix(".calendar.toml")
    calendar.write_text("[2097]\n[2098]\n", encoding="utf-8")
    assert remarks("2098-12-20") == []  # no case waits for anything
    town.open(on="2026-03-02")
    # From 3 December 2098, a Wednesday, the twentieth working day is the last of that year, a Wednesday, too.
    assert (remarks("2098-12-03"), remarks("2098-12-04")) == ([], ["calendar.soon"])
    assert remarks("2099-01-01") == ["calendar.missing"]  # no month is left
    calendar.write_text("[2098", encoding="utf-8")
    assert remarks("2098-12-03") == ["calendar.syntax"]


def test_a_case_is_not_sent_out_into_a_year_without_calendar(town):
    case = town.open(on="2098-12-30")
    answer = town.step("circulate", case, on="2098-12-30")
    assert (answer.code, answer.codes) == (3, ["calendar.missing"])
    assert town.show(case, "2098-12-30")["state"] == "draft"


def test_an_extension_adds_working_days_and_never_shortens(town, walk):
    case = walk("circulating")
    after = town.done("extend", case, "land", "--days", "3", "--reason", "复核", on="2026-03-03")
    assert opinion(after, "land")["due"] == "2026-03-12"
    assert opinion(after, "water")["due"] == "2026-03-09"
    after = town.done("extend", case, "--days", "1", "--reason", "全部", on="2026-03-03")
    assert [opinion(after, name)["due"] for name in ASKED] == ["2026-03-10", "2026-03-13", "2026-03-10"]
    assert town.step("extend", case, "--days", "0", "--reason", "x", on="2026-03-03").code == 2
    assert town.step("extend", case, "--days", "-2", "--reason", "x", on="2026-03-03").code == 2
    assert town.step("extend", case, "--days", "2", "--reason", " ", on="2026-03-03").codes == ["review.reason"]
    assert town.step("extend", case, "forestry", "--days", "2", "--reason", "x", on="2026-03-03").codes == [
        "review.not_routed"
    ]


def with_terms(town, terms):
    """The town's pack with further keys of the review."""
    pack = town.pack(version="2")
    pack.write_text(pack.read_text(encoding="utf-8").replace("days = 5", terms), encoding="utf-8")
    return pack


def test_each_department_has_its_own_days_where_the_pack_says_so(town):
    with_terms(town, "days = 5\ndays_of = { water = 10 }")
    case = town.open()
    after = town.done("circulate", case, on="2026-03-02")
    assert [opinion(after, name)["due"] for name in ASKED] == ["2026-03-09", "2026-03-09", "2026-03-16"]
    assert (after["terms"]["days"], after["terms"]["days_of"]) == (5, {"water": 10})
    revised = town.done("revise", case, town.parcels("next"), on="2026-03-03", by="lead")
    assert [opinion(revised, name)["due"] for name in ASKED] == ["2026-03-10", "2026-03-10", "2026-03-17"]


def test_a_revised_round_counts_by_the_days_that_it_shows(town, walk):
    case = walk("circulating")
    with_terms(town, "days = 10")
    after = town.done("revise", case, town.parcels("next"), on="2026-03-02", by="lead")
    assert after["terms"]["days"] == 10
    assert {opinion(after, name)["due"] for name in ASKED} == {"2026-03-16"}
    again = town.done("circulate", case, on="2026-03-03", by="lead")
    assert {opinion(again, name)["due"] for name in ASKED} == {"2026-03-17"}


def test_overdue_is_shown_and_escalated_where_silence_is_no_consent(town, walk):
    case = walk("circulating")
    on_time, late = town.show(case, "2026-03-09"), town.show(case, "2026-03-10")
    assert [opinion(on_time, "land")[key] for key in ("state", "overdue", "days_left")] == ["drafted", False, 0]
    assert [opinion(late, "land")[key] for key in ("state", "overdue", "days_left")] == ["drafted", True, -1]
    assert town.step("consolidate", case, on="2026-03-20").codes == ["review.unsigned"]
    assert opinion(town.sign_all(case, "land", on="2026-03-20"), "land")["state"] == "signed"


def test_silence_is_consent_only_where_the_pack_says_so(town, walk):
    town.pack(overdue="consent")
    case = walk("circulating")
    assert opinion(town.show(case, "2026-03-09"), "land")["state"] == "drafted"
    late = opinion(town.show(case, "2026-03-10"), "land")
    assert (late["state"], late["conclusion"]) == ("deemed", "agree")
    for verb, more in (("opine", ("--conclusion", "agree", "--text", "好")), ("sign", ()), ("return", ())):
        assert town.step(verb, case, "land", *more, on="2026-03-10").codes == ["review.deemed"]
    # Nobody has signed: that the opinion has to be returned first would be no help.
    judged = ("DK1", "farm", "--verdict", "notice", "--reason", "x")
    assert town.step("override", case, *judged, on="2026-03-10").codes == ["review.deemed"]
    steps = opinion(town.show(case, "2026-03-10"), "land")["steps"]
    assert steps["override"] == steps["sign"]
    town.sign_all(case, "water", on="2026-03-06")
    after = town.done("consolidate", case, on="2026-03-10")
    assert [opinion(after, name)["state"] for name in ASKED] == ["deemed", "deemed", "signed"]
    assert (after["conclusion"], len(after["warnings"])) == ("conditional", 3)
    assert "no head" in after["warnings"][-1]  # the library has no profile


def test_a_deemed_opinion_speaks_again_when_its_deadline_is_extended_far_enough(town, walk):
    town.pack(overdue="consent")
    case = walk("circulating")
    more = ("--days", "1", "--reason", "补提")
    assert town.step("extend", case, "land", *more, on="2026-03-20").codes == ["review.extend_more"]
    after = town.done("extend", case, "land", "--days", "10", "--reason", "补提", on="2026-03-20")
    assert [opinion(after, "land")[key] for key in ("state", "conclusion")] == ["drafted", "disagree"]
    assert opinion(after, "water")["state"] == "deemed"


def test_a_demand_for_more_material_stops_the_clock_until_the_case_is_revised(town, walk):
    town.pack(overdue="consent")
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "supplement", "--text", "补勘测定界", on="2026-03-04")
    stopped = opinion(town.show(case, "2026-05-06"), "land")
    assert (stopped["state"], stopped["due"], stopped["stopped_on"]) == ("drafted", None, "2026-03-04")
    assert opinion(town.show(case, "2026-05-06"), "water")["state"] == "deemed"
    town.sign_all(case, "land", on="2026-03-05")
    assert town.step("extend", case, "land", "--days", "1", "--reason", "x", on="2026-03-05").codes == ["review.signed"]
    after = town.done("revise", case, town.parcels("next"), on="2026-03-16", by="lead")
    assert (after["round"], after["state"]) == (2, "circulating")
    assert [opinion(after, name)["due"] for name in ASKED] == ["2026-03-23"] * 3


def test_a_clock_that_stood_still_runs_on_by_as_many_days_when_the_department_thinks_better_of_it(town, walk):
    case = walk("circulating")
    town.done("opine", case, "land", "--conclusion", "supplement", "--text", "补", on="2026-03-03")
    assert town.step("extend", case, "land", "--days", "1", "--reason", "x", on="2026-03-04").codes == [
        "review.stopped"
    ]
    after = town.done("opine", case, "land", "--conclusion", "agree", "--text", "好", on="2026-03-06")
    assert opinion(after, "land")["due"] == "2026-03-12"  # three working days were not counted


def test_no_step_is_dated_before_the_case_s_last_one(town, walk):
    case = walk("circulating")
    town.sign_all(case, "land", on="2026-03-04")
    answer = town.step("sign", case, "water", on="2026-03-03")
    assert (answer.code, answer.codes) == (3, ["review.date"])
    assert "2026-03-04" in answer.json["problems"][0]["message"]


def test_an_opinion_that_is_given_back_after_its_last_day_is_not_silence(town, walk):
    """The department disagreed in time; that the lead returns it makes no consent of it, nor does a new draft."""
    town.pack(overdue="consent")
    case = walk("circulating")
    words = ("--conclusion", "disagree", "--text", "不同意", "--basis", "土地管理法")
    town.done("opine", case, "land", *words, on="2026-03-03")
    town.sign_all(case, "land", on="2026-03-03")
    town.done("return", case, "land", "--reason", "请补充依据", on="2026-03-20", by="lead")
    returned = opinion(town.show(case, "2026-03-20"), "land")
    assert (returned["state"], returned["conclusion"], returned["overdue"]) == ("returned", "disagree", True)
    town.done("opine", case, "land", *words, on="2026-03-20")
    assert opinion(town.show(case, "2026-03-23"), "land")["state"] == "drafted"
    assert opinion(town.show(case, "2026-03-23"), "water")["state"] == "deemed"
