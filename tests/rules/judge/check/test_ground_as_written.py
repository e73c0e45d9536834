"""A check writes the same bytes by compiled and plain loops, and the same ground by arrays and GEOS."""

import sqlite3

import numpy as np
import pytest
import shapely

from onemap.rules.judge.overlay import overlay
from onemap.rules.judge.overlay.compiler import is_compiler_there
from onemap.tests.rules.judge.check.test_by_formula import shapes

LAYERS = ("parcels", "findings", "overlaps", "overlaps_line")
RULES = (
    {"id": "zone"},
    {"id": "broad", "min_width_m": 3.0, "min_area_m2": 5.0, "verdict": "restricted"},
    {"id": "under", "under": ["broad"], "where": "TBLX = '实划'", "verdict": "consult"},
    {"id": "inside", "kind": "within", "verdict": "notice"},
    {"id": "far", "kind": "setback", "distance_m": 7.5, "verdict": "notice"},
    {"id": "through", "kind": "cross", "layer": "WAY", "verdict": "notice"},
)


@pytest.fixture
def city(desk):
    """A hundred parcels and forty zones, holes and parts among them, at whole and at broken coordinates; some ways."""
    chance = np.random.default_rng(11)
    zones = shapes(chance, 40, 120)
    ways = [shapely.LineString(chance.uniform(0, 500, (4, 2)) + (540_000, 4_210_000)) for _ in range(6)]
    desk.layer("ZONE", zones, {"TBLX": ["实划" if at % 3 else None for at in range(40)]})
    desk.layer("WAY", ways, geometry="line")
    given = {f"p{at}": shape for at, shape in enumerate([*shapes(chance, 95, 60), *zones[:5]])}

    def rows():
        out = desk.check(given, *RULES).out
        with sqlite3.connect(out) as connection:
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in LAYERS}

    return rows


def shape_of(row):
    return shapely.from_wkb(row[1][40:])


@pytest.mark.slow
@pytest.mark.skipif(not is_compiler_there(), reason="numba is not installed")
def test_it_is_the_same_bytes_compiled_and_plain_and_the_same_ground_as_that_of_geos(city, sum_by, monkeypatch):
    sum_by("loops")
    plain = city()
    assert len(plain["overlaps"]) > 400 and len(plain["overlaps_line"]) > 20
    sum_by("compiled")
    rings = []

    def count_rings(work):
        def work_and_count(*given):
            ground, is_sure = work(*given)
            rings.append(int((ground.size > 0).sum()))
            return ground, is_sure

        return work_and_count

    monkeypatch.setattr(overlay, "common_ground", count_rings(overlay.common_ground))
    assert city() == plain
    assert sum(rings) > 200, "most ground has stayed in rings"

    rings.clear()
    sum_by("arrays")
    by_geos = city()
    assert sum(rings) == 0
    for name in LAYERS:
        assert len(by_geos[name]) == len(plain[name])
        for one, other in zip(plain[name], by_geos[name], strict=True):
            assert [value for value in one[2:] if not isinstance(value, float)] == [
                value for value in other[2:] if not isinstance(value, float)
            ]
            numbers = [[value for value in row[2:] if isinstance(value, float)] for row in (one, other)]
            assert numbers[0] == pytest.approx(numbers[1], abs=1e-6)
            if one[1] is not None and name != "overlaps_line":
                apart = shapely.symmetric_difference(shape_of(one), shape_of(other), grid_size=1e-7)
                assert apart.area < 1e-4


@pytest.mark.skipif(not is_compiler_there(), reason="numba is not installed")
def test_a_run_that_was_compiled_is_verified_where_nothing_is_and_the_other_way_round(desk, sum_by):
    chance = np.random.default_rng(12)
    desk.layer("ZONE", shapes(chance, 20, 120))
    given = {f"p{at}": shape for at, shape in enumerate(shapes(chance, 30, 60))}
    ways = ("compiled", "arrays")
    for way, other in (ways, ways[::-1]):
        sum_by(way)
        run = desk.check(given, {"id": "zone"}).answer.json["run"]["id"]
        sum_by(other)
        assert desk.run("verify", desk.library, "--run", run).json["problems"] == []
