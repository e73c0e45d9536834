"""Sums by arrays equal those of the kernel's loops within the rounding that both state, for the same places."""

import numpy as np
import pytest
import shapely
from shapely import affinity

from onemap.rules.judge.overlay import array_sums
from onemap.rules.judge.overlay.common_areas import areas_of_pairs
from onemap.rules.judge.overlay.flat_polygons import flat_pairs
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, differences, intersections
from onemap.rules.judge.overlay.threads import Threads
from onemap.tests.rules.judge.overlay.test_compiler import rings

TWO = Threads(2)


def coast(points, seed):
    turns = np.linspace(0, 2 * np.pi, points, endpoint=False)
    far = 400 + 30 * np.sin(13 * turns) + np.random.default_rng(seed).uniform(0, 2, points)
    shore = shapely.Polygon(np.c_[far * np.cos(turns), far * np.sin(turns)])
    return shore.difference(shapely.Point(120, 80).buffer(60, quad_segs=100))


def assert_same_sums(sum_by, left, right):
    pairs, found = flat_pairs(left, right, TWO), []
    for way in ("loops", "arrays"):
        sum_by(way)
        found.append(areas_of_pairs(pairs, TWO))
    (areas, errors, is_within), (by_arrays, errors_of_arrays, is_within_too) = found
    assert (np.abs(areas - by_arrays) <= errors + errors_of_arrays).all()
    assert (errors_of_arrays <= 2 * errors + 1e-11).all()
    assert (is_within == is_within_too).all()
    assert ((areas + errors > 0) == (by_arrays + errors_of_arrays > 0)).all(), "who shares nothing is the same"
    return found[1]


@pytest.mark.slow
@pytest.mark.parametrize("at", [0.0, 38_421_300.25])
def test_uneven_polygons(sum_by, at):
    chance = np.random.default_rng(34)
    left, right = rings(chance, 900, at), rings(chance, 900, at)
    right[:40] = left[:40]
    assert_same_sums(sum_by, left, right)


def test_cells_on_a_coast_of_many_corners_lie_in_it_apart_or_across(sum_by):
    shore = coast(3000, 1)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(-480, 480, 24.0), np.arange(-480, 480, 24.0)))
    cells = shapely.box(x, y, x + 17.3, y + 19.7)
    areas, _, is_within = assert_same_sums(sum_by, cells, np.full(len(cells), shore))
    assert 300 < is_within.sum() < len(cells) - 300
    assert (areas == 0).sum() > 300
    assert_same_sums(sum_by, np.full(len(cells), shore), cells)


@pytest.mark.slow
def test_two_of_many_corners_are_summed_in_columns(sum_by):
    one = coast(3000, 1)
    left = np.array([one, one, coast(2000, 2)])
    assert_same_sums(sum_by, left, np.array([affinity.translate(one, 7.25, 1.5), one, one]))


def test_what_a_pair_sums_to_depends_on_no_other_pair(sum_by, monkeypatch):
    sum_by("arrays")
    chance = np.random.default_rng(35)
    left, right = rings(chance, 120, 0.0), rings(chance, 120, 0.0)
    left[-3:] = coast(1500, 3)
    together = areas_of_pairs(flat_pairs(left, right, TWO), TWO)
    for name, few in (("_PAIRS_AT_ONCE", 7), ("_EDGE_PAIRS_AT_ONCE", 50), ("_GROUPS_AT_ONCE", 9)):
        monkeypatch.setattr(array_sums, name, few)
    in_small_blocks = areas_of_pairs(flat_pairs(left, right, TWO), TWO)
    backwards = areas_of_pairs(flat_pairs(left[::-1], right[::-1], TWO), TWO)
    for column, same, turned in zip(together, in_small_blocks, backwards, strict=True):
        assert column.tobytes() == same.tobytes() == turned[::-1].tobytes()


def test_ground_is_that_of_geos_and_holds_what_the_sums_say(sum_by):
    sum_by("arrays")
    chance = np.random.default_rng(36)
    left, right = rings(chance, 300, 0.0), rings(chance, 300, 0.0)
    areas, _, _ = areas_of_pairs(flat_pairs(left, right, TWO), TWO)
    for make, by_geos, expected in (
        (intersections, shapely.intersection, areas),
        (differences, shapely.difference, shapely.area(left) - areas),
    ):
        ground, failed = make(left, right, TWO)
        assert not failed.any()
        assert np.nan_to_num(shapely.area(ground)) == pytest.approx(expected, abs=2 * ARITHMETIC_M2)
        assert np.nan_to_num(shapely.area(ground)) == pytest.approx(shapely.area(by_geos(left, right)), abs=1e-5)


def test_without_pairs_there_is_nothing(sum_by):
    sum_by("arrays")
    nothing = np.empty(0, dtype=object)
    assert [len(column) for column in areas_of_pairs(flat_pairs(nothing, nothing, TWO), TWO)] == [0, 0, 0]
