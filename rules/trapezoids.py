"""The area that two polygons have in common, by signed trapezoids over pairs of edges: no overlay is built.

The area under an edge is a signed trapezoid, a polygon is the sum of them, and the intersection of two polygons is the
sum over all pairs of edges of the integral of the lower of the two. Nothing is noded, so it cannot fail as an overlay
can; it needs valid polygons, as it counts how often ground is wound around.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.rules.ragged import ranges

_EDGES_AT_ONCE = 200_000  # enough for numpy to work outside the interpreter's lock, few enough to stay near the cache
_EDGE_PAIRS_AT_ONCE = 1_000_000
_ROUNDING = 16 * np.finfo(float).eps  # of one trapezoid: a handful of operations


@dataclass(frozen=True)
class EdgeTable:
    """Edges of n polygons: west, east end (m,), heights there (m,), sign of the ground under them (m,).

    first (n + 1,): where each polygon's edges begin; bounds (n, 4).
    """

    west: np.ndarray
    east: np.ndarray
    left: np.ndarray
    right: np.ndarray
    sign: np.ndarray
    first: np.ndarray
    bounds: np.ndarray


@dataclass(frozen=True)
class _Edges:
    """Edges of some pairs' polygons: the pair (k,) that each belongs to, and its trapezoid in the pair's frame."""

    pair: np.ndarray
    west: np.ndarray
    east: np.ndarray
    left: np.ndarray
    slope: np.ndarray
    sign: np.ndarray
    first: np.ndarray

    def heights(self, edge: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The heights of edges at x, both (j,)."""
        found: np.ndarray = self.left[edge] + self.slope[edge] * (x - self.west[edge])
        return found


def edge_table(polygons: np.ndarray) -> EdgeTable:
    """The edges of valid polygons or multipolygons (n,); vertical ones have no ground under them and are left out."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    filled = ~shapely.is_empty(parts)
    parts, owner = parts[filled], owner[filled]
    size, part, is_hole = _rings(parts)
    coordinates = shapely.get_coordinates(parts)
    start = np.cumsum(size) - size
    ring = np.repeat(np.arange(len(size)), size - 1)
    here = ranges(start, size - 1)
    (x0, y0), (x1, y1) = coordinates[here].T, coordinates[here + 1].T
    # The ring's own direction does not matter: a shell adds ground, and a hole takes it.
    base_x, base_y = coordinates[start[ring]].T if len(ring) else (x0, y0)
    turn = np.sign(np.bincount(ring, (x0 - base_x) * (y1 - base_y) - (x1 - base_x) * (y0 - base_y), len(size)))
    adds = np.where(is_hole, turn, -turn)[ring]
    kept = np.flatnonzero(x0 != x1)
    eastward = (x1 > x0)[kept]
    x0, x1, y0, y1 = x0[kept], x1[kept], y0[kept], y1[kept]
    count = np.bincount(owner[part[ring[kept]]], minlength=len(polygons))
    return EdgeTable(
        west=np.where(eastward, x0, x1),
        east=np.where(eastward, x1, x0),
        left=np.where(eastward, y0, y1),
        right=np.where(eastward, y1, y0),
        sign=np.where(eastward, 1.0, -1.0) * adds[kept],
        first=np.r_[0, np.cumsum(count)],
        bounds=np.nan_to_num(shapely.bounds(polygons)),
    )


def _rings(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rings of polygons (n,), in the order of their coordinates: how many points, of which part, is it a hole."""
    holes = shapely.get_num_interior_rings(parts)
    part = np.repeat(np.arange(len(parts)), holes + 1)
    first = np.cumsum(holes + 1) - (holes + 1)
    is_hole = np.ones(len(part), dtype=bool)
    is_hole[first] = False
    size = np.zeros(len(part), dtype=np.int64)
    size[first] = shapely.get_num_coordinates(parts)
    # Most polygons have no holes, and their rings need not be made one by one.
    holed = np.flatnonzero(holes)
    rings, of_holed = shapely.get_rings(parts[holed], return_index=True)
    size[ranges(first[holed], holes[holed] + 1)] = shapely.get_num_coordinates(rings)
    return size, part, is_hole


