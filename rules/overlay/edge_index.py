"""Large polygons by their edges: which of them come near a box, and what part of a polygon lies in one.

An edge that does not come near a box tells only whether the box's corner lies inside. So nothing needs to be cut, or
even looked at, but what is near: parcels that no edge comes near lie wholly inside or wholly outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.ragged import ranges
from onemap.rules.overlay.trapezoids import EdgeTable, Segments, segments

_CHUNK = 16  # consecutive segments in one box
_CLOSE_M = 1e-6  # to a corner: whether a point lies inside is then asked of the segments over it


@dataclass(frozen=True)
class Outlines:
    """Segments of n polygons, from west to east: ends and heights there, (m,); turn: the sign of the ground under them.

    Upright ones have their start as west and their end as east, and their turn is the sign of the step in ground that
    one meets going east, if they run upwards. Chunks: boxes (c, 4) with their tree, polygon (c,), first segment (c,),
    number of segments (c,). polygons (n,): what they are the outlines of.
    """

    polygons: np.ndarray
    west: np.ndarray
    east: np.ndarray
    left: np.ndarray
    right: np.ndarray
    slope: np.ndarray
    sign: np.ndarray
    boxes: np.ndarray
    tree: shapely.STRtree
    polygon: np.ndarray
    first: np.ndarray
    count: np.ndarray

    def near(self, polygon: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The chunks of polygon (k,) whose boxes meet boxes (k, 4): rows of the k (j,), and chunks (j,); in order."""
        row, chunk = self.tree.query(shapely.box(*boxes.T))
        own = np.flatnonzero(self.polygon[chunk] == polygon[row])
        row, chunk = row[own], chunk[own]
        order = np.lexsort((chunk, row))
        return row[order], chunk[order]


