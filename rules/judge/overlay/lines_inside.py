"""The parts of lines inside polygons: made by GEOS, each piece compared with a length that no overlay computed.

A line is cut where it meets the polygon's edges; the middle of each stretch decides where the stretch lies.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.parts import line_edges
from onemap.layers.geometry.row_by_row import apply_by_row
from onemap.rules.judge.overlay.flat_polygons import distinct
from onemap.rules.judge.overlay.unproved_unions import UNPROVED

_NEAR_M = 1e-6  # what is that near to an edge may lie on it
_LAST_DIGITS = 1e-9  # by which share two ways to sum one length differ
_ALLOWED_M, _ALLOWED_SHARE = 1e-5, 1e-6  # how far a length may differ, of the line's

_NEARLY_M = 1e-4  # what runs that near to each other an overlay may have once or twice

Operation = Callable[[np.ndarray, np.ndarray], np.ndarray]
Unite = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Stretches:
    """Straight stretches (k,) of lines: their ends (k, 2, 2), their lines (k,), and where each lies (k,)."""

    ends: np.ndarray
    line: np.ndarray
    is_inside: np.ndarray
    is_on_edge: np.ndarray

    def lengths_m(self, is_chosen: np.ndarray, count: int) -> np.ndarray:
        """The total length of some stretches of each line: (count,)."""
        length = np.hypot(*(self.ends[is_chosen, 1] - self.ends[is_chosen, 0]).T)
        return np.bincount(self.line[is_chosen], length, count)


def proved_pieces(
    operation: Operation, lines: np.ndarray, polygons: np.ndarray, *, without_edges: bool = False
) -> np.ndarray:
    """operation(line, polygon) pair by pair (k,); pieces of a wrong length are replaced by the stretches inside.

    operation: returns the part of lines in valid polygons; parts along an edge may count or not.
    without_edges: they do not; a line that is cut elsewhere is no longer quite on the edge, and what an overlay leaves
    of it there is taken out.
    """
    pieces = apply_by_row(operation, lines, polygons)
    rows = np.flatnonzero(shapely.get_dimensions(lines) == 1)
    if len(rows) == 0:
        return pieces
    stretches = _stretches(lines[rows], polygons[rows])
    inside_m = stretches.lengths_m(stretches.is_inside, len(rows))
    on_edge_m = stretches.lengths_m(stretches.is_on_edge, len(rows))
    length_m, allowed = shapely.length(pieces[rows]), _ALLOWED_M + _ALLOWED_SHARE * shapely.length(lines[rows])
    most_m = inside_m + on_edge_m + allowed
    if without_edges:
        most_m = np.where(on_edge_m > 0, inside_m * (1 + _LAST_DIGITS) + _NEAR_M, most_m)
    for row in np.flatnonzero(~((length_m >= inside_m - allowed) & (length_m <= most_m))).tolist():
        mine = stretches.ends[(stretches.line == row) & stretches.is_inside]
        if inside_m[row] - _twice_m(mine) - allowed[row] <= length_m[row] <= most_m[row]:
            continue  # a line that runs over itself, of which an overlay has each place once
        pieces[rows[row]] = shapely.multilinestrings(shapely.linestrings(mine)) if len(mine) else shapely.LineString()
    return pieces


def union_lengths_m(lines: np.ndarray, group: np.ndarray, groups: int, unite: Unite) -> np.ndarray:
    """The length of the union of the lines (k,) of each group (groups,), 0 without any: a line drawn twice counts once.

    unite: computes such lengths of multilines (n,). Each is compared with the sum of its edges minus what they share
    pair by pair. Raises OneMapError overlay.union.
    """
    lengths_m, order = np.zeros(groups), np.argsort(group, kind="stable")
    lines, group = lines[order], group[order]
    parts, owner = shapely.get_parts(lines, return_index=True)
    has_length = shapely.get_dimensions(parts) == 1  # a line that only touches leaves a point
    parts, owner = parts[has_length], owner[has_length]
    if len(parts) == 0:
        return lengths_m
    present, position = np.unique(group[owner], return_inverse=True)
    of_group = shapely.multilinestrings(parts, indices=position)
    with contextlib.suppress(shapely.GEOSException):
        lengths_m[present] = unite(of_group)
    ends, part = _edges(parts)
    of_edge = group[owner[part]]
    whole_m = np.bincount(of_edge, np.hypot(*(ends[:, 1] - ends[:, 0]).T), groups)
    later, common_m = _common_edges(ends, of_edge, _NEARLY_M)
    least_m = whole_m - np.bincount(of_edge[later], common_m, groups)
    later, common_m = _common_edges(ends, of_edge, 0.0)
    greatest = np.zeros(len(ends))
    np.maximum.at(greatest, later, common_m)
    most_m = whole_m - np.bincount(of_edge, greatest, groups)
    allowed = _ALLOWED_M + _ALLOWED_SHARE * whole_m
    if ((lengths_m < least_m - allowed) | (lengths_m > most_m + allowed)).any():
        raise OneMapError(UNPROVED, count=len(lines))
    return lengths_m


def _stretches(lines: np.ndarray, polygons: np.ndarray) -> _Stretches:
    """The stretches of lines pair by pair with polygons (k,); a line far from its polygon has none."""
    ground, which = distinct(polygons)
    order = np.argsort(which, kind="stable")
    begin = np.searchsorted(which[order], np.arange(len(ground) + 1))
    parts = []
    for at, polygon in enumerate(ground.tolist()):
        rows = order[begin[at] : begin[at + 1]]
        parts.append(_in_polygon(lines[rows], rows, polygon))
    return _Stretches(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _in_polygon(
    lines: np.ndarray, rows: np.ndarray, polygon: shapely.Geometry
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The ends of the stretches of lines (n,) of rows (n,), their rows, and whether each lies inside or on the edge."""
    ends, owner = _edges(lines)
    west, south, east, north = polygon.bounds
    low, high = ends.min(axis=1), ends.max(axis=1)
    near = (low <= [east, north]).all(axis=1) & (high >= [west, south]).all(axis=1)
    ends, owner = ends[near], owner[near]
    sides, _ = _edges(np.array([polygon], dtype=object))
    segment, side = shapely.STRtree(_boxes(sides)).query(_boxes(ends))
    segment, share = _shares(ends, segment, sides[side])
    # Every segment begins at 0 and ends at 1; from one share to the next it is one stretch.
    every = np.arange(len(ends))
    segment, share = np.r_[every, every, segment], np.r_[np.zeros(len(ends)), np.ones(len(ends)), share]
    order = np.lexsort((share, segment))
    segment, share = segment[order], share[order]
    whole = np.flatnonzero((segment[1:] == segment[:-1]) & (share[1:] > share[:-1]))
    of = segment[whole]
    step = ends[of, 1] - ends[of, 0]
    cut = np.stack([ends[of, 0] + share[at, None] * step for at in (whole, whole + 1)], axis=1)
    x, y = cut.mean(axis=1).T
    own = shapely.from_wkb(shapely.to_wkb(polygon))  # what is prepared must be nobody else's
    edge = shapely.boundary(own)
    shapely.prepare([own, edge])
    is_on_edge = shapely.dwithin(edge, shapely.points(x, y), _NEAR_M)
    return cut, rows[owner[of]], shapely.contains_xy(own, x, y) & ~is_on_edge, is_on_edge


