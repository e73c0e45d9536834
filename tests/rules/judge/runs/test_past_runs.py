"""Runs in a library: listed, opened, compared, named, and removed if nothing rests on them."""

import json
import sqlite3

import pyogrio
import pytest
from shapely import box

from onemap.rules.verbs.commands.verb_text import result_text
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk
from onemap.tests.rules.run_damage import change_library

SQUARE, BESIDE = box(0, 0, 10, 10), box(50, 50, 60, 60)


def made_library(folder):
    """A library with two checks of parcels A and B: in the second the zone has grown to B as well."""
    desk = Desk(folder, command)
    done("new", desk.library, "--crs", "EPSG:4547")
    desk.layer("ZONE", [box(0, 0, 2, 10)], covers=box(-99, -99, 99, 99), valid_from="2024-01-01")
    desk.layer("ZONE", [box(0, 0, 60, 60)], covers=box(-99, -99, 99, 99), valid_from="2025-01-01")
    pack, parcels = desk.pack({}), desk.parcels({"A": SQUARE, "B": BESIDE})
    checks = [done("check", desk.library, parcels, "--pack", pack, "--as-of", f"{year}-06-01") for year in (2024, 2025)]
    return tuple(check.json["run"]["id"] for check in checks)


@pytest.fixture
def two(tmp_path, onemap, copied):
    ids = copied(made_library, tmp_path)
    return Desk(tmp_path, onemap), list(ids)


def log_rows(library):
    with sqlite3.connect(library) as connection:
        return connection.execute("SELECT action, subject, detail FROM onemap_audit ORDER BY number").fetchall()


def test_runs_are_listed_the_newest_first_with_their_verdicts(two):
    desk, (first, second) = two
    listed = desk.run("runs", desk.library).json["runs"]
    assert [run["id"] for run in listed] == [second, first]
    assert [(run["verdicts"]["prohibited"], run["verdicts"]["clear"], run["count"]) for run in listed] == [
        (2, 0, 2),
        (1, 1, 2),
    ]
    assert desk.run("runs", desk.library, "--kind", "compare").json["runs"] == []


def test_a_run_is_opened_again_as_it_was_written(two, tmp_path):
    desk, (first, _) = two
    pack, parcels = desk.folder / "test.toml", desk.folder / "parcels.gpkg"
    target, again = tmp_path / "first.gpkg", tmp_path / "again.gpkg"
    asked = ("check", desk.library, parcels, "--pack", pack, "--as-of", "2024-06-01", "--unrecorded")
    assert desk.run(*asked, "--out", target).code == 0
    answer = desk.run("runs", desk.library, first, "--out", again)
    assert answer.code == 0 and answer.json["verdict"] == "prohibited" and answer.json["rules"] == 1
    for table in ("parcels", "findings", "overlaps"):
        one, other = (pyogrio.read_dataframe(path, layer=table) for path in (target, again))
        assert one.equals(other), table


def test_two_runs_are_compared_by_verdict(two):
    desk, (first, second) = two
    changed = desk.run("runs", desk.library, second, "--against", first).json["changed"]
    assert changed == [{"parcel": "B", "from": "clear", "to": "prohibited", "rules": ["r"]}]


