"""The value of a raster at a place: the cell that holds a point, or the span of all cells that a shape touches."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.rasters.raster_heights import height_unit
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.layers.rasters.rasters import checked_raster, raster_crs
from onemap.rules.judge.kinds.cell_reading import cell_values, changes_of_plane, read_cells
from onemap.rules.judge.kinds.raster_grids import in_cells

_ROWS_AT_ONCE = 512


def cell_sample(
    place: shapely.Geometry, rasters: Sequence[RasterReference], plane: pyproj.CRS
) -> list[dict[str, Any] | None]:
    """The value of each raster at a place in the plane; None where it has none there.

    Of a point `value`, that of its cell; on the edge between two the one to the right or below. Of a line or a polygon
    `low`, `mean` and `high` of the cells that it touches, each counted once. `unit` where the raster or its system
    names one.
    Raises OneMapError version.unreadable if a raster is gone or not what was added.
    """
    found = []
    for reference in rasters:
        with checked_raster(reference) as grid:
            crs = raster_crs(grid, reference.given_crs)
            to_grid, _ = changes_of_plane(grid, crs, plane, (0.0, 0.0))
            shape = in_cells(to_grid(np.array([place], dtype=object)), grid)[0]
            sample = _of_point(shape, grid) if place.geom_type == "Point" else _of_shape(shape, grid)
            unit = height_unit(grid, crs)
            found.append(sample if sample is None or unit is None else {**sample, "unit": unit})
    return found


def _of_point(point: shapely.Geometry, grid: Any) -> dict[str, Any] | None:
    from rasterio.windows import Window

    column, row = np.floor([shapely.get_x(point), shapely.get_y(point)])
    if not (0 <= column < grid.width and 0 <= row < grid.height):
        return None
    (value,) = cell_values(*read_cells(grid, Window(int(column), int(row), 1, 1))).ravel()
    return None if np.isnan(value) else {"value": float(value)}


def _of_shape(shape: shapely.Geometry, grid: Any) -> dict[str, Any] | None:
    from rasterio.windows import Window

    west, south, east, north = np.floor(shapely.bounds(shape)).astype(int).tolist()
    west, east, south, north = max(west, 0), min(east, grid.width - 1), max(south, 0), min(north, grid.height - 1)
    shapely.prepare(shape)
    low, high, total, count = np.inf, -np.inf, 0.0, 0
    for top in range(south, north + 1, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, north + 1 - top)
        values = cell_values(*read_cells(grid, Window(west, top, max(east + 1 - west, 0), rows)))
        row, column = np.nonzero(~np.isnan(values))
        squares = shapely.box(column + west, row + top, column + west + 1, row + top + 1)
        touched = values[row, column][shapely.intersects(shape, squares)]
        if len(touched):
            low, high = min(low, float(touched.min())), max(high, float(touched.max()))
            total, count = total + float(touched.sum()), count + len(touched)
    return {"low": low, "mean": total / count, "high": high} if count else None
