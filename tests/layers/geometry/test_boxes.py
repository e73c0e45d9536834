"""The box around boxes, and isolated boxes."""

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.boxes import box_around, lie_alone


def test_the_box_around_boxes_leaves_out_what_has_no_ground():
    boxes = shapely.bounds([shapely.box(0, 1, 2, 3), shapely.Polygon(), shapely.box(-4, 2, 1, 9)])
    assert box_around(boxes) == (-4.0, 1.0, 2.0, 9.0)
    assert box_around(boxes[1:2]) is None
    assert box_around([]) is None


def test_a_coordinate_beyond_all_numbers_is_not_left_out():
    assert box_around([(0, 0, 1, 1), (0, 0, np.inf, 1)]) == (0.0, 0.0, np.inf, 1.0)


WITHOUT_GROUND = np.full((10_000, 4), np.nan)  # boxes that make of few ones many


@pytest.mark.parametrize("is_one_of_many", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_boxes_lie_alone_as_geos_measures_it_of_many_but_for_two_cells_of_the_grid(seed, is_one_of_many):
    chance = np.random.default_rng(seed)
    corners = chance.uniform(0, 1000, (400, 2))
    boxes = np.hstack([corners, corners + chance.exponential(5, (400, 2))])
    corners = chance.uniform(-200, 1200, (150, 2))
    others = np.hstack([corners, corners + chance.exponential(40, (150, 2))])
    apart = shapely.distance(shapely.box(*boxes.T)[:, None], shapely.box(*others.T)[None]).min(axis=1)
    found = lie_alone(np.vstack([boxes, WITHOUT_GROUND]) if is_one_of_many else boxes, others)[:400]
    cell = np.ptp(boxes[:, [0, 2]]) / 1024
    assert 0 < found.sum() < 400
    assert (apart[found] > 0).all()
    assert found[apart > (2 * cell * np.sqrt(2) if is_one_of_many else 0)].all()


@pytest.mark.parametrize("more", [WITHOUT_GROUND, WITHOUT_GROUND[:0]])
def test_what_has_no_ground_lies_nowhere_and_beside_nothing_all_lie_alone(more):
    boxes = np.vstack([[[0, 0, 1, 1], [np.nan] * 4, [5, 5, 5, 5]], more])
    assert lie_alone(boxes, np.empty((0, 4)))[:3].tolist() == [True, False, True]
    assert lie_alone(boxes, boxes)[:3].tolist() == [False, False, False]
    assert lie_alone(boxes, np.array([[-1e12, -1e12, 0.5, 1e12]]))[:3].tolist() == [False, False, True]
    assert lie_alone(boxes[1:2], boxes).tolist() == [False]
