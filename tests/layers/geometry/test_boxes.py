"""The box around boxes."""

import numpy as np
import shapely

from onemap.layers.geometry.boxes import box_around


def test_the_box_around_boxes_leaves_out_what_has_no_ground():
    boxes = shapely.bounds([shapely.box(0, 1, 2, 3), shapely.Polygon(), shapely.box(-4, 2, 1, 9)])
    assert box_around(boxes) == (-4.0, 1.0, 2.0, 9.0)
    assert box_around(boxes[1:2]) is None
    assert box_around([]) is None


def test_a_coordinate_beyond_all_numbers_is_not_left_out():
    assert box_around([(0, 0, 1, 1), (0, 0, np.inf, 1)]) == (0.0, 0.0, np.inf, 1.0)
