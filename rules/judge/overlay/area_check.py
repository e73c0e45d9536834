"""A second look at findings: areas near a threshold by a second method, and their range within the boundary error.

Neither changes a verdict. They tell a reviewer what to look at.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.shape_column import AnyShapes
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.grown_ground import grown_ground, shrunk_ground
from onemap.rules.judge.overlay.overlay import (
    ARITHMETIC_M2,
    BALANCE_M2,
    BALANCE_SHARE,
    MARGIN_M,
    Concerns,
    unions_near,
)
from onemap.rules.judge.overlay.subdivision import Cut
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unproved_unions import do_provable

TINY_M2 = 10.0  # conflicts smaller than this are always looked at twice
_SEGMENTS = 16  # of a quarter of a circle, where a boundary turns
NEAR_SHARE = 0.1  # and those within this share of the rule's least area
_NOT_SMALLER_SHARE = 1e-9  # the whole of a parcel, overlaid, is as large as the parcel but for the last digits


@dataclass(frozen=True)
class Zones:
    """The ground that a rule concerns: polygons cut small, which of them concern a parcel, and how they count.

    pieces: cut only when they are needed; concerns(parcel (k,), feature (k,)) → (k,) whether the pair counts; inverted:
    the conflict is the part of the base that the zones leave; base: (n,) the ground of each parcel that can be judged.
    """

    pieces: Cut
    base: AnyShapes
    inverted: bool = False
    concerns: Concerns = lambda parcel, _: np.ones(len(parcel), dtype=bool)


def are_decisive(area_m2: np.ndarray, least_m2: float) -> np.ndarray:
    """Which areas a small error could move across a threshold: tiny ones, and those near the rule's least area."""
    return (area_m2 < TINY_M2) | (np.abs(area_m2 - least_m2) <= NEAR_SHARE * least_m2)


def reaches_limit(measures: np.ndarray, least: np.ndarray | float) -> np.ndarray:
    """Whether measures (n,) are as large as a least one, but for the rounding of overlays."""
    reached: np.ndarray = measures >= least * (1 - _NOT_SMALLER_SHARE)
    return reached


def _zones_near(zones: Zones, rows: np.ndarray, margin_m: float, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The union of the zones near each parcel in `rows` (k,), and where it does not prove its area (k,)."""

    def unite(some: np.ndarray) -> np.ndarray:
        parcels = rows[some]
        return unions_near(
            zones.base[parcels], zones.pieces(), margin_m, threads, lambda at, zone: zones.concerns(parcels[at], zone)
        )

    near, is_unproved = np.full(len(rows), None, dtype=object), np.zeros(len(rows), dtype=bool)
    unions, proved, unproved = do_provable(unite, len(rows))
    near[proved], is_unproved[unproved] = unions, True
    return near, is_unproved


def checked_areas(zones: Zones, rows: np.ndarray, threads: Threads) -> np.ndarray:
    """The conflict's area of each parcel in `rows` by signed trapezoids, in m²; NaN if its zones have no union."""
    if len(rows) == 0:
        return np.empty(0)
    near, is_unproved = _zones_near(zones, rows, MARGIN_M, threads)
    area_m2, _ = _conflict_m2(zones, rows, near, threads)
    return np.where(is_unproved, np.nan, area_m2)


def _conflict_m2(zones: Zones, rows: np.ndarray, near: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The conflict's area of each parcel in `rows` (k,) with the zones near it, by trapezoids, and its error."""
    base, common, error = zones.base[rows], np.zeros(len(rows)), np.zeros(len(rows))
    rows_with_zones = np.flatnonzero(~shapely.is_missing(near))
    common[rows_with_zones], error[rows_with_zones] = common_areas(
        base[rows_with_zones], near[rows_with_zones], threads
    )
    return shapely.area(base) - common if zones.inverted else common, error


def disagrees(area_m2: np.ndarray, check_m2: np.ndarray) -> np.ndarray:
    """Where the two methods differ by more than rounding explains; False where there is no second area."""
    return np.abs(area_m2 - check_m2) > BALANCE_M2 + BALANCE_SHARE * np.abs(area_m2)


def area_ranges(zones: Zones, rows: np.ndarray, error_m: float, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest area of the conflict if the zones' boundary moves by `error_m`, in m².

    NaN where its zones have no union, or where it is not proved that they grow and shrink that far.
    """
    near, is_unproved = _zones_near(zones, rows, 2 * error_m + MARGIN_M, threads)
    areas, moves = [], (shrunk_ground(near, error_m), grown_ground(near, error_m, threads, _SEGMENTS))
    is_unproved = is_unproved | moves[0][1] | moves[1][1]
    for moved_zones, _ in moves:
        area_m2, error_m2 = _conflict_m2(zones, rows, moved_zones, threads)
        areas.append(np.where(is_unproved, np.nan, np.where(area_m2 < error_m2 + ARITHMETIC_M2, 0.0, area_m2)))
    low, high = np.sort(areas, axis=0)
    return low, high


def within_error(low_m2: np.ndarray) -> np.ndarray:
    """Whether the range includes zero, so that the conflict may be due to the boundary error alone."""
    return low_m2 < ARITHMETIC_M2
