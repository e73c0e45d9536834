"""Read a raster's cells as numbers, and transform between the library's plane and a grid, for kinds of rule."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from onemap.layers.crs.systems import transformation
from onemap.layers.errors import OneMapError
from onemap.layers.geometry.parts import shift_geometries, sound
from onemap.layers.rasters.fill_values import hold_no_value
from onemap.rules.judge.kinds.raster_grids import Weights

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

Change = Callable[[np.ndarray], np.ndarray]
# Of an edge that is straight in the plane, its ends alone are changed: one of 12 km in China would stray from its way
# on a grid in degrees by some 3 m, one of this length by less than 1 cm (length² · tan 54° / 8 radii of the earth).
_LONGEST_EDGE_M = 500.0


@contextmanager
def unreadable_if_damaged(grid: "DatasetReader") -> Iterator[None]:
    """Refuse, within the block, cells that cannot be read. Raises OneMapError version.unreadable."""
    from rasterio.errors import RasterioError

    try:
        yield
    except RasterioError as error:
        path = Path(grid.name)
        raise OneMapError("version.unreadable", file=path.name, layer=path.stem) from error


def read_cells(grid: "DatasetReader", window: "Window") -> tuple[np.ndarray, np.ndarray]:
    """The first band's values in a window, and where they are valid. Raises OneMapError version.unreadable."""
    if window.width == 0 or window.height == 0:
        return np.zeros((0, 0)), np.zeros((0, 0), dtype=bool)
    with unreadable_if_damaged(grid):
        return grid.read(1, window=window), grid.read_masks(1, window=window) > 0


def finite_cells(read: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Which valid cells (h, w) hold a value: a number that stands for "no value", such as -9999, is none."""
    has_value = valid & ~hold_no_value(read)
    return has_value & np.isfinite(read) if np.issubdtype(read.dtype, np.floating) else has_value


def cell_values(read: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The cells (h, w) as floats, NaN where there is no value."""
    return np.where(finite_cells(read, valid), read.astype(float), np.nan)


def values_of_cells(values: np.ndarray, cells: Weights, window: "Window") -> np.ndarray:
    """The value of each cell (k,) by the values (h, w) of a window, NaN off the window."""
    row, column = cells.row - int(window.row_off), cells.column - int(window.col_off)
    is_in = (row >= 0) & (column >= 0) & (row < values.shape[0]) & (column < values.shape[1])
    cell_values = np.full(len(row), np.nan)
    cell_values[is_in] = values[row[is_in], column[is_in]]
    return cell_values


def changes_of_plane(
    grid: "DatasetReader", crs: pyproj.CRS, plane: pyproj.CRS, local: tuple[float, float]
) -> tuple[Change, Change]:
    """The transformations from the library's plane, counted from `local`, to the grid's cells, and back.

    The last digit may make the edges of a piece cross that is thinner than it: pieces come back valid, and None where
    nothing is left.
    """
    forward, inverse, origin = transformation(plane, crs), transformation(crs, plane), grid.transform

    def to_grid(geometries: np.ndarray) -> np.ndarray:
        geometries = shift_geometries(geometries, local)
        if forward is None:
            return geometries
        geometries = shapely.segmentize(geometries, _LONGEST_EDGE_M)
        return shapely.transform(geometries, lambda xy: np.column_stack(forward(xy[:, 0], xy[:, 1])))

    def to_plane(geometries: np.ndarray) -> np.ndarray:
        def points_to_plane(xy: np.ndarray) -> np.ndarray:
            east, north = origin.c + origin.a * xy[:, 0], origin.f + origin.e * xy[:, 1]
            return np.column_stack([east, north] if inverse is None else inverse(east, north))

        return sound(shift_geometries(shapely.transform(geometries, points_to_plane), (-local[0], -local[1])))

    return to_grid, to_plane
