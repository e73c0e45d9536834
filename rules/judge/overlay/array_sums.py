"""The kernel's sums by arrays, for many pairs at once: for machines on which nothing is compiled.

The method and the bounds are those of `kernel_sums`; a sum agrees within its rounding error and not to the last digit,
since what lies over the other polygon's ceiling is summed edge by edge, chunk by chunk, group by group.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from onemap.layers.geometry.group_ranges import ranges
from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.judge.overlay.flat_polygons import Flat
from onemap.rules.judge.overlay.kernel_sums import (
    APART,
    INSIDE,
    LEAST_COLUMN_M,
    NEAR,
    ORIENTATION,
    ROUNDING,
)

_PAIRS_AT_ONCE, _GROUPS_AT_ONCE = 4_000, 200_000  # of polygons, by one thread
_EDGE_PAIRS_AT_ONCE = 500_000  # some 4 MB for each of a dozen arrays
_MOST_EDGE_PAIRS = 200_000  # in one column; beyond, it is halved, where that spares any
_TINY = np.finfo(float).tiny
# Which of some groups, chunks or edges are to be opened: by the pair (n,), west, south, east, north (n,), and the
# points between which they lie (n,), (n,).
_Choice = Callable[..., np.ndarray]
_Edges = tuple[np.ndarray, ...]  # the pair (e,); west, east, height in the west, slope, rise, sign (e,)


class _Columns(NamedTuple):
    """Columns of pairs of polygons (c,): the pair; west, east; the first edge over it, and how many there are."""

    pair: np.ndarray
    west: np.ndarray
    east: np.ndarray
    first: np.ndarray
    partners: np.ndarray


def blocks_of_pairs(b: Flat, other: np.ndarray) -> Iterator[slice]:
    """Slices of pairs (k,) that fit into a thread's arrays, by the size of each pair's polygon of b."""
    groups = np.cumsum(np.diff(b.polygon_group)[other])
    for block in blocks(len(other), _PAIRS_AT_ONCE):
        for part in _blocks_within(groups[block], _GROUPS_AT_ONCE):
            yield slice(block.start + part.start, block.start + part.stop)


def _blocks_within(ends: np.ndarray, most: int) -> Iterator[slice]:
    """Slices that together are all rows, each with at most `most` entries or one row. ends (n,): entries so far."""
    start = 0
    while start < len(ends):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield slice(start, stop)
        start = stop


def sums_by_arrays(a: Flat, b: Flat, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The common area of pairs of polygons `one` of a and `other` of b, in m², its error, and the place: (k,) each.

    place: NEAR; or INSIDE or APART where no edge of the other comes near the box of the one, and no area is computed.
    """
    areas, errors, places = np.zeros(len(one)), np.zeros(len(one)), _places(a, b, one, other)
    near = np.flatnonzero(places == NEAR)
    p, q = one[near], other[near]
    is_turned = a.box_south[p] + a.box_north[p] > b.box_south[q] + b.box_north[q]
    for low, high, lows, highs, is_wanted in ((a, b, one, other, ~is_turned), (b, a, other, one, is_turned)):
        rows = near[is_wanted]
        areas[rows], errors[rows] = _sums(low, high, lows[rows], highs[rows])
    west, east = np.maximum(a.box_west[p], b.box_west[q]), np.minimum(a.box_east[p], b.box_east[q])
    is_met = (west < east) & (a.box_south[p] < b.box_north[q]) & (b.box_south[q] < a.box_north[p])
    far = np.max([np.abs(west), np.abs(east), np.abs(a.box_south[p]), np.abs(a.box_north[p])], axis=0)
    areas[near] = np.where(is_met, np.maximum(areas[near], 0.0), 0.0)
    errors[near] = np.where(is_met, ROUNDING * (errors[near] + far), 0.0)
    return areas, errors, places


def _open_edges(flat: Flat, polygon: np.ndarray, choose: _Choice) -> tuple[np.ndarray, np.ndarray]:
    """The edges of polygons (k,) that `choose` selects, and the position of each edge's polygon: (e,) each.

    It is asked about groups, then about the chunks of the selected groups, then about the edges of these.
    """
    first, count = flat.polygon_group[polygon], np.diff(flat.polygon_group)[polygon]
    at, owner = ranges(first, count), np.arange(len(polygon)).repeat(count)
    points = flat.first[flat.group[at]], flat.stop[flat.group[at + 1] - 1]
    boxes = flat.group_west[at], flat.group_south[at], flat.group_east[at], flat.group_north[at]
    rows = np.flatnonzero(choose(owner, *boxes, *points))
    first, count = flat.group[at[rows]], np.diff(flat.group)[at[rows]]
    at, owner = ranges(first, count), owner[rows].repeat(count)
    boxes = flat.west[at], flat.south[at], flat.east[at], flat.north[at]
    rows = np.flatnonzero(choose(owner, *boxes, flat.first[at], flat.stop[at]))
    first, count = flat.first[at[rows]], (flat.stop - flat.first)[at[rows]]
    at, owner = ranges(first, count), owner[rows].repeat(count)
    x1, y1, x2, y2 = flat.x[at], flat.y[at], flat.x[at + 1], flat.y[at + 1]
    boxes = np.minimum(x1, x2), np.minimum(y1, y2), np.maximum(x1, x2), np.maximum(y1, y2)
    rows = np.flatnonzero(choose(owner, *boxes, at, at + 1))
    return owner[rows], at[rows]


