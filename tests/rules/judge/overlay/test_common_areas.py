"""Sums of trapezoids give the area of an overlay, within the rounding that they state."""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from onemap.rules.judge.overlay import kernel_sums
from onemap.rules.judge.overlay.common_areas import columns as work_space
from onemap.rules.judge.overlay.common_areas import common_areas, loops_over
from onemap.rules.judge.overlay.flat_polygons import flat_pairs
from onemap.rules.judge.overlay.subdivision import MOST_VERTICES, subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads

ONE = Threads()
BOX, RING = box(0, 0, 10, 10), Polygon(box(-2, -2, 12, 12).exterior, [box(2, 2, 8, 8).exterior])
HAND = [
    ("apart", BOX, box(20, 0, 30, 10), 0.0),
    ("touching along a side", BOX, box(10, 0, 20, 10), 0.0),
    ("touching at a corner", BOX, box(10, 10, 20, 20), 0.0),
    ("equal", BOX, BOX, 100.0),
    ("inside", BOX, box(2, 2, 5, 5), 9.0),
    ("half and half", BOX, box(5, -5, 15, 15), 50.0),
    ("round a hole", BOX, RING, 64.0),
    ("in the hole", box(3, 3, 7, 7), RING, 0.0),
    ("a hole in the only part of a multipolygon", BOX, MultiPolygon([RING]), 64.0),
    ("two parts", BOX, MultiPolygon([box(-5, -5, 1, 1), box(9, 9, 15, 15)]), 2.0),
    ("two triangles across", Polygon([(0, 0), (4, 0), (0, 4)]), Polygon([(4, 4), (0, 4), (4, 0)]), 0.0),
    ("a diamond over a square", BOX, Polygon([(5, -3), (13, 5), (5, 13), (-3, 5)]), 92.0),
    ("nothing", BOX, Polygon(), 0.0),
]


@pytest.mark.parametrize(("left", "right", "area"), [case[1:] for case in HAND], ids=[case[0] for case in HAND])
@pytest.mark.parametrize("turned", [False, True])
def test_hand_worked_pairs(left, right, area, turned):
    """Which of the two comes first, and which way their rings run, changes nothing."""
    pair = [np.array([shape], dtype=object) for shape in (left, right)]
    if turned:
        pair = [shapely.reverse(shape) for shape in reversed(pair)]
    found, error = common_areas(*pair, ONE)
    assert found[0] == pytest.approx(area, abs=1e-9) and error[0] < 1e-9


def stars(random, count, most):
    """Polygons of all sorts around one place, some with holes, some of several parts; valid."""
    shapes = []
    for _ in range(count):
        turns = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, most)))
        far, centre = random.uniform(5, 50, len(turns)), random.uniform(0, 80, 2) + [140_000, 50_000]
        points = np.c_[centre[0] + far * np.cos(turns), centre[1] + far * np.sin(turns)]
        shape = shapely.make_valid(Polygon(points))
        if random.random() < 0.3:
            shape = shape.difference(shapely.Point(centre).buffer(3))
        shapes.append(shape if shapely.get_dimensions(shape) == 2 else box(*centre, *(centre + 1)))
    return np.array([shape.buffer(0) for shape in shapes], dtype=object)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_random_pairs_agree_with_the_overlay_within_the_error_they_name(workers):
    random = np.random.default_rng(1)
    left, right = stars(random, 2000, 40), stars(random, 2000, 40)
    found, error = common_areas(left, right, Threads(workers))
    expected = shapely.area(shapely.intersection(left, right))
    # The overlay's own rounding comes on top.
    assert (np.abs(found - expected) <= error + 5e-9).all() and error.max() < 1e-7


@pytest.mark.slow
def test_large_polygons_are_cut_into_pieces_that_make_up_the_whole():
    random = np.random.default_rng(2)
    turns = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    coasts = 40 + 5 * np.sin(np.outer(random.integers(3, 40, 12), turns)) + random.uniform(0, 0.2, (12, 3000))
    large = shapely.polygons([np.c_[far * np.cos(turns), far * np.sin(turns)] for far in coasts])
    assert shapely.is_valid(large).all()
    pieces = subdivide_polygons(large)
    assert (shapely.get_num_coordinates(pieces.geometries) <= MOST_VERTICES).all()
    assert len(pieces.geometries) > 3 * len(large) and shapely.is_valid(pieces.geometries).all()
    whole = np.bincount(pieces.owner, shapely.area(pieces.geometries))
    assert whole == pytest.approx(shapely.area(large), rel=1e-12)
    both = [np.repeat(large, len(large)), np.tile(large, len(large))]
    found, _ = common_areas(*both, ONE)
    assert found == pytest.approx(shapely.area(shapely.intersection(*both)), rel=1e-9, abs=1e-8)


def test_an_area_far_from_the_origin_loses_only_what_its_error_says():
    at = np.array([38_500_000.0, 4_200_000.0])
    left, right = (np.array([shapely.transform(shape, lambda xy: xy + at)]) for shape in (BOX, RING))
    found, error = common_areas(left, right, ONE)
    assert abs(found[0] - 64.0) <= error[0] < 1e-6


def comb(teeth, south):
    """A spine 1 m wide with teeth to the east, 99 m long, 1 m wide and 1 m apart."""
    rows = np.arange(teeth) * 2.0 + south
    corners = [[(100, row), (100, row + 1), (1, row + 1), (1, row + 2)] for row in rows]
    return Polygon([(0, south), *np.concatenate(corners), (0, rows[-1] + 2)])


def test_edges_along_the_whole_of_two_polygons_are_not_halved_again_and_again(monkeypatch):
    # The combs share 0.5 m of each of 80 teeth, and all of their spines but for half a metre.
    columns, reach = [], kernel_sums._reach

    def counted_reach(*given):
        columns.append(given[2:4])
        assert len(columns) < 100
        return reach(*given)

    monkeypatch.setattr(kernel_sums, "_reach", counted_reach)
    pairs = flat_pairs(np.array([comb(80, 0.0)]), np.array([comb(80, 0.5)]), ONE)
    given, work = loops_over(pairs, kernel_sums.sum_pairs, False)
    areas, errors, places = [0.0], [0.0], [0]
    work(*given, 0, 1, work_space(kernel_sums.SPACE, 1000, False), areas, errors, places)
    assert areas == pytest.approx([80 * 99 * 0.5 + 159.5], abs=1e-6)
    for count in (80, 400):  # however it is summed
        found, error = common_areas(np.array([comb(count, 0.0)]), np.array([comb(count, 0.5)]), ONE)
        assert found[0] == pytest.approx(count * 99 * 0.5 + 2 * count - 0.5, abs=1e-6) and error[0] < 1e-3
