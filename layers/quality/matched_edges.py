"""Polygons that fit their neighbours edge by edge: tested together, so that only the others are left to GEOS."""

from collections.abc import Callable

import numpy as np
import shapely

from onemap.layers.geometry.boxes import boxes_that_meet
from onemap.layers.geometry.rings import Rings

Shapes = Callable[[np.ndarray], np.ndarray]

_FLAT = 1e-9  # of a ring: less ground than this share of what its edges sweep does not tell which way round it goes
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd numbers with bits all over them


class MatchedEdges:
    """The edges of valid polygons (n,), each with the edge that runs along it between the same ends in reverse.

    If all edges of a polygon have one, any other ground that touches the polygon lies beyond its edges. rings: of all
    polygons; boxes: (n, 4); shapes: gives the polygons of some rows (k,), ascending, and is called for few.
    """

    def __init__(self, rings: Rings, boxes: np.ndarray, shapes: Shapes) -> None:
        self._boxes = boxes
        self._shapes = shapes
        starts = np.cumsum(rings.size) - rings.size
        is_edge = np.ones(len(rings.points), dtype=bool)
        is_edge[starts + rings.size - 1] = False
        begin = np.flatnonzero(is_edge)
        ring = np.repeat(np.arange(len(rings.size)), np.maximum(rings.size - 1, 0))
        doubled_m2, swept_m2 = _ground(rings.points, rings.size, starts, begin, ring)
        # A shell has its ground on one side, a hole on the other.
        goes_back = ((doubled_m2 < 0) != rings.is_hole)[ring]
        self._points, self._begin, self._polygon = rings.points, begin, rings.polygon[ring]
        self._goes_back = goes_back
        self._other = _run_against_each_other(rings.points, begin, goes_back)
        self._is_sure = (np.abs(doubled_m2) > _FLAT * swept_m2)[ring]

    def misfits(self, is_asked: np.ndarray) -> np.ndarray:
        """Which requested polygons (n,) do not fit the others edge by edge, by the rules of GEOS's coverages.

        is_asked: (n,) which are requested; the others are never misfits.
        """
        doubtful = np.zeros(len(self._boxes), dtype=bool)
        doubtful[self._polygon[(self._other < 0) | ~self._is_sure]] = True
        doubtful &= is_asked
        result = np.zeros(len(self._boxes), dtype=bool)
        if doubtful.any():
            near = boxes_that_meet(self._boxes, self._boxes[doubtful])
            result[near] = ~shapely.is_empty(shapely.coverage_invalid_edges(self._shapes(near)))
        return result & doubtful

    def lone_edges(self, is_asked: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return unmatched edges of the requested polygons (n,): begin, end (k, 2), and their polygons (k,)."""
        at = np.flatnonzero((self._other < 0) & is_asked[self._polygon])
        return self._points[self._begin[at]], self._points[self._begin[at] + 1], self._polygon[at]

    def union(self, is_chosen: np.ndarray) -> shapely.Geometry:
        """Return the union of the chosen polygons (n,), which fit each other, from the edges that only one of them has.

        It is like GEOS's union of coverages, but takes only the time that the outline takes.
        """
        is_met = (self._other >= 0) & is_chosen[self._polygon[self._other]]
        has_met = np.zeros(len(is_chosen), dtype=bool)
        has_met[self._polygon[is_met]] = True
        at = np.flatnonzero((is_chosen & has_met)[self._polygon] & ~is_met)
        ends, is_turned = _by_ends(self._points[self._begin[at]], self._points[self._begin[at] + 1])
        edges, first, count = np.unique(ends, axis=0, return_index=True, return_counts=True)
        edges, first = edges[count == 1], first[count == 1]
        is_right = self._goes_back[at[first]] != is_turned[first]  # of an edge: its ground, seen along the ends
        faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(edges.reshape(-1, 2, 2))))
        begin = np.stack([_point(faces, 0), _point(faces, 1)])
        sides, turns = _by_ends(*begin)
        place = np.unique(np.concatenate([edges, sides]), axis=0, return_inverse=True)[1].ravel()[len(edges) :]
        is_ground = is_right[place] == (shapely.is_ccw(shapely.get_exterior_ring(faces)) == turns)
        alone = shapely.get_parts(self._shapes(np.flatnonzero(is_chosen & ~has_met)))
        return shapely.multipolygons(np.concatenate([faces[is_ground], alone]))


def _point(polygons: np.ndarray, at: int) -> np.ndarray:
    """Return a point (n, 2) of each shell."""
    return shapely.get_coordinates(shapely.get_point(shapely.get_exterior_ring(polygons), at))


def _by_ends(begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return edges (k, 4) from the lower end to the higher, and which of them (k,) were reversed for it."""
    is_turned = (begin[:, 0] > end[:, 0]) | ((begin[:, 0] == end[:, 0]) & (begin[:, 1] > end[:, 1]))
    ends = np.where(is_turned[:, None], np.hstack([end, begin]), np.hstack([begin, end]))
    return ends, is_turned


def _ground(
    points: np.ndarray, size: np.ndarray, starts: np.ndarray, begin: np.ndarray, ring: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return twice the signed area of each ring (r,), negative if clockwise; and twice what its edges sweep."""
    x, y = (points[:, axis] - np.repeat(points[starts, axis], size) for axis in (0, 1))
    cross = x[begin] * y[begin + 1] - x[begin + 1] * y[begin]
    return np.bincount(ring, cross, len(size)), np.bincount(ring, np.abs(cross), len(size))


def _run_against_each_other(points: np.ndarray, begin: np.ndarray, goes_back: np.ndarray) -> np.ndarray:
    """Return for each edge (k,) the only other one between the same ends in reverse, else -1.

    goes_back: (k,) the edge is to be read in reverse.
    """
    places = np.ascontiguousarray(points, dtype=np.float64).view(np.complex128).ravel()
    bits = places.view(np.uint64).reshape(-1, 2)
    sign: np.ndarray = bits[:, 0] * _MIX[0] + (bits[:, 1] ^ (bits[:, 1] >> np.uint64(29))) * _MIX[1]
    sign ^= sign >> np.uint64(32)
    sign *= _MIX[0]
    # Whichever end comes first; edges of like signs are compared with each other by their coordinates.
    of_edge = sign[begin] + sign[begin + 1]
    order = np.argsort(of_edge)
    of_edge = of_edge[order]
    is_next_like = np.zeros(len(order) + 1, dtype=bool)
    is_next_like[1:-1] = of_edge[1:] == of_edge[:-1]  # at [k]: k - 1 and k are alike
    first = np.flatnonzero(is_next_like[1:-1] & ~is_next_like[:-2] & ~is_next_like[2:])
    one, other = order[first], order[first + 1]
    same_direction = goes_back[one] == goes_back[other]
    at, other_place = begin[one], begin[other]
    same = (places[at] == places[other_place + same_direction]) & (
        places[at + 1] == places[other_place + ~same_direction]
    )
    result = np.full(len(begin), -1)
    result[one[same]], result[other[same]] = other[same], one[same]
    return result
