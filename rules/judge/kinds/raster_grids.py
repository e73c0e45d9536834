"""Grids of cells: which cells a parcel covers and how much of each, exactly; and slope by Horn's 3 × 3."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.group_ranges import ranges
from onemap.layers.geometry.row_by_row import apply_by_row
from onemap.rules.judge.overlay.overlay import differences, intersections
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unproved_unions import UNPROVED

if TYPE_CHECKING:
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

_MOST_CELLS = 4_000_000  # of one window that is read at a time
_TILE_SIDE = 500  # cells: of the squares in which a polygon is looked at that is too large for one window
_BLOCK_CELLS = 2_000_000  # whose weights are made at a time
_TILE = 1024  # cells: polygons whose middles lie in one such square are looked at together
_LARGE = math.isqrt(_MOST_CELLS) - _TILE  # cells: half of that around such a square still makes no window too large
_STRIP_CELLS = 30_000  # of a grid whose slope is taken at a time
_FINE = 2.0**52  # heights are added up in such parts of a cell
_BALANCE = 1e-6  # of a cell: how far its ground may differ from its fraction
_NOTHING = 1e-12  # of a cell: what rounding leaves of none, or of a whole one


@dataclass(frozen=True)
class Weights:
    """Cells that parcels cover: parcel (k,), row (k,), column (k,), fraction of the cell in the parcel (k,)."""

    parcel: np.ndarray
    row: np.ndarray
    column: np.ndarray
    fraction: np.ndarray


def in_cells(geometries: np.ndarray, dataset: "DatasetReader") -> np.ndarray:
    """Geometries in the grid's CRS converted to units of cells: x is the column, y the row."""
    grid = dataset.transform  # never rotated: `add` refuses such a grid
    return shapely.transform(geometries, lambda xy: (xy - [grid.c, grid.f]) / [grid.a, grid.e])


def cell_weights(polygons: np.ndarray) -> Weights:
    """The exact fraction of every cell that each polygon covers; polygons (n,) in units of cells.

    Each piece of an edge inside one cell covers what lies right of it in that cell, and by its height all cells
    further right in the row; summed along the row with the edges' signs, that is what the polygon covers.
    A cell wholly inside weighs 1. Cells may lie off the grid.
    """
    blocks = [_weights(polygons[part], part) for part in _blocks(polygons)]
    if not blocks:
        nobody = np.empty(0, dtype=np.int64)
        return Weights(nobody, nobody, nobody, np.empty(0))
    return Weights(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))


def cell_pieces(polygons: np.ndarray, cells: Weights, is_chosen: np.ndarray) -> np.ndarray:
    """The pieces of polygons (n,) in some of the cells (k,) that they cover, in units of cells: ground, and the cells.

    is_chosen: a mask of the cells. The area of each piece is compared with its fraction. Raises OneMapError
    overlay.union.
    """
    west, north = cells.column[is_chosen], cells.row[is_chosen]
    squares, grounds = shapely.box(west, north, west + 1, north + 1), polygons[cells.parcel[is_chosen]]
    pieces = apply_by_row(shapely.intersection, squares, grounds)
    rows = np.flatnonzero(~(np.abs(shapely.area(pieces) - cells.fraction[is_chosen]) <= _BALANCE))
    pieces[rows], failed = intersections(squares[rows], grounds[rows], Threads())
    if failed.any():
        raise OneMapError(UNPROVED, count=2)
    return pieces