def _twice_m(ends: np.ndarray) -> float:
    """The length that stretches (k, 2, 2) of one line have in common, summed over their pairs, in m."""
    return float(_common_edges(ends, np.zeros(len(ends), dtype=np.int64), _NEARLY_M)[1].sum())


def _common_edges(ends: np.ndarray, group: np.ndarray, near_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The length along which edges (k, 2, 2) of one group (k,) coincide, in m, and the later edge of each pair: (p,).

    near_m: within which distance they coincide.
    """
    one, other = shapely.STRtree(_boxes(ends)).query(_boxes(ends))
    is_pair = (one < other) & (group[one] == group[other])
    one, other = one[is_pair], other[is_pair]
    start, step = ends[one, 0], ends[one, 1] - ends[one, 0]
    length = np.maximum(np.hypot(*step.T), np.finfo(float).tiny)
    way = np.stack([ends[other, at] - start for at in (0, 1)])
    along = (way * step).sum(axis=2) / length
    off = (way[..., 0] * step[:, 1] - way[..., 1] * step[:, 0]) / length
    # How far off the other one is where both begin to run beside each other, and where they end to.
    both = np.sort(np.clip(along, 0.0, length), axis=0)
    slope = np.divide(off[1] - off[0], along[1] - along[0], out=np.zeros(len(one)), where=along[1] != along[0])
    is_near = (np.abs(off[0] + slope * (both - along[0])) <= near_m).all(axis=0)
    return other, np.where(is_near, both[1] - both[0], 0.0)


def _edges(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The straight edges (m, 2, 2) of lines or polygons (n,), and the row of each (m,)."""
    outlines = np.where(shapely.get_dimensions(geometries) == 2, shapely.boundary(geometries), geometries)
    parts, owner = shapely.get_parts(outlines, return_index=True)
    ends, part = line_edges(parts)
    return ends, owner[part]


def _boxes(edges: np.ndarray) -> np.ndarray:
    """The boxes of edges (m, 2, 2) with a margin, as polygons."""
    low, high = edges.min(axis=1) - _NEAR_M, edges.max(axis=1) + _NEAR_M
    boxes: np.ndarray = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    return boxes


def _shares(ends: np.ndarray, segment: np.ndarray, sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The shares of segments (m, 2, 2) at which sides (k, 2, 2) of a polygon cross them or end on them.

    segment (k,): which segment meets which side. Returns segments and shares; a superfluous share does no harm.
    """
    start, step = ends[segment, 0], ends[segment, 1] - ends[segment, 0]
    first, along = sides[:, 0] - start, sides[:, 1] - sides[:, 0]
    turn = step[:, 0] * along[:, 1] - step[:, 1] * along[:, 0]
    length2 = np.maximum((step * step).sum(axis=1), np.finfo(float).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing_shares = (first[:, 0] * along[:, 1] - first[:, 1] * along[:, 0]) / turn
    ends_of_side = [((sides[:, at] - start) * step).sum(axis=1) / length2 for at in (0, 1)]
    off_m = [
        np.abs((sides[:, at] - start)[:, 0] * step[:, 1] - (sides[:, at] - start)[:, 1] * step[:, 0]) / np.sqrt(length2)
        for at in (0, 1)
    ]
    near = [np.where(off <= _NEAR_M, share, np.nan) for off, share in zip(off_m, ends_of_side, strict=True)]
    share = np.concatenate([crossing_shares, *near])
    is_within = (share > 0) & (share < 1)  # never of what is no number
    return np.tile(segment, 3)[is_within], share[is_within]
