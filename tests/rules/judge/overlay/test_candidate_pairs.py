"""Pairs that meet are found by edges near a box and by one point, with the sums of a whole overlay."""

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from onemap.rules.judge.overlay.candidate_pairs import candidate_pairs, lies_apart
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.overlay import overlaps
from onemap.rules.judge.overlay.threads import Threads

ONE = Threads()


def coast(random, corners=1500, centre=(0.0, 0.0)):
    """A valid polygon of many corners with bays, steps that run due north or east, and some holes."""
    turns = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    far = 400 + 60 * np.sin(7 * turns) + 25 * np.sin(31 * turns) + random.uniform(0, 1, corners)
    shore = Polygon(np.c_[far * np.cos(turns), far * np.sin(turns)])
    steps = shapely.union_all([box(k * 20, -450, k * 20 + 10, random.uniform(200, 450)) for k in range(-5, 6)])
    holes = shapely.union_all(shapely.buffer(shapely.points(random.uniform(-250, 250, (5, 2))), 20))
    return shapely.transform(shore.union(steps).difference(holes), lambda xy: xy + centre)


def boxes_over(random, count, most):
    corner = random.uniform(-500, 480, (count, 2))
    return np.c_[corner, corner + random.uniform(1, most, (count, 2))]


@pytest.mark.parametrize("centre", [(0.0, 0.0), (140_000.5, 60_000.25)])
def test_the_part_of_a_large_polygon_in_a_box_is_that_of_the_overlay(centre):
    random = np.random.default_rng(5)
    shapes = np.array([coast(random, centre=centre), coast(random, centre=centre)], dtype=object)
    which, boxes = random.integers(0, 2, 400), boxes_over(random, 400, 120) + np.tile(centre, 2)
    areas, _ = common_areas(shapely.box(*boxes.T), shapes[which], ONE)
    expected = shapely.area(shapely.intersection(shapes[which], shapely.box(*boxes.T)))
    assert areas == pytest.approx(expected, abs=1e-7)
    assert (expected > 0).any() and (expected == 0).any()


def test_boxes_along_the_polygons_own_corners_and_sides_are_cut_right():
    """Box edges through corners, along level and upright sides: no side is counted twice, none is left out."""
    stairs = [(0, 0), *((k, k + step) for k in range(70) for step in (0, 1) if (k, step) != (0, 0)), (70, 70), (70, 0)]
    shape = np.array([Polygon(stairs)], dtype=object)
    assert shape[0].is_valid
    low, size = np.divmod(np.arange(60 * 8), 8)
    boxes = np.c_[low, np.roll(low, 7), low + 1 + size, np.roll(low, 7) + 2 + size].astype(float)
    areas, _ = common_areas(shapely.box(*boxes.T), np.repeat(shape, 480), ONE)
    assert areas == pytest.approx(shapely.area(shapely.intersection(shape[0], shapely.box(*boxes.T))), abs=1e-9)


def test_meetings_sum_to_the_overlay_of_whole_polygons():
    random = np.random.default_rng(6)
    parcels = shapely.box(*boxes_over(random, 900, 25).T)
    features = np.array([coast(random), *shapely.box(*boxes_over(random, 30, 200).T), coast(random)], dtype=object)
    found = candidate_pairs(parcels, shapely.STRtree(parcels), features, ONE)
    pairs = found.parcel * len(features) + found.feature
    assert len(np.unique(pairs)) == len(pairs)
    areas = np.bincount(pairs, found.area_m2, len(parcels) * len(features))
    every = [np.repeat(parcels, len(features)), np.tile(features, len(parcels))]
    assert areas == pytest.approx(shapely.area(shapely.intersection(*every)), abs=1e-7)
    within = found.only(found.is_within)
    assert len(within.parcel) > 100 and shapely.covers(features[within.feature], parcels[within.parcel]).all()


