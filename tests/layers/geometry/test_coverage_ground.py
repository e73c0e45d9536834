"""Coverages: ground that an overlay adds is noticed, and the overlay is made on a grid or refused."""

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.convex_clip import area_in_convex_m2
from onemap.layers.geometry.coverage_ground import common_ground, united_ground, without_convex

COURT = box(0, 0, 100, 100) - box(40, 40, 60, 60)


def refusal_code(work, *arguments):
    with pytest.raises(OneMapError) as error:
        work(*arguments)
    return error.value.code


def wrong_once(operation, wrong):
    """An operation that is wrong while it has no grid."""

    def work(*arguments, grid_size=None, **options):
        return wrong if grid_size is None else operation(*arguments, grid_size=grid_size, **options)

    return work


def test_areas_in_convex_ground_by_hand():
    assert area_in_convex_m2(COURT, box(30, 30, 70, 50)) == pytest.approx(40 * 20 - 20 * 10)
    assert area_in_convex_m2(COURT, Polygon([(0, 0), (0, -50), (50, 0), (50, 50)])) == pytest.approx(1250 - 50)
    apart = [area_in_convex_m2(COURT, ground) for ground in (box(45, 45, 55, 55), box(200, 0, 300, 9))]
    assert apart == pytest.approx([0.0, 0.0], abs=1e-9) and area_in_convex_m2(Polygon(), box(0, 0, 1, 1)) == 0.0
    parts = shapely.MultiPolygon([COURT, box(200, 0, 210, 10)])
    assert area_in_convex_m2(parts, box(-1, -1, 999, 999)) == pytest.approx(9600 + 100)


def test_areas_in_convex_ground_are_those_of_an_overlay_also_far_from_zero():
    random = np.random.default_rng(3)
    for place in (0.0, 500_000.0, 38_500_000.0):
        for _ in range(60):
            turn, reach = np.sort(random.uniform(0, 2 * np.pi, 15)), random.uniform(20, 60, 15)
            star = Polygon(place + np.column_stack([reach * np.cos(turn), reach * np.sin(turn)]))
            hull = shapely.convex_hull(shapely.multipoints(place + random.uniform(-60, 60, (8, 2))))
            if star.is_valid:
                assert area_in_convex_m2(star, hull) == pytest.approx(star.intersection(hull).area, abs=1e-4)


def test_a_union_is_never_larger_than_its_polygons(monkeypatch):
    grounds = np.array([box(0, 0, 10, 10), None, box(5, 0, 15, 10)], dtype=object)
    assert united_ground(grounds).area == 150.0 and united_ground(grounds[:0]).is_empty
    monkeypatch.setattr(shapely, "union_all", wrong_once(shapely.union_all, box(0, 0, 50, 50)))
    assert united_ground(grounds).area == pytest.approx(150.0)
    monkeypatch.setattr(shapely, "union_all", lambda grounds, grid_size: box(0, 0, 50, 50))
    assert refusal_code(united_ground, grounds) == "overlay.union"


@pytest.mark.parametrize("wrong", [COURT, box(0, 0, 100, 100), box(0, 0, 90, 100)])
def test_of_ground_that_is_not_known_nothing_is_left_in_a_coverage(monkeypatch, wrong):
    bad = np.array([box(10, 10, 30, 20), box(20, 10, 50, 20), box(90, 90, 120, 120), box(500, 0, 501, 1)], dtype=object)
    assert without_convex(COURT, bad).area == pytest.approx(9600 - 400 - 100)
    assert without_convex(COURT, np.array([box(-1, -1, 101, 101)])).is_empty
    monkeypatch.setattr(shapely, "difference", wrong_once(shapely.difference, wrong))
    assert without_convex(COURT, bad).area == pytest.approx(9600 - 400 - 100)
    monkeypatch.setattr(shapely, "difference", lambda one, other, grid_size: wrong)
    assert refusal_code(without_convex, COURT, bad) == "overlay.union"


@pytest.mark.parametrize("wrong", [COURT, box(0, 0, 100, 100), Polygon()])
def test_what_of_a_coverage_lies_in_a_unit(monkeypatch, wrong):
    unit = box(50, -10, 200, 200)
    assert common_ground(COURT, unit).area == pytest.approx(4800.0)
    monkeypatch.setattr(shapely, "intersection", wrong_once(shapely.intersection, wrong))
    assert common_ground(COURT, unit).area == pytest.approx(4800.0)
    monkeypatch.setattr(shapely, "intersection", lambda one, other, grid_size: wrong)
    assert refusal_code(common_ground, COURT, unit) == "overlay.union"
