"""A later change of the calendar undoes no signature, consolidation or statement, and costs nobody days."""

import json
import shutil
from dataclasses import replace
from datetime import date

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.event_store import read_events
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import ground, opinion

SENT, LAST = "2026-03-02", "2026-03-09"  # a Monday, and the Monday after: five working days
DISAGREE = ("--conclusion", "disagree", "--text", "不同意", "--basis", "土地管理法")
LATER = {
    "a Sunday is worked": '[2026]\nworkdays = ["2026-03-08"]\n',  # five working days end on Friday, or on Sunday
    "both days of the weekend are worked": '[2026]\nworkdays = ["2026-03-07/2026-03-08"]\n',
    "two days are free": '[2026]\nholidays = ["2026-03-09/2026-03-10"]\n',
    "a month is free": '[2026]\nholidays = ["2026-03-03/2026-04-02"]\n',
}


@pytest.fixture
def consenting(town, monkeypatch):
    """The town, where silence is consent, on a machine that has no calendar of its own."""
    monkeypatch.delenv("ONEMAP_CALENDAR", raising=False)
    town.pack(overdue="consent")
    return town


def issued_case(town):
    """Land disagrees on the last day of an extension, water on none: consent by silence."""
    case = town.open(on=SENT)
    town.done("circulate", case, on=SENT, by="lead")
    town.done("extend", case, "land", "--days", "5", "--reason", "踏勘", on="2026-03-05", by="lead")
    town.sign_all(case, "reform", on=LAST)
    town.sign_all(case, "land", on="2026-03-16")
    town.done("consolidate", case, on="2026-03-17", by="lead")
    town.done("issue", case, on="2026-03-18", by="boss")
    return case


def decided(case):
    opinions = [(one["department"], one["state"], one["conclusion"], one["signed_by"]) for one in case["opinions"]]
    return case["state"], case["conclusion"], case["document"], opinions


