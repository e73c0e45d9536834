"""The list of cases is the same whether its lines are cached at the desk or read anew, after any step."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import invariant

from onemap.layers.files.desk_cache import CachedText, DeskCache
from onemap.layers.library.library import open_library
from onemap.rules.display.rows.answer_rows import view_text
from onemap.rules.review import case_lines, lines_beside
from onemap.rules.review.case_json import case_list
from onemap.rules.review.case_lines import CaseLines
from onemap.rules.review.case_rows import cases_view
from onemap.rules.review.cases.case_file import case_ids, read_case
from onemap.rules.review.round_evidence import counts_of_round
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.cases.test_what_is_stale import APPROVED, decided_case
from onemap.tests.rules.review.conftest import ASKED, Town, alter, ground
from onemap.tests.rules.review.test_altered_cases import EDITS, change_event, last_event
from onemap.tests.rules.review.test_random_walks import Walk, take_walks, towns
from onemap.tests.rules.review.test_review_on_a_server import ServerTown, on_server

__all__ = ["on_server", "towns"]  # fixtures
LATER = date(2026, 4, 20)


@pytest.fixture(autouse=True)
def desk(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk's cache of the test's own."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(folder))
    return folder


def cache_files(desk: Path) -> list[Path]:
    return sorted(desk.rglob("cases/*.sqlite"))


def row_of_case(library: Any, case_id: str, on: date | None) -> dict[str, Any]:
    """The row of a case in a list, made from the whole case as a panel shows it."""
    case = read_case(library, case_id, on)
    is_out = case.state == "circulating"
    waiting = [one for one in case.opinions if one.state in ("drafted", "returned") and one.routed]
    running = [one for one in waiting if is_out and one.due and one.stopped_on is None]
    return {
        "case": case.id,
        "project": case.project,
        "state": case.state,
        "round": case.round,
        "opened_on": case.opened_on.isoformat(),
        "due": min((one.due for one in running), default=None) and min(one.due for one in running).isoformat(),
        "waiting": [one.department for one in waiting] if is_out else [],
        "overdue": [one.department for one in case.opinions if one.overdue],
        "stale": [one.department for one in case.opinions if one.stale],
        "conclusion": case.conclusion,
        "document": case.document,
        "revision": case.revision,
        "days_left": min((one.days_left for one in running if one.days_left is not None), default=None),
        "verdicts": counts_of_round(library, case),
    }


def same_list(location: Any, on: date | None = None) -> list[dict[str, Any]]:
    """The rows, which the desk's file, a fresh reading, and the file once more must agree on."""
    answers = []
    for is_cached in (True, False, True):
        with open_library(str(location)) as library:
            rows, problems = case_list(library, None, on, is_cached=is_cached)
            answers.append((rows, [(problem.code, problem.facts) for problem in problems]))
    assert answers[0] == answers[1] == answers[2]
    return answers[0][0]


def same_as_cases(town: Town, on: date | None = None) -> list[dict[str, Any]]:
    """The rows, which must match the cases themselves."""
    rows = same_list(town.library, on)
    with open_library(str(town.library)) as library:
        assert rows == [row_of_case(library, case_id, on) for case_id in case_ids(library)]
    return rows


@pytest.mark.slow
def test_the_list_follows_each_step(town):
    town.pack(self_sign=True)
    case = town.open()
    town.open(project="另一个")
    steps = [
        ("circulate", (), "2026-03-02"),
        ("opine", ("land", "--conclusion", "supplement", "--text", "补图"), "2026-03-03"),
        ("opine", ("land", "--conclusion", "agree", "--text", "同意"), "2026-03-04"),
        ("extend", ("--days", "3", "--reason", "补件"), "2026-03-04"),
        ("override", ("DK1", "river", "--verdict", "notice", "--reason", "已批"), "2026-03-04"),
        ("remedy", (), "2026-03-04"),
        *[("sign", (name, "--unanswered", "另行核实"), "2026-03-05") for name in ASKED],
        ("return", ("water", "--reason", "再核"), "2026-03-05"),
        ("opine", ("water", "--conclusion", "conditional", "--text", "保留河岸"), "2026-03-05"),
        ("sign", ("water",), "2026-03-05"),
        ("consolidate", (), "2026-03-06"),
        ("revise", (town.parcels("other", DK2=ground(0, 0, 20, 20)), "--reason", "改红线"), "2026-03-06"),
        *[("sign", (name, "--unanswered", "另行核实"), "2026-03-07") for name in ("reform", "water")],
        ("consolidate", (), "2026-03-07"),
        ("issue", (), "2026-03-08"),
    ]
    seen = [same_as_cases(town)[0]]
    for verb, words, on in steps:
        town.done(verb, case, *words, on=on, by=verb)
        seen.append(same_as_cases(town)[0])
        assert seen[-1]["revision"] == seen[-2]["revision"] + 1
    assert [row["state"] for row in seen[-4:]] == ["circulating", "circulating", "consolidated", "issued"]
    assert (seen[-1]["round"], seen[-1]["document"]) == (2, "演练城预审〔2026〕1号")
    town.done("withdraw", town.open(project="第三个"), on="2026-03-08")
    assert [row["state"] for row in same_as_cases(town)] == ["issued", "draft", "withdrawn"]


