"""Buffers around geometries lack no ground: GEOS's result is proved by distances, or made edge by edge.

GEOS leaves ground out at lines that run over themselves, and at corners that are small beside the distance.
"""

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from onemap.layers.errors import OneMapError
from onemap.rules.judge.overlay import grown_ground as module
from onemap.rules.judge.overlay.grown_ground import ground_around, grown_ground, require_grown, shrunk_ground
from onemap.rules.judge.overlay.threads import Threads

# Drawn there and back, a last digit apart.
THERE_AND_BACK = LineString(
    [
        (500000.1323435935, 499999.31724605436),
        (499999.9898941263, 499999.1546595494),
        (499999.98989412637, 499999.1546595495),
        (500000.1323435936, 499999.3172460544),
    ]
)
WIGGLE = LineString([(0, 0), (1, 0), (1, 0), (1, 0), (1, 1), (0, 0), (0, 1), (0, 0)])
# A river digitised finely: the corners are smaller than a hundredth of the distance.
FINE = LineString(
    [
        (38499999.49956451, 38499999.42563931),
        (38499999.39712686, 38499999.57523395),
        (38499998.78396146, 38499999.93606241),
        (38499998.84639344, 38500000.344368465),
        (38499998.46982846, 38500000.71921138),
        (38499999.008665055, 38500001.86556746),
    ]
)
THREADS = Threads(2)


def grown(shapes, distance_m):
    made, unproved = grown_ground(np.array(shapes, dtype=object), distance_m, THREADS)
    assert not unproved.any() and shapely.is_valid(made[~shapely.is_missing(made)]).all()
    return made


@pytest.mark.parametrize(
    ("line", "distance_m", "most_share"), [(THERE_AND_BACK, 200.0, 0.6), (WIGGLE, 30.0, 0.4), (FINE, 200.0, 0.99999)]
)
def test_what_geos_leaves_out_is_there(line, distance_m, most_share):
    hull = line.convex_hull
    # No ground is larger than that around the hull, and these lines are so short that it is all but that.
    most = hull.area + hull.length * distance_m + np.pi * distance_m**2
    if shapely.geos_version < (3, 15, 0) or line is not THERE_AND_BACK:
        assert line.buffer(distance_m, quad_segs=64).area < most_share * most, "GEOS is right by now"
    (made,) = grown([line], distance_m)
    assert most * (1 - 5e-4) < made.area <= most
    assert made.covers(line) and made.boundary.distance(line) >= distance_m * (1 - 2.5e-4)


def test_every_point_near_a_random_walk_is_in_its_ground_and_none_far_away():
    random = np.random.default_rng(4)
    for count, step, distance_m, place in ((8, 0.5, 30.0, 0.0), (29, 0.5, 5.0, 5e5), (40, 5.0, 30.0, 38.5e6)) * 6:
        line = LineString(np.round(np.cumsum(random.normal(0, step, (count, 2)), axis=0)) + place)
        (made,) = grown([line], distance_m)
        west, south, east, north = shapely.box(*line.bounds).buffer(1.5 * distance_m).bounds
        points = shapely.points(random.uniform([west, south], [east, north], (300, 2)))
        far, inside = shapely.distance(line, points), shapely.intersects(made, points)
        assert inside[far < distance_m * (1 - 2.5e-4)].all() and not inside[far > distance_m * 1.001].any()


def test_points_parts_holes_and_nothing():
    ring = box(0, 0, 100, 100) - box(10, 10, 90, 90)
    shapes = [Point(0, 0), shapely.MultiPoint([(0, 0), (100, 0)]), ring, None, WIGGLE, ring]
    made = grown(shapes, np.array([10.0, 10.0, 10.0, 10.0, 0.0, 0.0]))
    assert shapely.area(made[:3]) == pytest.approx(
        [100 * np.pi, 200 * np.pi, 10_000 + 4000 + 100 * np.pi - 60 * 60], rel=2e-4
    )
    assert made[3] is None and made[4].is_empty and made[5] is ring


def test_what_cannot_be_proved_is_named(monkeypatch):
    monkeypatch.setattr(
        module, "_edge_by_edge", lambda shapes, distance, segments: shapely.buffer(shapes, distance / 2)
    )
    lines = np.array([LineString([(0, 0), (50, 0)]), WIGGLE])
    _, unproved = grown_ground(lines, 30.0, THREADS)
    assert unproved.tolist() == [False, True]
    with pytest.raises(OneMapError) as refused:
        require_grown(lines, 30.0, THREADS)
    assert refused.value.code == "overlay.union"


def test_the_ground_around_several_is_whole_whatever_becomes_of_their_union(monkeypatch):
    points = shapely.points([[0, 0], [15, 0], [100, 0]])
    two = 2 * (np.pi * 100 - (2 * 100 * np.arccos(0.75) - 7.5 * np.sqrt(400 - 225)) / 2)
    assert ground_around(points, 10.0, THREADS, 64).area == pytest.approx(two + 100 * np.pi, rel=3e-4)
    assert ground_around(points[:0], 10.0, THREADS, 64).is_empty
    monkeypatch.setattr(shapely, "union_all", union_without_first(shapely.union_all))
    assert ground_around(points, 10.0, THREADS, 64).area == pytest.approx(two + 100 * np.pi, rel=3e-4)


def union_without_first(unite):
    return lambda shapes, **options: unite(shapes, **options) if options else unite(shapes[1:])


def test_what_shrinks_is_farther_from_its_edge():
    shapes = np.array([box(0, 0, 100, 50), box(0, 0, 100, 8), None], dtype=object)
    made, unproved = shrunk_ground(shapes, 5.0)
    assert made[0].equals(box(5, 5, 95, 45)) and made[1] is None and made[2] is None and not unproved.any()
