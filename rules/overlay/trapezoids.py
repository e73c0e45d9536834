"""The area that two polygons have in common, by signed trapezoids over pairs of edges: no overlay is built.

The area under an edge is a signed trapezoid, and a polygon is the sum of them. What two polygons share is the sum over
all pairs of edges of the integral of the lower of the two; and since at every x a polygon has as many edges above
ground as below it, that is the sum of what the one's edges reach above the other's, with its sign turned. So only edges
count that rise above some edge of the other. Nothing is noded, so it cannot fail as an overlay can; it needs valid
polygons, as it counts how often ground is wound around. Each pair is summed by itself, in the order of its edges: the
digits do not depend on what else is summed beside it.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.ragged import blocks_within
from onemap.layers.geometry.rings import rings_of

_EDGES_AT_ONCE = 150_000  # enough for numpy to work outside the interpreter's lock, few enough to stay near the cache
_EDGE_PAIRS_AT_ONCE = 2_000_000
_ROUNDING = 16 * np.finfo(float).eps  # of one trapezoid: a handful of operations
_LEVEL_M = 1e-9  # heights nearer than this may be above or below each other: they count, at least as an error


@dataclass(frozen=True)
class EdgeTable:
    """Edges of n polygons: west and east end, height at the west end, slope, sign of the ground under them, (m,) each.

    top, bottom (m,): the greatest and least height; first (n + 1,): where each polygon's edges begin; bounds (n, 4).
    """

    west: np.ndarray
    east: np.ndarray
    left: np.ndarray
    slope: np.ndarray
    sign: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    first: np.ndarray
    bounds: np.ndarray

    def level_edges(self) -> np.ndarray:
        """How many of each polygon's edges are level, (n,)."""
        count = np.diff(self.first)
        level: np.ndarray = np.bincount(np.repeat(np.arange(len(count)), count), self.slope == 0, len(count))
        return level


@dataclass(frozen=True)
class Segments:
    """All segments of polygons' rings: points x, y (k,), and the way to the next dx, dy (k,), 0 after a ring's last.

    ring (r,): of how many points; polygon (r,): whose ring it is; turn (r,): -1 where ground lies left of its
    segments, 1 where it lies right, so that a segment's sign is that of turn × dx; in_ring (k,): each point's ring.
    """

    x: np.ndarray
    y: np.ndarray
    dx: np.ndarray
    dy: np.ndarray
    ring: np.ndarray
    polygon: np.ndarray
    turn: np.ndarray
    in_ring: np.ndarray


def segments(polygons: np.ndarray) -> Segments:
    """The segments of valid polygons or multipolygons (n,), in their order."""
    found = rings_of(polygons)
    size, (x, y) = found.size, found.points.T.copy()
    ends = np.cumsum(size)
    start, last = ends - size, ends - 1
    dx, dy = np.zeros(len(x)), np.zeros(len(x))
    np.subtract(x[1:], x[:-1], out=dx[:-1])
    np.subtract(y[1:], y[:-1], out=dy[:-1])
    dx[last], dy[last] = 0.0, 0.0
    in_ring = np.repeat(np.arange(len(size)), size)
    # Twice the ground under each segment, from the ring's first point on; the ring's own direction does not matter.
    height = y - y[start].take(in_ring)
    under = height[:-1] + height[1:]
    under *= dx[:-1]
    turn = np.sign(np.add.reduceat(under, start)) if len(size) else np.empty(0)
    return Segments(x, y, dx, dy, size, found.polygon, np.where(found.is_hole, -turn, turn), in_ring)


def edge_table(polygons: np.ndarray) -> EdgeTable:
    """The edges of valid polygons or multipolygons (n,); those without ground under them lie nowhere and never count.

    Without ground are vertical ones, and the way from the end of a ring to the next one's beginning.
    """
    found = segments(polygons)
    x, y, dx = found.x, found.y, found.dx
    next_x, next_y = np.empty_like(x), np.empty_like(y)
    next_x[:-1], next_y[:-1] = x[1:], y[1:]
    next_x[-1:], next_y[-1:] = x[-1:], y[-1:]
    west, east = np.minimum(x, next_x), np.maximum(x, next_x)
    nowhere = np.flatnonzero(dx == 0)
    west[nowhere], east[nowhere] = np.inf, -np.inf
    sign = found.turn.take(found.in_ring)
    sign *= np.sign(dx)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = found.dy / dx
    return EdgeTable(
        west=west,
        east=east,
        left=np.where(dx > 0, y, next_y),
        slope=slope,
        sign=sign,
        top=np.maximum(y, next_y),
        bottom=np.minimum(y, next_y),
        first=np.r_[0, np.cumsum(np.bincount(found.polygon, found.ring, len(polygons)).astype(np.int64))],
        bounds=np.nan_to_num(shapely.bounds(polygons)),
    )


def concatenate_tables(tables: list[EdgeTable]) -> EdgeTable:
    """Tables one after the other as one."""
    columns = ("west", "east", "left", "slope", "sign", "top", "bottom", "bounds")
    offset = np.cumsum([0] + [len(table.west) for table in tables])
    first = [table.first[:-1] + at for table, at in zip(tables, offset[:-1], strict=True)]
    return EdgeTable(
        first=np.concatenate([*first, offset[-1:]]),
        **{name: np.concatenate([getattr(table, name) for table in tables]) for name in columns},
    )


