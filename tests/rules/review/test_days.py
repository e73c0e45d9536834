"""The day of a step: today or an earlier day entered late, never a future one; silence by the calendar."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from onemap.layers.stores.file_store import FileStore
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import ASKED, ground, opinion
from onemap.tests.rules.review.test_replies import reply_of

WORDS = ("--conclusion", "agree", "--text", "同意")
LATEST = "9999-12-31"


@pytest.fixture(autouse=True, scope="module")
def noon() -> Iterator[None]:
    """It is about noon where these tests run, by a time zone of their own: into none of them falls a midnight."""
    take_zone = getattr(time, "tzset", lambda: None)  # Windows has none, and keeps its own zone
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", f"NOON{datetime.now(UTC).hour - 12:+d}")
        take_zone()
        yield
    take_zone()


def day(days: int) -> str:
    """The day this many days from today."""
    return (date.today() + timedelta(days)).isoformat()


def working_days(start: date, days: int) -> date:
    """Working days by weekdays, as in the real town's calendar."""
    while days:
        start += timedelta(1)
        days -= start.weekday() < 5
    return start


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows keeps its own zone")
def test_a_statement_bears_the_day_of_the_clock_here_not_of_greenwich(real_town, monkeypatch: pytest.MonkeyPatch):
    # In the morning of Greenwich it is yesterday twelve hours to the west, in the afternoon tomorrow to the east.
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "FAR+12" if datetime.now(UTC).hour < 12 else "FAR-12")
        time.tzset()
        case = real_town.open(on=None)
        opened_on = real_town.show(case, date.today().isoformat())["opened_on"]
        done("review", "export", real_town.library, case, real_town.folder / "report.json")
    time.tzset()
    project = json.loads((real_town.folder / "report.json").read_text("utf-8"))["project"]
    days = {row["key"]: row["value"] for row in project["rows"] if row["key"] in ("reviewed", "as_of")}
    assert days == {"reviewed": opened_on, "as_of": opened_on}


@pytest.fixture
def circulating(real_town) -> str:
    case = real_town.open(on=None)
    real_town.done("circulate", case, by="lead")
    return case


@pytest.fixture
def tomorrow(monkeypatch: pytest.MonkeyPatch):
    """Let this many days pass on the calendar of the machine with the file."""

    def pass_days(days: int) -> None:
        monkeypatch.setattr(FileStore, "today", lambda _self: date.today() + timedelta(days))

    return pass_days


@pytest.mark.slow
@pytest.mark.parametrize("later", [1, 400, LATEST])
@pytest.mark.parametrize(
    ("verb", "more"),
    [
        *(("opine", ("land", *WORDS)), ("sign", ("land",)), ("return", ("land",)), ("consolidate", ())),
        *(("extend", ("--days", "1", "--reason", "x")), ("withdraw", ()), ("recheck", ()), ("show", ())),
        ("override", ("DK1", "farm", "--verdict", "notice", "--reason", "x")),
    ],
)
def test_no_step_is_of_a_day_to_come(real_town, circulating, verb, more, later):
    on = later if later == LATEST else day(later)
    before = real_town.done("show", circulating)
    answer = real_town.step(verb, circulating, *more, on=on)
    assert (answer.code, answer.codes) == (3, ["review.date"])
    assert on in answer.json["problems"][0]["message"] and day(0) in answer.json["problems"][0]["message"]
    assert real_town.done("show", circulating) == before


def test_no_case_is_opened_listed_or_published_on_a_day_to_come(real_town):
    opening = ("open", real_town.parcels(), "--project", "p", "--pack", real_town.pack())
    for verb, *more in (opening, ("list",), ("publish",)):
        answer = command("review", verb, real_town.library, *more, "--on", day(1))
        assert (answer.code, answer.codes) == (3, ["review.date"]), verb
    assert done("review", "list", real_town.library).json == {"cases": [], "problems": []}


def test_a_step_without_a_day_is_today_s(real_town, circulating):
    after = real_town.done("opine", circulating, "land", *WORDS)
    assert {entry["on"] for entry in after["entries"]} == {day(0)}
    assert {entry["entered_on"] for entry in after["entries"]} == {None}
    assert opinion(after, "land")["drafted_on"] == day(0)


def test_a_step_of_an_earlier_day_keeps_both_days_and_shows_them_everywhere(real_town, capsys):
    case = real_town.open(on=day(-3))
    real_town.done("circulate", case, by="lead", on=day(-2))
    real_town.done("opine", case, "land", *WORDS, on=day(-2))
    after = real_town.done("sign", case, "land", on=day(-1), by="Li")
    assert [(entry["action"], entry["on"], entry["entered_on"]) for entry in after["entries"]] == [
        *(("open", day(-3), day(0)), ("circulate", day(-2), day(0)), ("opine", day(-2), day(0))),
        ("sign", day(-1), day(0)),
    ]
    land = opinion(after, "land")
    assert (land["signed_on"], land["signature_entered_on"]) == (day(-1), day(0))
    logged = done("history", real_town.library, case).json["rows"][-1]
    assert (logged["detail"]["on"], logged["detail"]["entered_on"]) == (day(-1), day(0))
    assert main(["review", "show", str(real_town.library), case, "--lang", "zh"]) == 0
    output = capsys.readouterr().out
    assert f"{day(-1)} 签署 自然资源和规划局（土地），{day(0)} 补录" in output
    target = real_town.folder / "case.json"
    done("review", "export", real_town.library, case, target, "--document", "statement")
    content = json.loads(target.read_text(encoding="utf-8"))
    assert [(row["action"], row["on"], row["entered_on"]) for row in content["late_entries"]][-1] == (
        *("sign", day(-1), day(0)),
    )
    row = next(row for row in content["opinions"] if row["department"] == "land")
    assert (row["signed_on"], row["signature_entered_on"]) == (day(-1), day(0))
    page = real_town.folder / "case.html"
    done("review", "export", real_town.library, case, page, "--document", "statement")
    assert page.read_text(encoding="utf-8").count(f"entered late on {day(0)}") >= 5  # the signature, and four steps
    assert done("verify", real_town.library).json["ok"]


