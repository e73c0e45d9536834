"""Damage is found and located, in a file and on a server: which rows, and when they were written."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import shapely

from onemap.layers.library.library import log, open_library, sha256
from onemap.layers.library.log_reading import LOG
from onemap.layers.stores.store import chained_hash
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done


@dataclass(frozen=True)
class Damaged:
    """A library, and a way to change it behind One Map's back."""

    location: str
    change: Callable[[str], None]
    run: Callable[..., Any]

    def problems(self) -> list[dict[str, Any]]:
        """The problems that `onemap verify` finds."""
        answer = self.run("verify", self.location)
        assert answer.code == (5 if answer.json["problems"] else 0)
        return answer.json["problems"]


@pytest.fixture(scope="module")
def intact_library(tmp_path_factory) -> Path:
    """A library of 30 squares in one version, and of one good and one bad feature in another."""
    folder = tmp_path_factory.mktemp("made")
    path = folder / "city.gpkg"
    done("new", path, "--crs", "EPSG:4547")
    define = "name=试,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
    squares = [shapely.box(500_000 + 200 * n, 4_000_000, 500_100 + 200 * n, 4_000_100) for n in range(30)]
    first = write_layer(
        folder / "a.gpkg", squares, {"BSM": [f"b{n}" for n in range(30)], "MJ": [n / 7 for n in range(30)]}
    )
    second = write_layer(folder / "b.gpkg", [squares[0], None], {"BSM": ["good", "bad"]})
    done("add", path, first, "--as", "T", "--define", define, "--covers", "extent")
    done("add", path, second, "--as", "T", "--keep-bad", "--covers", "extent")
    return path


@pytest.fixture(params=["file", "server"])
def whole(request, intact_library, tmp_path, onemap) -> Damaged:
    """That library, in a file or on a server."""
    path = Path(shutil.copy(intact_library, tmp_path / "city.gpkg"))

    def in_file(sql: str) -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            # Behind the triggers of GeoPackage, which are there again afterwards.
            triggers = connection.execute(
                "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            for trigger, _, _ in triggers:
                connection.execute(f'DROP TRIGGER "{trigger}"')
            connection.execute(sql)
            left = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for _, table, statement in triggers:
                if table in left:
                    connection.execute(statement)

    if request.param == "file":
        return Damaged(str(path), in_file, onemap)
    database = request.getfixturevalue("postgis").database()
    url = f"{database.url}&schema=city"
    assert onemap("copy", path, url).code == 0

    def on_server(sql: str) -> None:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("SET search_path TO city, public")
            connection.execute("ALTER TABLE onemap_audit DISABLE TRIGGER ALL")
            connection.execute(sql)
            connection.execute("ALTER TABLE onemap_audit ENABLE TRIGGER ALL")

    return Damaged(url, on_server, onemap)


def test_what_was_not_touched_is_whole(whole):
    assert whole.problems() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "rows", "words"),
    [
        ('UPDATE "T__1" SET "BSM" = \'x\' WHERE fid IN (3, 17)', "3, 17", "2 rows differ; changed: 3, 17;"),
        ('UPDATE "T__1" SET "MJ" = "MJ" + 1e-12 WHERE fid = 5', "5", "changed: 5; missing: –"),
        ('UPDATE "T__1" SET geom = (SELECT geom FROM "T__1" WHERE fid = 1) WHERE fid = 9', "9", "changed: 9"),
        ('DELETE FROM "T__1" WHERE fid IN (1, 30)', "1, 30", "missing: 1, 30"),
        ('INSERT INTO "T__1" SELECT 31, geom, "BSM", "MJ" FROM "T__1" WHERE fid = 1', "31", "added: 31"),
        ('UPDATE "T__1" SET fid = 99 WHERE fid = 2', "2, 99", "missing: 2; added: 99"),
    ],
)
def test_rows_that_are_not_what_was_added_are_named(whole, damage, rows, words):
    whole.change(damage)
    (problem,) = whole.problems()
    assert (problem["code"], problem["layer"], problem["feature"]) == ("verify.features", "T__1", rows)
    assert words in problem["message"]
    assert "(20" in problem["message"]  # since when