def pair_areas_m2(table: EdgeTable, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of pairs of polygons, in m²; and by how much rounding may have changed it, in m².

    one, other: (k,) places in the table. Returns (k,) and (k,).
    """
    areas, errors = np.zeros(len(one)), np.zeros(len(one))
    ends = np.cumsum(np.diff(table.first)[one] + np.diff(table.first)[other])
    for block in blocks_within(ends, _EDGES_AT_ONCE):
        areas[block], errors[block] = _block_areas(table, one[block], other[block])
    return areas, errors


def _block_areas(table: EdgeTable, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Few edges count: of the lower polygon those above the other's floor, of the higher those below its ceiling.
    middle = table.bounds[:, 1] + table.bounds[:, 3]
    is_higher = middle[one] > middle[other]
    low, high = np.where(is_higher, other, one), np.where(is_higher, one, other)
    under, over = table.bounds[low], table.bounds[high]
    west, east = np.maximum(under[:, 0], over[:, 0]), np.minimum(under[:, 2], over[:, 2])
    a, pair = _between(table, low, west, east, np.greater, table.top, over[:, 1] - _LEVEL_M)
    b, pair_b = _between(table, high, west, east, np.less, table.bottom, under[:, 3] + _LEVEL_M)
    count = np.bincount(pair_b, minlength=len(low))
    first, partners = np.cumsum(count) - count, count[pair]
    areas, widths = np.zeros(len(low)), np.zeros(len(low))
    work = np.cumsum(np.bincount(pair, partners, len(low)).astype(np.int64))
    at = np.searchsorted(pair, np.arange(len(low) + 1))
    for block in blocks_within(work, _EDGE_PAIRS_AT_ONCE):
        edges = slice(int(at[block.start]), int(at[block.stop]))
        # A pair too large for memory is alone in its block, and is cut from its own first edge on.
        for rows in blocks_within(np.cumsum(partners[edges]), 2 * _EDGE_PAIRS_AT_ONCE):
            some = slice(edges.start + rows.start, edges.start + rows.stop)
            mine = pair[some]
            _add(table, a[some], b, mine, first[mine], partners[some], areas, widths)
    height = under[:, 3] - under[:, 1] + over[:, 3] - over[:, 1]
    errors = _ROUNDING * (2 * height * widths + np.abs(under).max(axis=1, initial=0.0))
    return np.maximum(areas, 0.0), errors


def _between(
    table: EdgeTable,
    polygon: np.ndarray,
    west: np.ndarray,
    east: np.ndarray,
    reaches: np.ufunc,
    height: np.ndarray,
    level: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The edges of each pair's polygon (k,) that lie between west and east (k,), and the pair that each belongs to.

    Only those of which the height (m,), top or bottom, reaches the level (k,).
    """
    first = table.first[polygon]
    count = table.first[polygon + 1] - first
    pair = np.repeat(np.arange(len(polygon)), count)
    edge = (first - (np.cumsum(count) - count)).take(pair)
    edge += np.arange(len(pair))
    inside = table.east.take(edge) > west.take(pair)
    inside &= table.west.take(edge) < east.take(pair)
    inside &= reaches(height.take(edge), level.take(pair))
    rows_inside = np.flatnonzero(inside)
    return edge.take(rows_inside), pair.take(rows_inside)


def _add(
    table: EdgeTable,
    a: np.ndarray,
    b: np.ndarray,
    pair: np.ndarray,
    first: np.ndarray,
    partners: np.ndarray,
    areas: np.ndarray,
    widths: np.ndarray,
) -> None:
    """Add what edges `a` (k,) of `pair` (k,) reach above their `partners` (k,) edges of `b` from `first` (k,) on.

    To areas and widths, both by pair.
    """
    one = np.repeat(np.arange(len(a)), partners)
    other = (first - (np.cumsum(partners) - partners)).take(one)
    other += np.arange(len(one))
    west_a, east_a, west_b, east_b = table.west[a], table.east[a], table.west[b], table.east[b]
    side_by_side = west_a.take(one) < east_b.take(other)
    side_by_side &= west_b.take(other) < east_a.take(one)
    meet = np.flatnonzero(side_by_side)
    one, other = one.take(meet), other.take(meet)
    slope_a, slope_b = table.slope[a].take(one), table.slope[b].take(other)
    begin_a, begin_b = west_a.take(one), west_b.take(other)
    x0 = np.maximum(begin_a, begin_b)
    x1 = np.minimum(east_a.take(one), east_b.take(other))
    level = table.left[a].take(one) - table.left[b].take(other)
    d0 = level + slope_a * (x0 - begin_a) - slope_b * (x0 - begin_b)
    d1 = level + slope_a * (x1 - begin_a) - slope_b * (x1 - begin_b)
    above = np.flatnonzero(np.maximum(d0, d1) > -_LEVEL_M)
    one, other, d0, d1 = one.take(above), other.take(above), d0.take(above), d1.take(above)
    width = x1.take(above) - x0.take(above)
    reach = np.maximum(d0, 0.0) + np.maximum(d1, 0.0)
    # The mean of what reaches above, whether or not the edges cross; twice that, since it is halved at the end.
    reach *= reach / (np.abs(d0) + np.abs(d1) + np.finfo(float).tiny)
    reach *= width * (table.sign[a].take(one) * table.sign[b].take(other))
    mine = pair.take(one)
    areas -= 0.5 * np.bincount(mine, reach, len(areas))
    widths += np.bincount(mine, width, len(widths))