def test_no_step_is_of_a_day_before_the_case_s_last_one(real_town, circulating):
    answer = real_town.step("opine", circulating, "land", *WORDS, on=day(-1))
    assert answer.codes == ["review.date"]
    assert day(0) in answer.json["problems"][0]["message"]


def test_a_clock_that_is_behind_the_last_step_is_told_as_such(real_town, circulating, tomorrow):
    """The one machine has Beijing's time, the other that of Greenwich: nobody gave a day."""
    tomorrow(-1)
    (problem,) = real_town.step("opine", circulating, "land", *WORDS, on=None).json["problems"]
    assert problem["code"] == "review.date" and "by the clock it is not that day yet" in problem["message"]
    assert "time zone" in problem["mend"]


def test_a_demand_for_material_that_is_entered_late_stops_no_clock_before_its_entry(real_town):
    case = real_town.open(on=day(-10))
    due = opinion(real_town.done("circulate", case, by="lead", on=day(-10)), "water")["due"]
    demand = ("--conclusion", "supplement", "--text", "补报告")
    assert opinion(real_town.done("opine", case, "water", *demand, on=day(-9)), "water")["stopped_on"] == day(0)
    assert opinion(real_town.done("opine", case, "water", *WORDS), "water")["due"] == due


def test_clocks_begin_on_the_day_on_which_a_step_is_entered(real_town):
    real_town.pack(overdue="consent")
    case = real_town.open(on=day(-40))
    after = real_town.done("circulate", case, by="lead", on=day(-40))
    assert {opinion(after, name)["due"] for name in ASKED} == {working_days(date.today(), 5).isoformat()}
    assert {opinion(after, name)["state"] for name in ASKED} == {"drafted"}
    revised = real_town.done("revise", case, real_town.parcels("next"), by="lead", on=day(-39))
    assert {opinion(revised, name)["due"] for name in ASKED} == {working_days(date.today(), 5).isoformat()}


def test_silence_becomes_consent_by_the_calendar_and_by_no_step_s_day(real_town, tomorrow):
    real_town.pack(overdue="consent")
    case = real_town.open(on=None)
    real_town.done("circulate", case, by="lead")
    assert real_town.step("consolidate", case, on=day(300)).codes == ["review.date"]
    assert opinion(real_town.done("show", case), "land")["state"] == "drafted"
    tomorrow(20)
    assert opinion(real_town.done("show", case), "land")["state"] == "deemed"
    assert real_town.step("opine", case, "land", *WORDS).codes == ["review.deemed"]
    # A paper opinion of a day in time is no silence; nor does a consolidation of such a day find any.
    assert real_town.step("consolidate", case, on=day(1)).codes == ["review.unsigned"]
    spoken = real_town.done("opine", case, "land", "--conclusion", "conditional", "--text", "纸质意见", on=day(1))
    assert (opinion(spoken, "land")["state"], spoken["entries"][-1]["entered_on"]) == ("drafted", day(20))


def test_what_was_superseded_is_so_for_a_step_of_an_earlier_day_too(real_town, circulating, tomorrow):
    real_town.sign_all(circulating, on=None)
    tomorrow(3)
    real_town.layer("FARM", ground(500, 500, 600, 600), valid_from=day(2), label="new")
    assert real_town.step("consolidate", circulating, on=day(1)).codes == ["review.stale"]


@pytest.mark.parametrize("later", [1, LATEST])
def test_a_reply_of_a_day_to_come_is_refused(real_town, circulating, later):
    path = reply_of(real_town, circulating, on=later if later == LATEST else day(later))
    answer = real_town.step("opine", circulating, "land", "--reply", path)
    assert (answer.code, answer.codes) == (3, ["review.date"])
    assert real_town.done("show", circulating)["revision"] == 2


def test_a_reply_keeps_the_day_on_which_it_was_written(real_town):
    case = real_town.open(on=day(-3))
    real_town.done("circulate", case, by="lead", on=day(-3))
    after = real_town.done("opine", case, "land", "--reply", reply_of(real_town, case, on=day(-2)))
    assert (after["entries"][-1]["on"], after["entries"][-1]["detail"]["written_on"]) == (day(0), day(-2))


def test_a_reply_is_not_older_than_the_sending_out(real_town, circulating):
    answer = real_town.step("opine", circulating, "land", "--reply", reply_of(real_town, circulating, on=day(-1)))
    assert answer.codes == ["reply.day"]
    assert day(-1) in answer.json["problems"][0]["message"]