def _places(a: Flat, b: Flat, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The place of pairs (k,): NEAR where an edge of the other is near the box of the one, else INSIDE or APART."""
    box = a.box_west[one], a.box_south[one], a.box_east[one], a.box_north[one]

    def is_near(owner: np.ndarray, west: np.ndarray, south: np.ndarray, east: np.ndarray, north: np.ndarray,
                *_: np.ndarray) -> np.ndarray:  # fmt: skip
        meets: np.ndarray = (west <= box[2][owner]) & (east >= box[0][owner])
        return meets & (south <= box[3][owner]) & (north >= box[1][owner])

    near, _ = _open_edges(b, other, is_near)
    places = np.full(len(one), APART)
    places[near] = NEAR
    rows = np.flatnonzero(places != NEAR)
    x, y = (box[0][rows] + box[2][rows]) * 0.5, (box[1][rows] + box[3][rows]) * 0.5
    places[rows[_hold_points(b, other[rows], x, y)]] = INSIDE
    return places


def _hold_points(flat: Flat, polygon: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which polygons (k,) certainly contain a point x, y (k,), by the number of edges above it."""
    odd = np.zeros(len(polygon), dtype=np.int64)

    def is_level(owner: np.ndarray, west: np.ndarray, south: np.ndarray, east: np.ndarray, north: np.ndarray,
                 begin: np.ndarray, end: np.ndarray) -> np.ndarray:  # fmt: skip
        at, height = x[owner], y[owner]
        is_over = (west <= at) & (east >= at) & (north >= height)
        is_all = is_over & (south > height)
        is_all_odd = is_all & ((flat.x[begin] <= at) != (flat.x[end] <= at))
        odd[:] += np.bincount(owner[is_all_odd], minlength=len(odd))
        is_chosen: np.ndarray = is_over & ~is_all
        return is_chosen

    owner, edge = _open_edges(flat, polygon, is_level)
    at, height = x[owner], y[owner]
    x1, y1, x2, y2 = flat.x[edge], flat.y[edge], flat.x[edge + 1], flat.y[edge + 1]
    plus, minus = (x1 - at) * (y2 - height), (y1 - height) * (x2 - at)
    passes = (x1 <= at) != (x2 <= at)
    is_open = passes & (np.abs(plus - minus) <= ORIENTATION * (np.abs(plus) + np.abs(minus)))
    odd += np.bincount(owner[passes & ((plus > minus) == (x2 < x1))], minlength=len(odd))
    certain: np.ndarray = (odd % 2 == 1) & (np.bincount(owner[is_open], minlength=len(odd)) == 0)
    return certain


def _sums(low: Flat, high: Flat, lows: np.ndarray, highs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The common areas of pairs of polygons (k,), in m², and their terms; columns are halved while one has many edges.

    low: of the polygon whose box lies lower.
    """
    areas, spreads, pair = np.zeros(len(lows)), np.zeros(len(lows)), np.arange(len(lows))
    west, east = (
        np.maximum(low.box_west[lows], high.box_west[highs]),
        np.minimum(low.box_east[lows], high.box_east[highs]),
    )
    while len(pair):
        p, q = lows[pair], highs[pair]
        under = _edges_above(low, p, 1.0, west, east, high.box_south[q], high.box_north[q])
        over = _edges_above(high, q, -1.0, west, east, -low.box_north[p], -low.box_south[p])
        counts = np.bincount(under[0], minlength=len(pair)), np.bincount(over[0], minlength=len(pair))
        pairs, across = counts[0] * counts[1], _edges_across(under, west, east) * _edges_across(over, west, east)
        is_large = (pairs > _MOST_EDGE_PAIRS) & (2 * across < pairs) & (east - west > LEAST_COLUMN_M)
        first, partners = np.cumsum(counts[1]) - counts[1], np.where(is_large, 0, counts[1])
        begins = np.r_[0, np.cumsum(counts[0])]  # of the columns, among the edges under
        for block in _blocks_within(np.cumsum(counts[0] * partners), _EDGE_PAIRS_AT_ONCE):
            edges = tuple(column[begins[block.start] : begins[block.stop]] for column in under)
            reach, spread = _reach(edges, over, _Columns(pair, west, east, first, partners), len(areas))
            areas -= reach
            spreads += spread
        half = (west + east)[is_large] * 0.5
        west, east = np.r_[west[is_large], half], np.r_[half, east[is_large]]
        order = np.argsort(np.r_[pair[is_large], pair[is_large]], kind="stable")
        pair, west, east = np.r_[pair[is_large], pair[is_large]][order], west[order], east[order]
    return areas, spreads


def _edges_across(edges: _Edges, west: np.ndarray, east: np.ndarray) -> np.ndarray:
    """The number of edges that reach over each whole column (k,): halves of it have them, too."""
    column = edges[0]
    return np.bincount(column[(edges[1] <= west[column]) & (edges[2] >= east[column])], minlength=len(west))


def _edges_above(
    flat: Flat,
    polygon: np.ndarray,
    up: float,
    west: np.ndarray,
    east: np.ndarray,
    floor: np.ndarray,
    ceiling: np.ndarray,
) -> _Edges:
    """The edges of polygons (k,) that reach above the floor (k,) between west and east (k,), pair after pair.

    up: 1, or -1 to turn everything upside down, floor and ceiling too. Parts above the ceiling become a level edge
    there.
    """
    level: list[tuple[np.ndarray, ...]] = []

    def is_between(owner: np.ndarray, left: np.ndarray, south: np.ndarray, right: np.ndarray, north: np.ndarray,
                   begin: np.ndarray, end: np.ndarray) -> np.ndarray:  # fmt: skip
        top, bottom = (north, south) if up > 0.0 else (-south, -north)
        counts = (top >= floor[owner]) & (right > west[owner]) & (left < east[owner])
        is_over = bottom >= ceiling[owner]
        rows = np.flatnonzero(counts & is_over)
        mine = owner[rows]
        ends = (np.clip(flat.x[point[rows]], west[mine], east[mine]) for point in (begin, end))
        level.append((mine, *ends, ceiling[mine], ceiling[mine]))
        is_chosen: np.ndarray = counts & ~is_over
        return is_chosen

    owner, edge = _open_edges(flat, polygon, is_between)
    level.append((owner, flat.x[edge], flat.x[edge + 1], up * flat.y[edge], up * flat.y[edge + 1]))
    owner, x1, x2, y1, y2 = (np.concatenate(column) for column in zip(*level, strict=True))
    rows = np.flatnonzero(x1 != x2)
    rows = rows[np.argsort(owner[rows], kind="stable")]
    owner, x1, x2, y1, y2 = (column[rows] for column in (owner, x1, x2, y1, y2))
    goes_east = x1 < x2
    left = np.where(goes_east, y1, y2)
    sign = np.where(goes_east, -1.0, 1.0)
    return owner, np.minimum(x1, x2), np.maximum(x1, x2), left, (y2 - y1) / (x2 - x1), np.abs(y2 - y1), sign


def _reach(under: _Edges, over: _Edges, columns: _Columns, pairs: int) -> tuple[np.ndarray, np.ndarray]:
    """The signed area by which edges reach above others, which are given upside down, and its terms: (pairs,)."""
    column = under[0]
    one = np.arange(len(column)).repeat(columns.partners[column])
    other = ranges(columns.first[column], columns.partners[column])
    begin, end = np.maximum(under[1], columns.west[column]), np.minimum(under[2], columns.east[column])
    rows = np.flatnonzero((begin.take(one) < over[2].take(other)) & (over[1].take(other) < end.take(one)))
    one, other = one.take(rows), other.take(rows)
    x0, x1 = np.maximum(begin.take(one), over[1].take(other)), np.minimum(end.take(one), over[2].take(other))
    level, (from_one, from_other) = under[3].take(one) + over[3].take(other), (under[1].take(one), over[1].take(other))
    slope_one, slope_other = under[4].take(one), over[4].take(other)
    d0 = level + (slope_one * (x0 - from_one) + slope_other * (x0 - from_other))
    d1 = level + (slope_one * (x1 - from_one) + slope_other * (x1 - from_other))
    width, both = x1 - x0, np.abs(d0) + np.abs(d1)
    reach = np.maximum(d0, 0.0) + np.maximum(d1, 0.0)
    reach *= 0.5 * (reach / (both + _TINY))  # the mean of what reaches over, whether or not the edges cross
    mine = columns.pair.take(column.take(one))
    reach *= width * (under[6].take(one) * over[6].take(other))
    spread = width * (both + under[5].take(one) + over[5].take(other))
    return np.bincount(mine, reach, pairs), np.bincount(mine, spread, pairs)
