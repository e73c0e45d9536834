"""Which features share ground with each other, anywhere or on one parcel; only pairs whose boxes meet are looked at."""

from collections.abc import Callable, Iterator

import numpy as np
import shapely

from onemap.layers.geometry.group_ranges import ranges
from onemap.layers.geometry.shape_column import AnyShapes, boxes_of, some_of
from onemap.rules.judge.overlay.candidate_pairs import boxes_meet, index_of
from onemap.rules.judge.overlay.common_areas import areas_of_pairs
from onemap.rules.judge.overlay.flat_polygons import FlatPairs, FlatPolygons, flat_among, occurring_numbers
from onemap.rules.judge.overlay.in_chunks import chunks
from onemap.rules.judge.overlay.threads import Threads

_PAIRS_AT_ONCE = 1_000_000


Known = tuple[FlatPolygons, np.ndarray]  # flat arrays, and where in them each of some features is (m,)


def earlier_neighbours(
    shapes: AnyShapes,
    later_rows: np.ndarray,
    threads: Threads,
    choose: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Pairs (2, p) of polygons: the place of a later one among `later_rows` (k,), and the row (n,) of an earlier one.

    choose(place (j,), area_m2 (j,), error_m2 (j,)) → (j,): which pairs count, by the ground that they share; it is
    called with all pairs of a place at once. No geometry is made.
    """
    tree, alone = index_of(shapes), Threads(1, threads.progress)
    flat, at = flat_among(shapes, np.arange(len(shapes)), threads)

    def pairs_of(part: slice) -> np.ndarray:
        place, other = boxes_meet(tree, some_of(shapes, later_rows[part]), alone)
        place = place + part.start
        is_earlier = other < later_rows[place]
        place, other = place[is_earlier], other[is_earlier]
        areas, errors, _ = areas_of_pairs(FlatPairs(flat, at[later_rows[place]], flat, at[other]), alone)
        return np.stack([place, other])[:, choose(place, areas, errors)]

    parts = threads.each(pairs_of, chunks(len(later_rows)))
    return np.concatenate(parts, axis=1) if parts else np.empty((2, 0), dtype=np.int64)


def features_overlap(
    parcel: np.ndarray,
    feature: np.ndarray,
    features: AnyShapes,
    count: int,
    least_m2: float,
    threads: Threads,
    known_flat: Known | None = None,
) -> np.ndarray:
    """Which of `count` parcels have two features on them that share at least `least_m2` of ground: (count,).

    parcel (k,), feature (k,): which feature lies on which parcel, each pair once; known_flat: the features (m,) in the
    kernel's form.
    """
    overlaps = np.zeros(count, dtype=bool)
    present, at = occurring_numbers(feature, len(features))
    boxes = boxes_of(features)[present]
    flat = known_flat and (known_flat[0], known_flat[1][present])
    for on, one, other in near_pairs(parcel, at, boxes[at]):
        if len(on) == 0:
            continue
        threads.progress.check()
        flat = flat or flat_among(features, present, threads)
        polygons, place = flat
        # As one number each, since pairs would be sorted byte by byte.
        pair, which = np.unique(np.minimum(one, other) * len(present) + np.maximum(one, other), return_inverse=True)
        first, second = np.divmod(pair, len(present))
        areas, errors, _ = areas_of_pairs(FlatPairs(polygons, place[first], polygons, place[second]), threads)
        overlaps[on[(areas > errors + least_m2)[which]]] = True
    return overlaps


def union_bounds(block: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest area, in m², of the union of each row of (n, k) polygons, by sums: (n,).

    Both are equal where no polygon shares ground with several earlier ones.
    """
    polygons, row = block.ravel(), np.arange(len(block)).repeat(block.shape[1])
    flat, common_m2, greatest = FlatPolygons(polygons, threads), np.zeros(len(polygons)), np.zeros(len(polygons))
    for later, earlier in _pairs_of_rows(polygons, row, threads):
        areas, _, _ = areas_of_pairs(FlatPairs(flat, later, flat, earlier), threads)
        np.add.at(common_m2, later, areas)
        np.maximum.at(greatest, later, areas)
    own = shapely.area(polygons)
    least = np.bincount(row, np.maximum(own - common_m2, 0.0), len(block))
    return least, np.bincount(row, own - greatest, len(block))


def _pairs_of_rows(polygons: np.ndarray, row: np.ndarray, threads: Threads) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The later and the earlier polygon of every pair (n,) in one row (n,) whose boxes meet, part by part."""
    if row[-1] > 0:
        for _, one, other in near_pairs(row, np.arange(len(row)), shapely.bounds(polygons)):
            yield np.maximum(one, other), np.minimum(one, other)
    else:  # a row that stands alone may be of very many
        one, other = boxes_meet(shapely.STRtree(polygons), polygons, threads)
        yield one[other < one], other[other < one]


def near_pairs(
    parcel: np.ndarray, feature: np.ndarray, boxes: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The parcel and both features of every pair of entries on one parcel whose boxes share ground, part by part.

    parcel (k,), feature (k,), boxes (k, 4): of each entry.
    """
    west, south, east, north = boxes.T
    by_west = np.argsort(west, kind="stable")
    place = np.empty(len(west), dtype=np.int64)
    place[by_west] = np.arange(len(west))
    before = np.searchsorted(west[by_west], east, side="left")  # so many begin west of where one ends
    order = np.lexsort((place, parcel))
    parcel, feature, south, north = parcel[order], feature[order], south[order], north[order]
    width = len(west) + 1
    ends = np.searchsorted(parcel * width + place[order], parcel * width + before[order])
    after = np.arange(len(order)) + 1
    partners = np.maximum(ends - after, 0)
    pair_ends = np.cumsum(partners)
    start = 0
    while start < len(order):
        stop = max(
            int(np.searchsorted(pair_ends, pair_ends[start] - partners[start] + _PAIRS_AT_ONCE, side="right")),
            start + 1,
        )
        one = np.repeat(np.arange(start, stop), partners[start:stop])
        other = ranges(after[start:stop], partners[start:stop])
        meet = (south[one] < north[other]) & (south[other] < north[one])
        one, other = one[meet], other[meet]
        yield parcel[one], feature[one], feature[other]
        start = stop
