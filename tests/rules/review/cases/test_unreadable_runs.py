"""A case with an unreadable run is shown with the reason; a restored run changes nothing that came later."""

import contextlib
import sqlite3
from datetime import date

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.case_file import stored_case
from onemap.rules.review.cases.review_ground import review_ground
from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import LAWFUL_STEPS, ground, opinion

TABLES = ("onemap_runs", "onemap_run_blocks", "onemap_pack_texts")
# What somebody may do to the rows of a run, and its packs.
DAMAGES = {
    "blocks that are none": "UPDATE onemap_run_blocks SET content = x'78' WHERE run = :run",
    "parcels that are none": "UPDATE onemap_run_blocks SET content = x'78' WHERE run = :run AND name = 'parcels'",
    "no findings": "DELETE FROM onemap_run_blocks WHERE run = :run AND name = 'findings'",
    "no blocks": "DELETE FROM onemap_run_blocks WHERE run = :run",
    "a record that is none": "UPDATE onemap_runs SET record = '{' WHERE id = :run",
    "a record that says nothing": "UPDATE onemap_runs SET record = '{}' WHERE id = :run",
    "no record": "DELETE FROM onemap_runs WHERE id = :run",
    "other packs": "UPDATE onemap_pack_texts SET content = 'x'",
    "no packs": "DELETE FROM onemap_pack_texts",
}
STEPS = {**LAWFUL_STEPS, "circulate": (), "recheck": (), "export": ()}
DAY = "2026-03-04"


def run_of(town, case):
    with open_library(str(town.library)) as library:
        return stored_case(library, case).current.run