def test_a_list_is_had_page_by_page_the_most_urgent_first(town):
    cases = [town.open(project=f"第{number}小学", on="2026-03-02") for number in range(5)]
    town.done("circulate", cases[3], on="2026-03-02", by="lead")
    town.done("withdraw", cases[0], on="2026-03-02", by="lead")

    def list_of(*options):
        answer = done("review", "list", town.library, "--on", "2026-03-02", *options).json
        return [case["case"] for case in answer["cases"]], answer.get("total")

    pages = [list_of("--most", 2, "--page", page) for page in (1, 2, 3, 4)]
    assert [(len(found), total) for found, total in pages] == [(2, 5), (2, 5), (1, 5), (0, 5)]
    assert pages[0][0][0] == cases[3] and pages[2][0] == [cases[0]]
    assert sorted(case for found, _ in pages for case in found) == sorted(cases)
    assert list_of() == (sorted(cases, key=list_of()[0].index), None)  # without --most all of them, as ever
    assert list_of("--waiting", "land") == ([cases[3]], None) and list_of("--waiting", "forestry") == ([], None)
    assert list_of("--find", "第2", "--most", 9) == ([cases[2]], 1)
    assert list_of("--find", cases[1][-4:].upper(), "--state", "draft")[0] == [cases[1]]
    assert command("review", "list", town.library, "--most", 0).code == 2
    beyond = done("review", "list", town.library, "--most", 2, "--page", 9).json
    assert view_text(cases_view(beyond, "en"), "en") == "0 of 5 cases"  # and not that there are none


def replace_in_cache(desk, before, after):
    (path,) = cache_files(desk)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, mark, text FROM entries").fetchall()
    cache = DeskCache("cases", "another library")
    cache.write({name: CachedText(mark, text.replace(before, after)) for name, mark, text in rows})
    (other,) = set(cache_files(desk)) - {path}
    other.replace(path)


