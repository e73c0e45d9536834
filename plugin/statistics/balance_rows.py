"""An answer of `statistics` as the rows of a balance: units, groups and classes, and what closes it.

Areas are on the ellipsoid, as labels, checks and papers have them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.words.translation import tr

GROUP = "/group"
UNITS_OVERLAP = "statistics.units_overlap"
SMALLEST_M2 = 0.005  # what is less is arithmetic


@dataclass
class BalanceRow:
    """One row: what it is called, its ground on the ellipsoid, its share of the unit's, and the rows below it.

    features: None where the row is no sum of features.
    """

    name: str
    area_m2: float
    share: float
    features: int | None = None
    rows: list[BalanceRow] = field(default_factory=list)


def balance_of(answer: dict[str, Any], whole: str) -> list[BalanceRow]:
    """The balance of all ground, then of each unit where there are several; each closes to its ground.

    whole: what the ground is called where it is one.
    """
    total, units, rows = answer["total"], answer.get("units") or [], answer["rows"]
    if answer.get("within") is None:
        ground_m2 = total["area_ellipsoidal_m2"] + (total["without_feature_ellipsoidal_m2"] or 0.0)
        return [_balance(whole, ground_m2, total["area_ellipsoidal_m2"], total, rows)]
    ground_m2, under_m2 = total["units_ellipsoidal_m2"], total["area_ellipsoidal_m2"]
    if len(units) == 1:
        return [_balance(whole, ground_m2, under_m2, total, rows)]
    codes = {problem.get("code") for problem in answer.get("problems") or ()}
    # Ground of two units would count twice in a sum of both.
    together = [] if UNITS_OVERLAP in codes else [_balance(tr("Together"), ground_m2, under_m2, total, rows)]
    return together + [
        _balance(
            unit["unit"],
            unit["area_ellipsoidal_m2"],
            unit["matched_ellipsoidal_m2"],
            unit,
            [row for row in rows if row["unit"] == unit["unit"]],
        )
        for unit in units
    ]


def _balance(
    name: str, ground_m2: float, under_m2: float, known: dict[str, Any], rows: list[dict[str, Any]]
) -> BalanceRow:
    """One ground: its groups with their classes, and what no class has.

    under_m2: how much of it lies under features, counted once; known: the record of the unit, or of all of them, which
    says what there is besides the classes.
    """
    grouped: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        group, code = _names(row)
        grouped.setdefault(group, {}).setdefault(code, []).append(row)
    below = []
    for group, classes in grouped.items():
        of_group = [_sum(code, found, ground_m2) for code, found in classes.items()]
        of_group.sort(key=lambda row: -row.area_m2)
        if group:
            below.append(_group_row(group, of_group, ground_m2))
        else:
            below += of_group
    below.sort(key=lambda row: -row.area_m2)
    for title, area_m2 in (
        (tr("counted twice: features overlap"), under_m2 - sum(row.area_m2 for row in below)),
        (tr("no feature"), known.get("without_feature_ellipsoidal_m2") or 0.0),
        (tr("the layer does not speak of it"), known.get("outside_coverage_ellipsoidal_m2") or 0.0),
    ):
        if abs(area_m2) >= SMALLEST_M2:
            below.append(BalanceRow(title, area_m2, _share(area_m2, ground_m2)))
    return BalanceRow(name, ground_m2, 1.0, rows=below)


def _names(row: dict[str, Any]) -> tuple[str, str]:
    """The group of a row, empty for none, and its class with its code."""
    titles, group, code = row.get("titles") or {}, "", "–"
    for spec, value in row["keys"].items():
        if value is None:
            continue
        if spec.endswith(GROUP):
            group = titles.get(spec, str(value))
        else:
            code = " ".join(filter(None, (str(value), titles.get(spec))))
    return group, code


def _sum(name: str, rows: Iterable[dict[str, Any]], ground_m2: float) -> BalanceRow:
    found = list(rows)
    area_m2 = sum(row["area_ellipsoidal_m2"] for row in found)
    return BalanceRow(name, area_m2, _share(area_m2, ground_m2), sum(row["features"] for row in found))


def _group_row(name: str, rows: list[BalanceRow], ground_m2: float) -> BalanceRow:
    area_m2 = sum(row.area_m2 for row in rows)
    return BalanceRow(name, area_m2, _share(area_m2, ground_m2), sum(row.features or 0 for row in rows), rows)


def _share(area_m2: float, ground_m2: float) -> float:
    return area_m2 / ground_m2 if ground_m2 else 0.0
