"""The gain or loss of each department by an alternative: its ground and verdicts before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.geometry.wkb_rings import geometries_from
from onemap.layers.value_groups import groups_of
from onemap.rules.contract.verdict import RANK, Verdict
from onemap.rules.judge.findings.run_tables import ranks_of
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, union_by
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run import Run

MEASURES = ("before_m2", "after_m2", "kept_m2", "given_up_m2", "unknown_before_m2", "unknown_after_m2")
COLUMNS = ["parcel", "alternative", "department", "verdict_before", "verdict_after", *MEASURES]


@dataclass(frozen=True)
class DepartmentVerdicts:
    """The verdicts of a run for some parcels by department: (parcel, department) → row of the following.

    verdict (n,): the most severe that counts; ground (n,): the union of the findings' ground, None if there is none;
    flat_m2 (n,): of findings that measure but show no ground; unknown_m2 (n,): ground that could not be judged, not
    part of `ground`.
    """

    rows: dict[tuple[str, str], int]
    verdict: np.ndarray
    ground: np.ndarray
    flat_m2: np.ndarray
    unknown_m2: np.ndarray


def department_verdicts(run: Run, names: np.ndarray, origin: tuple[float, float]) -> DepartmentVerdicts:
    """The verdicts of a run's counted findings for some parcels, by department; ground counted from `origin`.

    Ground under two rules of one department counts once.
    """
    table = run.tables["findings"]
    is_asked = pd.Index(table.values("parcel"), dtype=object).isin(names)
    row_numbers = np.flatnonzero(np.asarray(table.arrays["counted"], dtype=bool) & is_asked)
    parcel, department, verdict = (table.values(name)[row_numbers] for name in ("parcel", "department", "verdict"))
    shapes = geometries_from(table.wkb.take(pa.array(row_numbers)), origin)
    keys = list(zip(parcel, department, strict=True))
    rows = {key: row for row, key in enumerate(dict.fromkeys(keys))}
    group = np.array([rows[key] for key in keys], dtype=np.int64)
    rank = np.full(len(rows), RANK[Verdict.CLEAR])
    np.minimum.at(rank, group, ranks_of(verdict))
    is_unknown = verdict == Verdict.UNKNOWN
    has_ground = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    is_known = has_ground & ~is_unknown
    flat = ~has_ground & ~is_unknown
    area = np.nan_to_num(np.asarray(table.arrays["area_m2"], dtype=float)[row_numbers])
    unknown = has_ground & is_unknown
    return DepartmentVerdicts(
        rows,
        np.array(list(RANK), dtype=object)[rank],
        union_by(group[is_known], shapes[is_known], len(rows)),
        np.bincount(group[flat], area[flat], minlength=len(rows)),
        np.nan_to_num(shapely.area(union_by(group[unknown], shapes[unknown], len(rows)))),
    )


def department_changes(
    first: DepartmentVerdicts,
    again: DepartmentVerdicts,
    pairs: Sequence[tuple[str, str]],
    alternatives: Sequence[str],
    order: Sequence[str],
    threads: Threads,
) -> pd.DataFrame:
    """One row for each alternative and each department that has a finding before or after.

    pairs: each alternative's parcel, and the name under which it was checked; order: of the departments. kept_m2: the
    department's ground that the parcel takes and the alternative does not; given_up_m2: ground that only the
    alternative takes.
    """
    by_parcel = groups_of((parcel, department) for verdicts in (first, again) for parcel, department in verdicts.rows)
    entries: list[tuple[int, str]] = []
    for number, (parcel, checked_name) in enumerate(pairs):
        there = {*by_parcel.get(parcel, ()), *by_parcel.get(checked_name, ())}
        entries += [(number, department) for department in order if department in there]
    then = np.array([first.rows.get((pairs[number][0], name), -1) for number, name in entries], dtype=np.int64)
    now = np.array([again.rows.get((pairs[number][1], name), -1) for number, name in entries], dtype=np.int64)
    before, after = _pick_rows(first, then), _pick_rows(again, now)
    both = np.flatnonzero(~shapely.is_missing(before.ground) & ~shapely.is_missing(after.ground))
    common, error = np.zeros(len(entries)), np.zeros(len(entries))
    common[both], error[both] = common_areas(before.ground[both], after.ground[both], threads)
    then_m2, now_m2 = (np.nan_to_num(shapely.area(side.ground)) for side in (before, after))
    less = before.flat_m2 - after.flat_m2
    values: dict[str, Any] = {
        "parcel": [pairs[number][0] for number, _ in entries],
        "alternative": [alternatives[number] for number, _ in entries],
        "department": [department for _, department in entries],
        "verdict_before": before.verdict,
        "verdict_after": after.verdict,
        "before_m2": then_m2 + before.flat_m2,
        "after_m2": now_m2 + after.flat_m2,
        "kept_m2": _real(then_m2 - common, error) + np.maximum(less, 0.0),
        "given_up_m2": _real(now_m2 - common, error) + np.maximum(-less, 0.0),
        "unknown_before_m2": before.unknown_m2,
        "unknown_after_m2": after.unknown_m2,
    }
    columns = {
        name: pd.Series(value, dtype=float if name in MEASURES else object, index=range(len(entries)))
        for name, value in values.items()
    }
    return pd.DataFrame(columns, columns=COLUMNS)


def _pick_rows(verdicts: DepartmentVerdicts, rows: np.ndarray) -> DepartmentVerdicts:
    """Some rows (k,); row -1 means that no finding concerns the parcel."""
    return DepartmentVerdicts(
        {},
        np.r_[verdicts.verdict, np.array([Verdict.CLEAR], dtype=object)][rows],
        np.r_[verdicts.ground, np.array([None], dtype=object)][rows],
        np.r_[verdicts.flat_m2, 0.0][rows],
        np.r_[verdicts.unknown_m2, 0.0][rows],
    )


def _real(area_m2: np.ndarray, error_m2: np.ndarray) -> np.ndarray:
    """Areas, with rounding errors set to 0."""
    real: np.ndarray = np.where(area_m2 >= error_m2 + ARITHMETIC_M2, area_m2, 0.0)
    return real