def harm(town, case, damage):
    """Damage the run of the current round; return the tables' former content."""
    with contextlib.closing(sqlite3.connect(town.library)) as library, library:
        before = {name: library.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
        assert library.execute(damage, {"run": run_of(town, case)} if ":run" in damage else {}).rowcount
    return before


def bring_back(town, before):
    """Restore the rows of a backup beside those written since."""
    with contextlib.closing(sqlite3.connect(town.library)) as library, library:
        for name, rows in before.items():
            marks = ",".join("?" * len(rows[0]))
            library.executemany(f"INSERT OR REPLACE INTO {name} VALUES ({marks})", rows)


def is_refused(town, case, verb, *arguments):
    answer = town.step(verb, case, *arguments, on=DAY)
    return answer.code == 3 and set(answer.codes) <= {"review.run_unreadable", "review.circulated"}


def problems_of_verify(town):
    return {problem["code"] for problem in command("verify", town.library).json["problems"]}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_case_is_shown_with_what_is_wrong_and_stands_as_before_with_a_backup(town, walk, damage):
    case, other = walk("circulating"), town.open(project="二")
    town.sign_all(case, "land", on="2026-03-03")
    shown_before = town.show(case, DAY)
    assert opinion(shown_before, "land")["state"] == "signed"
    tables = harm(town, case, DAMAGES[damage])
    shown = town.show(case, DAY)
    assert (shown["state"], shown["round"], shown["run"]) == ("circulating", 1, shown_before["run"])
    assert {one["conclusion"] for one in shown["opinions"]} == {"open"}
    assert shown["warnings"] == [shown["damaged"]]
    assert (
        "1 step of this round"
        in done("review", "show", town.library, case, "--lang", "en", "--on", DAY).json["damaged"]
    )
    assert [name for name, why in shown["steps"].items() if why is None] == ["revise", "withdraw"]
    assert all(one["steps"]["sign"] for one in shown["opinions"])
    lines = result_text("review show", shown, "zh").splitlines()
    assert f"  ! {shown['damaged']}" in lines and len(lines) == 13
    listed = done("review", "list", town.library).json
    assert [one["case"] for one in listed["cases"]] == [case, other]
    assert listed["cases"][0]["unreadable"] and listed["cases"][0]["verdicts"]["unknown"] == 1
    assert listed["problems"][0]["code"].startswith("run.")
    assert "verify.event_unjudged" in problems_of_verify(town)
    rows = done("history", town.library, case).json["rows"]
    assert [row["action"] for row in rows if row["unlawful"]] == ["review.open", "review.sign"]
    bring_back(town, tables)
    assert town.show(case, DAY) == shown_before
    assert problems_of_verify(town) == set()


@pytest.mark.parametrize("verb", STEPS)
def test_no_step_rests_on_a_run_that_cannot_be_read(town, walk, verb):
    case = walk("circulating")
    harm(town, case, DAMAGES["blocks that are none"])
    before = town.show(case, DAY)
    if verb == "export":
        assert command("review", "export", town.library, case, town.folder / "a.json").codes == [
            "review.run_unreadable"
        ]
    else:
        assert is_refused(town, case, verb, *STEPS[verb])
    assert town.show(case, DAY) == before


@pytest.mark.parametrize("damage", ["blocks that are none", "no record", "no findings"])
def test_a_new_round_lifts_the_damage_and_stands_with_a_backup(town, walk, damage):
    case = walk("circulating")
    town.sign_all(case, on="2026-03-03")
    town.done("consolidate", case, on="2026-03-03")
    tables = harm(town, case, DAMAGES[damage])
    clear = town.parcels("clear", DK1=ground(300, 300, 400, 400))
    town.done("revise", case, clear, "--reason", "避让农田", on=DAY, by="lead")
    assert "damaged" not in town.done("circulate", case, on=DAY)
    town.sign_all(case, "reform", on=DAY)
    assert town.done("consolidate", case, on=DAY)["conclusion"] == "agree"
    shown_before = town.show(case, DAY)
    bring_back(town, tables)
    shown = town.show(case, DAY)
    first_round = ("rounds", "entries")
    assert [shown[name] for name in shown if name not in first_round] == [
        shown_before[name] for name in shown if name not in first_round
    ]
    assert {one["state"] for one in shown["rounds"][0]["opinions"]} == {"void"}
    assert problems_of_verify(town) == set()


def test_a_withdrawal_stands_with_a_backup(town, walk):
    case = walk("circulating")
    town.sign_all(case, on="2026-03-03")
    tables = harm(town, case, DAMAGES["blocks that are none"])
    assert town.done("withdraw", case, "--reason", "撤回", on=DAY)["state"] == "withdrawn"
    bring_back(town, tables)
    assert town.show(case, DAY)["state"] == "withdrawn"
    assert problems_of_verify(town) == set()


@pytest.mark.slow
def test_a_case_that_may_be_issued_is_not_gone_on_with(town, walk):
    """Its statement is on paper: a new round would contradict it as soon as the run is back."""
    case, tried = walk("issued"), walk("circulating")
    tables = harm(town, case, DAMAGES["blocks that are none"])
    for verb, arguments in (("revise", (town.parcels("next"),)), ("withdraw", ("--reason", "r"))):
        assert town.step(verb, case, *arguments, on="2026-03-06", by="lead").codes == ["review.run_unreadable"]
    assert not any(why is None for why in town.show(case, "2026-03-06")["steps"].values())
    town.sign_all(tried, on="2026-03-06")
    town.done("consolidate", tried, on="2026-03-06")
    assert town.done("issue", tried, on="2026-03-06")["document"].endswith("2号")
    with contextlib.closing(sqlite3.connect(town.library)) as library:  # what was issued stays on the map
        assert [row[0] for row in library.execute("SELECT AJBH FROM YSYJ__2 ORDER BY fid")] == [case, tried]
    bring_back(town, tables)
    assert town.show(case, "2026-03-06")["state"] == "issued"
    assert problems_of_verify(town) == set()


def test_the_ground_in_review_is_unknown_with_a_run_that_cannot_be_read(town, walk):
    case, other = walk("circulating"), walk("circulating")
    harm(town, case, DAMAGES["blocks that are none"])
    with open_library(str(town.library)) as library:
        found = review_ground(library, date(2026, 3, 4), None)
    assert (found.cases, found.unreadable) == ((other,), (case,))
