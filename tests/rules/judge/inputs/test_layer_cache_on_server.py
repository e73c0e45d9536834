"""On a server a session reuses what it has read until somebody changes it, in whatever way."""

import contextvars

import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.stores.server.server_connection import ServerConnection
from onemap.layers.stores.session import SESSION_CACHE, keeping_open
from onemap.rules.judge.runs.run_store import KEPT, stored_rows

WEST, SOUTH = 540_000.0, 4_050_000.0
RULES = (
    {"id": "zone", "layer": "ZONE", "where": "GRADE < 3"},
    {"id": "road", "layer": "ROAD", "kind": "setback", "distance_m": 12.0, "verdict": "restricted"},
    {"id": "ground", "kind": "composition", "layer": "PLAN", "by": ["DLBM"], "verdict": "notice"},
)
# Behind the library's back: as its owner may, or whoever administers the server.
CHANGES = {
    "a feature nearby is moved": 'UPDATE "ZONE__1" SET geom = ST_Translate(geom, 4, 1) WHERE fid = 1',
    "a value is changed": 'UPDATE "ZONE__1" SET "GRADE" = 3 WHERE fid = 2',
    "a feature comes near": 'UPDATE "ROAD__1" SET geom = ST_Translate(geom, 0, -5000) WHERE fid = 2',
    "all is written anew, with other values": """CREATE TABLE plan_of_before AS TABLE "PLAN__1"; TRUNCATE "PLAN__1";
        INSERT INTO "PLAN__1" SELECT fid, geom, '0701' FROM plan_of_before ORDER BY fid; DROP TABLE plan_of_before""",
    "the table is another, of the same name": """ALTER TABLE "ROAD__1" RENAME TO road_of_before;
        CREATE TABLE "ROAD__1" (LIKE road_of_before INCLUDING ALL); GRANT SELECT ON "ROAD__1" TO PUBLIC;
        INSERT INTO "ROAD__1" SELECT fid, ST_Translate(geom, 3, 3), "KEY" FROM road_of_before;
        DROP TABLE road_of_before CASCADE""",
    "the layer covers less": """SET session_replication_role = replica; UPDATE onemap_versions SET coverage =
        (SELECT ST_AsBinary(ST_Buffer(geom, 0.5)) FROM "ZONE__1" WHERE fid = 1) WHERE code = 'ZONE'""",
    "a field has another name": 'ALTER TABLE "PLAN__1" RENAME COLUMN "DLBM" TO "CODE"',
    "a field has its name again": 'ALTER TABLE "PLAN__1" RENAME COLUMN "CODE" TO "DLBM"',
    "a feature far away is gone": 'DELETE FROM "ROAD__1" WHERE fid = 3',
    "a table is gone": 'DROP TABLE "ZONE__1" CASCADE',
}


@pytest.fixture
def server_city(desk, postgis, onemap):
    """A library of three layers on a server: its database, its location, and a check of one parcel in it."""
    around = shapely.box(WEST - 9000, SOUTH - 9000, WEST + 9000, SOUTH + 9000)
    at = [(WEST + 60 * n, SOUTH + 10 * n) for n in range(4)]
    desk.layer("ZONE", [shapely.box(x, y, x + 50, y + 30) for x, y in at], {"GRADE": [1, 2, 3, 1]}, around)
    roads = [shapely.LineString([(WEST, SOUTH + y), (WEST + 300, SOUTH + y + 9)]) for y in (20, 5030, 7000)]
    desk.layer("ROAD", roads, {"KEY": ["a", "b", "c"]}, around, "line")
    corners = [(WEST + x, SOUTH + y) for x in range(-200, 400, 40) for y in range(-200, 400, 40)]
    uses = ["0101" if n % 3 else "0301" for n in range(len(corners))]
    desk.layer("PLAN", [shapely.box(x, y, x + 40, y + 40) for x, y in corners], {"DLBM": uses}, around)
    desk.pack(*RULES)
    database = postgis.database()
    location = f"{database.url}&schema=kept"
    assert onemap("copy", desk.library, location).code == 0
    parcel = desk.parcels({"P": shapely.box(WEST + 10, SOUTH + 5, WEST + 90, SOUTH + 60)})

    def check():
        answer = desk.run("check", location, parcel, "--pack", desk.folder / "test.toml").done()
        with open_library(location) as library:
            return {name: stored_rows(library, answer.json["run"]["id"], name) for name in KEPT}

    return database, check


def in_fresh_process(check):
    def alone():
        SESSION_CACHE.set(None)
        return check()

    return contextvars.copy_context().run(alone)


@pytest.fixture
def read_tables(monkeypatch):
    """The names of the tables whose features were read."""
    names, read = [], ServerConnection.read_features
    monkeypatch.setattr(
        ServerConnection, "read_features", lambda *given: names.append(given[1]) or read(*given)
    )  # only to count
    return names


def test_a_layer_is_read_again_on_a_server_only_where_it_was_changed(server_city, read_tables):
    database, check = server_city
    with keeping_open():
        first = check()
        assert len(first["overlaps"]) > 2 and sorted(read_tables) == ["PLAN__1", "ROAD__1", "ZONE__1"]
        read_tables.clear()
        assert check() == first and not read_tables
        database.run(f"SET search_path TO kept, public; {CHANGES['a feature nearby is moved']}")
        assert check() != first and read_tables == ["ZONE__1"]


@pytest.mark.slow
def test_whatever_was_changed_behind_a_session_it_answers_as_a_fresh_process(server_city):
    database, check = server_city
    with keeping_open():
        kept = check()
        for change, sql in CHANGES.items():
            before = kept
            database.run(f"SET search_path TO kept, public; {sql}")
            kept, fresh = check(), in_fresh_process(check)
            assert kept == fresh, change
            assert kept != before, change
            assert check() == kept, change
