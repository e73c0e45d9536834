"""Who meets whom: which parcels share ground with which features, and how much, by sums alone."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.rules.overlay.common_areas import areas_of_pairs
from onemap.rules.overlay.polygon_edges import Polygons
from onemap.rules.overlay.threads import Threads

_FEW = 20  # parcels, for which of large features only what lies between west and east of all of them is looked at
_ASKED_AT_ONCE = 20_000  # boxes, of an index by one thread
_APART = 4.0  # times the boxes of its parts: a parcel with a larger box is looked at part by part


@dataclass(frozen=True)
class CandidatePairs:
    """Pairs that may share ground: parcel (k,), feature (k,), the area in m² (k,), its rounding error (k,).

    is_within (k,): no edge of the feature comes near the parcel's box, and the parcel lies inside.
    """

    parcel: np.ndarray
    feature: np.ndarray
    area_m2: np.ndarray
    error_m2: np.ndarray
    is_within: np.ndarray

    def only(self, chosen: np.ndarray) -> "CandidatePairs":
        """Some of the pairs: a mask (k,) or rows."""
        return CandidatePairs(
            self.parcel[chosen],
            self.feature[chosen],
            self.area_m2[chosen],
            self.error_m2[chosen],
            self.is_within[chosen],
        )


def candidate_pairs(
    parcels: np.ndarray, tree: shapely.STRtree, features: np.ndarray, threads: Threads
) -> CandidatePairs:
    """Who of parcels (n,), with their index, and features (m,) may share ground, and how much; in no order.

    Of large features only parcels count whose boxes meet a box of some segments of its edge. The box of any other
    lies inside or outside as a whole, and so does what is in it: one point tells.
    """
    few = 0 < len(parcels) <= _FEW
    west, _, east, _ = shapely.total_bounds(parcels) if few else (0.0, 0.0, 0.0, 0.0)
    others = Polygons(features, (float(west), float(east)) if few else None)
    apart = lies_apart(parcels)
    rows = np.flatnonzero(apart)
    whole = _met(parcels, tree, ~apart, others, threads)
    if len(rows) == 0:
        return whole
    parts, owner = shapely.get_parts(parcels[rows], return_index=True)
    found = _met(parts, shapely.STRtree(parts), np.ones(len(parts), dtype=bool), others, threads)
    pairs, which = np.unique(owner[found.parcel] * np.int64(len(features)) + found.feature, return_inverse=True)
    parcel, feature = np.divmod(pairs, np.int64(max(len(features), 1)))
    of_parts = CandidatePairs(
        rows[parcel],
        feature,
        np.bincount(which, found.area_m2, len(pairs)),
        np.bincount(which, found.error_m2, len(pairs)),
        np.bincount(which, found.is_within, len(pairs)) == np.bincount(owner, minlength=len(rows))[parcel],
    )
    return _concatenate(whole, of_parts)


def lies_apart(polygons: np.ndarray) -> np.ndarray:
    """Which polygons (n,) have parts so far from each other that their common box says little."""
    result = np.zeros(len(polygons), dtype=bool)
    several = np.flatnonzero(shapely.get_num_geometries(polygons) > 1)
    parts, owner = shapely.get_parts(polygons[several], return_index=True)
    of_parts = np.bincount(owner, _box_areas(parts), len(several))
    result[several] = _box_areas(polygons[several]) > _APART * of_parts
    return result


def _box_areas(polygons: np.ndarray) -> np.ndarray:
    west, south, east, north = np.nan_to_num(shapely.bounds(polygons)).T
    area: np.ndarray = (east - west) * (north - south)
    return area


def _concatenate(one: CandidatePairs, other: CandidatePairs) -> CandidatePairs:
    return CandidatePairs(
        np.r_[one.parcel, other.parcel],
        np.r_[one.feature, other.feature],
        np.r_[one.area_m2, other.area_m2],
        np.r_[one.error_m2, other.error_m2],
        np.r_[one.is_within, other.is_within],
    )


def _met(
    parcels: np.ndarray, tree: shapely.STRtree, wanted: np.ndarray, others: Polygons, threads: Threads
) -> CandidatePairs:
    """candidate_pairs() of the parcels that are wanted (n,)."""
    mine, features = Polygons(parcels), others.geometries
    small = np.flatnonzero(~others.is_large)
    feature, parcel = _box_pairs(tree, features[small], wanted, threads)
    feature = small[feature]
    within = around = np.empty(0, dtype=np.int64)
    if len(others.large):
        threads.progress.check()
        count = np.int64(len(others.large))
        edges = others.outlines
        chunk, close = _box_pairs(tree, edges.tree.geometries, wanted, threads)
        near = np.sort(close * count + edges.polygon[chunk])
        near = near[np.r_[True, np.diff(near) > 0][: len(near)]]
        owner, there = _box_pairs(tree, features[others.large], wanted, threads)
        every = there * count + owner
        at = np.searchsorted(near, every)
        far = np.flatnonzero(np.r_[near, -1][at] != every)
        within, around = there[far], others.large[owner[far]]
        west, south, east, north = mine.bounds[within].T
        x, y = (west + east) / 2, (south + north) / 2
        rows = [slice(start, start + _ASKED_AT_ONCE) for start in range(0, len(x), _ASKED_AT_ONCE)]
        answers = threads.each(lambda some: shapely.contains_xy(features[around[some]], x[some], y[some]), rows)
        inside = np.concatenate([np.empty(0, dtype=bool), *answers])
        within, around = within[inside], around[inside]
        close, owner = np.divmod(near, count)
        parcel, feature = np.r_[parcel, close], np.r_[feature, others.large[owner]]
    area, error = areas_of_pairs(mine, parcel, others, feature, threads)
    sums = CandidatePairs(parcel, feature, area, error, np.zeros(len(parcel), dtype=bool))
    inner = shapely.area(parcels[within])
    return _concatenate(
        sums, CandidatePairs(within, around, inner, np.zeros(len(within)), np.ones(len(within), dtype=bool))
    )


def boxes_meet(tree: shapely.STRtree, geometries: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of geometries (n,) and those of the tree whose boxes meet: rows of the one (k,), and of the other (k,)."""
    starts = range(0, len(geometries), _ASKED_AT_ONCE)
    answers = threads.each(
        lambda start: tree.query(geometries[start : start + _ASKED_AT_ONCE]) + [[start], [0]], starts
    )
    geometry, other = np.hstack([np.empty((2, 0), dtype=np.int64), *answers])
    return geometry, other


def _box_pairs(
    tree: shapely.STRtree, geometries: np.ndarray, wanted: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """The geometries and the wanted parcels whose boxes meet."""
    geometry, parcel = boxes_meet(tree, geometries, threads)
    chosen = wanted[parcel]
    return (geometry, parcel) if chosen.all() else (geometry[chosen], parcel[chosen])
