"""The ground along lines: half of a width on both sides of every segment, round at corners, flat at the ends."""

import numpy as np
import shapely

_TURN_SEGMENTS = 16  # of a quarter turn, where a line has a corner
_MULTI = 4  # from this type of geometry on one is made of others
_REACH = 3.0  # half widths around an end, within which GEOS may lose ground of a line that begins or ends short
_STRAIGHT = 1e-9  # a smaller turn, in radians, is none


def ground_along(shapes: np.ndarray, half_m: np.ndarray) -> np.ndarray:
    """The ground (n,) of lines and points (n,), which may be of many parts: a point's is a square, its sides north and
    east. half_m (n,): half of the width of each, in metres of their plane. Lines without length have none.
    """
    parts, owner = shapely.force_2d(np.asarray(shapes, dtype=object)), np.arange(len(shapes))
    while (shapely.get_type_id(parts) >= _MULTI).any():
        parts, at = shapely.get_parts(parts, return_index=True)
        owner = owner[at]
    is_line = shapely.get_type_id(parts) != 0
    squares = shapely.buffer(parts[~is_line], half_m[owner[~is_line]], cap_style="square")
    lines, of_lines = _lines_without_rings(*_joined_lines(parts[is_line], owner[is_line]))
    grounds = [(squares, owner[~is_line]), *_line_grounds(lines, of_lines, half_m)]
    pieces, owners = (np.concatenate(columns) for columns in zip(*grounds, strict=True))
    return _united_pieces(pieces, owners, len(shapes))


def _joined_lines(lines: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines without repeated points, with lines of one owner that meet end to end joined; and the owner of each."""
    lines = shapely.remove_repeated_points(lines)
    has_length = shapely.length(lines) > 0
    lines, owner = lines[has_length], owner[has_length]
    of_several = np.bincount(owner)[owner] > 1 if len(owner) else np.zeros(0, dtype=bool)
    if not of_several.any():
        return lines, owner
    several, at = np.unique(owner[of_several], return_inverse=True)
    merged_by_owner = shapely.line_merge(shapely.multilinestrings(lines[of_several], indices=at))
    merged_lines, index = shapely.get_parts(merged_by_owner, return_index=True)
    return np.concatenate([lines[~of_several], merged_lines]), np.concatenate([owner[~of_several], several[index]])


def _lines_without_rings(lines: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lines (k,) in which each closed one is cut in two: GEOS takes closed lines for borders of ground."""
    closed_rows = np.flatnonzero(shapely.is_closed(lines))
    halves = []
    for line in lines[closed_rows]:
        points = shapely.get_coordinates(line)
        middle = len(points) // 2
        halves += [shapely.linestrings(points[: middle + 1]), shapely.linestrings(points[middle:])]
    rest, of_halves = np.delete(np.arange(len(lines)), closed_rows), np.repeat(owner[closed_rows], 2)
    open_lines = np.array([*lines[rest], *halves], dtype=object)
    return open_lines, np.concatenate([owner[rest], of_halves])


def _line_grounds(lines: np.ndarray, owner: np.ndarray, half_m: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The ground along lines (k,) in pieces that overlap, with the owner of each."""
    if len(lines) == 0:
        return []
    half = half_m[owner]
    style = {"cap_style": "flat", "join_style": "round", "quad_segs": _TURN_SEGMENTS}
    grounds = [(shapely.buffer(lines, half, **style), owner), _nodes(lines, owner, half_m)]
    # GEOS takes ground away beside an end that turns within half of the width, as a hook from snapping does.
    points, of_points = shapely.get_coordinates(lines, return_index=True)
    begins = np.flatnonzero(of_points[:-1] == of_points[1:])
    line = of_points[begins]
    lengths = np.hypot(*(points[begins + 1] - points[begins]).T)
    is_end = (np.diff(line, prepend=-1) != 0) | (np.diff(line, append=len(lines)) != 0)
    is_short = np.bincount(line[is_end & (lengths < half[line])], minlength=len(lines)) > 0
    begins, line = begins[is_short[line]], line[is_short[line]]
    if len(begins) == 0:
        return grounds
    segments = shapely.linestrings(np.stack([points[begins], points[begins + 1]], axis=1))
    end_distances = [shapely.distance(segments, shapely.get_point(lines[line], at)) for at in (0, -1)]
    near = np.minimum(*end_distances) <= _REACH * half[line]
    begins, line = begins[near], line[near]
    strips, corners, turning = _strips(points, begins, half[line])
    return [*grounds, (strips, owner[line]), (corners, owner[line[turning]])]


def _nodes(lines: np.ndarray, owner: np.ndarray, half_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A circle where ends of lines of one owner meet, as at a junction or where a ring closes."""
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)])
    keys, times = np.unique(np.column_stack([np.concatenate([owner, owner]), ends]), axis=0, return_counts=True)
    keys = keys[times > 1]
    of_nodes = keys[:, 0].astype(np.int64)
    circles = shapely.buffer(shapely.points(keys[:, 1:]), half_m[of_nodes], quad_segs=_TURN_SEGMENTS)
    return np.atleast_1d(circles), of_nodes


def _strips(points: np.ndarray, begins: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ground on both sides of segments (k,), and round outer corners after those (c,) that another segment follows.

    begins: the point (n, 2) at which each begins, ascending; half: of the width of each. Also returns which segments
    these are.
    """
    starts, stops = points[begins], points[begins + 1]
    along = stops - starts
    along /= np.hypot(*along.T)[:, None]
    aside = np.column_stack([-along[:, 1], along[:, 0]]) * half[:, None]
    strips = shapely.polygons(np.stack([starts + aside, starts - aside, stops - aside, stops + aside], axis=1))
    first = np.flatnonzero(np.diff(begins) == 1)
    one, other = along[first], along[first + 1]
    turns = np.arctan2(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0], (one * other).sum(axis=1))
    first, turns = first[np.abs(turns) > _STRAIGHT], turns[np.abs(turns) > _STRAIGHT]
    outer = -np.sign(turns)[:, None] * aside[first]
    angles = np.arctan2(outer[:, 1], outer[:, 0])[:, None] + turns[:, None] * np.linspace(0, 1, 2 * _TURN_SEGMENTS + 1)
    arcs = np.stack([np.cos(angles), np.sin(angles)], axis=2) * half[first, None, None]
    middles = stops[first][:, None]
    arcs[:, 0], arcs[:, -1] = outer, -np.sign(turns)[:, None] * aside[first + 1]  # to the last digit as the strips
    return strips, shapely.polygons(np.concatenate([middles, middles + arcs], axis=1)), first


def _united_pieces(pieces: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    """The union of each owner's pieces (count,); an empty polygon for one that has none."""
    order = np.argsort(owners, kind="stable")
    pieces, owners = pieces[order], owners[order]
    result = np.full(count, shapely.Polygon(), dtype=object)
    distinct_owners, firsts, times = np.unique(owners, return_index=True, return_counts=True)
    result[distinct_owners[times == 1]] = pieces[firsts[times == 1]]
    for owner, first, many in zip(distinct_owners[times > 1], firsts[times > 1], times[times > 1], strict=True):
        result[owner] = shapely.union_all(pieces[first : first + many])
    return result
