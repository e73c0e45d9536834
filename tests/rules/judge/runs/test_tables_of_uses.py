"""A run stores the table of uses by which it was judged: it is repeated with that one, and a correction is seen."""

import sqlite3
from datetime import date

import pytest
from shapely import box

from onemap.layers.library.library import open_library, sha256
from onemap.rules.judge.kinds import permitted_uses
from onemap.rules.judge.runs.run_store import run_record
from onemap.rules.review.cases.staleness import superseded_inputs
from onemap.tests.rules.run_damage import change_library

NAME = "land-use-permits"
USE = {"id": "plan", "kind": "use", "parcel_field": "YDXZ", "plan_field": "YDXZDM", "permits": NAME}
SQUARE = box(0, 0, 10, 10)
CODES = {"YDXZ": ["0701"]}


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """A folder of tables that a test may mend, in the place of the shipped one."""
    folder = tmp_path / "permits"
    folder.mkdir()
    text = (permitted_uses._FOLDER / f"{NAME}.toml").read_text("utf-8")  # the shipped one
    (folder / f"{NAME}.toml").write_text(text, "utf-8")
    monkeypatch.setattr(permitted_uses, "_FOLDER", folder)
    return folder / f"{NAME}.toml"


@pytest.fixture
def city(desk, tables):
    """Housing on ground that the plan sets aside for shops: two classes, of which neither admits the other."""
    desk.layer("ZONE", [SQUARE], {"YDXZDM": ["0901"]})
    return desk, desk.check({"A": SQUARE}, USE, columns=CODES)


def mend(table):
    """Allow housing from now on where the plan has shops."""
    text = table.read_text("utf-8").replace('version = "2026.1"', 'version = "2026.2"')
    head = '[use.housing]\ntitle = { zh = "居住用地", en = "Housing" }\n'
    assert head in text
    table.write_text(text.replace(head, head + 'on = ["commerce"]\n'), "utf-8")


def test_the_record_names_the_table_by_version_and_hash_and_its_text_is_kept(city, tables):
    desk, found = city
    run = found.answer.json["run"]
    table_record = {"name": NAME, "version": "2026.1", "hash": sha256(tables.read_text("utf-8"))}
    assert run["packs"][0]["tables"] == [table_record]
    with sqlite3.connect(desk.library) as connection:
        kept = dict(connection.execute("SELECT hash, content FROM onemap_pack_texts"))
    connection.close()
    assert kept[table_record["hash"]] == tables.read_text("utf-8")
    steps = desk.run("explain", desk.library, run["id"], "A", "plan").json["steps"]
    assert f"{NAME} 2026.1" in next(step["value"] for step in steps if step["key"] == "options")


def test_a_run_is_repeated_by_its_own_table_and_a_new_one_by_the_mended(city, tables):
    desk, found = city
    first = found.answer.json["run"]["id"]
    assert found.hits("plan") == {"A": 100.0}
    mend(tables)
    again = desk.run("verify", desk.library, "--run", first)
    assert again.code == 0 and again.json["problems"] == []
    beside = desk.check({"A": SQUARE}, USE, columns=CODES, against=first)
    assert beside.hits("plan") == {}, "its rows do not stand: the rule says something else"
    second = beside.answer.json["run"]
    assert second["packs"][0]["tables"][0]["version"] == "2026.2"
    assert second["rules"]["plan"] != found.answer.json["run"]["rules"]["plan"]
    for run in (first, second["id"]):
        assert desk.run("verify", desk.library, "--run", run).json["problems"] == []


def test_a_mended_table_supersedes_its_pack(city, tables):
    desk, found = city
    with open_library(str(desk.library), read_only=True) as library:
        record = run_record(library, found.answer.json["run"]["id"])
        own = [{"id": "test", "name": str(desk.folder / "test.toml")}]
        assert superseded_inputs(library, record, own, date.today()) == set()
        mend(tables)
        assert superseded_inputs(library, record, own, date.today()) == {"test"}


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ("UPDATE onemap_pack_texts SET content = replace(content, '\"09\"', '\"08\"')", "run.damaged"),
        ("DELETE FROM onemap_pack_texts", "run.incomplete"),
    ],
)
def test_a_table_that_was_edited_or_taken_away_in_the_library_is_seen(city, edit, code):
    desk, found = city
    run = found.answer.json["run"]
    assert change_library(desk.library, f"{edit} WHERE hash = ?", run["packs"][0]["tables"][0]["hash"]) == 1
    answer = desk.run("verify", desk.library, "--run", run["id"])
    assert answer.code not in (0, 70) and code in answer.codes
    whole = desk.run("verify", desk.library).json["problems"]
    assert any("onemap_pack_texts" in f"{one['layer']} {one['message']}" for one in whole), whole


def test_no_check_rests_on_a_text_that_is_not_its_hash(city):
    desk, found = city
    (kept,) = found.answer.json["run"]["packs"]
    with sqlite3.connect(desk.library) as connection:
        changed = "UPDATE onemap_pack_texts SET content = content || ' ' WHERE hash = ?"
        assert connection.execute(changed, (kept["hash"],)).rowcount == 1
        before = connection.execute("SELECT count(*) FROM onemap_runs").fetchone()
    connection.close()
    answer = desk.run("check", desk.library, desk.parcels({"A": SQUARE}, CODES), "--pack", desk.folder / "test.toml")
    assert answer.codes == ["run.text_changed"] and kept["hash"] in answer.json["problems"][0]["message"]
    with sqlite3.connect(desk.library) as connection:
        assert connection.execute("SELECT count(*) FROM onemap_runs").fetchone() == before
    connection.close()
    named = desk.run("verify", desk.library).json["problems"]
    assert any(kept["hash"] in str(one["feature"]) for one in named), named
