"""The step to which coordinates are rounded: powers of ten, degrees, single precision."""

import numpy as np
import pytest

from onemap.layers.quality.position import coordinate_step

FINE = np.array([[538_211.4471, 4_209_512.9083], [538_290.1123, 4_209_555.0318], [538_311.9004, 4_209_701.3377]])


@pytest.mark.parametrize(("decimals", "step"), [(-1, 10.0), (0, 1.0), (1, 0.1), (2, 0.01), (3, None), (4, None)])
def test_rounded_coordinates_have_the_step_of_their_last_place(decimals, step):
    assert coordinate_step(FINE.round(decimals), 0.001) == step


def test_one_finer_coordinate_is_enough():
    points = FINE.round(0)
    points[1, 0] += 0.001
    assert coordinate_step(points, 0.001) is None


def test_single_precision_leaves_a_quarter_of_a_metre_of_eastings_and_half_a_metre_of_northings():
    single = FINE.astype(np.float32).astype(float)
    assert coordinate_step(single, 0.001) == 0.5 == np.abs(single - np.nextafter(single.astype(np.float32), 9e9)).max()


def test_degrees_of_five_places_are_rounded_to_a_metre():
    degrees = np.array([[114.437212345, 38.012345678], [114.437289123, 38.012398765]])
    wanted = 0.001 / 111_320
    assert coordinate_step(degrees.round(5), wanted) == pytest.approx(1e-5)
    assert coordinate_step(degrees.round(8), wanted) is None
    assert coordinate_step(np.empty((0, 2)), wanted) is None