def _of_pairs(
    table: EdgeTable, polygon: np.ndarray, west: np.ndarray, east: np.ndarray, south: np.ndarray, floor: np.ndarray
) -> _Edges:
    """The edges of each pair's polygon between west and east; those wholly below `floor` add up to nothing."""
    count = table.first[polygon + 1] - table.first[polygon]
    edge = ranges(table.first[polygon], count)
    pair = np.repeat(np.arange(len(polygon)), count)
    kept = (table.east[edge] > west[pair]) & (table.west[edge] < east[pair])
    edge, pair = edge[kept], pair[kept]
    kept = np.maximum(table.left[edge], table.right[edge]) > floor[pair]
    edge, pair = edge[kept], pair[kept]
    width = table.east[edge] - table.west[edge]
    return _Edges(
        pair=pair,
        west=table.west[edge] - west[pair],
        east=table.east[edge] - west[pair],
        left=table.left[edge] - south[pair],
        slope=(table.right[edge] - table.left[edge]) / width,
        sign=table.sign[edge],
        first=np.searchsorted(pair, np.arange(len(polygon) + 1)),
    )


def pair_areas_m2(
    left: EdgeTable, left_index: np.ndarray, right: EdgeTable, right_index: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of pairs of polygons, in m²; and by how much rounding may have changed it, in m².

    left_index, right_index: (k,) places in the two tables. Returns (k,) and (k,).
    """
    areas, errors = np.zeros(len(left_index)), np.zeros(len(left_index))
    edges = np.diff(left.first)[left_index] + np.diff(right.first)[right_index]
    ends = np.cumsum(edges)
    start, done = 0, 0
    while start < len(edges):
        stop = max(start + 1, int(np.searchsorted(ends, done + _EDGES_AT_ONCE, side="right")))
        block = slice(start, stop)
        areas[block], errors[block] = _block_areas(left, left_index[block], right, right_index[block])
        start, done = stop, int(ends[stop - 1])
    return areas, errors


def _block_areas(
    left: EdgeTable, left_index: np.ndarray, right: EdgeTable, right_index: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    one, two = left.bounds[left_index], right.bounds[right_index]
    west, east = np.maximum(one[:, 0], two[:, 0]), np.minimum(one[:, 2], two[:, 2])
    south = np.maximum(one[:, 1], two[:, 1])
    a = _of_pairs(left, left_index, west, east, south, two[:, 1])
    b = _of_pairs(right, right_index, west, east, south, one[:, 1])
    areas, sizes = np.zeros(len(left_index)), np.zeros(len(left_index))
    for edge_a, edge_b in _edge_pairs(a, b):
        x0, x1 = np.maximum(a.west[edge_a], b.west[edge_b]), np.minimum(a.east[edge_a], b.east[edge_b])
        meet = np.flatnonzero(x1 > x0)
        edge_a, edge_b, x0, x1 = edge_a[meet], edge_b[meet], x0[meet], x1[meet]
        a0, a1 = a.heights(edge_a, x0), a.heights(edge_a, x1)
        b0, b1 = b.heights(edge_b, x0), b.heights(edge_b, x1)
        d0, d1 = a0 - b0, a1 - b1
        apart = (np.abs(d0) + np.abs(d1)) / 2
        crossing = np.flatnonzero(d0 * d1 < 0)
        apart[crossing] = (d0[crossing] ** 2 + d1[crossing] ** 2) / (4 * apart[crossing])
        width = x1 - x0
        lower = ((a0 + a1 + b0 + b1) / 4 - apart / 2) * width
        pair = a.pair[edge_a]
        areas += np.bincount(pair, a.sign[edge_a] * b.sign[edge_b] * lower, minlength=len(areas))
        size = (np.abs(a0) + np.abs(a1) + np.abs(b0) + np.abs(b1)) * width
        sizes += np.bincount(pair, size, minlength=len(areas))
    return np.maximum(areas, 0.0), _ROUNDING * (sizes + np.abs(one).max(axis=1, initial=0.0))


def _edge_pairs(a: _Edges, b: _Edges) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Every edge of a pair's one polygon with every edge of its other, in blocks that fit into memory."""
    partners = (b.first[1:] - b.first[:-1])[a.pair]
    ends = np.cumsum(partners)
    start, done = 0, 0
    while start < len(partners):
        stop = max(start + 1, int(np.searchsorted(ends, done + _EDGE_PAIRS_AT_ONCE, side="right")))
        count = partners[start:stop]
        yield np.repeat(np.arange(start, stop), count), ranges(b.first[a.pair[start:stop]], count)
        start, done = stop, int(ends[stop - 1])
