"""Values that another program wrote into a library's own tables are named by table, row and column."""

import contextlib
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from onemap.layers.errors import OneMapError
from onemap.rules.python.verb_call import answer_of
from onemap.rules.verbs.commands.altered_library import naming_altered_rows
from onemap.rules.verbs.commands.serve import _Server
from onemap.tests.attacks.full_library import make_full_library

pytestmark = pytest.mark.slow  # the library alone takes some seconds
CASE = "SELECT case_id FROM onemap_events WHERE sequence IS NOT NULL"
RUN = "SELECT id FROM onemap_runs ORDER BY started"
CODES = ("library.altered", "library.altered_rows", "library.damaged")
# Table, column and what stands there now; the verb that reads it, and the column that is named, if that is certain.
ALTERATIONS = [
    ("onemap_catalogue", "title", "1e308", ("layers",), "title"),
    ("onemap_catalogue", "title", '{"zh": "试', ("statistics", "A", "--by", "USE", "--within", "FARM"), "title"),
    ("onemap_catalogue", "title", None, ("identify", "500060", "4000010"), None),
    ("onemap_catalogue", "geometry", "面", ("copy", "copy.gpkg"), None),
    ("onemap_versions", "coverage", 10**9, ("identify", "500060", "4000010"), None),
    ("onemap_district", "geom", "a\0b", ("publish", "one.qgz"), None),
    ("onemap_services", "registered_at", b"\xff\xfe", ("layers", "--looks"), "registered_at"),
    ("onemap_services", "options", "{", ("layers", "--looks"), "options"),
    ("onemap_events", "body", '{"days": 5', ("review", "export", CASE, "one.html"), None),
    ("onemap_events", "who", b"\xff\xfe", ("review", "show", CASE), None),
    ("onemap_events", "seen", "禁止", ("review", "recheck", CASE), None),
    ("onemap_events", "day", 1e308, ("recheck", "--open"), None),
    ("onemap_events", "account", "x", ("review", "show", CASE), None),
]


@pytest.fixture(scope="module")
def full_library(tmp_path_factory) -> Path:
    return make_full_library(tmp_path_factory.mktemp("full"))


@pytest.fixture
def altered(full_library, tmp_path, monkeypatch):
    """A copy of the library in which another program has written into a column of every row."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / full_library.name
    for name in (full_library.name, full_library.with_suffix(".catalogue.toml").name):
        shutil.copy(full_library.with_name(name), tmp_path)

    def alter(table: str, column: str, value: object) -> Path:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            try:
                connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
            except sqlite3.IntegrityError:
                connection.execute(f"UPDATE {table} SET {column} = 'no' || rowid", ())
        return path

    return alter


def answers(path: Path, words: tuple[str, ...]) -> list[str]:
    """The words of a verb, with the library's place, and with ids in place of the questions for them."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        asked_words = [connection.execute(word).fetchone()[0] if word.startswith("SELECT") else word for word in words]
    at = 2 if words[0] == "review" else 1
    return [*asked_words[:at], str(path), *asked_words[at:]]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("table, column, value, words, named", ALTERATIONS)
def test_altered_rows_are_named(onemap, altered, table, column, value, words, named, language):
    path = altered(table, column, value)
    found = onemap(*answers(path, words), lang=language)
    assert found.code == 3, found.json
    for problem in found.json["problems"]:
        assert problem["code"] in CODES
        assert (problem["file"], problem["layer"]) == (path.name, table) and problem["feature"]
        assert bool(re.search("[\u4e00-\u9fff]", problem["mend"])) == (language == "zh")
        if problem["code"] != "library.altered" and named:
            assert problem["field"] == named


def test_verify_finds_damage_where_a_run_cannot_be_computed_again(onemap, altered):
    path = altered("onemap_versions", "recorded_at", "{}")
    found = onemap(*answers(path, ("verify", "--run", RUN)))
    assert found.code == 5 and "onemap_versions" in {problem["layer"] for problem in found.json["problems"]}


def test_a_session_and_python_name_them_too(altered):
    path = altered("onemap_services", "options", "{")
    line = _Server("en").answer({"id": 1, "method": "layers", "params": {"library": str(path), "looks": True}})
    problems = json.loads(line)["error"]["data"]["problems"]
    assert problems and {problem["code"] for problem in problems} == {"library.altered_rows"}
    with pytest.raises(OneMapError) as refusal:
        answer_of("layers", {"library": str(path), "looks": True}, "en")
    assert refusal.value.code == "library.altered_rows"


def test_an_error_of_ours_stays_one_where_the_library_is_whole(full_library):
    for places in ({"library": str(full_library)}, {"library": "none.gpkg", "parcels": [json.dumps({})]}, {}):
        with pytest.raises(KeyError), naming_altered_rows(places):
            raise KeyError("ours")
