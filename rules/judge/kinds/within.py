"""within: the parcel must lie on the layer's features. Conflict: (P ∩ C) − F."""

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.ground import Ground, Judgement, Pairs
from onemap.rules.judge.kinds.kind import AREA_LIMITS, GROUND_MEASURES, Kind
from onemap.rules.judge.kinds.subtract_zones import mark_broken, subtract_zones
from onemap.rules.judge.kinds.unknown_ground import doubtful_ground, name_reasons
from onemap.rules.judge.overlay.area_check import Zones
from onemap.rules.judge.overlay.overlay import Overlaps, are_whole, differences, intersections, union_by, unions


def _judge(ground: Ground) -> Judgement:
    """Conflict (P ∩ C) − F; ground outside the coverage is unknown.

    Covered ground that only features with an unknown condition permit is unknown, too.
    """
    features = ground.features
    outside, outside_broken = ground.outside_coverage()
    covered_ground, cover_broken = ground.inside_coverage()
    overlaps = ground.overlaps_with(features.shapes)
    # Most parcels lie on one feature as a whole: its piece is the parcel, and nothing is left to compute.
    is_whole = np.bincount(overlaps.parcel, are_whole(overlaps, ground.shapes), len(covered_ground)) > 0
    left = covered_ground.copy()
    left[is_whole] = None
    part = ~is_whole[overlaps.parcel]
    permitted = union_by(
        overlaps.parcel[part], overlaps.ground.at(part).geometries, len(covered_ground), ground.threads
    )
    hit, hit_broken = subtract_zones(left, permitted, ground, lambda: features.pieces)
    doubtful, pairs, doubt_broken = _doubtful_ground(ground, overlaps, covered_ground)
    zones = Zones(lambda: features.pieces, covered_ground, inverted=True)
    unknown = unions(outside, doubtful)
    judgement = Judgement(hit, unknown, distance_m=np.full(len(hit), np.nan), pairs=pairs, zones=zones)
    name_reasons(judgement, {Reason.OUTSIDE_COVERAGE: outside, Reason.NO_VALUE: doubtful}, ground)
    return mark_broken(judgement, ground, overlaps.failed[:, 0], doubt_broken, outside_broken, cover_broken, hit_broken)


def _doubtful_ground(
    ground: Ground, overlaps: Overlaps, covered_ground: np.ndarray
) -> tuple[np.ndarray, Pairs, np.ndarray]:
    """The covered ground (n,) that only doubtful features permit, its pieces, and where the overlay is broken."""
    is_doubtful = ground.features.uncertain[overlaps.feature]
    result = doubtful_ground(overlaps, is_doubtful, ground)
    rows = np.flatnonzero(~shapely.is_missing(result))
    inside, inside_broken = intersections(result[rows], covered_ground[rows], ground.threads)
    certain_pieces = overlaps.ground.at(~is_doubtful).geometries
    certain = union_by(overlaps.parcel[~is_doubtful], certain_pieces, len(ground.shapes), ground.threads)
    result[rows], rest_broken = differences(inside, certain[rows], ground.threads)
    doubtful_rows = np.flatnonzero(is_doubtful & ~shapely.is_missing(result[overlaps.parcel]))
    parcel, feature = overlaps.parcel[doubtful_rows], overlaps.feature[doubtful_rows]
    pieces, is_broken = intersections(result[parcel], overlaps.ground.at(doubtful_rows).geometries, ground.threads)
    is_left = ~shapely.is_missing(pieces)
    every = np.ones(int(is_left.sum()), dtype=bool)
    left = FlatGround.of(pieces[is_left])
    pairs = Pairs(parcel[is_left], feature[is_left], left, np.zeros(len(every)), every, ~every)
    return result, pairs, np.r_[rows[inside_broken | rest_broken], parcel[is_broken]]


KIND = Kind(
    name="within",
    title={"zh": "须在范围内", "en": "lie within"},
    conflict={
        "zh": "地块在覆盖范围之内、图层要素之外的部分",
        "en": "The parcel's ground inside the coverage that lies on none of the layer's features.",
    },
    geometries=("polygon",),
    judge=_judge,
    keys=AREA_LIMITS,
    measures={name: words for name, words in GROUND_MEASURES.items() if name != "features"},
    overlays_whole_features=True,
    is_boundary=True,
    ends_at_features=True,
)
