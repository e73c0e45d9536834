"""The overlay of two plans: the ground of every pair of features, and what only one of them has."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.rules.compare.plans import Plan
from onemap.rules.crew import Crew
from onemap.rules.cutting import Pieces, subdivided
from onemap.rules.overlay import ARITHMETIC_M2, BALANCE_M2, BALANCE_SHARE, MARGIN_M, differences, overlaps, unions_near


@dataclass(frozen=True)
class Ground:
    """The compared ground in single polygons (k,), and the row of each plan, -1 where that plan does not speak."""

    geometry: np.ndarray
    a: np.ndarray
    b: np.ndarray


def overlaid(plan_a: Plan, plan_b: Plan, crew: Crew) -> Ground:
    """All ground on which at least one plan speaks, every place once; each plan's rows are proved by their pieces.

    Raises OneMapError compare.arithmetic that names layer and feature.
    """
    first, second = plan_a.geometries, plan_b.geometries
    found = overlaps(first, shapely.STRtree(first), second, Pieces(second, np.arange(len(second))), crew)
    if len(found.failed):
        _refuse(plan_a, found.failed[0, 0])
    only_a = _left(plan_a, second, found.parcel, found.geometry, crew)
    only_b = _left(plan_b, first, found.feature, found.geometry, crew)
    in_a, in_b = (np.flatnonzero(~shapely.is_missing(rest)) for rest in (only_a, only_b))
    silent_a, silent_b = np.full(len(in_b), -1), np.full(len(in_a), -1)
    singles, piece = shapely.get_parts(np.r_[found.geometry, only_a[in_a], only_b[in_b]], return_index=True)
    rows_a, rows_b = np.r_[found.parcel, in_a, silent_a], np.r_[found.feature, silent_b, in_b]
    return Ground(singles, rows_a[piece], rows_b[piece])


def _left(plan: Plan, others: np.ndarray, owner: np.ndarray, common: np.ndarray, crew: Crew) -> np.ndarray:
    """What of each row of a plan (n,) the other plan does not have, None where nothing; the areas must add up."""
    whole = shapely.area(plan.geometries)
    shared = np.bincount(owner, shapely.area(common), minlength=len(whole))
    result = np.full(len(whole), None, dtype=object)
    rows = np.flatnonzero(whole - shared >= ARITHMETIC_M2)
    near = unions_near(plan.geometries[rows], subdivided(others), MARGIN_M, crew)
    result[rows], failed = differences(plan.geometries[rows], near, crew)
    if failed.any():
        _refuse(plan, rows[failed][0])
    total = shared + np.nan_to_num(shapely.area(result))
    wrong = np.flatnonzero(np.abs(total - whole) > BALANCE_M2 + BALANCE_SHARE * whole)
    if len(wrong):
        _refuse(plan, wrong[0])
    return result


def _refuse(plan: Plan, row: int) -> None:
    feature = plan.feature[row]
    name = plan.source.names[feature] if feature >= 0 else None
    raise OneMapError("compare.arithmetic", layer=plan.version.table, feature=name)
