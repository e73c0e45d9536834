"""The ground of parcels that a rule cannot judge, and the reason for each part, in one way for all kinds."""

from collections.abc import Mapping

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.rules.judge.kinds.ground import Ground, Judgement, Pairs, no_ground
from onemap.rules.judge.kinds.subtract_zones import subtract_zones
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, Overlaps, intersections, union_by, unions
from onemap.rules.judge.overlay.subdivision import Cut


def doubtful_ground(overlaps: Overlaps, is_doubtful: np.ndarray, ground: Ground) -> np.ndarray:
    """The ground that each parcel (n,) shares with features about which nothing is certain, None without any.

    is_doubtful: (k,) of the pairs.
    """
    if not is_doubtful.any():
        return no_ground(len(ground.shapes))
    pieces = overlaps.ground.at(is_doubtful).geometries
    return union_by(overlaps.parcel[is_doubtful], pieces, len(ground.shapes), ground.threads)


def shown_pairs(overlaps: Overlaps, is_hit: np.ndarray, is_doubtful: np.ndarray) -> Pairs:
    """The pairs that share ground and are in conflict, or about which nothing is certain. is_hit, is_doubtful: (k,)."""
    at = is_hit | is_doubtful
    no_distance = np.zeros(int(at.sum()))
    parcel, feature, pieces = overlaps.parcel[at], overlaps.feature[at], overlaps.ground.at(at)
    return Pairs(parcel, feature, pieces, no_distance, is_doubtful[at], is_hit[at])


def unjudged_ground(
    parts: Mapping[str, np.ndarray], hit: FlatGround, ground: Ground, zones: Cut
) -> tuple[np.ndarray, np.ndarray]:
    """The doubtful ground of each parcel that no certain conflict covers: (n,) polygons or None; and broken overlays.

    parts: reason → (n,) the ground of each parcel that is in doubt for it, None without.
    hit: (n,) what each parcel shares with the certain zones.
    ground: the parcels themselves.
    zones: keeps the pieces of the certain zones.
    """
    doubtful = no_ground(len(hit))
    for part in parts.values():
        if not shapely.is_missing(part).all():
            doubtful = unions(doubtful, part)
    return subtract_zones(doubtful, hit, ground, zones)


def name_reasons(judgement: Judgement, parts: Mapping[str, np.ndarray], ground: Ground) -> None:
    """Note the reasons for a judgement's unknown ground: those whose own ground it includes a part of.

    parts: reason → (n,) the ground of each parcel that is in doubt for it, None without.
    """
    is_unknown = ~shapely.is_missing(judgement.unknown)
    if not is_unknown.any():
        for reason in parts:
            judgement.because(reason, is_unknown)
        return
    doubts = {reason: is_unknown & ~shapely.is_missing(part) for reason, part in parts.items()}
    is_mixed = np.sum(list(doubts.values()), axis=0) > 1
    for reason, is_doubtful in doubts.items():
        # Where there is one doubt only, all that is unknown is its ground.
        rows, has_ground = np.flatnonzero(is_doubtful & is_mixed), is_doubtful.copy()
        if len(rows):
            pieces, is_broken = intersections(judgement.unknown[rows], parts[reason][rows], ground.threads)
            has_ground[rows] = (np.nan_to_num(shapely.area(pieces)) >= ARITHMETIC_M2) | is_broken
        judgement.because(reason, has_ground)