def outlines(polygons: np.ndarray, between: tuple[float, float] | None = None) -> Outlines:
    """The outlines of valid polygons or multipolygons (n,); between: a west and an east, and only what lies there.

    That is for few boxes between the two: then nothing is prepared for many questions.
    """
    found = segments(polygons)
    ends = np.cumsum(found.ring)
    start = ends - found.ring
    length = found.ring - 1  # segments of a ring
    number = -(-length // _CHUNK)
    of_ring = np.repeat(np.arange(len(length)), number)
    in_ring = ranges(np.zeros(len(length), dtype=np.int64), number) * _CHUNK
    first, count = start[of_ring] + in_ring, np.minimum(_CHUNK, length[of_ring] - in_ring)
    boxes = _boxes_of(found, start, length, first)
    if between is not None:
        chosen = np.flatnonzero((boxes[:, 2] >= between[0]) & (boxes[:, 0] <= between[1]))
        first, count, boxes, of_ring = first[chosen], count[chosen], boxes[chosen], of_ring[chosen]
    here = ranges(first, count)
    ring = np.repeat(of_ring, count)
    dx, dy = found.dx[here], found.dy[here]
    turned = dx < 0
    west, east = here + turned, here + ~turned
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(dx == 0, 0.0, dy / dx)
    if between is None:
        shapely.prepare(polygons)
        # What a prepared polygon keeps is made at its second question, and GEOS ends the process if two threads ask
        # that at once; a third costs microseconds.
        at = start[np.unique(found.polygon, return_index=True)[1]]
        for _ in range(3):
            shapely.contains_xy(polygons, found.x[at], found.y[at])
    return Outlines(
        polygons=polygons,
        west=found.x[west],
        east=found.x[east],
        left=found.y[west],
        right=found.y[east],
        slope=slope,
        sign=np.where(turned, -1.0, 1.0) * found.turn[ring],
        boxes=boxes,
        tree=shapely.STRtree(shapely.box(*boxes.T)),
        polygon=found.polygon[of_ring],
        first=np.cumsum(count) - count,
        count=count,
    )


def _boxes_of(found: Segments, start: np.ndarray, length: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The box (c, 4) of each chunk; start, length (r,) of the rings, first (c,): the first segment of each chunk."""
    if len(first) == 0:
        return np.empty((0, 4))
    reach = []
    for values, extreme in ((found.x, np.minimum), (found.y, np.minimum), (found.x, np.maximum), (found.y, np.maximum)):
        both = values.copy()
        both[:-1] = extreme(values[:-1], values[1:])
        last = start + length
        both[last] = values[last]  # a ring's last point begins no segment
        reach.append(extreme.reduceat(both, first))
    return np.column_stack(reach)


def parts_in_boxes(
    found: Outlines, polygon: np.ndarray, boxes: np.ndarray, row: np.ndarray, chunk: np.ndarray
) -> EdgeTable:
    """What of polygon (k,) lies in boxes (k, 4), as edges: the ground is right, though no ring was closed.

    row, chunk (j,): what is near, of found.near(polygon, boxes). Segments are kept where they run through the box.
    Where ground reaches over the box's ceiling, or below its floor, the box's own edge stands for what lies beyond:
    from where a segment crosses it, or from the west if the ground is already there.
    """
    edge, row = ranges(found.first[chunk], found.count[chunk]), np.repeat(row, found.count[chunk])
    at_west = _over_the_corner(found, polygon, boxes, edge, row)
    west, south, east, north = boxes[row].T
    x0, x1 = np.maximum(found.west[edge], west), np.minimum(found.east[edge], east)
    upright = found.west[edge] == found.east[edge]
    meets = np.where(upright, (x0 > west) & (x1 < east) & (x0 == x1), x1 > x0)
    chosen = np.flatnonzero(meets)
    edge, row, x0, x1, south, east, north, upright = (
        values[chosen] for values in (edge, row, x0, x1, south, east, north, upright)
    )
    y0 = np.where(upright, found.left[edge], _heights(found, edge, x0))
    y1 = np.where(upright, found.right[edge], _heights(found, edge, x1))
    sign, slope = found.sign[edge], found.slope[edge]
    ceiling = _crossing(x0, y0, x1, y1, north)
    floor = _crossing(x0, y0, x1, y1, south)
    begin, end = x0.copy(), x1.copy()
    for level, crossing, outward in ((north, ceiling, y0 > north), (south, floor, y0 <= south)):
        crossed = (y0 > level) != (y1 > level)
        begin = np.where(crossed & outward, crossing, begin)
        end = np.where(crossed & ~outward, crossing, end)
    inside = np.flatnonzero((end > begin) & ~((y0 > north) & (y1 > north)) & ~((y0 <= south) & (y1 <= south)))
    body = edge[inside]
    left, right = _heights(found, body, begin[inside]), _heights(found, body, end[inside])
    pieces = [(row[inside], begin[inside], end[inside], left, right, slope[inside], sign[inside])]
    every = np.arange(len(boxes))
    for which, level, crossing, side in ((3, north, ceiling, 1.0), (1, south, floor, -1.0)):
        crossed = np.flatnonzero((y0 > level) != (y1 > level))
        step = side * sign[crossed] * np.where(y1[crossed] > level[crossed], 1.0, -1.0)
        where = (np.r_[every, row[crossed]], np.r_[boxes[:, 0], crossing[crossed]], np.r_[boxes[:, 2], east[crossed]])
        heights = np.r_[boxes[:, which], level[crossed]]
        signs = np.r_[side * at_west[which], step]
        pieces.append((*where, heights, heights, np.zeros(len(heights)), signs))
    return _edge_table(pieces, boxes)


def _edge_table(pieces: Sequence[tuple[np.ndarray, ...]], boxes: np.ndarray) -> EdgeTable:
    """Edges by their box, those of no length and of no sign left out.

    pieces: of each kind of edge the box's row, west, east, left and right height, slope and sign: (n,) each.
    """
    rows, begins, ends, lefts, rights, slopes, signs = (np.concatenate(column) for column in zip(*pieces, strict=True))
    present = np.flatnonzero((signs != 0) & (ends > begins))
    order = present[np.argsort(rows[present], kind="stable")]
    lefts, rights = lefts[order], rights[order]
    return EdgeTable(
        west=begins[order],
        east=ends[order],
        left=lefts,
        slope=slopes[order],
        sign=signs[order],
        top=np.maximum(lefts, rights),
        bottom=np.minimum(lefts, rights),
        first=np.searchsorted(rows[order], np.arange(len(boxes) + 1)),
        bounds=boxes,
    )


def _heights(found: Outlines, edge: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The heights of segments at x, both (j,); at their ends to the last digit, so that neighbours agree."""
    heights = found.left[edge] + found.slope[edge] * (x - found.west[edge])
    return np.where(x == found.east[edge], found.right[edge], heights)


def _crossing(x0: np.ndarray, y0: np.ndarray, x1: np.ndarray, y1: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Where segments cross a level, (j,); of those that do not, anything between their ends."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip(np.nan_to_num((level - y0) / (y1 - y0)), 0.0, 1.0)
    return x0 + share * (x1 - x0)


def _over_the_corner(
    found: Outlines, polygon: np.ndarray, boxes: np.ndarray, edge: np.ndarray, row: np.ndarray
) -> dict[int, np.ndarray]:
    """How often ground is wound around just east of each box's corners in the north-west (3) and south-west (1), (k,).

    edge, row (j,): segments near each box. In the north-west a point tells, unless a segment comes near it. Segments
    over a corner are judged as in the box itself, so that both agree to the last digit.
    """
    west, north = boxes[row, 0], boxes[row, 3]
    low, high = np.minimum(found.left[edge], found.right[edge]), np.maximum(found.left[edge], found.right[edge])
    close = (found.west[edge] <= west + _CLOSE_M) & (found.east[edge] >= west - _CLOSE_M)
    close &= (low <= north + _CLOSE_M) & (high >= north - _CLOSE_M)
    is_close = np.bincount(row, close, len(boxes)) > 0
    upper = np.zeros(len(boxes))
    clear, rest = np.flatnonzero(~is_close), np.flatnonzero(is_close)
    upper[clear] = shapely.contains_xy(found.polygons[polygon[clear]], boxes[clear, 0], boxes[clear, 3])
    upper[rest] = _wound_by_rays(found, polygon[rest], boxes[rest])
    side = np.flatnonzero((found.west[edge] <= west) & (west < found.east[edge]))
    at, edge = row[side], edge[side]
    height = _heights(found, edge, west[side])
    between = (height > boxes[at, 1]) & (height <= boxes[at, 3])
    lower = upper + np.bincount(at, np.where(between, found.sign[edge], 0.0), len(boxes))
    return {3: upper, 1: lower}


def _wound_by_rays(found: Outlines, polygon: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """How often ground is wound around just east of each box's north-west corner, by all segments over it: (k,)."""
    up = boxes.copy()
    up[:, 2], up[:, 3] = boxes[:, 0], shapely.bounds(found.polygons)[polygon, 3]
    row, chunk = found.near(polygon, up)
    edge, row = ranges(found.first[chunk], found.count[chunk]), np.repeat(row, found.count[chunk])
    x = boxes[row, 0]
    chosen = np.flatnonzero((found.west[edge] <= x) & (x < found.east[edge]))
    edge, row = edge[chosen], row[chosen]
    over = _heights(found, edge, x[chosen]) > boxes[row, 3]
    wound: np.ndarray = np.bincount(row, np.where(over, found.sign[edge], 0.0), len(boxes))
    return wound
