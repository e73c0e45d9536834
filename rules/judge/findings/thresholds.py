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
_LAST_DIGITS_M, _MOST_LAST_DIGITS_M, _TINY_M2 = 1e-7, 1e-6, 1e-2


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
    area_m2 = np.where(np.isnan(grounds.area_m2), 0.0, grounds.area_m2)
    rows = np.arange(len(grounds)) if rule.min_width_m > 0 else _rows_of_last_digits(grounds, area_m2)
    parts, owner = shapely.get_parts(grounds.at(rows).geometries, return_index=True)
    area, owner = shapely.area(parts), rows[owner]
    if rule.min_width_m > 0:
        is_wide_enough = ~vanish_under_erosion(parts, rule.min_width_m)
    else:
        is_wide_enough = ~_are_thin(area, shapely.length(parts))
        thin = np.flatnonzero(~is_wide_enough)  # on average: somewhere one may be broad
        is_wide_enough[thin] = ~vanish_under_erosion(parts[thin], _MOST_LAST_DIGITS_M)
    counted_m2, has_sliver = area_m2.copy(), np.unique(owner[~is_wide_enough])
    counted_m2[has_sliver] = np.bincount(owner[is_wide_enough], area[is_wide_enough], len(grounds))[has_sliver]
    sliver_free = np.full(len(grounds), None, dtype=object)
    is_chosen = is_wide_enough & np.isin(owner, has_sliver)
    if is_chosen.any():
        owners, position = np.unique(owner[is_chosen], return_inverse=True)
        sliver_free[owners] = shapely.multipolygons(parts[is_chosen], indices=position)
    return GroundMeasures(area_m2, counted_m2, *_counted_areas(counted_m2, least_m2), sliver_free)


def _rows_of_last_digits(grounds: FlatGround, area_m2: np.ndarray) -> np.ndarray:
    """The rows of grounds (n,) with parts that may be what the last digits of coordinates enclose."""
    tiny = np.flatnonzero((area_m2 > 0) & (area_m2 < _TINY_M2))
    return tiny[_are_thin(area_m2[tiny], shapely.length(grounds.at(tiny).geometries))]


def _are_thin(area_m2: np.ndarray, length_m: np.ndarray) -> np.ndarray:
    """Which polygons (n,) are on average as thin as what the last digits of coordinates enclose along an edge."""
    are_thin: np.ndarray = 2 * area_m2 < _LAST_DIGITS_M * length_m
    return are_thin


def _counted_areas(counted_m2: np.ndarray, least_m2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether ground of these areas counts (n,), and why not (n,)."""
    is_counted = reaches_limit(counted_m2 + ARITHMETIC_M2, least_m2) & (counted_m2 > 0)
    reason = np.full(len(is_counted), "", dtype=object)
    if not is_counted.all():
        reason[~is_counted] = np.where(counted_m2[~is_counted] > 0, Reason.BELOW_AREA, Reason.SLIVER).astype(object)
    return is_counted, reason


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
