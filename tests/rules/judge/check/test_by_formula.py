"""Random worlds judged by the formulas of the contract, written plainly: every area, threshold and verdict.

The plain code unites all features and computes parcel by parcel, without any of the check's shortcuts.
"""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

PARCELS, FEATURES = 30, 25
REACH = {"a": 10, "b": 25}
PERMITS = {"07": ["a"], "0702": ["b", "c"], "10": ["c"]}
VERDICTS = ["prohibited", "restricted", "unknown", "consult", "notice", "clear"]


def shapes(rng, number, size):
    """Boxes, stars, stars with a hole and pairs of stars, at whole and at broken coordinates."""
    made = []
    for _ in range(number):
        centre, reach = rng.uniform(0, 500, 2) + (540_000, 4_210_000), rng.uniform(0.3, 1) * size
        kind = rng.integers(0, 4)
        if kind == 0:
            west, south = np.round(centre)
            made.append(box(west, south, west + rng.integers(2, size), south + rng.integers(2, size)))
        elif kind == 1:
            made.append(star(rng, centre, reach))
        elif kind == 2:
            made.append(shapely.difference(star(rng, centre, reach), star(rng, centre, reach / 3)))
        else:
            made.append(shapely.union(star(rng, centre, reach / 2), star(rng, centre + 1.5 * reach, reach / 2)))
    return made


def star(rng, centre, reach):
    angle = np.linspace(0, 2 * np.pi, rng.integers(5, 25), endpoint=False)
    radius = reach * rng.uniform(0.4, 1, len(angle))
    return Polygon(np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)]))


def polygons(geometry):
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return [part for part in parts if part.geom_type == "Polygon" and part.area >= 1e-6]


def plain(geometry):
    return shapely.union_all(polygons(geometry)) if polygons(geometry) else Polygon()


def union(some):
    return shapely.union_all(list(some)) if some else Polygon()


class World:
    """Parcels with a use, features with a class, some of both unknown, and a coverage with a corner cut off."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.parcels = {f"p{n}": shape for n, shape in enumerate(shapes(rng, PARCELS, 60))}
        self.features = shapes(rng, FEATURES, 120)
        self.classes = [None if c == "-" else str(c) for c in rng.choice(["a", "b", "c", "-"], FEATURES)]
        self.uses = [None if u == "-" else str(u) for u in rng.choice(["0701", "0702", "10", "99", "-"], PARCELS)]
        east = 540_000 + rng.uniform(200, 600)
        edge = box(539_900, 4_209_900, east, 4_210_700)
        self.coverage = edge.difference(star(rng, np.array([540_250, 4_210_250]), 80))
        self.least_m2 = float(rng.choice([0, 50, 500]))
        self.width_m = float(rng.choice([0, 3, 10]))

    def with_class(self, test):
        return [shape for shape, name in zip(self.features, self.classes, strict=True) if test(name)]

    def ground_by_formula(self, name):
        """Rule → (conflict, unknown) of one parcel, by the formulas."""
        parcel, ground = self.parcels[name], self.coverage
        certain, null = union(self.with_class(lambda c: c in ("a", "b"))), union(self.with_class(lambda c: c is None))
        classed = zip(self.features, self.classes, strict=True)
        grown = union([f.buffer(REACH[c], quad_segs=64) for f, c in classed if c in REACH])
        doubtful = union([f.buffer(25, quad_segs=64) for f in self.with_class(lambda c: c not in REACH)])
        far = box(539_000, 4_209_000, 542_000, 4_212_000).difference(ground).buffer(25, quad_segs=64)
        return {
            "avoid": (parcel & certain, ((parcel - ground) | (parcel & null)) - certain),
            "within": ((parcel & ground) - certain - null, (parcel - ground) | ((parcel & ground & null) - certain)),
            "setback": (parcel & grown, (parcel & (doubtful | far)) - grown),
            "use": self.use(name),
        }

    def use(self, name):
        parcel, code = self.parcels[name], self.uses[int(name[1:])]
        keys = [key for key in sorted(PERMITS, key=len, reverse=True) if code and code.startswith(key)]
        if not keys:
            return Polygon(), parcel
        forbidden = union(self.with_class(lambda c: c and not c.startswith(tuple(PERMITS[keys[0]]))))
        coded, null = union(self.with_class(bool)), union(self.with_class(lambda c: c is None))
        judged = ((coded & self.coverage) - null) | forbidden
        return parcel & forbidden, parcel - judged

    def counted_m2(self, ground):
        thick = [p for p in polygons(ground) if not self.width_m or not p.buffer(-self.width_m / 2).is_empty]
        return sum(part.area for part in thick)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_every_area_threshold_and_verdict_follows_from_the_formulas(desk, seed):
    world = World(seed)
    desk.layer("ZONE", world.features, {"T": world.classes}, covers=world.coverage)
    limits = {"min_area_m2": world.least_m2, "min_width_m": world.width_m, "verdict": "restricted"}
    use = {"parcel_field": "U", "plan_field": "T", "permits": PERMITS}
    found = desk.check(
        world.parcels,
        {"id": "avoid", "where": "T = 'a' OR T = 'b'", **limits},
        {"id": "within", "kind": "within", "where": "T <> 'c'", **limits},
        {"id": "setback", "kind": "setback", "distance_m": {"field": "T", "values": REACH}, **limits},
        {"id": "use", "kind": "use", **use, **limits},
        columns={"U": world.uses},
    )
    rows = found.table("findings")
    by_key = {(row.parcel, row.rule, row.verdict == "unknown"): row for row in rows.itertuples()}
    verdicts = found.verdicts()
    for name in world.parcels:
        counting = set()
        for rule, (conflict, unknown) in world.ground_by_formula(name).items():
            for is_unknown, ground in ((False, plain(conflict)), (True, plain(unknown))):
                area, row = ground.area, by_key.get((name, rule, is_unknown))
                assert (row.area_m2 if row else 0.0) == pytest.approx(area, abs=1e-4), (name, rule, is_unknown)
                if row is None or area < 1e-3:
                    continue
                counted = world.counted_m2(ground)
                assert row.counted_area_m2 == pytest.approx(counted, abs=1e-3), (name, rule, is_unknown)
                assert row.counted == (counted > 0 and counted >= world.least_m2)
                if row.counted:
                    counting.add(row.verdict)
        assert verdicts[name] == min(counting, key=VERDICTS.index, default="clear")
    assert not rows["check_differs"].any()
    assert isinstance(rows.geometry.iloc[0], MultiPolygon)