def cell_sums(polygons: np.ndarray, *counts: np.ndarray, corner: tuple[int, int] = (0, 0)) -> np.ndarray:
    """The sum of value × exact fraction over all cells of each polygon, for each grid of `counts`: (grids, n).

    polygons (n,) in units of cells; counts: grids (h, w) of integers, with nothing around them, whose first cell has
    row and column `corner`. Sums along rows spare the cells inside a polygon; sums of integers are exact wherever the
    grid begins.
    """
    rows, columns = counts[0].shape
    is_mask = all(values.dtype == bool for values in counts)  # half the memory is enough for those
    up_to = []
    for values in counts:
        framed_values = np.zeros((rows + 2, columns + 2), dtype=values.dtype)
        framed_values[1:-1, 1:-1] = values
        # From row to row it runs on: only differences inside a row are taken.
        up_to.append(np.cumsum(framed_values, dtype=np.int32 if is_mask else np.int64))
    result = np.zeros((len(counts), len(polygons)))
    for part in _blocks(polygons):
        parcel, row, column, inside, height = _in_cells(polygons[part])
        first = np.floor(np.nan_to_num(shapely.bounds(polygons[part])[:, 0])).astype(np.int64)[parcel] - corner[1]
        row, column = row - corner[0], column - corner[1]
        line = np.clip(row + 1, 0, rows + 1) * (columns + 2)
        at, before = line + np.clip(column + 1, 0, columns + 1), line + np.clip(first, 0, columns + 1)
        left_of = line + np.clip(column, 0, columns + 1)
        for sums, so_far in zip(result, up_to, strict=True):
            here = so_far[at]
            weighed = inside * (here - so_far[left_of]) - height * (here - so_far[before])
            sums[part] = np.bincount(parcel, weighed, len(part))
    return result


