"""within: the parcel must lie on the layer's features. Conflict: (P ∩ C) − F."""

import numpy as np
import shapely

from onemap.rules.kinds.area_keys import AREA_LIMITS
from onemap.rules.kinds.ground import Ground, Judgement, Pairs
from onemap.rules.kinds.kind import GROUND_MEASURES, Kind
from onemap.rules.kinds.subtract_zones import mark_broken, subtract_zones
from onemap.rules.overlay.area_check import Zones
from onemap.rules.overlay.overlay import Overlaps, are_whole, intersections, union_by


def _judge(ground: Ground) -> Judgement:
    """Conflict (P ∩ C) − F; what lies outside the coverage is unknown.

    A feature whose condition is unknown does not make its ground lawful: that ground stays in the conflict, and
    its piece is listed with the reason no_value.
    """
    uncertain = ground.features.uncertain
    outside, outside_broken = ground.outside_coverage()
    covered, cover_broken = ground.inside_coverage()
    overlaps = ground.overlaps_with(ground.features.geometries)
    is_certain = ~uncertain[overlaps.feature]
    # Most parcels lie on one feature as a whole: its piece is the parcel, and nothing is left to compute.
    is_whole = np.bincount(overlaps.parcel, is_certain & are_whole(overlaps, ground.parcels), len(covered)) > 0
    left = covered.copy()
    left[is_whole] = None
    part = is_certain & ~is_whole[overlaps.parcel]
    lawful = union_by(overlaps.parcel[part], overlaps.geometry[part], len(covered), ground.crew)
    hit, hit_broken = subtract_zones(left, lawful, ground, lambda: ground.features.pieces.only(~uncertain))
    pairs, pair_broken = _uncertain_pairs(ground, overlaps, hit)
    zones = Zones(lambda: ground.features.pieces.only(~uncertain), covered, inverted=True)
    judgement = Judgement(hit, outside, distance_m=np.full(len(hit), np.nan), pairs=pairs, zones=zones)
    judgement.because("outside_coverage", ~shapely.is_missing(outside))
    broken = np.unique(np.r_[overlaps.failed[:, 0], pair_broken])
    return mark_broken(judgement, ground, broken, outside_broken | cover_broken | hit_broken)


def _uncertain_pairs(ground: Ground, overlaps: Overlaps, hit: np.ndarray) -> tuple[Pairs, np.ndarray]:
    """The pieces of the conflict under features whose condition is unknown, and the parcels whose overlay is broken."""
    is_uncertain = ground.features.uncertain[overlaps.feature]
    rows = np.flatnonzero(is_uncertain & ~shapely.is_missing(hit[overlaps.parcel]))
    pieces, is_broken = intersections(hit[overlaps.parcel[rows]], overlaps.geometry[rows], ground.crew)
    is_left = ~shapely.is_missing(pieces)
    parcel, feature, every = overlaps.parcel[rows], overlaps.feature[rows], np.ones(int(is_left.sum()), dtype=bool)
    pairs = Pairs(parcel[is_left], feature[is_left], pieces[is_left], np.zeros(len(every)), every, every.copy())
    return pairs, parcel[is_broken]


KIND = Kind(
    name="within",
    title={"zh": "须在范围内", "en": "lie within"},
    conflict={
        "zh": "地块在覆盖范围之内、图层要素之外的地面",
        "en": "The parcel's ground inside the coverage that lies on none of the layer's features.",
    },
    geometries=("polygon",),
    judge=_judge,
    keys=AREA_LIMITS,
    measures={name: words for name, words in GROUND_MEASURES.items() if name != "features"},
    overlays_whole_features=True,
    is_boundary=True,
)