def test_a_comparison_that_is_refused_writes_no_tables(two, tmp_path):
    desk, (first, _) = two
    remedy = desk.run("remedy", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml")
    for other, code in ((remedy.json["run"]["id"], "run.kind"), ("20250101T000000-00000000", "run.unknown")):
        target = tmp_path / "compared.gpkg"
        assert desk.run("runs", desk.library, first, "--against", other, "--out", target).codes == [code]
        assert not target.exists()


def test_a_comparison_of_runs_is_told_in_words(two):
    desk, (first, second) = two
    answer = desk.run("runs", desk.library, second, "--against", first).json
    title = answer["rule_titles"]["r"]
    lines = result_text("runs", answer, "en").splitlines()
    head = "Against the earlier run, parcels with another verdict: 1; only in this run: 0; only in the earlier one: 0."
    assert lines[-2:] == [head, f"  B: clear → prohibited ({title})"]
    asked = ("check", desk.library, desk.parcels({"A": SQUARE, "C": BESIDE}), "--pack", desk.folder / "test.toml")
    third = desk.run(*asked, "--as-of", "2025-06-01", "--against", second).json
    rows = result_text("check", third, "zh").splitlines()[-3:]
    head, *ids = rows
    assert head == "与先前一次相比：0 个地块结论不同，1 个地块只在本次，1 个地块只在先前一次。"
    assert ids == [f"  B：禁止 → 不在其中（{title}）", f"  C：不在其中 → 禁止（{title}）"]


def test_a_verdict_that_turned_because_its_rule_was_not_asked_is_told_as_that(two):
    desk, (_, second) = two
    desk.layer("MARSH", [box(0, 0, 5, 5)], covers=box(-99, -99, 99, 99), valid_from="2024-01-01")
    marsh = {"id": "m", "layer": "MARSH", "verdict": "restricted"}
    more, without = desk.pack({}, marsh, id="more"), desk.pack(marsh, id="without")
    asked = ("check", desk.library, desk.folder / "parcels.gpkg", "--as-of", "2025-06-01", "--against", second)

    def remarks(answer):
        return [one["message"] for one in answer.json["problems"] if one["code"] == "against.unasked"]

    all_asked = desk.run(*asked, "--pack", more)
    assert all_asked.json["changed"] == remarks(all_asked) == []
    for words, title in (((more, "--only", "MARSH"), "title"), ((without,), "r")):
        narrow = desk.run(*asked, "--pack", *words)
        again = desk.run("runs", desk.library, narrow.json["run"]["id"], "--against", second)
        for answer in (narrow, again):
            assert answer.json["changed"][1] == {"parcel": "B", "from": "prohibited", "to": "clear", "rules": ["r"]}
            assert remarks(answer) == [
                "Compared with the earlier check, 2 verdicts (such as that of A) turned by rules that this check did "
                f"not ask ({title}): this does not say that the parcel passes them."
            ]


def test_a_rule_whose_matter_another_rule_judges_now_is_asked(two):
    desk, (_, second) = two
    mild = {"id": "new", "verdict": "restricted"}
    merged = [desk.pack({**mild, "succeeds": ["r"]}, id="merged")]
    ordinance = [desk.folder / "test.toml", desk.pack({**mild, "replaces": "r"}, id="ordinance")]
    for packs in (merged, ordinance):
        given = [word for pack in packs for word in ("--pack", pack)]
        asked = ("check", desk.library, desk.folder / "parcels.gpkg", "--as-of", "2025-06-01", *given)
        answer = desk.run(*asked, "--against", second)
        assert {(one["from"], one["to"]) for one in answer.json["changed"]} == {("prohibited", "restricted")}
        assert "against.unasked" not in answer.codes


def test_a_name_is_a_logged_write_and_the_last_one_stands(two):
    desk, (first, _) = two
    for name in ("draft", " 第二稿 "):
        assert desk.run("runs", desk.library, first, "--name", name).code == 0
    named = {run["id"]: run["name"] for run in desk.run("runs", desk.library).json["runs"]}
    assert named[first] == "第二稿"
    names = [json.loads(detail)["name"] for action, subject, detail in log_rows(desk.library) if action == "run.name"]
    assert names == ["draft", "第二稿"]
    assert desk.run("verify", desk.library).json["ok"]
    assert desk.run("runs", desk.library, first, "--name", "x" * 121).codes == ["run.name"]


def test_a_run_is_asked_for_by_its_name(two):
    desk, (first, second) = two
    assert desk.run("runs", desk.library, first, "--name", "春季").code == 0
    assert desk.run("runs", desk.library, "春季").json["run"]["id"] == first
    by_name = desk.run("runs", desk.library, second, "--against", "春季").json["changed"]
    assert by_name == desk.run("runs", desk.library, second, "--against", first).json["changed"]
    parcels, pack = desk.parcels({"A": SQUARE, "B": BESIDE}), desk.pack({})
    checks = [
        desk.run("check", desk.library, parcels, "--pack", pack, "--as-of", "2025-06-01", "--against", wanted)
        for wanted in ("春季", first)
    ]
    assert checks[0].json["changed"] == checks[1].json["changed"] != []


def test_a_library_made_before_runs_had_names_takes_them_too(two):
    desk, (first, _) = two
    change_library(desk.library, "DROP TABLE onemap_run_names")
    assert desk.run("runs", desk.library).json["runs"][0]["name"] is None
    assert desk.run("runs", desk.library, first, "--name", "kept").code == 0
    assert desk.run("runs", desk.library, first).json["name"] == "kept"


def test_a_run_is_taken_away_and_the_chain_of_the_log_still_holds(two):
    desk, (first, second) = two
    assert desk.run("runs", desk.library, first, "--remove").code == 0
    assert [run["id"] for run in desk.run("runs", desk.library).json["runs"]] == [second]
    assert desk.run("explain", desk.library, first, "A", "r").codes == ["run.unknown"]
    assert ("run.remove", first) in [row[:2] for row in log_rows(desk.library)]
    assert ("check", first) in [row[:2] for row in log_rows(desk.library)]
    with sqlite3.connect(desk.library) as connection:
        assert connection.execute("SELECT count(*) FROM onemap_run_blocks WHERE run = ?", (first,)).fetchone() == (0,)
    assert desk.run("verify", desk.library).json["ok"]


def test_a_run_behind_a_case_stays(two):
    desk, _ = two
    pack, parcels = desk.folder / "test.toml", desk.folder / "parcels.gpkg"
    desk.run("review", "open", desk.library, parcels, "--project", "p", "--by", "lead", "--pack", pack).done()
    (held,) = [run for run in desk.run("runs", desk.library).json["runs"] if run["held"]]
    answer = desk.run("runs", desk.library, held["id"], "--remove")
    assert (answer.code, answer.codes) == (3, ["run.held"]) and "events" in answer.json["problems"][0]["message"]
    assert desk.run("verify", desk.library, "--run", held["id"]).json["ok"]


@pytest.mark.parametrize(
    ("words", "code"), [(("--name", "x"), "usage.alone"), (("RUN", "--remove", "--name", "x"), "usage.apart")]
)
def test_what_makes_no_sense_together_is_refused(two, words, code):
    desk, (first, _) = two
    answer = desk.run("runs", desk.library, *(first if word == "RUN" else word for word in words))
    assert (answer.code, answer.codes) == (2, [code])
