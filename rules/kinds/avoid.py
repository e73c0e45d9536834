"""avoid: the parcel may not lie on the layer's features. Conflict: P ∩ F, features outside the coverage too."""

from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.parts import polygon_parts
from onemap.rules.kinds.ground import AREA_KEYS, Ground, Judgement, Pairs
from onemap.rules.overlay.area_check import Zones
from onemap.rules.overlay.overlay import (
    ARITHMETIC_M2,
    BALANCE_M2,
    BALANCE_SHARE,
    MARGIN_M,
    RETRY_GRIDS_M,
    Concerns,
    differences,
    unions_near,
)
from onemap.rules.overlay.subdivision import Cut

KEYS = dict(AREA_KEYS)
GEOMETRIES = ("polygon",)


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: key and reason."""
    net = item.get("net")
    if net is not None and (set(net) != {"part", "of"} or not all(isinstance(name, str) for name in net.values())):
        return [("net", "net = { part = FIELD, of = FIELD }")]
    return []


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads."""
    net = options.get("net", {})
    return tuple(net[key] for key in ("part", "of") if key in net)


def reach_m(options: dict[str, Any]) -> float:
    """How far from a parcel a feature may lie and still matter."""
    return 0.0


def judge(ground: Ground) -> Judgement:
    """Conflict P ∩ F; what lies outside the coverage and under no feature is unknown."""
    found = ground.overlaps_with(ground.features.geometries)
    hit = ground.grounds_of(found)
    beyond, failed = ground.outside_coverage()
    unknown, failed_again = less(beyond, hit, ground, lambda: ground.features.pieces)
    no_value = ground.features.uncertain[found.feature]
    judgement = Judgement(
        hit=hit,
        unknown=unknown,
        distance_m=np.where(shapely.is_missing(hit), np.nan, 0.0),
        pairs=Pairs(
            found.parcel,
            found.feature,
            found.geometry,
            np.zeros(len(found.parcel)),
            no_value,
            np.ones(len(found.parcel), dtype=bool),
        ),
        zones=Zones(lambda: ground.features.pieces, ground.parcels),
    )
    judgement.because("outside_coverage", ~shapely.is_missing(unknown))
    return arithmetic(judgement, ground, np.unique(found.failed[:, 0]), failed | failed_again)


def less(
    given: np.ndarray, taken: np.ndarray, ground: Ground, zones: Cut, concerns: Concerns | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Grounds (n,) of the parcels less the zones, where the parcel has some of them (`taken`); and whether it failed.

    No more may go than the parcel shares with the zones, and from a whole parcel no less: an overlay that loses a
    piece agrees with its own counterpart, but not with the areas of the pieces.
    """
    result, failed = given.copy(), np.zeros(len(given), dtype=bool)
    both = np.flatnonzero(~shapely.is_missing(given) & ~shapely.is_missing(taken))
    are_taken = np.array([taken[row] is ground.parcels[row] for row in both.tolist()], dtype=bool)
    result[both[are_taken]] = None
    rows = both[~are_taken]
    mine = None if concerns is None else (lambda at, zone: concerns(rows[at], zone))
    if len(rows) == 0:
        return result, failed
    near = unions_near(given[rows], zones(), MARGIN_M, ground.crew, mine)
    result[rows], failed[rows] = differences(given[rows], near, ground.crew)
    before, shared = shapely.area(given[rows]), shapely.area(taken[rows])
    is_whole = before >= shapely.area(ground.parcels[rows])
    allowed = BALANCE_M2 + BALANCE_SHARE * before

    def wrong(rest: np.ndarray) -> np.ndarray:
        gone = before - np.nan_to_num(shapely.area(rest))
        bad: np.ndarray = (gone > shared + allowed) | (is_whole & (gone < shared - allowed))
        return bad

    for grid in RETRY_GRIDS_M:
        again = np.flatnonzero(wrong(result[rows]))
        if len(again) == 0:
            return result, failed
        rest = shapely.difference(given[rows[again]], near[again], grid_size=grid)
        result[rows[again]] = polygon_parts(rest, ARITHMETIC_M2)
    failed[rows[wrong(result[rows])]] = True
    return result, failed


def arithmetic(judgement: Judgement, ground: Ground, *broken: np.ndarray) -> Judgement:
    """Where an overlay broke down even on a fine grid, the whole parcel is unknown: never swallowed."""
    for rows in broken:
        indices = np.flatnonzero(rows) if rows.dtype == bool else rows
        if len(indices):
            judgement.unknown[indices] = ground.parcels[indices]
            judgement.because("arithmetic", indices)
    return judgement
