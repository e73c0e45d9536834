"""A library restored from pg_dump is recognised, and so is a changed structure on a server."""

import subprocess
from pathlib import Path

import psycopg
import pytest
import shapely

from onemap.tests.conftest import write_layer
from onemap.tests.postgis_server import Database
from onemap.tests.rules.command import command, done

DEFINE = "name=试,department=land,library=base,kind=vector,geometry=polygon,key=BSM"


@pytest.fixture
def city(tmp_path, postgis) -> tuple[Database, str, Path]:
    """A library on a server with a layer, and a source for more."""
    database = postgis.database()
    url = f"{database.url}&schema=city"
    source = write_layer(tmp_path / "a.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)])
    done("new", url, "--crs", "EPSG:4547", "--name", "某市")
    done("add", url, source, "--as", "T", "--define", DEFINE, "--covers", "extent")
    return database, url, source


def pg(database: Database, program: str, *arguments: str) -> None:
    path = database.programs / program
    if not path.exists():
        pytest.skip(f"{program} is not here")
    answer = subprocess.run([path, *arguments], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.slow
def test_a_dump_that_is_restored_says_what_it_lacks(city, postgis, tmp_path):
    database, url, source = city
    dump = tmp_path / "city.dump"
    pg(database, "pg_dump", "--format=custom", "--schema=city", f"--file={dump}", database.url)
    write_layer(source, [shapely.box(500_000, 4_000_000, 500_200, 4_000_100)])
    done("add", url, source, "--as", "T", "--covers", "extent")
    head = tmp_path / "head.json"
    done("keep", url, "--head", head)
    other = postgis.database()
    pg(database, "pg_restore", f"--dbname={other.url}", str(dump))
    restored = f"{other.url}&schema=city"
    assert done("verify", restored).json == {"ok": True, "problems": []}
    answer = command("verify", restored, "--head", head)
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"]) == (5, "verify.head_missing")
    assert "names entry 4: 1 entry is missing" in problem["message"]
    done("add", restored, source, "--as", "T", "--covers", "extent")
    assert command("verify", restored, "--head", head).codes == ["verify.head_rewritten"]
    assert done("verify", url, "--head", head).json["ok"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "code", "place"),
    [
        ('CREATE OR REPLACE VIEW "T" AS SELECT * FROM "T__1" WHERE false', "changed", ("T", "view")),
        ('DROP VIEW "T"', "gone", ("T", "view")),
        ("CREATE VIEW more AS SELECT 1 AS one", "unlogged", ("more", "table")),
        ("CREATE TABLE more (a int)", "unlogged", ("more", "table")),
        (
            "ALTER TABLE onemap_audit DISABLE TRIGGER onemap_chain",
            "changed",
            ("onemap_audit/onemap_chain", "trigger"),
        ),
        ("DROP TRIGGER onemap_closed ON onemap_audit", "gone", ("onemap_audit/onemap_closed", "trigger")),
        (
            "CREATE OR REPLACE FUNCTION onemap_closed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "changed",
            ("onemap_closed/", "function"),
        ),
    ],
)
def test_a_changed_view_trigger_or_function_is_named(city, sql, code, place):
    database, url, _ = city
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET search_path TO city, public")
        connection.execute(sql)
    problems = command("verify", url).json["problems"]
    named = {(problem["code"], problem["layer"], problem["feature"]) for problem in problems}
    assert (f"verify.structure_{code}", *place) in named