def test_a_sum_does_not_depend_on_what_is_summed_beside_it():
    """To the last digit: in blocks of any size, in any order, by one thread or two."""
    random = np.random.default_rng(7)
    parcels = shapely.buffer(shapely.points(random.uniform(-450, 450, (300, 2))), random.uniform(2, 30, 300))
    features = np.array([coast(random), *shapely.buffer(parcels[:80], 15), coast(random)], dtype=object)
    met = candidate_pairs(parcels, shapely.STRtree(parcels), features, Threads(2))
    assert (met.error_m2 < 1e-6).all()
    for rows in np.array_split(random.permutation(300), 17):
        some = candidate_pairs(parcels[rows], shapely.STRtree(parcels[rows]), features, ONE)
        alike = {
            (parcel, feature): (area, error)
            for parcel, feature, area, error in zip(met.parcel, met.feature, met.area_m2, met.error_m2, strict=True)
        }
        for parcel, feature, area, error in zip(
            rows[some.parcel], some.feature, some.area_m2, some.error_m2, strict=True
        ):
            assert alike[parcel, feature] == (area, error)


def test_two_large_polygons_are_summed_column_by_column():
    random = np.random.default_rng(8)
    one = np.array([coast(random, 4000) for _ in range(4)], dtype=object)
    other = np.array([coast(random, 3000, (150.0, 80.0)) for _ in range(4)], dtype=object)
    areas, errors = common_areas(one, other, Threads(2))
    assert areas == pytest.approx(shapely.area(shapely.intersection(one, other)), abs=1e-5)
    again, _ = common_areas(other[2:3], one[2:3], ONE)
    assert again[0] == pytest.approx(areas[2], abs=float(errors[2]))


def test_a_parcel_of_parts_far_apart_is_looked_at_part_by_part():
    random = np.random.default_rng(9)
    shape = coast(random)
    far = MultiPolygon([box(-5, -5, 5, 5), box(395, 100, 460, 180), box(5000, 5000, 5010, 5010)])
    near = MultiPolygon([box(0, 0, 10, 10), box(10, 10, 20, 20)])
    parcels = np.array([near, far, box(-3, -3, 3, 3)], dtype=object)
    assert lies_apart(parcels).tolist() == [False, True, False]
    found = overlaps(parcels, shapely.STRtree(parcels), np.array([shape], dtype=object), ONE)
    assert found.parcel.tolist() == [0, 1, 2] and not len(found.failed)
    expected = shapely.area(shapely.intersection(parcels, shape))
    assert shapely.area(found.geometry) == pytest.approx(expected, abs=1e-7)
    assert shapely.is_valid(found.geometry).all()


def test_ground_is_the_same_to_the_last_digit_whatever_is_cut_beside_it():
    """Large polygons are cut around each parcel along tiles that depend on the two alone."""
    random = np.random.default_rng(10)
    parcels = shapely.box(*boxes_over(random, 250, 30).T)
    features = np.array([coast(random, 6000), coast(random, 400)], dtype=object)
    whole = overlaps(parcels, shapely.STRtree(parcels), features, Threads(2))
    found = dict(zip(zip(whole.parcel, whole.feature, strict=True), shapely.to_wkb(whole.geometry), strict=True))
    expected = shapely.area(shapely.intersection(parcels[whole.parcel], features[whole.feature]))
    assert shapely.area(whole.geometry) == pytest.approx(expected, abs=1e-7) and not len(whole.failed)
    count = 0
    for rows in np.array_split(random.permutation(250), 9):
        some = overlaps(parcels[rows], shapely.STRtree(parcels[rows]), features, ONE)
        for parcel, feature, ground in zip(rows[some.parcel], some.feature, some.geometry, strict=True):
            assert shapely.to_wkb(ground) == found[parcel, feature]
            count += 1
    assert count == len(found) > 200


@pytest.mark.parametrize("count", [0, 1, 30])
def test_nothing_shares_no_ground(count):
    parcels = np.repeat(np.array([box(0, 0, 1, 1)], dtype=object), count)
    disc = shapely.Point(0, 0).buffer(5, quad_segs=64)
    for features in ([], [Polygon()], [Polygon(), disc]):
        found = overlaps(parcels, shapely.STRtree(parcels), np.array(features, dtype=object), ONE)
        assert len(found.parcel) == (count if disc in features else 0) and not len(found.failed)
