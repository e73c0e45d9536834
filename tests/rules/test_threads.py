"""Several threads share a check of many parcels: the rows are those of one thread, to the last bit."""

import sqlite3
from contextlib import closing

from shapely import Polygon, box

from onemap.rules.together import FEW_PARCELS

MANY = 3 * FEW_PARCELS  # so that what rows say of whole parcels is worked out beside the rules


def rows_of(path, table):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f'SELECT * FROM "{table}" ORDER BY fid').fetchall()


def test_many_parcels_have_the_same_rows_with_one_thread_and_with_four(desk):
    desk.layer("ZONE", [box(-5, -5, 30 * MANY / 3, 200), Polygon([(0, 15), (30 * MANY, 15), (30 * MANY, 100)])])
    desk.pack({})
    shapes = [box(30 * at, 0, 30 * at + 20, 20) for at in range(MANY)]
    source = desk.write("given", shapes, {"DKBH": [f"p{at}" for at in range(MANY)]}, "EPSG:4547")
    found = []
    for workers in (1, 4):
        out = desk.folder / f"out{workers}.gpkg"
        words = ("--pack", desk.folder / "test.toml", "--workers", workers, "--out", out)
        answer = desk.run("check", desk.library, source, *words)
        assert answer.code == 0, answer.json
        found.append({table: rows_of(out, table) for table in ("parcels", "findings", "overlaps")})
    one, four = found
    assert one == four
    assert len(one["parcels"]) == MANY
    assert MANY / 3 < len(one["findings"]) < len(one["overlaps"]) + 1
    with closing(sqlite3.connect(desk.folder / "out4.gpkg")) as connection:
        (ellipsoidal,) = connection.execute("SELECT sum(area_ellipsoidal_m2) FROM parcels").fetchone()
    assert 0.99 < ellipsoidal / (400 * MANY) < 1  # so far from the meridian the plane is larger than the ground
