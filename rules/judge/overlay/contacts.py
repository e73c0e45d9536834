"""Which polygons share more than corners: only these are united, so that a union is no larger than its spot."""

import numpy as np
import shapely

from onemap.rules.judge.overlay.in_chunks import chunks
from onemap.rules.judge.overlay.threads import Threads

SEAM_M = 1e-6  # far below the accuracy of any plan, far above what rounding makes of one line

_MIXERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], dtype=np.uint64)


def segments_of(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts and ends (s, 2) of all edges of polygons (n,), and the polygon (s,) of each."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    inner = np.flatnonzero(ring[:-1] == ring[1:])
    return points[inner], points[inner + 1], owner[ring[inner]]


def share_edges(polygons: np.ndarray, first: np.ndarray, second: np.ndarray, threads: Threads) -> np.ndarray:
    """Whether polygons (n,) that share no ground may change each other's outline in a union: for pairs (k,).

    They do not if they lie apart, or meet in a single point that is a corner of both: the union is then both of them
    unchanged. Lines less than SEAM_M apart count as one line that was computed twice.
    """
    result = _have_common_edges(polygons, first, second)
    left = np.flatnonzero(~result)
    shapely.prepare(polygons[np.unique(first[left])])

    def compare_part(part: slice) -> np.ndarray:
        rows = left[part]
        one, other = polygons[first[rows]], polygons[second[rows]]
        share = shapely.dwithin(one, other, SEAM_M)
        near = np.flatnonzero(share)
        near = near[_meet_in_a_corner(one[near], other[near])]
        share[near] = shapely.length(shapely.intersection(one[near], other[near], grid_size=SEAM_M)) > 0
        return np.asarray(share)

    for part, part_result in zip(chunks(len(left)), threads.each(compare_part, chunks(len(left))), strict=True):
        result[left[part]] = part_result
    return result


def _have_common_edges(polygons: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Which pairs have an edge in common, from corner to corner."""
    start, end, owner = segments_of(polygons)
    is_turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    edges = np.where(is_turned[:, None], np.hstack([end, start]), np.hstack([start, end]))
    mixed = ((edges + 0.0).view(np.uint64) * _MIXERS).sum(axis=1, dtype=np.uint64)
    order = np.argsort(mixed, kind="stable")
    one, next_one = order[:-1], order[1:]
    same = (mixed[one] == mixed[next_one]) & (edges[one] == edges[next_one]).all(axis=1)
    pairs = np.sort(np.stack([owner[one[same]], owner[next_one[same]]]), axis=0)
    count = len(polygons)
    asked_pairs = np.sort(np.stack([first, second]), axis=0)
    return np.isin(asked_pairs[0] * count + asked_pairs[1], pairs[0] * count + pairs[1])


def _meet_in_a_corner(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which polygons (k,) meet the other (k,) only in a single point that is a corner of both, or not at all."""
    try:
        common = shapely.intersection(one, other)
    except shapely.GEOSException:  # what cannot be told is united
        return np.zeros(len(one), dtype=bool)
    result = shapely.get_type_id(common) == shapely.GeometryType.POINT
    point = np.column_stack([shapely.get_x(common), shapely.get_y(common)])  # of what is no point, no number
    for polygons in (one, other):
        corners, owner = shapely.get_coordinates(polygons, return_index=True)
        hits = (corners == point[owner]).all(axis=1)
        result &= np.bincount(owner[hits], minlength=len(polygons)) > 0
    return np.asarray(result | shapely.is_empty(common))