def _blocks(polygons: np.ndarray) -> Iterator[np.ndarray]:
    """Consecutive polygons whose boxes hold about _BLOCK_CELLS cells together."""
    west, south, east, north = shapely.bounds(polygons).T
    cells = np.nan_to_num(np.cumsum((east - west + 2) * (north - south + 2)))
    for block in np.unique(cells // _BLOCK_CELLS):
        yield np.flatnonzero(cells // _BLOCK_CELLS == block)


def _weights(polygons: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, ...]:
    """Parcel, row, column and fraction for one block; number (n,): the polygons' own numbers."""
    parcel, row, column, inside, height = _in_cells(polygons)
    order = np.lexsort((column, row, parcel))
    parcel, row, column = parcel[order], row[order], column[order]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (np.diff(parcel) != 0) | (np.diff(row) != 0) | (np.diff(column) != 0)
    first = np.flatnonzero(is_new)
    parcel, row, column = parcel[first], row[first], column[first]
    inside, height = np.add.reduceat(inside[order], first), np.add.reduceat(height[order], first)
    begins = np.ones(len(first), dtype=bool)
    begins[1:] = (np.diff(parcel) != 0) | (np.diff(row) != 0)
    # Each row begins at nothing again: what ran up in the rows before is taken off; in whole numbers, so that it leaves
    # no trace, and what a parcel's cells weigh does not depend on the parcels before it.
    line = np.cumsum(begins) - 1
    steps = np.rint(height * _FINE).astype(np.int64)
    before = np.cumsum(steps) - steps
    left = (before - before[np.flatnonzero(begins)][line]) / _FINE
    after = left + height
    fraction = inside + left
    # Between two cells that edges cross, level ones too, lie cells wholly inside or wholly outside.
    gap = np.zeros(len(first), dtype=np.int64)
    gap[:-1] = np.where(begins[1:], 0, column[1:] - column[:-1] - 1)
    gap[np.abs(after) < 0.5] = 0
    at = np.repeat(np.arange(len(first)), gap)
    is_kept = fraction > _NOTHING
    share = np.minimum(fraction[is_kept], 1.0)
    share[share > 1 - _NOTHING] = 1.0
    return (
        number[np.r_[parcel[is_kept], parcel[at]]],
        np.r_[row[is_kept], row[at]],
        np.r_[column[is_kept], ranges(column + 1, gap)],
        np.r_[share, np.ones(len(at))],
    )


def _in_cells(polygons: np.ndarray) -> tuple[np.ndarray, ...]:
    """The edges of all polygons cut at the lines of the grid: parcel, row, column, area to the right, height, (k,)."""
    parts, owner = shapely.get_parts(shapely.orient_polygons(polygons), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    edge = np.flatnonzero(ring[:-1] == ring[1:])
    x, y = xy.T.copy()
    parcel = owner[part[ring[edge]]]
    near, far = np.zeros(len(edge)), np.ones(len(edge))
    # At the rows first and then each piece at the columns: so they stand in order along the edge.
    at, near, far = _cut_at_lines(y[edge], y[edge + 1], near, far)
    edge, parcel = edge[at], parcel[at]
    at, near, far = _cut_at_lines(x[edge], x[edge + 1], near, far)
    edge, parcel = edge[at], parcel[at]
    middle = (near + far) / 2
    x0, y0 = x[edge], y[edge]
    way_y = y[edge + 1] - y0
    middle_x, middle_y = x0 + (x[edge + 1] - x0) * middle, y0 + way_y * middle
    # y is the row and grows downwards on the grid, but here it is only a coordinate: rings turn left.
    height = -way_y * (far - near)
    right = np.floor(middle_x) + 1
    row, column = np.floor(middle_y).astype(np.int64), right.astype(np.int64) - 1
    return parcel, row, column, height * (right - middle_x), height


def _cut_at_lines(
    start: np.ndarray, end: np.ndarray, near: np.ndarray, far: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut straight ways from start to end (k,), each from the share `near` to the share `far`, at whole numbers.

    Returns for every piece (j,) which way (k) it belongs to, and its start and end, in order along the way.
    """
    way = end - start
    begins, ends = start + way * near, np.where(far == 1, end, start + way * far)
    first = np.floor(np.minimum(begins, ends)) + 1
    crossed = np.maximum(np.ceil(np.maximum(begins, ends)) - first, 0)
    pieces = crossed.astype(np.int64) + 1
    of = np.repeat(np.arange(len(start)), pieces)
    last = np.cumsum(pieces) - 1
    step = np.arange(len(of)) - (last - crossed.astype(np.int64))[of]
    up = way > 0
    line = np.where(up, first - 1, first + crossed)[of] + np.where(up, 1.0, -1.0)[of] * step
    with np.errstate(divide="ignore", invalid="ignore"):  # what crosses nothing may have no way to go
        begin = np.clip((line - start[of]) / way[of], near[of], far[of])
    begin[last - pieces + 1] = near
    stop = np.empty_like(begin)
    stop[:-1] = begin[1:]
    stop[last] = far
    return of, begin, stop


@dataclass(frozen=True)
class GridPart:
    """Polygons (k,) in units of cells, their rows (k,) among all, and the window of the grid that holds them.

    is_tile: the polygon is a part of one that is too large for a window; others follow.
    """

    rows: np.ndarray
    polygons: np.ndarray
    window: "Window"
    is_tile: bool = False

    @property
    def is_off_grid(self) -> bool:
        """Whether no cell of the grid lies near."""
        return self.window.width == 0 or self.window.height == 0


def grid_parts(polygons: np.ndarray, dataset: "DatasetReader", margin: int) -> Iterator[GridPart]:
    """Groups of polygons (n,) that lie near each other, and the parts of very large ones.

    margin: cells around, for what is derived from neighbours. A window is cut to the grid; it may be empty. Raises
    OneMapError overlay.union.
    """
    bounds = shapely.bounds(polygons)
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2 // _TILE
    _, key = np.unique(centre, axis=0, return_inverse=True)
    order = np.argsort(key.ravel(), kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(key.ravel()[order])) + 1) if len(order) else ():
        for part in _small_enough(group, bounds):
            if len(part) == 1 and np.prod(bounds[part[0], 2:] - bounds[part[0], :2]) > _MOST_CELLS:
                yield from _tiles(part, polygons[part], dataset, margin)
            else:
                yield GridPart(part, polygons[part], _window(bounds[part], dataset, margin))


def _window(bounds: np.ndarray, dataset: "DatasetReader", margin: int) -> "Window":
    """The cells of a grid around boxes (k, 4)."""
    from rasterio.windows import Window

    west, south = np.maximum(np.floor(bounds[:, :2].min(axis=0)) - margin, 0)
    east, north = np.minimum(np.ceil(bounds[:, 2:].max(axis=0)) + margin, [dataset.width, dataset.height])
    return Window(int(west), int(south), int(max(east - west, 0)), int(max(north - south, 0)))


def _tiles(row: np.ndarray, polygon: np.ndarray, dataset: "DatasetReader", margin: int) -> Iterator[GridPart]:
    """The parts of one polygon (1,) in squares of the grid, and that off the grid."""
    columns, rows = dataset.width, dataset.height
    x, y = np.meshgrid(np.arange(0, columns, _TILE_SIDE), np.arange(0, rows, _TILE_SIDE))
    squares = shapely.box(x, y, np.minimum(x + _TILE_SIDE, columns), np.minimum(y + _TILE_SIDE, rows)).ravel()
    shapely.prepare(polygon)
    squares = squares[shapely.intersects(polygon, squares)]
    inside, is_broken = intersections(np.repeat(polygon, len(squares)), squares, Threads())
    off_grid, is_off_broken = differences(polygon, shapely.box([0], [0], [columns], [rows]), Threads())
    if is_broken.any() or is_off_broken.any():
        raise OneMapError(UNPROVED, count=2)
    for tile in inside[~shapely.is_missing(inside)]:
        yield GridPart(row, np.array([tile]), _window(shapely.bounds([tile]), dataset, margin), True)
    if not shapely.is_missing(off_grid).any():
        yield GridPart(row, off_grid, _window(np.zeros((1, 4)), dataset, 0), True)


def _small_enough(group: np.ndarray, bounds: np.ndarray) -> list[np.ndarray]:
    """The group itself, or, where its common window would be too large, its large polygons one by one."""
    width, height = bounds[group, 2:].max(axis=0) - bounds[group, :2].min(axis=0)
    if width * height <= _MOST_CELLS:
        return [group]
    is_large = (bounds[group, 2:] - bounds[group, :2]).max(axis=1) > _LARGE
    rest = [group[~is_large]] if not is_large.all() else []
    return [*rest, *(group[[at]] for at in np.flatnonzero(is_large))]


def slope_degrees(heights: np.ndarray, valid: np.ndarray, cell_width: float, cell_height: float) -> np.ndarray:
    """Slope in degrees of each cell of heights (h, w), NaN where one of the nine cells is missing or off the array.

    Horn (1981): gradients weighed 1, 2, 1 over the 3 × 3 neighbours. Cell sizes in the heights' unit.
    """
    slope = np.full(heights.shape, np.nan)
    if min(heights.shape) < 3:
        return slope
    # In strips that stay near the processor, each with a row more above and below.
    strip = max(_STRIP_CELLS // heights.shape[1], 1)
    for first in range(0, len(heights) - 2, strip):
        rows = slice(first, min(first + strip, len(heights) - 2) + 2)
        slope[rows.start + 1 : rows.stop - 1, 1:-1] = _horn(heights[rows], valid[rows], cell_width, cell_height)
    return slope


def _horn(heights: np.ndarray, valid: np.ndarray, cell_width: float, cell_height: float) -> np.ndarray:
    z = heights.astype(float)
    z[~valid] = np.nan
    twice = 2 * z
    columns = z[:-2] + twice[1:-1]
    columns += z[2:]
    rows = z[:, :-2] + twice[:, 1:-1]
    rows += z[:, 2:]
    east, south = columns[:, 2:] - columns[:, :-2], rows[2:] - rows[:-2]
    east /= 8 * cell_width
    south /= 8 * cell_height
    # A square root, which every machine rounds alike; numbers so large or small that hypot is needed are no slopes.
    east *= east
    south *= south
    east += south
    slope: np.ndarray = np.arctan(np.sqrt(east, out=east), out=east)
    slope *= 180 / math.pi
    slope[np.isnan(z[1:-1, 1:-1])] = np.nan
    return slope
