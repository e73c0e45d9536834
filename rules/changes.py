"""What differs between two states of a layer: features that are in one and not in the other, and the ground nearby."""

from collections import defaultdict, deque
from collections.abc import Hashable

import numpy as np
import shapely

from onemap.rules.layer_sources import LayerSource


def _signatures(source: LayerSource) -> list[Hashable]:
    """All that a run can see of each feature: name, ground, every field with its name."""
    stored = source.stored
    assert stored is not None, "asked only of layers that were read"  # noqa: S101 - for the type checker
    names = tuple(map(str, stored.attributes.columns))
    columns = [stored.attributes[name].tolist() for name in stored.attributes.columns]
    values = zip(*columns, strict=True) if columns else [()] * len(stored.fids)
    ground = shapely.to_wkb(stored.geometries)
    return [
        (name, body, names, tuple(map(repr, row))) for name, body, row in zip(source.names, ground, values, strict=True)
    ]


def changed_features(before: LayerSource, after: LayerSource) -> np.ndarray | None:
    """The geometries (k,) of features that are in one state of a layer only, from both.

    None if what both have stands in another order, so that no feature can be said to be where it was.
    """
    assert before.stored is not None and after.stored is not None, "both were read"  # noqa: S101 - for the type checker
    places: dict[Hashable, deque[int]] = defaultdict(deque)
    for place, signature in enumerate(_signatures(before)):
        places[signature].append(place)
    kept_before, kept_after = [], []
    for place, signature in enumerate(_signatures(after)):
        if places[signature]:
            kept_before.append(places[signature].popleft())
            kept_after.append(place)
    if np.any(np.diff(kept_before) < 0):
        return None
    gone = np.delete(before.stored.geometries, kept_before)
    come = np.delete(after.stored.geometries, kept_after)
    changed: np.ndarray = np.r_[gone, come]
    return changed


def near_changes(before: LayerSource, after: LayerSource, parcels: np.ndarray, far_m: float) -> np.ndarray:
    """Which parcels (n,) may be judged otherwise by the later state of a layer than by the earlier one.

    far_m: how far from a parcel a feature may lie and still matter. A parcel is named if its box, grown by that,
    meets a changed feature, or ground for which not both states speak.
    """
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
        changed = changed_features(before, after)
        if changed is None:
            return everywhere
        _, near = shapely.STRtree(boxes).query(changed, predicate="intersects")
        affected[near] = True
    return affected
