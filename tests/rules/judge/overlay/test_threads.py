"""Several threads share a check of many parcels: the rows equal those of one thread, to the last bit."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from onemap.rules.judge.kinds.few_parcels import FEW_PARCELS

MANY = 3 * FEW_PARCELS  # so that what rows say of whole parcels is worked out beside the rules


def rows_of(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f'SELECT * FROM "{table}" ORDER BY fid').fetchall()


def rows_by_threads(desk, source, name, numbers, tables):
    """The rows of each of the tables, once for every number of threads."""
    for workers in numbers:
        out = desk.folder / f"{name}{workers}.gpkg"
        words = ("--pack", desk.folder / "test.toml", "--workers", workers, "--out", out)
        desk.run("check", desk.library, source, *words).done()
        yield {table: rows_of(out, table) for table in tables}


def test_many_parcels_have_the_same_rows_with_one_thread_and_with_four(desk):
    desk.layer("ZONE", [box(-5, -5, 30 * MANY / 3, 200), Polygon([(0, 15), (30 * MANY, 15), (30 * MANY, 100)])])
    desk.pack({})
    shapes = [box(30 * at, 0, 30 * at + 20, 20) for at in range(MANY)]
    source = desk.write("given", shapes, {"DKBH": [f"p{at}" for at in range(MANY)]}, "EPSG:4547")
    one, four = rows_by_threads(desk, source, "out", (1, 4), ("parcels", "findings", "overlaps"))
    assert one == four
    assert len(one["parcels"]) == MANY
    assert MANY / 3 < len(one["findings"]) < len(one["overlaps"]) + 1
    with closing(sqlite3.connect(desk.folder / "out4.gpkg")) as connection:
        (ellipsoidal,) = connection.execute("SELECT sum(area_ellipsoidal_m2) FROM parcels").fetchone()
    assert 0.99 < ellipsoidal / (400 * MANY) < 1  # so far from the meridian the plane is larger than the ground


@pytest.mark.slow
def test_rows_made_beside_the_rules_are_those_of_one_thread_where_a_second_look_needs_the_library(desk):
    turn = np.linspace(0, 2 * np.pi, 5000, endpoint=False)  # so many vertices that its pieces lie in the library
    shore = Polygon(np.column_stack([300 + 280 * np.cos(turn), 300 + (250 + 20 * np.sin(9 * turn)) * np.sin(turn)]))
    desk.layer("ZONE", [shore, box(250, 250, 900, 900)], {"GRADE": [1, 2]}, accuracy=0.5)
    desk.pack(
        {"id": "avoid"},
        {"id": "within", "kind": "within", "verdict": "consult"},
        {"id": "setback", "kind": "setback", "distance_m": 7.5, "min_width_m": 1.0},
        {"id": "near", "kind": "near", "distance_m": 20.0, "verdict": "notice"},
        {"id": "classes", "kind": "composition", "by": ["GRADE"], "verdict": "notice"},
    )
    side = int(np.ceil(np.sqrt(MANY)))
    corners = [(x, y) for x in np.linspace(0, 700, side) for y in np.linspace(0, 700, side)]
    given = desk.write(
        "given",
        [shapely.box(x, y, x + 31, y + 27) for x, y in corners],
        {"DKBH": [f"p{at}" for at in range(side**2)]},
        "EPSG:4547",
    )
    tables = ("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point", "composition")
    one, three = rows_by_threads(desk, given, "second", (1, 3), tables)
    assert one == three
    with closing(sqlite3.connect(desk.folder / "second3.gpkg")) as connection:
        looked, ranges = connection.execute("SELECT count(area_check_m2), count(area_low_m2) FROM findings").fetchone()
        (apart,) = connection.execute(
            "SELECT max(abs(f.area_m2 - o.area_m2)) FROM findings f JOIN overlaps o USING (parcel, rule)"
            " WHERE f.features = 1 AND f.rule = 'avoid'"
        ).fetchone()
    assert looked > 0 and ranges > 0  # the second look is taken, and rows of one feature have the finding's own ground
    assert apart == 0