def write_calendar(town, text):
    town.library.with_suffix(".calendar.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("later", LATER)
def test_what_was_signed_and_issued_stays_whatever_calendar_comes(consenting, later):
    case = issued_case(consenting)
    before = decided(consenting.show(case, "2026-03-19"))
    assert before[:2] == ("issued", "disagree")
    write_calendar(consenting, LATER[later])
    after = consenting.show(case, "2026-03-19")
    assert (decided(after), opinion(after, "water")["due"]) == (before, LAST)
    assert done("verify", consenting.library).json["ok"]


def test_the_notice_of_a_provisional_year_takes_no_signature_back(consenting):
    """Monday 25 January 2027 and five days is 1 February; by the notice Sunday the 31st is worked: it would be that."""
    write_calendar(consenting, '[2027]\nholidays = ["2027-01-01/2027-01-03"]\n')
    case = consenting.open(on="2027-01-25")
    consenting.done("circulate", case, on="2027-01-25", by="lead")
    consenting.sign_all(case, on="2027-02-01")
    consenting.done("consolidate", case, on="2027-02-02", by="lead")
    write_calendar(consenting, '[2027]\nworkdays = ["2027-01-31"]\n')
    case = consenting.show(case, "2027-02-03")
    assert (case["state"], case["proposed"], opinion(case, "land")["state"]) == ("consolidated", "disagree", "signed")


def test_a_library_that_is_copied_without_its_calendar_says_what_it_said(consenting, tmp_path):
    """Monday 28 December 2026: five days are 5 January (1 to 3 are free), five more the 12th."""
    write_calendar(consenting, '[2027]\nholidays = ["2027-01-01/2027-01-03"]\n')
    case = consenting.open(on="2026-12-28", parcels=consenting.parcels(DK1=ground(60, 0, 100, 100)))
    consenting.done("circulate", case, on="2026-12-28", by="lead")
    after = consenting.done("extend", case, "land", "--days", "5", "--reason", "踏勘", on="2026-12-30", by="lead")
    assert opinion(after, "land")["due"] == "2027-01-12"
    consenting.sign_all(case, "reform", on="2026-12-30")
    consenting.sign_all(case, "land", on="2027-01-12")
    consenting.done("consolidate", case, on="2027-01-13", by="lead")
    (tmp_path / "desk").mkdir()
    alone = shutil.copy(consenting.library, tmp_path / "desk" / "town.gpkg")
    shown = done("review", "show", alone, case, "--on", "2027-01-14").json
    assert decided(shown) == decided(consenting.show(case, "2027-01-14"))
    assert (shown["proposed"], opinion(shown, "land")["due"]) == ("disagree", "2027-01-12")


def test_an_open_round_gains_days_by_a_later_calendar_and_loses_none(consenting):
    case = consenting.open(on=SENT)
    consenting.done("circulate", case, on=SENT, by="lead")
    write_calendar(consenting, LATER["both days of the weekend are worked"])
    assert opinion(consenting.show(case, LAST), "land")["due"] == LAST
    assert consenting.step("consolidate", case, on=LAST, by="lead").codes == ["review.unsigned"]
    write_calendar(consenting, LATER["two days are free"])
    assert opinion(consenting.show(case, LAST), "land")["due"] == "2026-03-11"
    consenting.sign_all(case, "land", on="2026-03-11")


@pytest.mark.parametrize(
    ("calendar", "code"), [("[2026\n", "calendar.syntax"), ("[2026]\nfree = 1\n", "calendar.value")]
)
def test_a_calendar_that_cannot_be_read_is_never_read_as_one_without_weekends(consenting, calendar, code):
    case, target = issued_case(consenting), consenting.folder / "case.json"
    open_one = consenting.open(on=SENT, project="二")
    consenting.done("circulate", open_one, on=SENT, by="lead")
    write_calendar(consenting, calendar)
    library = consenting.library
    assert command("review", "show", library, case, "--on", "2026-03-19").codes == [code]
    assert command("review", "export", library, case, target, "--document", "statement").codes == [code]
    assert consenting.step("consolidate", open_one, on="2026-03-19", by="lead").codes == [code]
    listed = done("review", "list", library, "--on", "2026-03-19").json
    assert (listed["cases"], {one["code"] for one in listed["problems"]}) == ([], {code})
    verified = command("verify", library)
    assert (verified.code, set(verified.codes)) == (5, {"verify.event_calendar"})


def test_a_calendar_that_is_named_and_not_there_is_no_calendar_without_weekends(consenting, monkeypatch):
    case = issued_case(consenting)
    monkeypatch.setenv("ONEMAP_CALENDAR", str(consenting.folder / "none.toml"))
    answer = command("review", "show", consenting.library, case, "--on", "2026-03-19")
    assert answer.codes == ["calendar.file"]


def without_claims(town, case):
    """The events of a case as written by a program that gave no last day of an extension."""
    with open_library(str(town.library)) as library:
        events = read_events(library, case)
        plain = [_without(event, "due") if event.action == "extend" else event for event in events]
        return Replay.of(plain, library.id, LibraryEvidence(library)).current_case


def _without(event, name):
    facts = {key: value for key, value in event.facts().items() if key != name}
    return replace(event, body=json.dumps(facts))


def test_an_extension_of_an_earlier_program_is_counted_by_the_calendar(consenting):
    case = without_claims(consenting, issued_case(consenting))
    assert (case.state, case.opinion("land").due) == ("issued", date(2026, 3, 16))


def test_silence_is_consent_in_no_recorded_end_before_the_last_day_that_was_told(consenting):
    """A last day of its own that a lead writes: five days from Monday are never over before Saturday the 7th."""
    case = consenting.open(on=SENT)
    consenting.done("circulate", case, on=SENT, by="lead")
    consenting.sign_all(case, "reform", on="2026-03-03")
    with open_library(str(consenting.library)) as library:
        sent, last = read_events(library, case)[1], read_events(library, case)[-1]
        replayed = {}
        for day in ("2020-01-01", "2026-03-06", "2026-03-07", "2026-12-31"):
            replay = Replay.of(
                [_with_due(one, day) if one == sent else one for one in read_events(library, case)],
                library.id,
                LibraryEvidence(library),
            )
            opinion_ = replay.current_case.opinion("land")
            replayed[day] = opinion_.due.isoformat(), opinion_.claimed_due.isoformat()
    assert last.action == "sign"
    assert replayed == {
        "2020-01-01": (LAST, LAST),
        "2026-03-06": (LAST, LAST),
        "2026-03-07": (LAST, "2026-03-07"),
        "2026-12-31": (LAST, LAST),
    }


def _with_due(event, day):
    facts = event.facts()
    return replace(event, body=json.dumps({**facts, "due": dict.fromkeys(facts["due"], day)}))


def test_a_paper_of_a_day_in_time_is_entered_after_others_have_spoken(consenting):
    """Land wrote on the 6th, its last day is the 9th; others stepped on the 10th."""
    case = consenting.open(on=SENT)
    consenting.done("circulate", case, on=SENT, by="lead")
    consenting.done("extend", case, "water", "--days", "5", "--reason", "踏勘", on="2026-03-06", by="lead")
    consenting.sign_all(case, "reform", on="2026-03-06")
    consenting.sign_all(case, "water", on="2026-03-10")
    assert consenting.step("opine", case, "land", *DISAGREE, on="2026-03-05").codes == ["review.date"]  # the lead's day
    assert consenting.step("opine", case, "land", *DISAGREE, on="2026-03-10").codes == ["review.deemed"]
    consenting.done("opine", case, "land", *DISAGREE, on="2026-03-06", by="Wang")
    after = consenting.done("sign", case, "land", on="2026-03-06", by="Li")
    assert (opinion(after, "land")["state"], opinion(after, "land")["conclusion"]) == ("signed", "disagree")
    ended = consenting.done("consolidate", case, on="2026-03-10", by="lead")
    assert (ended["conclusion"], consenting.step("issue", case, on="2026-03-09").codes) == ("disagree", ["review.date"])
    assert done("verify", consenting.library).json["ok"]
