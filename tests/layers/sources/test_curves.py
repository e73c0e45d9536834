"""Curved WKB as straight edges."""

import struct

import pytest
import shapely

from onemap.layers.sources.gdal.curves import stroke_curve


def circular_string(*points: tuple[float, float]) -> bytes:
    return struct.pack("<BII", 1, 8, len(points)) + b"".join(struct.pack("<2d", *point) for point in points)


def test_a_quarter_circle_has_as_many_points_as_its_sagitta_asks_for():
    half = 100 * 0.5**0.5
    line, arcs = stroke_curve(circular_string((100, 0), (half, half), (0, 100)), 0.01)
    assert arcs == 1
    # 100 · (1 − cos(a / 2)) ≤ 0.01 gives a ≤ 0.02828: the quarter in two halves of 28 pieces each.
    assert shapely.get_num_coordinates(line) == 57
    assert shapely.get_coordinates(line)[[0, -1]].tolist() == [[100, 0], [0, 100]]


@pytest.mark.parametrize("far", [1e16, 1e100, 1e200, 1.7e308])
@pytest.mark.filterwarnings("error")
def test_an_arc_beyond_all_measure_takes_no_memory(far):
    line, _ = stroke_curve(circular_string((0, 0), (far, far), (far, 0)), 0.01)
    assert line is None or shapely.get_num_coordinates(line) == 3


def test_an_arc_flat_as_a_line_is_its_chord_however_long_it_is():
    line, _ = stroke_curve(circular_string((0, 0), (5e8, 1e-7), (1e9, 0)), 0.01)
    assert shapely.get_num_coordinates(line) == 3
