"""The overlay of two plans, block by block: the ground of every pair of features, and the ground of only one plan."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.feature_table import Features, FeatureTable
from onemap.rules.answers.compare.plans import Plan
from onemap.rules.answers.compare.polygons import Polygons
from onemap.rules.judge.overlay.overlay import (
    ARITHMETIC_M2,
    BALANCE_M2,
    BALANCE_SHARE,
    MARGIN_M,
    differences,
    overlaps,
    unions_near,
)
from onemap.rules.judge.overlay.subdivision import Pieces
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class ComparedGround(Polygons):
    """The compared ground as single polygons (k,), with the row of each plan, -1 where that plan makes no statement.

    They are ordered by the plans' rows, independent of blocks: ground of both, of a alone, of b alone.
    """

    a: np.ndarray
    b: np.ndarray


def overlaid(
    plan_a: Plan, plan_b: Plan, threads: Threads, near: np.ndarray | None = None, journal: Journal | None = None
) -> ComparedGround:
    """All ground on which a plan makes a statement, each place once; a plan's rows are proved by their pieces.

    near: polygons (j,), to compare only the ground inside them, which must be whole spots; journal: where pieces are
    kept, and found again if an earlier attempt left them; None for memory. Raises OneMapError compare.arithmetic, which
    names layer and feature, journal.failed.
    """
    ground_a, ground_b = plan_a.polygons, plan_b.polygons
    rows_a = wanted_a = np.arange(len(ground_a))
    rows_b = wanted_b = np.arange(len(ground_b))
    inside = None
    if near is not None:
        boxes = shapely.bounds(near).reshape(-1, 4)
        wanted_a, wanted_b = ground_a.meeting(boxes), ground_b.meeting(boxes)
        # A row is proved by all of its pieces, so all rows that meet it belong to the work.
        rows_a = np.union1d(wanted_a, ground_a.meeting(ground_b.boxes[wanted_b]))
        rows_b = np.union1d(wanted_b, ground_b.meeting(ground_a.boxes[wanted_a]))
        inside = shapely.STRtree(near)
    table = FeatureTable(journal, _features(np.empty(0, dtype=object), _NONE, _NONE, inside))

    def in_blocks(
        name: str, plan: Plan, rows: np.ndarray, make: Callable[[np.ndarray, Threads], Features], share: Threads
    ) -> None:
        for number, (mine, own) in enumerate(share.in_turn(plan.polygons.blocks(rows))):
            table.add(f"{name}-{number:06d}", partial(make, mine, own))

    def common(mine: np.ndarray, own: Threads) -> Features:
        first = ground_a.geometries(mine)
        others = np.intersect1d(ground_b.meeting(ground_a.boxes[mine]), rows_b, assume_unique=True)
        common_ground = overlaps(first, shapely.STRtree(first), ground_b.geometries(others), own)
        if len(common_ground.failed):
            _refuse(plan_a, mine[common_ground.failed[0, 0]])
        return _features(common_ground.geometry, mine[common_ground.parcel], others[common_ground.feature], inside)

    def only_a(mine: np.ndarray, own: Threads) -> Features:
        rows, rest = _ground_without_other(plan_a, mine, shared_a[mine], ground_b, own)
        return _features(rest, rows, np.full(len(rows), -1), inside)

    def only_b(mine: np.ndarray, own: Threads) -> Features:
        rows, rest = _ground_without_other(plan_b, mine, shared_b[mine], ground_a, own)
        return _features(rest, np.full(len(rows), -1), rows, inside)

    in_blocks("common", plan_a, rows_a, common, threads.part(0.0, 0.7))
    shared_a, shared_b = _shared_areas_m2(table, len(ground_a), len(ground_b))
    in_blocks("only-a", plan_a, wanted_a, only_a, threads.part(0.7, 0.85))
    in_blocks("only-b", plan_b, wanted_b, only_b, threads.part(0.85, 1.0))
    return _in_order(table)


_NONE = np.empty(0, dtype=np.int64)
_MARGINS_M = np.array([-MARGIN_M, -MARGIN_M, MARGIN_M, MARGIN_M])


def _features(grounds: np.ndarray, a: np.ndarray, b: np.ndarray, inside: shapely.STRtree | None) -> Features:
    """Grounds (n,), each of a pair of rows, as single polygons; is_wanted: whether they lie `inside`, if given.

    part: the number of each within its ground, whose area is whole_m2.
    """
    singles, ground = shapely.get_parts(grounds, return_index=True)
    is_wanted = np.ones(len(singles), dtype=bool)
    if inside is not None:
        is_wanted[:] = False
        is_wanted[inside.query(shapely.point_on_surface(singles), predicate="intersects")[0]] = True
    columns = {
        "a": a[ground],
        "b": b[ground],
        "part": np.arange(len(ground)) - np.searchsorted(ground, ground),
        "whole_m2": shapely.area(grounds)[ground],
        "is_wanted": is_wanted,
    }
    return Features(singles, columns)


def _shared_areas_m2(table: FeatureTable, count_a: int, count_b: int) -> tuple[np.ndarray, np.ndarray]:
    """The m² of each row of both plans that the other plan shares; summed in an order independent of blocks."""
    a, b, area_m2, part = table.columns("a", "b", "whole_m2", "part")
    pair = np.flatnonzero(part == 0)
    a, b, area_m2 = a[pair], b[pair], area_m2[pair]
    order = np.lexsort((b, a))
    a, b, area_m2 = a[order], b[order], area_m2[order]
    return np.bincount(a, area_m2, minlength=count_a), np.bincount(b, area_m2, minlength=count_b)


def _ground_without_other(
    plan: Plan, rows: np.ndarray, shared_m2: np.ndarray, others: Polygons, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """The ground of wanted rows (n,) of a plan outside the other plan: rows (k,), grounds (k,); areas must add up.

    shared_m2 (n,): the m² shared with the other plan; others: the other plan's polygons.
    """
    whole = plan.polygons.area_m2[rows]
    at = np.flatnonzero(whole - shared_m2 >= ARITHMETIC_M2)
    mine = plan.polygons.geometries(rows[at])
    close = others.meeting(plan.polygons.boxes[rows[at]] + _MARGINS_M)
    pieces = Pieces(others.geometries(close), np.arange(len(close)))
    other_ground = unions_near(mine, pieces, MARGIN_M, threads)
    rest, failed = differences(mine, other_ground, threads)
    if failed.any():
        _refuse(plan, rows[at[failed]][0])
    total = shared_m2.astype(float)  # numpy counts nothing in whole numbers
    total[at] += np.nan_to_num(shapely.area(rest))
    wrong = rows[np.abs(total - whole) > BALANCE_M2 + BALANCE_SHARE * whole]
    if len(wrong):
        _refuse(plan, wrong[0])
    there = ~shapely.is_missing(rest)
    return rows[at[there]], rest[there]


def _in_order(table: FeatureTable) -> ComparedGround:
    """All wanted ground, in an order independent of the blocks."""
    a, b, part, is_wanted = table.columns("a", "b", "part", "is_wanted")
    side = np.where(a < 0, 2, np.where(b < 0, 1, 0))
    at = np.lexsort((part, b, a, side))
    at = at[is_wanted[at]]
    polygons = Polygons.among(table, at)
    return ComparedGround(polygons.boxes, polygons.area_m2, polygons.points, at, table, a[at], b[at])


def _refuse(plan: Plan, row: int) -> None:
    raise OneMapError("compare.arithmetic", layer=plan.version.table, feature=plan.feature_name(row))
