"""What of a run stands against its parcels: the ground of every finding that counts and is too severe to keep."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely

from onemap.layers.geometry.parts import shift_geometries
from onemap.rules.findings.run_tables import RANK
from onemap.rules.kinds import KINDS
from onemap.rules.packs.rule import Rule
from onemap.rules.remedy.cuts import Obstacle
from onemap.rules.runs.run import Run

CLEAR_OF_LINES_M = 0.01  # how far a remainder keeps from what has no width of its own
_PIECES = ("overlaps", "overlaps_line", "overlaps_point")


def obstacles_of(
    run: Run, rules: Sequence[Rule], keep_verdict: str, origin: tuple[float, float], rows: np.ndarray
) -> list[Obstacle]:
    """The obstacles of a run's parcels, the most severe verdict first, then in the packs' order; per parcel.

    keep_verdict: what is not more severe than this stays; rows: the row by which each of the run's parcels is called.
    Grounds are counted from `origin`.
    """
    place = dict(zip(run.question.parcels.ids.tolist(), rows.tolist(), strict=True))
    order = {rule.id: position for position, rule in enumerate(rules)}
    by_id = {rule.id: rule for rule in rules}
    table = run.tables["findings"]
    columns = table.columns
    severe = np.array([RANK[verdict] < RANK[keep_verdict] for verdict in columns["verdict"]], dtype=bool)
    chosen = np.flatnonzero(columns["counted"].to_numpy(dtype=bool) & severe)
    grounds = shift_geometries(table.geometries, (-origin[0], -origin[1])) if table.geometries is not None else None
    found = []
    for row in chosen:
        parcel, rule, verdict = (columns[name].iloc[row] for name in ("parcel", "rule", "verdict"))
        ground = grounds[row] if grounds is not None else None
        if ground is None or ground.is_empty:
            ground = _ground_without_area(run, parcel, by_id[rule], origin)
        if ground is None:  # nothing shows where it lies: the whole parcel
            ground = shapely.buffer(
                shift_geometries(_parcel(run, parcel), (-origin[0], -origin[1]))[0], CLEAR_OF_LINES_M
            )
        found.append(Obstacle(place[parcel], rule, verdict, verdict == "unknown", ground))
    return sorted(found, key=lambda item: (item.parcel, RANK[item.verdict], order[item.rule]))


def _parcel(run: Run, parcel: str) -> np.ndarray:
    parcels = run.question.parcels
    same: np.ndarray = parcels.geometries[parcels.ids == parcel]
    return same


def _ground_without_area(run: Run, parcel: str, rule: Rule, origin: tuple[float, float]) -> shapely.Geometry | None:
    """The ground of objects that cross a parcel or lie near it: as far around them as the rule looks."""
    shapes: list[shapely.Geometry] = []
    for name in _PIECES:
        table = run.tables[name]
        if table.geometries is None or table.columns.empty:
            continue
        mine = (table.columns["parcel"] == parcel) & (table.columns["rule"] == rule.id)
        shapes += list(table.geometries[mine.to_numpy(dtype=bool)])
    if not shapes:
        return None
    local = shift_geometries(np.array(shapes, dtype=object), (-origin[0], -origin[1]))
    obstacles, far_m = KINDS[rule.kind].obstacle(local, rule.options)
    return shapely.union_all(shapely.buffer(obstacles, far_m + CLEAR_OF_LINES_M, quad_segs=64))


def verdicts_left(columns: pd.DataFrame, keep_verdict: str) -> np.ndarray:
    """Which parcels (n,) of a run's table have a verdict more severe than what may stay."""
    return np.array([RANK[verdict] < RANK[keep_verdict] for verdict in columns["verdict"]], dtype=bool)
