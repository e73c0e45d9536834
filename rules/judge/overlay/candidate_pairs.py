"""Candidate pairs: which parcels share ground with which features, and how much, computed by sums only."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn, parts_of_each
from onemap.rules.judge.overlay.common_areas import areas_of_pairs
from onemap.rules.judge.overlay.flat_polygons import FlatPairs, FlatPolygons, flat_among, occurring_numbers
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import compute_once, is_frozen

_ASKED_AT_ONCE = 20_000  # boxes, of an index by one thread
_MANY = 5_000  # features of a set that nobody changes: parcels ask its index, which is made once for all parts of them
_MANY_ASK = 1_000  # parcels; of few more is built than asked
_APART = 4.0  # times the boxes of its parts: a parcel with a larger box is looked at part by part
_MOST_KEPT = 5_000  # polygons whose flat arrays are kept, such as those near a parcel that is moved
_MOST_EDGES = 500_000  # of all that are kept, some 15 MB; as lists, before the compiler is loaded, three times that
_LOCK = threading.Lock()
# The arrays and their edges, by the polygons' identities, the last asked last.
_KEPT: "OrderedDict[tuple[int, ...], tuple[FlatPolygons, int]]" = OrderedDict()


@dataclass(frozen=True)
class CandidatePairs:
    """Pairs that may share ground: parcel (k,), feature (k,), the area in m² (k,), its rounding error (k,).

    is_within (k,): no edge of the feature comes near the parcel's box, and the parcel lies inside it.
    flat: the same pairs in the kernel's form, except those of parcels with parts far apart, whose entries are unused.
    """

    parcel: np.ndarray
    feature: np.ndarray
    area_m2: np.ndarray
    error_m2: np.ndarray
    is_within: np.ndarray
    flat: FlatPairs

    def only(self, pair_rows: np.ndarray) -> "CandidatePairs":
        """Some of the pairs: a mask (k,) or rows."""
        return CandidatePairs(
            self.parcel[pair_rows],
            self.feature[pair_rows],
            self.area_m2[pair_rows],
            self.error_m2[pair_rows],
            self.is_within[pair_rows],
            self.flat.only(pair_rows),
        )

    def with_apart(self, other: "CandidatePairs") -> "CandidatePairs":
        """These pairs, followed by those of parcels with parts far apart."""
        nowhere = np.zeros(len(other.parcel), dtype=np.int64)
        return CandidatePairs(
            np.r_[self.parcel, other.parcel],
            np.r_[self.feature, other.feature],
            np.r_[self.area_m2, other.area_m2],
            np.r_[self.error_m2, other.error_m2],
            np.r_[self.is_within, other.is_within],
            self.flat.with_indexes(nowhere, nowhere),
        )


def candidate_pairs(parcels: AnyShapes, tree: shapely.STRtree, features: AnyShapes, threads: Threads) -> CandidatePairs:
    """The pairs of parcels (n,), with their index, and features (m,) that may share ground, and how much.

    The pairs are in no order.
    """
    apart = compute_once(parcels, "apart", lies_apart)
    if len(features) > max(_MANY, len(parcels)) and len(parcels) > _MANY_ASK and is_frozen(features):
        parcel, feature = boxes_meet(index_of(features), parcels, threads)
    else:
        feature, parcel = boxes_meet(tree, features, threads)
    rows = np.flatnonzero(apart)
    if len(rows) == 0:
        return sums_of(parcels, parcel, features, feature, threads)
    whole = ~apart[parcel]
    pairs = sums_of(parcels, parcel[whole], features, feature[whole], threads)
    parts, owner = shapely.get_parts(parcels[rows], return_index=True)
    feature, part = boxes_meet(shapely.STRtree(parts), features, threads)
    return pairs.with_apart(_of_parts(sums_of(parts, part, features, feature, threads), owner, rows, len(features)))


def shared_areas(
    parcels: AnyShapes, features: AnyShapes, least_m2: float, threads: Threads
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of parcels (n,) and features (m,) that share at least `least_m2`, and their area in m²: (k,) each.

    Computed by sums alone, which cannot fail; ordered by parcel.
    """
    pairs = candidate_pairs(parcels, index_of(parcels), features, threads)
    pairs = pairs.only(np.flatnonzero(pairs.area_m2 > pairs.error_m2 + least_m2))
    pairs = pairs.only(np.lexsort((pairs.feature, pairs.parcel)))
    return pairs.parcel, pairs.feature, pairs.area_m2