def test_a_kept_line_is_used_and_a_new_step_replaces_it(town, desk):
    case = town.open(project="小学")
    assert same_list(town.library)[0]["project"] == "小学"
    replace_in_cache(desk, "小学", "中学")
    with open_library(str(town.library)) as library:
        assert case_list(library, None, None)[0][0]["project"] == "中学"
    town.done("circulate", case, on="2026-03-02")
    assert same_list(town.library)[0]["project"] == "小学"


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True])
def test_lines_of_many_cases_are_made_by_a_process_beside_this_one(town, desk, monkeypatch, is_killed):
    ids = [town.open(project=name) for name in "一二三四"]
    for path in cache_files(desk):  # each that was opened has looked at the others
        path.unlink()
    make, made = CaseLines._made_line, []
    monkeypatch.setattr(CaseLines, "_made_line", lambda self, one: made.append(one) or make(self, one))
    monkeypatch.setattr(lines_beside, "WORTH_CASES", 1)
    monkeypatch.setattr(lines_beside, "_START_CASES", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    if is_killed:
        monkeypatch.setattr(case_lines, "wait_for", lambda process: (process.kill(), process.wait()))
    with open_library(str(town.library)) as library:
        rows, problems = case_list(library, None, None)
    assert made == (ids if is_killed else ids[:2])
    assert [row["project"] for row in rows] == list("一二三四") and problems == []
    assert rows == same_list(town.library)


@pytest.mark.parametrize("overdue", ["consent", "escalate"])
def test_days_pass_over_a_kept_line(town, walk, overdue):
    town.pack(overdue=overdue)
    case = walk("circulating")
    town.done("return", case, "water", "--reason", "再核", on="2026-03-02")
    early, late = (same_as_cases(town, on)[0] for on in (date(2026, 3, 5), LATER))
    assert (early["overdue"], early["days_left"], early["waiting"]) == ([], 2, list(ASKED))
    # Silence is consent of those to whom nothing was given back.
    waiting = ["water"] if overdue == "consent" else list(ASKED)
    assert (late["overdue"], late["waiting"], late["days_left"]) == (list(ASKED), waiting, -29)


def test_a_new_version_makes_kept_lines_stale(town):
    cases = [town.open(), town.open(project="二"), town.open(project="三")]
    town.done("withdraw", cases[2], on="2026-03-02")
    assert [row["stale"] for row in same_as_cases(town)] == [[], [], []]
    town.layer("RIVER", ground(0, 0, 40, 100), label="2026", valid_from="2026-03-10")
    assert [row["stale"] for row in same_as_cases(town, date(2026, 3, 9))] == [[], [], []]
    assert [row["stale"] for row in same_as_cases(town, date(2026, 3, 10))] == [["water"], ["water"], []]


def test_a_line_keeps_that_an_approved_site_lies_elsewhere_until_the_next_is_approved(town, desk):
    """A third and a fourth case far from all stay as they are; what was seen near the third is not looked at again."""
    town.pack(APPROVED)
    places = {name: ground(x, 0, x + 100, 100) for name, x in (("A", 1000), ("B", 3000), ("C", 6000))}
    cases = [decided_case(town, name, place) for name, place in places.items()]
    town.done("issue", cases[0], on="2026-03-05", by="boss")
    assert [row["stale"] for row in same_as_cases(town, date(2026, 3, 5))] == [[], [], []]
    replace_in_cache(desk, '"is_alike": true', '"is_alike": false')
    with open_library(str(town.library)) as library:
        assert [row["stale"] for row in case_list(library, None, date(2026, 3, 5))[0]] == [[], ["water"], ["water"]]
    town.done("issue", cases[1], on="2026-03-05", by="boss")
    assert [row["stale"] for row in same_as_cases(town, date(2026, 3, 5))] == [[], [], []]


def test_a_new_pack_makes_kept_lines_stale(town):
    town.open()
    same_list(town.library)
    town.pack(version="2")
    assert len(same_as_cases(town)[0]["stale"]) == 10


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_behind_the_log_is_seen_over_a_kept_line(town, name):
    case = town.open()
    town.open(project="二")
    town.done("circulate", case, on="2026-03-02")
    town.done("opine", case, "land", "--conclusion", "agree", "--text", "请避让", on="2026-03-03")
    before = same_list(town.library)
    change_event(town, last_event(town, case), EDITS[name])
    after = same_list(town.library)
    assert after[-1] == before[-1]


def test_a_run_that_is_gone_is_seen_over_a_kept_line(town):
    case = town.open()
    same_list(town.library)
    with open_library(str(town.library)) as library:
        run = read_case(library, case).current.run
    alter(town, "DELETE FROM onemap_run_blocks WHERE run = ? AND name = 'findings'", (run,))
    same_list(town.library)
    alter(town, "DELETE FROM onemap_runs WHERE id = ?", (run,))
    (row,) = same_list(town.library)
    assert row["unreadable"]


def test_another_cases_number_counts_for_a_kept_line(town, walk):
    first, second = walk("issued"), walk("issued")
    assert [row["document"][-2:] for row in same_as_cases(town)] == ["1号", "2号"]
    alter(town, "DELETE FROM onemap_events WHERE case_id = ?", (first,))
    # A number that runs ahead has no effect.
    (row,) = same_list(town.library)
    assert (row["case"], row["state"], row["document"]) == (second, "consolidated", None)


DAMAGES = {
    "no file of SQLite": lambda path: path.write_bytes(b"onemap" * 999),
    "half a file": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "nothing": lambda path: path.write_bytes(b""),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "another table": lambda path: on_cache(path, "DROP TABLE entries", "CREATE TABLE entries (name TEXT)"),
    "other words": lambda path: on_cache(path, "UPDATE entries SET text = replace(text, '小学', '中学')"),
    "no words": lambda path: on_cache(path, "UPDATE entries SET text = x'00ff', mark = 7"),
    "lines without inputs": lambda path: on_cache(path, "DELETE FROM entries WHERE name LIKE 'inputs %'"),
}


def on_cache(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_thrown_away_in_silence(town, desk, damage):
    town.open()
    before = same_as_cases(town)
    (path,) = cache_files(desk)
    DAMAGES[damage](path)
    assert same_as_cases(town) == before


def test_a_desk_that_may_not_be_written_is_no_error(town, desk, monkeypatch):
    town.open()
    place = desk / "a file"
    place.write_text("")
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(place))
    assert len(same_as_cases(town)) == 1


def test_a_library_that_is_only_read_has_a_list(town):
    town.open()
    for _ in range(2):
        with open_library(str(town.library), read_only=True) as library:
            assert len(case_list(library, None, None)[0]) == 1


def test_a_line_of_a_case_that_is_gone_goes(town, desk):
    first, second = town.open(), town.open(project="二")
    same_list(town.library)
    shutil.copy(town.library, town.folder / "copy.gpkg")
    alter(town, "DELETE FROM onemap_events WHERE case_id = ?", (first,))
    same_list(town.library)
    (path,) = cache_files(desk)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM entries WHERE name NOT LIKE 'inputs %'")]
    assert names == [second]


LISTING = """
import sys
from onemap.layers.library.library import open_library
from onemap.rules.review.case_json import case_list
for _ in range(12):
    with open_library(sys.argv[1]) as library:
        rows, problems = case_list(library, None, None)
        assert (len(rows), problems) == (3, []), (rows, problems)
    if sys.argv[2] == "away":
        from onemap.layers.files.desk_cache import user_cache
        for path in (user_cache() / "cases").glob("*.sqlite"):
            path.write_bytes(b"no file of SQLite at all")
"""


@pytest.mark.slow
def test_several_processes_list_at_once(town):
    for name in ("一", "二", "三"):
        town.open(project=name)
    words = [[sys.executable, "-c", LISTING, str(town.library), what] for what in ("stays", "stays", "away")]
    clients = [subprocess.Popen(one, stderr=subprocess.PIPE, text=True) for one in words]
    for client in clients:
        _, errors = client.communicate(timeout=120)
        assert client.returncode == 0, errors
    assert len(same_as_cases(town)) == 3


@pytest.mark.slow
def test_what_one_account_may_read_is_not_anothers(on_server: ServerTown):
    """Land's demand stops land's clock, which only land and the lead know before it is signed."""
    lead, land, water = (on_server.as_account(name) for name in ("town_boss", "town_land", "town_water"))
    case = lead.open(on=None)
    lead.done("circulate", case)
    same_list(land.library)
    land.done("opine", case, "land", "--conclusion", "supplement", "--text", "补图")
    rows = {}
    for turn in range(2):  # the second time all three have their lines
        for name, town in (("land", land), ("water", water), ("lead", lead)):
            rows[name, turn] = same_as_cases(town)
    assert rows["water", 0] == rows["water", 1]
    assert rows["land", 0] == rows["lead", 1]
    water_clock, land_clock = (read_case_of(town, case).opinion("land").stopped_on for town in (water, land))
    assert water_clock is None and land_clock is not None


def read_case_of(town: Town, case: str) -> Any:
    with open_library(str(town.library)) as library:
        return read_case(library, case)


class ListedWalk(Walk):
    """Random steps, after each of which the list is asked as of the model's day and of another."""

    @invariant()
    def the_case_is_what_the_model_says(self) -> None:
        if hasattr(self, "model"):
            (row,) = same_list(self.location, self.model.day)
            states = {name: self.model.state_of(name)[0] for name in ASKED}
            waiting = [name for name in ASKED if states[name] in ("drafted", "returned")]
            assert (row["state"], row["waiting"]) == (
                self.model.state,
                waiting if self.model.state == "circulating" else [],
            )
            same_list(self.location, LATER)


@pytest.mark.slow
def test_random_steps_leave_equal_lists(towns):
    ListedWalk.made = towns
    take_walks(ListedWalk, 5)
