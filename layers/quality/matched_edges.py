"""Polygons that fit their neighbours edge by edge: told at once for many, so that GEOS is asked for the others only."""

import numpy as np
import shapely

from onemap.layers.geometry.rings import rings_of

_FLAT = 1e-9  # of a ring: less ground than this share of what its edges sweep does not tell which way round it goes
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))  # odd numbers with bits all over them


def misfits(polygons: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Which of the polygons asked for (n,) do not fit the others edge by edge, as GEOS's coverages have it.

    polygons: (n,) valid ones; asked: (n,) for which of them it is to be told; the others are never misfits.
    """
    doubtful = asked & ~_are_matched(polygons)
    result = np.zeros(len(polygons), dtype=bool)
    if doubtful.any():
        near = np.unique(shapely.STRtree(polygons).query(polygons[doubtful])[1])
        result[near] = ~shapely.is_empty(shapely.coverage_invalid_edges(polygons[near]))
    return result & doubtful


def _are_matched(polygons: np.ndarray) -> np.ndarray:
    """Which polygons (n,) have edges only that one other edge runs along, from end to end and the other way round.

    All ground that touches such a polygon lies beyond its edges, whatever else there is.
    """
    rings = rings_of(polygons)
    starts = np.cumsum(rings.size) - rings.size
    lasts = starts + rings.size - 1
    is_edge = np.ones(len(rings.points), dtype=bool)
    is_edge[lasts] = False
    begin = np.flatnonzero(is_edge)
    ring = np.repeat(np.arange(len(rings.size)), np.maximum(rings.size - 1, 0))
    doubled_m2, swept_m2 = _ground(rings.points, rings.size, starts, begin, ring)
    # A shell has its ground on one side, a hole on the other.
    goes_back = ((doubled_m2 < 0) != rings.is_hole)[ring]
    is_matched = _run_against_each_other(rings.points, begin, goes_back)
    is_matched &= (np.abs(doubled_m2) > _FLAT * swept_m2)[ring]
    lost = rings.polygon[ring[~is_matched]]
    result = np.ones(len(polygons), dtype=bool)
    result[lost] = False
    return result


def _ground(
    points: np.ndarray, size: np.ndarray, starts: np.ndarray, begin: np.ndarray, ring: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Twice the ground of each ring (r,), below zero where it goes clockwise; and twice what its edges sweep."""
    x, y = (points[:, axis] - np.repeat(points[starts, axis], size) for axis in (0, 1))
    cross = x[begin] * y[begin + 1] - x[begin + 1] * y[begin]
    return np.bincount(ring, cross, len(size)), np.bincount(ring, np.abs(cross), len(size))


def _run_against_each_other(points: np.ndarray, begin: np.ndarray, goes_back: np.ndarray) -> np.ndarray:
    """Which edges (k,), from points[begin] to the next, have exactly one other of the same ends that runs against them.

    goes_back: (k,) the edge is meant the other way round.
    """
    places = np.ascontiguousarray(points, dtype=np.float64).view(np.complex128).ravel()
    bits = places.view(np.uint64).reshape(-1, 2)
    sign: np.ndarray = bits[:, 0] * _MIX[0] + (bits[:, 1] ^ (bits[:, 1] >> np.uint64(29))) * _MIX[1]
    sign ^= sign >> np.uint64(32)
    sign *= _MIX[0]
    # Whichever end comes first; edges of like signs are held against each other by their coordinates.
    of_edge = sign[begin] + sign[begin + 1]
    order = np.argsort(of_edge)
    of_edge = of_edge[order]
    is_next_like = np.zeros(len(order) + 1, dtype=bool)
    is_next_like[1:-1] = of_edge[1:] == of_edge[:-1]  # at [k]: k - 1 and k are alike
    first = np.flatnonzero(is_next_like[1:-1] & ~is_next_like[:-2] & ~is_next_like[2:])
    one, other = order[first], order[first + 1]
    turned = goes_back[one] == goes_back[other]
    at, beside = begin[one], begin[other]
    same = (places[at] == places[beside + turned]) & (places[at + 1] == places[beside + ~turned])
    result = np.zeros(len(begin), dtype=bool)
    result[one[same]] = result[other[same]] = True
    return result
