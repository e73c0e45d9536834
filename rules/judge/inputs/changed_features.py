"""The difference between two states of a layer: features that are in only one of them, and the ground nearby."""

from collections import defaultdict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from operator import eq, is_

import numpy as np
import shapely

from onemap.layers.library.version_differences import CommonRows
from onemap.rules.judge.inputs.layer_sources import LayerSource

States = tuple[LayerSource, LayerSource]  # the earlier and the later
Pair = tuple[np.ndarray, np.ndarray]  # of each of them


def _signatures(source: LayerSource, rows: np.ndarray) -> list[Hashable]:
    """Everything about some features that a run depends on: name, ground, and every field with its name."""
    features = source.features
    names = tuple(map(str, features.attributes.columns))
    columns = [features.attributes[name].to_numpy(dtype=object)[rows].tolist() for name in features.attributes.columns]
    values = zip(*columns, strict=True) if columns else [()] * len(rows)
    ground = shapely.to_wkb(features.geometries[rows])
    return [
        (name, body, names, tuple(map(repr, row)))
        for name, body, row in zip(source.names[rows], ground, values, strict=True)
    ]


def _same_rows(before: LayerSource, after: LayerSource) -> np.ndarray:
    """Which of the first k features of both states are equal, row by row, in everything that a run depends on: (k,)."""
    count = min(len(before.names), len(after.names))
    one, other = before.features.attributes.iloc[:count], after.features.attributes.iloc[:count]
    if list(one.columns) != list(other.columns):
        return np.zeros(count, dtype=bool)
    same = shapely.equals_identical(before.features.geometries[:count], after.features.geometries[:count])
    same &= before.names[:count] == after.names[:count]
    for name in one.columns:
        values, others = one[name].to_numpy(dtype=object), other[name].to_numpy(dtype=object)
        same &= np.fromiter(map(eq, values, others), dtype=bool, count=count)
        # 1 and 1.0 and True are equal, and yet not the same.
        same &= np.fromiter(map(is_, map(type, values), map(type, others)), dtype=bool, count=count)
    whole: np.ndarray = same
    return whole


def changed_features(before: LayerSource, after: LayerSource) -> np.ndarray | None:
    """The geometries (k,) of features that are in only one state of a layer, from both states.

    None if the common features are in another order, so that no feature is known to be in its place.
    """
    same = _same_rows(before, after)
    # Most stand where they stood; of the others only those between the first and the last that do not are looked for.
    first = int(np.argmin(same)) if not same.all() else len(same)
    left = np.arange(first, len(before.names)), np.arange(first, len(after.names))
    if len(before.names) == len(after.names):
        left = np.flatnonzero(~same), np.flatnonzero(~same)
    in_place = np.setdiff1d(np.arange(len(same)), left[1])
    return _unmatched_geometries((before, after), left, left, (in_place, in_place))


def changed_of_rest(before: LayerSource, after: LayerSource, alike: CommonRows) -> np.ndarray | None:
    """`changed_features` for sources that hold only the rows that the two states do not share."""
    rows = np.arange(len(before.names)), np.arange(len(after.names))
    return _unmatched_geometries(
        (before, after), rows, (before.features.fids, after.features.fids), (alike.before, alike.after)
    )


def _unmatched_geometries(states: States, rows: Pair, places: Pair, in_place: Pair) -> np.ndarray | None:
    """The geometries (k,) of features among some rows of each state that the other state's rows lack.

    places: the positions of the rows in each whole state; in_place: rows that both share, ascending in both. None if
    rows have changed their order.
    """
    places_by_signature: dict[Hashable, deque[int]] = defaultdict(deque)
    for at, signature in enumerate(_signatures(states[0], rows[0])):
        places_by_signature[signature].append(at)
    matched_rows: tuple[list[int], list[int]] = [], []
    for at, signature in enumerate(_signatures(states[1], rows[1])):
        if places_by_signature[signature]:
            matched_rows[0].append(places_by_signature[signature].popleft())
            matched_rows[1].append(at)
    one, other = (np.r_[where[some], stay] for where, some, stay in zip(places, matched_rows, in_place, strict=True))
    if np.any(np.diff(one[np.argsort(other, kind="stable")]) < 0):
        return None
    unmatched = []
    for state, mine, some in zip(states, rows, matched_rows, strict=True):
        unmatched.append(state.features.geometries[np.delete(mine, some)])
    return np.concatenate(unmatched)


@dataclass(frozen=True)
class Changes:
    """Two states of a layer, the earlier and the later one.

    alike: the rows that both share, if the sources hold only the others.
    """

    before: LayerSource
    after: LayerSource
    alike: CommonRows | None = None

    @cached_property
    def features(self) -> np.ndarray | None:
        """The features that differ, as in `changed_features`."""
        if self.alike is not None:
            return changed_of_rest(self.before, self.after, self.alike)
        return changed_features(self.before, self.after)

    def near(self, boxes: np.ndarray, far_m: float) -> np.ndarray:
        """Which parcels (n,) the later state may judge differently from the earlier one.

        boxes (n, 4): of the parcels, counted from the sources' origin; far_m: how far from a parcel a feature may lie
        and still matter. These are the parcels whose box, widened by far_m, meets a changed feature, or ground that
        only one state covers.
        """
        before, after = self.before, self.after
        everywhere = np.ones(len(boxes), dtype=bool)
        old, new = before.version, after.version
        if old is None or new is None or before.reason or after.reason:
            return everywhere if (old is None) != (new is None) or before.reason != after.reason else ~everywhere
        if before.coverage is None or after.coverage is None or old.accuracy_m != new.accuracy_m:
            return everywhere
        if (old.coverage_kind == "extent") != (new.coverage_kind == "extent"):
            return everywhere
        same_ground = old.coverage_m2 == new.coverage_m2 and shapely.equals_exact(before.coverage, after.coverage)
        same_features = old.hash == new.hash
        if same_ground and same_features:
            return ~everywhere
        if before.rasters or after.rasters or not np.isfinite(far_m):
            return everywhere
        grown = boxes + np.array([-far_m, -far_m, far_m, far_m])
        affected = ~everywhere
        if not same_ground:
            for coverage in (before.coverage, after.coverage):
                shapely.prepare(coverage)
                affected |= ~shapely.covers(coverage, shapely.box(*grown.T))
        if not same_features:
            if self.features is None:
                return everywhere
            features = self.features[~shapely.is_missing(self.features)]
            if len(features) == 0:  # a table and a file of the same features may have unlike hashes
                return affected
            west, south, east, north = shapely.total_bounds(features)
            # The last digits of boxes that were counted from an origin are another matter: far_m has room for them.
            is_near = (grown[:, 0] <= east) & (grown[:, 2] >= west) & (grown[:, 1] <= north) & (grown[:, 3] >= south)
            rows = np.flatnonzero(is_near)
            near, _ = shapely.STRtree(features).query(shapely.box(*grown[rows].T), predicate="intersects")
            affected[rows[near]] = True
        return affected