def index_of(shapes: AnyShapes) -> shapely.STRtree:
    """The spatial index of shapes (n,), by boxes where they are a column; made once for a frozen set."""
    return compute_once(shapes, "tree", _index)


def _index(shapes: AnyShapes) -> shapely.STRtree:
    return shapely.STRtree(shapely.box(*shapes.boxes.T) if isinstance(shapes, ShapeColumn) else shapes)


def sums_of(
    parcels: AnyShapes, parcel: np.ndarray, features: AnyShapes, feature: np.ndarray, threads: Threads
) -> CandidatePairs:
    """The pairs (k,) of parcels (n,) and features (m,) that may share ground, and how much they share."""
    mine, at_mine = occurring_numbers(parcel, len(parcels))
    others, at_other = occurring_numbers(feature, len(features))
    threads.progress.check()
    one, place = flat_among(parcels, mine, threads)
    other, other_place = flat_among(features, others, threads, flat_again)
    flat = FlatPairs(one, place[at_mine], other, other_place[at_other])
    pairs = CandidatePairs(parcel, feature, *areas_of_pairs(flat, threads), flat)
    return pairs.only(np.flatnonzero(pairs.area_m2 + pairs.error_m2 > 0))


def flat_again(polygons: AnyShapes, threads: Threads) -> FlatPolygons:
    """The flat arrays of polygons (n,), made once for the same objects in the same order while they are few."""
    if isinstance(polygons, ShapeColumn) or not 0 < len(polygons) <= _MOST_KEPT:
        return FlatPolygons(polygons, threads)
    # What is kept holds its polygons, so that no other object can have their identities.
    key = tuple(map(id, polygons.tolist()))
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key][0]
    flat = FlatPolygons(polygons, threads)
    with _LOCK:
        _KEPT[key] = flat, int(flat.edges.sum())
        while sum(edges for _, edges in _KEPT.values()) > _MOST_EDGES:
            _KEPT.popitem(last=False)
    return flat


def _of_parts(part_pairs: CandidatePairs, owner: np.ndarray, rows: np.ndarray, features: int) -> CandidatePairs:
    """Pairs of parts turned into pairs of the parcels in `rows` to which the parts belong: owner (p,)."""
    pairs, which = np.unique(owner[part_pairs.parcel] * np.int64(features) + part_pairs.feature, return_inverse=True)
    parcel, feature = np.divmod(pairs, np.int64(max(features, 1)))
    return CandidatePairs(
        rows[parcel],
        feature,
        np.bincount(which, part_pairs.area_m2, len(pairs)),
        np.bincount(which, part_pairs.error_m2, len(pairs)),
        np.bincount(which, part_pairs.is_within, len(pairs)) == np.bincount(owner, minlength=len(rows))[parcel],
        part_pairs.flat,
    )


def lies_apart(polygons: AnyShapes) -> np.ndarray:
    """Which polygons (n,) have parts so far apart that their common box says little."""
    result = np.zeros(len(polygons), dtype=bool)
    several = np.flatnonzero(parts_of_each(polygons) > 1)
    parts, owner = shapely.get_parts(polygons[several], return_index=True)
    of_parts = np.bincount(owner, _box_areas(parts), len(several))
    result[several] = _box_areas(polygons[several]) > _APART * of_parts
    return result


def _box_areas(polygons: np.ndarray) -> np.ndarray:
    west, south, east, north = np.nan_to_num(shapely.bounds(polygons)).T
    area: np.ndarray = (east - west) * (north - south)
    return area


def boxes_meet(tree: shapely.STRtree, shapes: AnyShapes, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of shapes (n,) and geometries of the tree whose boxes meet: rows of both (k,)."""
    starts = range(0, len(shapes), _ASKED_AT_ONCE)

    def ask(start: int) -> np.ndarray:
        some = slice(start, start + _ASKED_AT_ONCE)
        # The tree takes geometries only; boxes are let go of at once, and made without the interpreter's lock.
        boxes = shapely.box(*shapes.boxes[some].T) if isinstance(shapes, ShapeColumn) else shapes[some]
        return np.asarray(tree.query(boxes) + [[start], [0]])

    answers = threads.each(ask, starts)
    geometry, other = np.hstack([np.empty((2, 0), dtype=np.int64), *answers])
    return geometry, other
