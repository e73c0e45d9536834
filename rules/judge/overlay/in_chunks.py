"""Queries about many polygons, divided among threads, with the same answers as in one thread."""

import numpy as np
import shapely

from onemap.rules.judge.overlay.threads import Threads

AT_ONCE = 4000  # geometries, or pairs of them; enough that a thread is worth it


def chunks(count: int) -> list[slice]:
    """The rows of `count`, some thousand at a time."""
    return [slice(start, min(start + AT_ONCE, count)) for start in range(0, count, AT_ONCE)]


def intersecting_pairs(
    tree: shapely.STRtree, geometries: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """Which geometries (n,) intersect which of the tree's: rows of the geometries (k,) and of the tree (k,)."""

    def query_part(part: slice) -> np.ndarray:
        pairs: np.ndarray = tree.query(geometries[part], predicate="intersects")
        pairs[0] += part.start
        return pairs

    part_pairs = threads.each(query_part, chunks(len(geometries)))
    first, second = np.concatenate(part_pairs, axis=1) if part_pairs else np.empty((2, 0), dtype=np.int64)
    return first, second


def pairs_within(tree: shapely.STRtree, geometries: np.ndarray, distance_m: float, threads: Threads) -> np.ndarray:
    """Pairs (2, k) of geometries within a distance of each other, each pair once. tree: their index."""

    def query_part(part: slice) -> np.ndarray:
        pairs: np.ndarray = tree.query(geometries[part], predicate="dwithin", distance=distance_m)
        pairs[0] += part.start
        once: np.ndarray = pairs[:, pairs[0] < pairs[1]]
        return once

    part_pairs = threads.each(query_part, chunks(len(geometries)))
    return np.concatenate(part_pairs, axis=1) if part_pairs else np.empty((2, 0), dtype=np.int64)


def nearest_distances_m(tree: shapely.STRtree, geometries: np.ndarray, threads: Threads) -> np.ndarray:
    """The distance of each geometry (n,) from the nearest of the tree's geometries, of which there is at least one."""

    def query_part(part: slice) -> np.ndarray:
        (at, _), far = tree.query_nearest(geometries[part], return_distance=True, all_matches=False)
        distance = np.full(part.stop - part.start, np.inf)
        distance[at] = far
        return distance

    part_distances = threads.each(query_part, chunks(len(geometries)))
    return np.concatenate(part_distances) if part_distances else np.empty(0)


def insides_meet(first: np.ndarray, second: np.ndarray, threads: Threads) -> np.ndarray:
    """Whether the interiors of polygons meet, pair by pair (k,)."""
    part_answers = threads.each(
        lambda part: shapely.relate_pattern(first[part], second[part], "T********"), chunks(len(first))
    )
    return np.concatenate(part_answers) if part_answers else np.empty(0, dtype=bool)
