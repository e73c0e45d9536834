"""within: the parcel must lie on the layer's features. Conflict: (P ∩ C) − F."""

from typing import Any

import numpy as np
import shapely

from onemap.rules.kinds.avoid import GEOMETRIES, arithmetic, less, problems, reach_m
from onemap.rules.kinds.ground import AREA_KEYS, Ground, Judgement, Pairs
from onemap.rules.overlay.area_check import Zones
from onemap.rules.overlay.overlay import are_whole, intersections, union_by

KEYS = {key: AREA_KEYS[key] for key in ("min_area_m2", "min_width_m")}

__all__ = ["GEOMETRIES", "KEYS", "fields", "judge", "problems", "reach_m"]


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads: none of its own."""
    return ()


def judge(ground: Ground) -> Judgement:
    """Conflict (P ∩ C) − F; what lies outside the coverage is unknown.

    A feature whose condition is unknown does not make its ground lawful: that ground stays in the conflict, and
    its piece is listed with the reason no_value.
    """
    count = len(ground.parcels)
    uncertain = ground.features.uncertain
    beyond, failed = ground.outside_coverage()
    covered, failed_cover = ground.inside_coverage()
    found = ground.overlaps_with(ground.features.geometries)
    sure = ~uncertain[found.feature]
    # Most parcels lie on one feature as a whole: its piece is the parcel, and nothing is left to compute.
    is_whole = np.bincount(found.parcel, sure & are_whole(found, ground.parcels), count) > 0
    left = covered.copy()
    left[is_whole] = None
    part = sure & ~is_whole[found.parcel]
    lawful = union_by(found.parcel[part], found.geometry[part], count, ground.crew)
    hit, failed_hit = less(left, lawful, ground, lambda: ground.features.pieces.only(~uncertain))
    doubtful = np.flatnonzero(~sure & ~shapely.is_missing(hit[found.parcel]))
    doubt, failed_doubt = intersections(hit[found.parcel[doubtful]], found.geometry[doubtful], ground.crew)
    kept = ~shapely.is_missing(doubt)
    pairs = Pairs(
        found.parcel[doubtful][kept],
        found.feature[doubtful][kept],
        doubt[kept],
        np.zeros(int(kept.sum())),
        np.ones(int(kept.sum()), dtype=bool),
        np.ones(int(kept.sum()), dtype=bool),
    )
    zones = Zones(lambda: ground.features.pieces.only(~uncertain), covered, inverted=True)
    judgement = Judgement(hit=hit, unknown=beyond, distance_m=np.full(count, np.nan), pairs=pairs, zones=zones)
    judgement.because("outside_coverage", ~shapely.is_missing(beyond))
    broken = np.unique(np.r_[found.failed[:, 0], found.parcel[doubtful][failed_doubt]])
    return arithmetic(judgement, ground, broken, failed | failed_cover | failed_hit)
