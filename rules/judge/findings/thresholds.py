"""Thresholds: which conflicts count, and which are only reported. Measuring itself has no tolerance."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.reason import Reason
from onemap.rules.judge.overlay.area_check import reaches_limit
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2
from onemap.rules.judge.packs.rule import Rule

# What is as wide as a limit is not narrower; erosion cannot tell to the last digits, which are of the limit's size.
_NOT_NARROWER_M, _NOT_NARROWER_SHARE = 1e-3, 3e-4
# The last digits of coordinates that were carried from another plane: along a common edge of a kilometre they enclose
# more than arithmetic leaves elsewhere. What is thinner than this is looked for where the area is small enough.
_LAST_DIGITS_M, _TINY_M2 = 1e-7, 1e-2


@dataclass(frozen=True)
class GroundMeasures:
    """Ground compared with thresholds: area (n,), counted area (n,), whether it counts (n,), and why not (n,).

    sliver_free: (n,) the ground without slivers, only where some but not all of it is sliver.
    """

    area_m2: np.ndarray
    counted_area_m2: np.ndarray
    counted: np.ndarray
    reason: np.ndarray
    sliver_free: np.ndarray


def measure_grounds(grounds: FlatGround, rule: Rule, parcel_m2: np.ndarray) -> GroundMeasures:
    """Compare dissolved grounds (n,), all polygons, with the rule's least area, least share and least width.

    parcel_m2: (n,) the areas of the parcels to which the grounds belong.
    """
    least_m2 = np.maximum(rule.min_area_m2, rule.min_share * parcel_m2)
    if rule.min_width_m <= 0:
        return _without_width(grounds, least_m2)
    parts, owner = shapely.get_parts(grounds.geometries, return_index=True)
    area = shapely.area(parts)
    is_wide_enough = ~vanish_under_erosion(parts, rule.min_width_m)
    total = np.bincount(owner, area, minlength=len(grounds))
    counted_area = np.bincount(owner[is_wide_enough], area[is_wide_enough], minlength=len(grounds))
    counted, reason = _counted_areas(counted_area, least_m2)
    sliver_free = np.full(len(grounds), None, dtype=object)
    mixed = np.flatnonzero((counted_area > 0) & (counted_area < total))
    chosen = is_wide_enough & np.isin(owner, mixed)
    if chosen.any():
        owners, position = np.unique(owner[chosen], return_inverse=True)
        sliver_free[owners] = shapely.multipolygons(parts[chosen], indices=position)
    return GroundMeasures(total, counted_area, counted, reason, sliver_free)


def _without_width(grounds: FlatGround, least_m2: np.ndarray) -> GroundMeasures:
    """The measures of grounds (n,) where the least width plays no part: all of the ground counts, or none."""
    area_m2 = np.where(np.isnan(grounds.area_m2), 0.0, grounds.area_m2)
    counted_m2, tiny = area_m2.copy(), np.flatnonzero((area_m2 > 0) & (area_m2 < _TINY_M2))
    if len(tiny):
        is_edge = 2 * area_m2[tiny] < _LAST_DIGITS_M * shapely.length(grounds.at(tiny).geometries)
        counted_m2[tiny[is_edge]] = 0.0
    nothing = np.full(len(area_m2), None, dtype=object)
    return GroundMeasures(area_m2, counted_m2, *_counted_areas(counted_m2, least_m2), nothing)


def _counted_areas(counted_m2: np.ndarray, least_m2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether ground of these areas counts (n,), and why not (n,)."""
    counted = reaches_limit(counted_m2 + ARITHMETIC_M2, least_m2) & (counted_m2 > 0)
    reason = np.full(len(counted), "", dtype=object)
    if not counted.all():
        reason[~counted] = np.where(counted_m2[~counted] > 0, Reason.BELOW_AREA, Reason.SLIVER).astype(object)
    return counted, reason


def narrower(polygons: np.ndarray, width_m: float) -> np.ndarray:
    """Which single polygons (n,) are narrower than `width_m`; a polygon of exactly this width is not."""
    if width_m <= _NOT_NARROWER_M:
        return np.zeros(len(polygons), dtype=bool)
    return vanish_under_erosion(polygons, width_m - max(_NOT_NARROWER_M, _NOT_NARROWER_SHARE * width_m))


def vanish_under_erosion(polygons: np.ndarray, width_m: float) -> np.ndarray:
    """Which single polygons (n,) vanish under erosion by half of `width_m`."""
    result = np.zeros(len(polygons), dtype=bool)
    holes = shapely.get_num_interior_rings(polygons)
    rows = np.flatnonzero(~are_broad(shapely.area(polygons), shapely.length(polygons), holes, width_m))
    result[rows] = shapely.is_empty(shapely.buffer(polygons[rows], -width_m / 2))
    return result


def are_broad(area_m2: np.ndarray, length_m: np.ndarray, holes: np.ndarray, width_m: float) -> np.ndarray:
    """Which single polygons (n,) cannot vanish under erosion, by area, length of rings and number of holes."""
    # The circle that fits into a polygon without holes has a radius of at least its area by its perimeter.
    broad: np.ndarray = (area_m2 >= width_m / 2 * length_m) & (holes == 0)
    return broad
