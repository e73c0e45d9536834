"""What differs between two states of a layer: features that are in one and not in the other, and the ground nearby."""

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import eq, is_

import numpy as np
import shapely

from onemap.rules.layer_sources import LayerSource


def _signatures(source: LayerSource, rows: np.ndarray) -> list[Hashable]:
    """All that a run can see of some features: name, ground, every field with its name."""
    stored = source.stored
    assert stored is not None, "asked only of layers that were read"  # noqa: S101 - for the type checker
    names = tuple(map(str, stored.attributes.columns))
    columns = [stored.attributes[name].to_numpy(dtype=object)[rows].tolist() for name in stored.attributes.columns]
    values = zip(*columns, strict=True) if columns else [()] * len(rows)
    ground = shapely.to_wkb(stored.geometries[rows])
    return [
        (name, body, names, tuple(map(repr, row)))
        for name, body, row in zip(source.names[rows], ground, values, strict=True)
    ]


def _same_rows(before: LayerSource, after: LayerSource) -> np.ndarray:
    """Which features (k,), of both states' first k, stand in the same row with all that a run can see of them."""
    assert before.stored is not None and after.stored is not None, "both were read"  # noqa: S101 - for the type checker
    count = min(len(before.names), len(after.names))
    one, other = before.stored.attributes.iloc[:count], after.stored.attributes.iloc[:count]
    if list(one.columns) != list(other.columns):
        return np.zeros(count, dtype=bool)
    same = shapely.equals_identical(before.stored.geometries[:count], after.stored.geometries[:count])
    same &= before.names[:count] == after.names[:count]
    for name in one.columns:
        values, others = one[name].to_numpy(dtype=object), other[name].to_numpy(dtype=object)
        same &= np.fromiter(map(eq, values, others), dtype=bool, count=count)
        # 1 and 1.0 and True are equal, and yet not the same.
        same &= np.fromiter(map(is_, map(type, values), map(type, others)), dtype=bool, count=count)
    whole: np.ndarray = same
    return whole


def changed_features(before: LayerSource, after: LayerSource) -> np.ndarray | None:
    """The geometries (k,) of features that are in one state of a layer only, from both.

    None if what both have stands in another order, so that no feature can be said to be where it was.
    """
    assert before.stored is not None and after.stored is not None, "both were read"  # noqa: S101 - for the type checker
    same = _same_rows(before, after)
    # Most stand where they stood; of the others only those between the first and the last that do not are looked for.
    first = int(np.argmin(same)) if not same.all() else len(same)
    left = np.arange(first, len(before.names)), np.arange(first, len(after.names))
    if len(before.names) == len(after.names):
        left = np.flatnonzero(~same), np.flatnonzero(~same)
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for place, signature in zip(left[0].tolist(), _signatures(before, left[0]), strict=True):
        places[signature].append(place)
    kept_before, kept_after = [], []
    for place, signature in zip(left[1].tolist(), _signatures(after, left[1]), strict=True):
        if places[signature]:
            kept_before.append(places[signature].popleft())
            kept_after.append(place)
    if _crosses(kept_before, kept_after, np.setdiff1d(np.arange(len(same)), left[1])):
        return None
    gone = before.stored.geometries[np.setdiff1d(left[0], kept_before)]
    come = after.stored.geometries[np.setdiff1d(left[1], kept_after)]
    changed: np.ndarray = np.r_[gone, come]
    return changed


def _crosses(before: Sequence[int], after: Sequence[int], in_place: np.ndarray) -> bool:
    """Whether features that moved from rows `before` to rows `after` passed each other, or one that stayed in place."""
    one, other = np.r_[np.array(before, dtype=np.int64), in_place], np.r_[np.array(after, dtype=np.int64), in_place]
    return bool(np.any(np.diff(one[np.argsort(other, kind="stable")]) < 0))


@dataclass(frozen=True)
class Changes:
    """Two states of a layer, the earlier and the later one."""

    before: LayerSource
    after: LayerSource

    @cached_property
    def features(self) -> np.ndarray | None:
        """See `changed_features`."""
        return changed_features(self.before, self.after)

    def near(self, parcels: np.ndarray, far_m: float) -> np.ndarray:
        """Which parcels (n,) may be judged otherwise by the later state than by the earlier one.

        far_m: how far from a parcel a feature may lie and still matter. A parcel is named if its box, grown by that,
        meets a changed feature, or ground for which not both states speak.
        """
        before, after = self.before, self.after
        everywhere = np.ones(len(parcels), dtype=bool)
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
        west, south, east, north = shapely.bounds(parcels).T
        boxes = shapely.box(west - far_m, south - far_m, east + far_m, north + far_m)
        affected = ~everywhere
        if not same_ground:
            for coverage in (before.coverage, after.coverage):
                shapely.prepare(coverage)
                affected |= ~shapely.covers(coverage, boxes)
        if not same_features:
            if self.features is None:
                return everywhere
            near, _ = shapely.STRtree(self.features).query(boxes, predicate="intersects")
            affected[near] = True
        return affected
