"""Polygons moved to where coordinates are coarser keep their shape."""

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.parts import shift_geometries, shift_polygons, sound

# A hole that touches its shell at two corners, left over by overlays of other ground.
TOUCHING = shapely.from_wkt(
    "POLYGON ((139952.62448344682 140054.3131500374, 139960.82603645412 140041.85986921657, "
    "140001.058475719 139938.6116043024, 139980.67987503725 139982.31476872796, 139952.62448344682 140054.3131500374), "
    "(139965.59728882875 140029.61543318062, 139959.32668717141 140037.1133252615, "
    "139962.8453205954 140028.08347764265, 139965.59728882875 140029.61543318062))"
)
BY = (500_000.0, 4_200_000.0)


def test_a_hole_stays_where_the_coarser_grid_lets_it_cross_its_shell():
    there = shift_geometries(np.array([TOUCHING]), BY)
    assert TOUCHING.is_valid and not there[0].is_valid
    assert sound(there)[0].area == pytest.approx(TOUCHING.area + 15.12, abs=0.01)  # what mending afterwards makes of it
    (ground,) = shift_polygons(np.array([TOUCHING]), BY)
    assert ground.is_valid and ground.area == pytest.approx(TOUCHING.area, abs=1e-6)
    assert shapely.get_precision(ground) == 0.0


def test_what_is_valid_there_is_only_moved_and_nothing_stays_nothing():
    square = shapely.box(0, 0, 1 / 3, 1 / 3)
    ground, nothing = shift_polygons(np.array([square, None]), BY)
    assert shapely.equals_exact(ground, shift_geometries(np.array([square]), BY)[0]) and nothing is None