def test_of_many_rows_the_first_are_named_and_all_are_counted(whole):
    whole.change('UPDATE "T__1" SET "MJ" = 0.5')
    (problem,) = whole.problems()
    assert "30 rows differ" in problem["message"]
    assert problem["feature"].startswith("1, 2, 3, ")
    assert problem["feature"].endswith("20 …")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "code", "layer"),
    [
        (
            'ALTER TABLE "T__1" RENAME COLUMN "MJ" TO "MJ2"',
            "verify.features verify.structure_changed verify.structure_gone?",
            "",
        ),
        ("UPDATE onemap_versions SET hash = 'x' WHERE number = 1", "verify.record_changed", "onemap_versions"),
        ("UPDATE onemap_versions SET valid_to = '2001-01-01'", "verify.record_changed", "onemap_versions"),
        (
            "UPDATE onemap_versions SET coverage = (SELECT coverage FROM onemap_versions WHERE number = 2)",
            "verify.record_changed",
            "onemap_versions",
        ),
        ("DELETE FROM onemap_versions WHERE number = 2", "verify.record_gone", "onemap_versions"),
        ("UPDATE onemap_catalogue SET key = NULL", "verify.record_changed", "onemap_catalogue"),
        ("DELETE FROM onemap_packs", "verify.record_gone", "onemap_packs"),
        ("INSERT INTO onemap_runs VALUES ('r', '2026', 'me', '{}')", "verify.record_unlogged", "onemap_runs"),
        ("UPDATE \"T__2__bad\" SET message = 'nothing wrong'", "verify.features", "T__2__bad"),
        ('DROP TABLE "T__2__bad"', "verify.structure_gone verify.unreadable", "T__2__bad"),
        ("UPDATE onemap_audit SET who = 'another' WHERE number = 2", "verify.chain", "onemap_audit"),
        ("UPDATE onemap_audit SET detail = '{}' WHERE number = 2", "verify.content verify.record_unlogged", ""),
        ("DELETE FROM onemap_audit WHERE number = 2", "verify.chain verify.record_unlogged", ""),
        (
            "DELETE FROM onemap_audit WHERE number = 3",
            "verify.chain verify.record_unlogged verify.structure_unlogged?",
            "",
        ),
    ],
)
def test_damage_of_a_table_a_record_or_the_log_is_found(whole, damage, code, layer):
    if "RENAME" in damage or "DROP" in damage:
        damage = damage if whole.location.endswith(".gpkg") else damage + " CASCADE" * ("DROP" in damage)
    if whole.location.endswith(".gpkg") and "RENAME" in damage:
        whole.change('DROP VIEW "T"')
    whole.change(damage)
    problems = whole.problems()
    # A server has no view to take away first, and the last entry of its copy speaks of all tables.
    found, certain = {problem["code"] for problem in problems}, {one for one in code.split() if one[-1] != "?"}
    assert certain <= found <= {one.rstrip("?") for one in code.split()}
    assert layer in ("", problems[0]["layer"])


@pytest.mark.parametrize("table", ["audit", "versions", "catalogue", "runs", "district"])
def test_a_table_that_is_gone_is_damage_and_no_defect(intact_library, tmp_path, onemap, table):
    path = Path(shutil.copy(intact_library, tmp_path / "city.gpkg"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP TABLE onemap_{table}")
    answer = onemap("verify", path)
    assert answer.code == 5
    assert f"onemap_{table}" in [problem["layer"] for problem in answer.json["problems"]]


def test_hashes_of_rows_that_are_none_and_titles_that_are_none_are_no_defect(intact_library, tmp_path, onemap):
    path = Path(shutil.copy(intact_library, tmp_path / "city.gpkg"))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE onemap_row_hashes SET hashes = x'00'")
        answer = onemap("verify", path)
        places = {(problem["code"], problem["layer"], problem["feature"]) for problem in answer.json["problems"]}
        rows = ("T__1", "T__2", "T__2__bad", "onemap_problems")
        assert places == {("verify.record_changed", "onemap_row_hashes", row) for row in rows}
        connection.execute("UPDATE onemap_catalogue SET title = 'no JSON'")
    assert onemap("layers", path).codes == ["library.damaged"]
    answer = onemap("verify", path)
    assert (answer.code, set(answer.codes)) == (5, {"verify.record_changed"})


def test_the_row_from_which_the_chain_breaks_is_named_with_its_moment(whole):
    whole.change("UPDATE onemap_audit SET subject = 'other' WHERE number = 2")
    problem = whole.problems()[0]
    assert (problem["code"], problem["feature"]) == ("verify.chain", "2")
    assert "(20" in problem["message"]


def test_a_head_on_paper_belongs_to_this_log_or_not(whole):
    head = whole.run("history", whole.location).json["head"]
    for printed in (head, head.upper(), f"{head[:16]} {head[16:]}", head[:8]):
        assert whole.run("verify", whole.location, "--head", printed).json["ok"]
    other = whole.run("verify", whole.location, "--head", "0" * 64)
    assert (other.code, other.codes) == (5, ["verify.head"])
    short = whole.run("verify", whole.location, "--head", head[:7])
    assert (short.code, short.codes) == (3, ["verify.head_short"])


def test_a_log_rewritten_as_a_whole_no_longer_has_the_head_on_paper(whole):
    """Whoever chains a changed row anew, and all after it, passes the chain's own test."""
    history = whole.run("history", whole.location).json
    rewritten = ""
    for row in history["rows"]:
        content, at = json.dumps(row["detail"] | {"changed": True}, ensure_ascii=False, sort_keys=True), row["at"]
        digest = sha256(content)
        chained = chained_hash(rewritten, at, row["who"], row["action"], row["subject"], digest)
        values = f"detail = '{content}', content_hash = '{digest}', previous_hash = '{rewritten}', hash = '{chained}'"
        whole.change(f"UPDATE onemap_audit SET {values} WHERE number = {row['number']}")  # of this test
        rewritten = chained
    found = {problem["code"] for problem in whole.problems()}
    assert not found & {"verify.chain", "verify.content"}
    assert whole.run("verify", whole.location, "--head", rewritten).codes != ["verify.head"]
    assert "verify.head" in whole.run("verify", whole.location, "--head", history["head"]).codes


def test_a_run_that_was_logged_as_a_copy_holds_nobody_up(intact_library, tmp_path, onemap):
    """A copy's entry says all of its structure, which counts anew from there; a run's entry says nothing of it."""
    path = Path(shutil.copy(intact_library, tmp_path / "city.gpkg"))
    with open_library(str(path)) as library, library.writing() as connection:
        log(connection, "water", "copy", "20261130-1", {"rows": {"onemap_runs": {}}, "verdicts": {}})
    (problem,) = onemap("verify", path).json["problems"]
    assert (problem["code"], problem["layer"], "water" in problem["message"]) == ("verify.row_void", LOG, True)
    more = write_layer(tmp_path / "more.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)], {"BSM": ["n"]})
    onemap("add", path, more, "--as", "T", "--covers", "extent").done()
