"""Large polygons are cut once for a version and stored: rows are equal with, without or with a broken side table."""

import json
import shutil
import sqlite3

import numpy as np
import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import read_version, versions
from onemap.rules.judge.inputs.subdivision_store import WORTH_VERTICES, cut_near
from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.rules.judge.runs.run_store import KEPT, stored_rows
from onemap.tests.rules.run_damage import change_library

RULES = (
    {"id": "zone", "where": "GRADE < 3"},
    {"id": "inside", "kind": "within", "verdict": "consult"},
    {"id": "plan", "kind": "use", "parcel_field": "USE", "plan_field": "DLBM", "permits": {"07": ["07"]}},
    {"id": "ground", "kind": "composition", "by": ["DLBM"], "verdict": "notice"},
)
WEST, SOUTH = 540_000.0, 4_050_000.0  # all parcels count from one origin


def shore(vertices, reach, seed):
    """A closed line like a coast, with this many vertices."""
    random = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    far = reach * (1 + 0.05 * random.uniform(-1, 1, vertices)) * (1 + 0.3 * np.sin(5 * turn))
    return np.round(np.stack([WEST + far * np.cos(turn), SOUTH + far * np.sin(turn)], 1), 3)


@pytest.fixture
def parcels():
    """Boxes over and around the zones, some on their edge."""
    random = np.random.default_rng(3)
    places = random.uniform(-1400, 1400, (60, 2)) + [WEST, SOUTH]
    return {f"P{n}": shapely.box(x, y, x + 40 + n, y + 55) for n, (x, y) in enumerate(places)}


@pytest.fixture
def city(desk, parcels):
    zones = [
        shapely.Polygon(shore(9000, 900, 1), [shore(2500, 300, 2)]),
        shapely.Polygon(shore(3000, 250, 4)),
        shapely.box(WEST + 1000, SOUTH - 900, WEST + 1400, SOUTH),
    ]
    columns = {"KEY": ["a", "b", "c"], "GRADE": [1, 2, 3], "DLBM": ["0101", "0701", None]}
    far = shapely.box(WEST - 9000, SOUTH - 9000, WEST + 9000, SOUTH + 9000)
    desk.layer("ZONE", zones, columns, far, label="a")
    desk.pack(*RULES)
    return desk


def run_check(city, parcels, **options):
    """All rows that a check keeps, by table."""
    given = city.parcels(parcels, {"USE": ["0701"] * len(parcels)})
    answer = city.run(
        "check", city.library, given, "--pack", city.folder / "test.toml", *options.get("more", ())
    ).done()
    with open_library(str(city.library)) as library:
        return {name: stored_rows(library, answer.json["run"]["id"], name) for name in KEPT}


def stored_pieces(library):
    with sqlite3.connect(library) as connection:
        return connection.execute("SELECT cut, fid, part, length(content) FROM onemap_pieces ORDER BY 1,2,3").fetchall()


@pytest.mark.slow
def test_every_row_is_equal_with_and_without_what_is_kept_and_when_it_is_damaged(city, parcels):
    change_library(city.library, "DROP TABLE IF EXISTS onemap_pieces")
    fresh = run_check(city, parcels)
    assert len(fresh["overlaps"]) > 40
    written = stored_pieces(city.library)
    assert {fid for _, fid, _, _ in written} == {1, 2}  # the third is small
    assert run_check(city, parcels) == fresh
    assert stored_pieces(city.library) == written
    change_library(
        city.library, "UPDATE onemap_pieces SET content = zeroblob(length(content)) WHERE fid = 1 AND part % 2 = 0"
    )
    assert run_check(city, parcels) == fresh
    change_library(city.library, "DELETE FROM onemap_pieces WHERE fid = 2 AND part = 1")
    assert run_check(city, parcels) == fresh
    assert stored_pieces(city.library) == written


@pytest.mark.slow
def test_each_parcel_alone_has_the_rows_that_it_has_among_all(city, parcels):
    together = run_check(city, parcels)
    alone = [run_check(city, {name: shape}) for name, shape in list(parcels.items())[:6]]
    for name in ("findings", "overlaps", "composition"):
        found = [row for one in alone for row in one[name]]
        assert found == [row for row in together[name] if row.values["parcel"] in list(parcels)[:6]], name


@pytest.mark.slow
def test_a_new_version_has_pieces_of_its_own(city, parcels):
    before = run_check(city, parcels)
    moved = shapely.Polygon(shore(9000, 700, 9))
    columns = {"KEY": ["a"], "GRADE": [1], "DLBM": ["0101"]}
    city.layer("ZONE", [moved], columns, "extent", label="b")
    after = run_check(city, parcels)
    assert after["overlaps"] != before["overlaps"]
    assert len({cut for cut, _, _, _ in stored_pieces(city.library)}) == 2
    change_library(city.library, "DROP TABLE onemap_pieces")
    assert run_check(city, parcels) == after


@pytest.mark.slow
def test_a_table_that_was_changed_behind_its_hash_is_not_answered_from_its_former_pieces(city, parcels):
    run_check(city, parcels)
    with open_library(str(city.library)) as library:
        (version,) = versions(library)
        stored = read_version(library, version, None)
        stored.geometries[0] = shapely.transform(stored.geometries[0], lambda xy: xy + [0.0, 0.125])
        origin = (460_000.0, 3_960_000.0)
        local = shapely.transform(stored.geometries, lambda xy: xy - origin)
        changed = type(stored)(stored.fids, local, stored.attributes)
        cut = cut_near(library, version, origin, changed, None)
        mine = cut.pieces.geometries[cut.pieces.owner == 0]
    assert shapely.equals_exact(mine, subdivide_polygons(local[:1]).geometries).all()


def test_a_parcel_reads_the_pieces_near_it_alone(city, parcels):
    run_check(city, parcels)
    with open_library(str(city.library)) as library:
        (version,) = versions(library)
        stored = read_version(library, version, None)
        origin = tuple(float(part) for part in json.loads(stored_pieces(city.library)[0][0])[3:])
        local = shapely.transform(stored.geometries, lambda xy: xy - origin)
        stored = type(stored)(stored.fids, local, stored.attributes)
        whole = subdivide_polygons(local)
        west, south = WEST + 880 - origin[0], SOUTH - origin[1]
        near = cut_near(library, version, origin, stored, (west, south, west + 60, south + 60)).pieces
        assert 0 < len(near.geometries) < len(whole.geometries) / 4
        assert library.kept["cuts"] == {}
    assert shapely.get_num_coordinates(local[0]) > WORTH_VERTICES
    boxes = shapely.box(west, south, west + 60, south + 60)
    wanted = whole.geometries[(whole.owner < 2) & shapely.intersects(shapely.envelope(whole.geometries), boxes)]
    assert shapely.equals_exact(near.geometries, wanted).all()


@pytest.mark.slow
def test_a_copy_has_the_pieces_too_and_a_library_that_may_only_be_read_needs_none(city, parcels, onemap):
    fresh = run_check(city, parcels)
    copy = city.folder / "copy.gpkg"
    assert onemap("copy", city.library, copy).code == 0
    assert stored_pieces(copy) == stored_pieces(city.library)
    shutil.move(copy, city.library)
    assert run_check(city, parcels) == fresh
