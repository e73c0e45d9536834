"""Whole verbs on polygons whose common ground is known to the last digit, drawn so that overlays fail."""

import numpy as np
import pytest
import shapely

from onemap.tests.rules.meshes import Mesh

NEAR = {"rel": 1e-6, "abs": 2e-5}


@pytest.fixture
def mesh():
    def make(seed):
        random = np.random.default_rng(seed)
        return Mesh(random, int(random.integers(6, 12)), float(random.choice([3.0, 50.0])), (500_000.0, 4_200_000.0))

    return make


def any_of(masks):
    return np.logical_or.reduce(masks)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_conflicts_and_unknown_ground_are_those_of_the_triangles(desk, mesh, seed):
    ground = mesh(seed)
    count = len(ground.triangles)
    zones = [ground.walk(int(ground.random.integers(1, count // 4))) for _ in range(12)]
    covered = ground.walk(int(0.85 * count))
    desk.layer("ZONE", [ground.polygon(zone) for zone in zones], covers=ground.polygon(covered))
    parcels = {f"P{at}": ground.walk(int(ground.random.integers(1, count // 3))) for at in range(8)}
    shapes = {name: ground.polygon(chosen) for name, chosen in parcels.items()}
    found = desk.check(shapes, {"id": "avoid"}, {"id": "within", "kind": "within"})
    zone, areas = any_of(zones), ground.areas_m2
    known = {
        "avoid": (lambda parcel: parcel & zone, lambda parcel: parcel & ~covered & ~zone),
        "within": (lambda parcel: parcel & covered & ~zone, lambda parcel: parcel & ~covered),
    }
    for rule, (hit, unknown) in known.items():
        for rows, mask in ((found.hits(rule), hit), (found.unknowns(rule), unknown)):
            for name, parcel in parcels.items():
                row = rows.get(name, 0.0)
                area_m2 = row[0] if isinstance(row, tuple) else row
                assert area_m2 == pytest.approx(areas[mask(parcel)].sum(), **NEAR), (rule, name)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_statistics_in_units_are_those_of_the_triangles(desk, mesh, seed):
    ground = mesh(100 + seed)
    count = len(ground.triangles)
    everywhere = shapely.box(499_000, 4_199_000, 501_500, 4_201_500)
    zones = [ground.walk(int(ground.random.integers(1, count // 4))) for _ in range(9)]
    classes = [str(at % 3) for at in range(9)]
    desk.layer("ZONE", [ground.polygon(zone) for zone in zones], {"K": classes}, covers=everywhere)
    unit = ground.partition(4)
    desk.layer("UNITS", [ground.polygon(unit == at) for at in range(4)], {"NAME": list("0123")}, covers=everywhere)
    answer = desk.run("statistics", desk.library, "ZONE", "--by=K", "--within=UNITS", "--unit=NAME").done()
    found = {(row["unit"], row["keys"]["K"]): row["area_m2"] for row in answer.json["rows"] if row["keys"]}
    for kind in "012":
        of_class = any_of([zone for zone, one in zip(zones, classes, strict=True) if one == kind])
        for at in range(4):
            known = ground.areas_m2[of_class & (unit == at)].sum()
            assert found.get((str(at), kind), 0.0) == pytest.approx(known, **NEAR), (at, kind)
