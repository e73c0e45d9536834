"""The overlay of two plans: the ground of every pair of features, and what only one of them has."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.rules.compare.plans import Plan
from onemap.rules.crew import Crew
from onemap.rules.cutting import Pieces
from onemap.rules.overlay import ARITHMETIC_M2, BALANCE_M2, BALANCE_SHARE, MARGIN_M, differences, overlaps, unions_near


@dataclass(frozen=True)
class Ground:
    """The compared ground in single polygons (k,), and the row of each plan, -1 where that plan does not speak."""

    geometry: np.ndarray
    a: np.ndarray
    b: np.ndarray


def overlaid(plan_a: Plan, plan_b: Plan, crew: Crew, near: np.ndarray | None = None) -> Ground:
    """All ground on which at least one plan speaks, every place once; each plan's rows are proved by their pieces.

    near: polygons (j,), and then only the ground inside them, which must be whole spots. Raises OneMapError
    compare.arithmetic that names layer and feature.
    """
    every_a, every_b = np.arange(len(plan_a.geometries)), np.arange(len(plan_b.geometries))
    wanted_a, wanted_b = every_a, every_b
    rows_a, rows_b = every_a, every_b
    if near is not None:
        wanted_a, wanted_b = _meeting(plan_a.geometries, near), _meeting(plan_b.geometries, near)
        # A row is proved by all of its pieces, so all rows that meet it belong to the work.
        rows_a = np.union1d(wanted_a, _meeting(plan_a.geometries, plan_b.geometries[wanted_b]))
        rows_b = np.union1d(wanted_b, _meeting(plan_b.geometries, plan_a.geometries[wanted_a]))
    first, second = plan_a.geometries[rows_a], plan_b.geometries[rows_b]
    found = overlaps(first, shapely.STRtree(first), second, crew)
    if len(found.failed):
        _refuse(plan_a, rows_a[found.failed[0, 0]])
    row_a, row_b = rows_a[found.parcel], rows_b[found.feature]
    only_a = _left(plan_a, wanted_a, plan_b.geometries, row_a, found.geometry, crew)
    only_b = _left(plan_b, wanted_b, plan_a.geometries, row_b, found.geometry, crew)
    in_a, in_b = (np.flatnonzero(~shapely.is_missing(rest)) for rest in (only_a, only_b))
    silent_a, silent_b = np.full(len(in_b), -1), np.full(len(in_a), -1)
    singles, piece = shapely.get_parts(np.r_[found.geometry, only_a[in_a], only_b[in_b]], return_index=True)
    a, b = np.r_[row_a, in_a, silent_a][piece], np.r_[row_b, silent_b, in_b][piece]
    if near is not None:
        points = shapely.point_on_surface(singles)
        kept = np.unique(shapely.STRtree(near).query(points, predicate="intersects")[0])
        singles, a, b = singles[kept], a[kept], b[kept]
    return Ground(singles, a, b)


def _meeting(polygons: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The polygons whose boxes meet the box of one of the others."""
    return np.unique(shapely.STRtree(polygons).query(others)[1])


def _left(
    plan: Plan, wanted: np.ndarray, others: np.ndarray, owner: np.ndarray, common: np.ndarray, crew: Crew
) -> np.ndarray:
    """What of the wanted rows of a plan (n,) the other plan does not have, None elsewhere; the areas must add up."""
    whole = shapely.area(plan.geometries)
    shared = np.bincount(owner, shapely.area(common), minlength=len(whole))
    result = np.full(len(whole), None, dtype=object)
    rows = wanted[whole[wanted] - shared[wanted] >= ARITHMETIC_M2]
    near = unions_near(plan.geometries[rows], Pieces(others, np.arange(len(others))), MARGIN_M, crew)
    result[rows], failed = differences(plan.geometries[rows], near, crew)
    if failed.any():
        _refuse(plan, rows[failed][0])
    total = shared + np.nan_to_num(shapely.area(result))
    wrong = wanted[np.abs(total - whole)[wanted] > BALANCE_M2 + BALANCE_SHARE * whole[wanted]]
    if len(wrong):
        _refuse(plan, wrong[0])
    return result


def _refuse(plan: Plan, row: int) -> None:
    feature = plan.feature[row]
    name = plan.source.names[feature] if feature >= 0 else None
    raise OneMapError("compare.arithmetic", layer=plan.version.table, feature=name)
