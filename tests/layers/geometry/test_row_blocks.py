"""Work done block by block gives the result of work done at once."""

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import without_empty_rings
from onemap.layers.geometry.row_blocks import BLOCK, blocks
from onemap.layers.geometry.validity import are_finite
from onemap.layers.ingest.placing import SourceOptions, in_crs

MANY = 2 * BLOCK + 7
HOME = pyproj.CRS.from_epsg(4547)


@pytest.fixture(scope="module")
def squares():
    row = np.arange(MANY)
    return shapely.box(500_000 + row % 300, 4_000_000 + row // 300, 500_001 + row % 300, 4_000_001 + row // 300)


@pytest.mark.parametrize(("count", "ends"), [(0, []), (1, [1]), (10, [10]), (11, [10, 11]), (25, [10, 20, 25])])
def test_blocks_cover_all_of_it_once(count, ends):
    found = list(blocks(count, 10))
    assert [block.stop for block in found] == ends
    assert [number for block in found for number in range(count)[block]] == list(range(count))


def test_a_coordinate_that_is_no_number_is_found_in_whatever_block(squares):
    rows = [0, BLOCK - 1, BLOCK, 2 * BLOCK, MANY - 1]
    shapes = squares.copy()
    with np.errstate(invalid="ignore"):
        shapes[rows] = shapely.Polygon([(0, 0), (1, 0), (1, np.nan), (0, 0)])
    assert np.flatnonzero(~are_finite(shapes)).tolist() == rows


def test_areas_are_the_same_whatever_block_a_polygon_is_in(squares):
    areas = ellipsoidal_areas_m2(squares, HOME)
    some = np.array([0, 1, BLOCK - 1, BLOCK, 2 * BLOCK, MANY - 1])
    assert np.array_equal(areas[some], ellipsoidal_areas_m2(squares[some], HOME))
    assert len(areas) == MANY


def test_rings_without_points_are_dropped_in_every_block(squares):
    shapes = squares.copy()
    holed = shapely.from_wkt("POLYGON ((0 0, 4 0, 4 4, 0 0), EMPTY)")
    shapes[[3, MANY - 1]] = holed
    assert len(holed.interiors) == 1
    mended = without_empty_rings(shapes)
    assert [len(mended[row].interiors) for row in (3, MANY - 1)] == [0, 0]
    assert mended[BLOCK] is shapes[BLOCK]


def test_every_block_is_carried_into_the_librarys_plane(squares, tmp_path):
    zone_38 = pyproj.CRS.from_epsg(4526)
    moved = shapely.transform(squares, lambda points: points + [38_000_000, 0])
    raw = RawFrame(tmp_path / "a.gpkg", "a", "GPKG", moved, pd.DataFrame(index=range(MANY)), zone_38, None)
    carried, remarks = in_crs(moved, raw, SourceOptions(), HOME)
    assert remarks == []
    assert np.abs(shapely.get_coordinates(carried) - shapely.get_coordinates(squares)).max() < 1e-8
    assert shapely.get_coordinates(moved[0])[0, 0] > 38_000_000  # what was handed in stays as it was
