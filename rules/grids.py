"""Grids of cells: which cells a parcel covers and how much of each, exactly; and slope by Horn's 3 × 3."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

_MOST_CELLS = 4_000_000  # of one window that is read at a time
_BLOCK_CELLS = 1_000_000  # whose boxes are made at a time


@dataclass(frozen=True)
class Weights:
    """Cells that parcels cover: parcel (k,), row (k,), column (k,), fraction of the cell in the parcel (k,)."""

    parcel: np.ndarray
    row: np.ndarray
    column: np.ndarray
    fraction: np.ndarray


def in_cells(geometries: np.ndarray, dataset: "DatasetReader") -> np.ndarray:
    """Geometries in the grid's CRS as geometries in units of cells: x is the column, y the row."""
    grid = dataset.transform  # never rotated: `add` refuses such a grid
    return shapely.transform(geometries, lambda xy: (xy - [grid.c, grid.f]) / [grid.a, grid.e])


def cell_weights(polygons: np.ndarray) -> Weights:
    """The exact fraction of every cell that each polygon covers; polygons (n,) in units of cells.

    A cell wholly inside weighs 1; one on the edge weighs the area of its intersection. Cells may lie off the grid.
    """
    blocks = list(_weight_blocks(polygons))
    if not blocks:
        nobody = np.empty(0, dtype=np.int64)
        return Weights(nobody, nobody, nobody, np.empty(0))
    return Weights(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def _weight_blocks(polygons: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    bounds = shapely.bounds(polygons)
    first = np.floor(bounds[:, :2]).astype(np.int64)
    last = np.maximum(np.ceil(bounds[:, 2:]).astype(np.int64), first + 1)
    rows_of = last[:, 1] - first[:, 1]
    columns_of = last[:, 0] - first[:, 0]
    # One strip is one row of cells of one polygon, so that a large polygon is taken in pieces too.
    parcel = np.repeat(np.arange(len(polygons)), rows_of)
    start = np.repeat(np.cumsum(rows_of) - rows_of, rows_of)
    row = first[parcel, 1] + np.arange(len(parcel)) - start
    ends = np.cumsum(columns_of[parcel])
    at = 0
    while at < len(parcel):
        done = ends[at - 1] if at else 0
        stop = max(int(np.searchsorted(ends, done + _BLOCK_CELLS, side="right")), at + 1)
        yield _strip_weights(polygons, parcel[at:stop], row[at:stop], first[:, 0], columns_of)
        at = stop


def _strip_weights(
    polygons: np.ndarray, parcel: np.ndarray, row: np.ndarray, first_column: np.ndarray, columns_of: np.ndarray
) -> tuple[np.ndarray, ...]:
    counts = columns_of[parcel]
    owner = np.repeat(parcel, counts)
    rows = np.repeat(row, counts)
    columns = first_column[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    cells = shapely.box(columns, rows, columns + 1, rows + 1)
    shapely.prepare(polygons)
    mine = polygons[owner]
    inside = shapely.contains_properly(mine, cells)
    edge = np.flatnonzero(~inside)
    edge = edge[shapely.intersects(mine[edge], cells[edge])]
    fraction = inside.astype(float)
    fraction[edge] = shapely.area(shapely.intersection(cells[edge], mine[edge]))
    kept = fraction > 0
    return owner[kept], rows[kept], columns[kept], fraction[kept]


def windows(polygons: np.ndarray, dataset: "DatasetReader", margin: int) -> "Iterator[tuple[np.ndarray, Window]]":
    """Groups of polygons that lie near each other, each with the window of the grid that holds them.

    margin: cells around, for what is derived from neighbours. A window is cut to the grid; it may be empty.
    """
    from rasterio.windows import Window

    bounds = shapely.bounds(polygons)
    tile = 1024
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2 // tile
    for key in np.unique(centre, axis=0):
        group = np.flatnonzero((centre == key).all(axis=1))
        for part in _small_enough(group, bounds):
            west, south = np.floor(bounds[part, :2].min(axis=0)) - margin
            east, north = np.ceil(bounds[part, 2:].max(axis=0)) + margin
            west, south = max(west, 0), max(south, 0)
            east, north = min(east, dataset.width), min(north, dataset.height)
            yield part, Window(int(west), int(south), int(max(east - west, 0)), int(max(north - south, 0)))


def _small_enough(group: np.ndarray, bounds: np.ndarray) -> list[np.ndarray]:
    """The group as it is, or one by one where together they would need too large a window."""
    width, height = bounds[group, 2:].max(axis=0) - bounds[group, :2].min(axis=0)
    return [group] if width * height <= _MOST_CELLS else [group[[at]] for at in range(len(group))]


def slope_degrees(heights: np.ndarray, valid: np.ndarray, cell_width: float, cell_height: float) -> np.ndarray:
    """Slope in degrees of each cell of heights (h, w), NaN where one of the nine cells is missing or off the array.

    Horn (1981): gradients weighed 1, 2, 1 over the 3 × 3 neighbours. Cell sizes in the heights' unit.
    """
    z = np.where(valid, heights.astype(float), np.nan)
    slope = np.full(z.shape, np.nan)
    if min(z.shape) < 3:
        return slope
    a, b, c = z[:-2, :-2], z[:-2, 1:-1], z[:-2, 2:]
    d, e, f = z[1:-1, :-2], z[1:-1, 1:-1], z[1:-1, 2:]
    g, h, i = z[2:, :-2], z[2:, 1:-1], z[2:, 2:]
    east = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * cell_width)
    south = ((g + 2 * h + i) - (a + 2 * b + c)) / (8 * cell_height)
    slope[1:-1, 1:-1] = np.degrees(np.arctan(np.hypot(east, south)))
    slope[1:-1, 1:-1][np.isnan(e)] = np.nan
    return slope
