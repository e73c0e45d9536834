"""The rows of `statistics` for people: units, groups and classes, and the rest that completes each unit's ground.

Areas are ellipsoidal, as in labels, checks and documents.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE, hectares_text
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.rules.answers.statistics.sum_words import statistics_reason, sum_text
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    Word,
    amount_text,
    assumed_rows,
)

_AREA = "area_ellipsoidal_m2"
_GROUP = "/group"
_UNITS_OVERLAP = "statistics.units_overlap"
_MOST_LINES = 60  # that somebody reads as text; --json and --out have them all
_APART = (Reason.NO_VALUE, "without_feature", Reason.OUTSIDE_COVERAGE)  # of a ground, which no class has
_LEAST_M2 = 0.005  # less is arithmetic


def statistics_view(result: Record, language: str) -> AnswerView:
    """The total size, and the table of units, groups and classes."""
    total, layer = result["total"], result["layer"]
    title = f"{layer['title']} {layer['label']}"
    size, sums = _whole_size(total, language), _sum_words([total], language)
    name = "said.statistics" if size is None else "said.statistics_sized"
    opening = phrase(name, language, layer=title, features=total["features"], size=size)
    opening += f" · {sums}" if sums else ""
    rows = _balances(result, language)
    names = [phrase(f"text_column.{name}", language) for name in ("unit", "use")]
    is_ground = total[_AREA] is not None
    sizes = [Column(phrase(f"text_column.{'area' if is_ground else 'length'}", language), "ha" if is_ground else "km")]
    if size is None:  # points, or rows of a table
        sizes, rows = [], [_without_size(row) for row in rows]
    columns = [
        Column(phrase("said.comma", language).join(names if len(rows) > 1 else names[1:])),
        *sizes,
        *(Column(phrase(f"text_column.{name}", language), is_number=True) for name in ("share", "features")),
        Column(""),
    ]
    shown_rows = [*rows[:1], *(replace(row, is_open=False) for row in rows[1:])]
    table = AnswerTable(columns, shown_rows, most_lines=_MOST_LINES)
    return AnswerView([table, *assumed_rows([layer], language)], [opening])


def _without_size(row: AnswerRow) -> AnswerRow:
    below = [_without_size(one) for one in row.rows if isinstance(one, AnswerRow)]
    return replace(row, values=row.values[1:], rows=below)


def _balances(result: Record, language: str) -> list[AnswerRow]:
    """The balance of all ground, and of each unit if there are several; each sums to its ground."""
    total, units, rows = result["total"], result["units"], result["rows"]
    whole, names = phrase("balance.together", language), unit_names(units)
    ground_m2 = total.get("units_ellipsoidal_m2")
    if result["within"] is None and total[_AREA] is not None:
        ground_m2 = total[_AREA] + (total["without_feature_ellipsoidal_m2"] or 0.0)
    total_record = {**total, "matched_ellipsoidal_m2": total[_AREA]}
    # Ground of two units would count twice in a sum of both.
    overlap = len(units) > 1 and _UNITS_OVERLAP in {problem["code"] for problem in result["problems"]}
    balances = [] if overlap else [_balance(whole, ground_m2, total_record, rows, language)]
    for unit in units if len(units) > 1 else ():
        of_unit = [row for row in rows if row["unit"] == unit["unit"]]
        name = names.get(unit["unit"], str(unit["unit"]))
        balances.append(_balance(name, unit.get(_AREA), unit, of_unit, language))
    return balances


def unit_names(units: Sequence[Record]) -> dict[Any, str]:
    """The names of the units by key; empty if two have the same name."""
    titles = {unit["unit"]: unit["unit_title"] for unit in units if unit.get("unit_title")}
    return titles if len(set(titles.values())) == len(titles) else {}


def _balance(
    name: str, ground_m2: float | None, unit_record: Record, rows: Sequence[Record], language: str
) -> AnswerRow:
    """One ground: its groups with their classes, and the ground that no class has.

    unit_record: the record of the unit, or of all units, which tells the ground outside the classes.
    """
    rows_by_group: dict[str, dict[str, list[Record]]] = {}
    for row in rows:
        group, code = _class_names(row)
        rows_by_group.setdefault(group, {}).setdefault(code, []).append(row)
    below: list[tuple[float, AnswerRow]] = []
    for group, classes in rows_by_group.items():
        of_group = [
            (_size_of(class_rows), _sum_row(code, class_rows, ground_m2, language))
            for code, class_rows in classes.items()
            if code
        ]
        if group:
            of_all = [row for class_rows in classes.values() for row in class_rows]
            below.append((_size_of(of_all), _sum_row(group, of_all, ground_m2, language, _largest_first(of_group))))
        else:
            below += of_group
    closing = _closing_rows(unit_record, rows, ground_m2, language) if ground_m2 is not None else []
    whole = _sum_row(name, rows, ground_m2, language, [*_largest_first(below), *closing])
    if ground_m2 is None:
        return whole
    return replace(
        whole, values=(Amount(ground_m2 / M2_PER_HECTARE, "ha"), Amount(1.0, "share"), *whole.values[2:]), is_open=True
    )


def _class_names(row: Record) -> tuple[str, str]:
    """The group of a row, and its class by code and title; each empty if there is none."""
    group, classes = "", []
    for spec, value in row["keys"].items():
        title = row["titles"].get(spec)
        if spec.endswith(_GROUP) and value is not None:
            group = title or str(value)
        elif not spec.endswith(_GROUP):
            classes.append("–" if value is None else " ".join(filter(None, (str(value), title))))
    return group, " · ".join(classes)


def _sum_row(
    name: str, rows: Sequence[Record], ground_m2: float | None, language: str, below: Sequence[AnswerRow] = ()
) -> AnswerRow:
    """The sum of several rows as one: area or length, share of the ground, features, sums."""
    size: Word = "–"
    share: Word = "–"
    if rows and rows[0][_AREA] is not None:
        area_m2 = math.fsum(row[_AREA] for row in rows)
        size = Amount(area_m2 / M2_PER_HECTARE, "ha")
        share = Amount(area_m2 / ground_m2 if ground_m2 else 0.0, "share")
    elif rows and rows[0]["length_m"] is not None:
        size = Amount(math.fsum(row["length_m"] for row in rows) / 1000, "km")
    if share == "–" and rows and rows[0]["share"] is not None:
        share = Amount(math.fsum(row["share"] for row in rows), "share")
    features = Amount(sum(row["features"] for row in rows), "count")
    hint = phrase("said.statistics_features", language, count=amount_text(features, language))
    return AnswerRow(name, (size, share, features, _sum_words(rows, language)), hint, is_open=False, rows=below)


def _closing_rows(unit_record: Record, rows: Sequence[Record], ground_m2: float, language: str) -> list[AnswerRow]:
    """The rows of ground without a class, and of ground counted twice, which complete a balance."""
    doubled_m2 = (unit_record["matched_ellipsoidal_m2"] or 0.0) - math.fsum(row[_AREA] or 0.0 for row in rows)
    apart = {"overlap": doubled_m2, **{name: unit_record.get(f"{name}_ellipsoidal_m2") or 0.0 for name in _APART}}
    return [
        AnswerRow(
            phrase(f"balance.{name}", language),
            (
                Amount(area_m2 / M2_PER_HECTARE, "ha"),
                Amount(area_m2 / ground_m2 if ground_m2 else 0.0, "share"),
                "",
                "",
            ),
        )
        for name, area_m2 in apart.items()
        if abs(area_m2) >= _LEAST_M2
    ]


def _size_of(rows: Sequence[Record]) -> float:
    """The size by which classes are sorted: their area, else their length, else their number of features."""
    return math.fsum(row[_AREA] or row["length_m"] or row["features"] for row in rows)


def _largest_first(rows: Sequence[tuple[float, AnswerRow]]) -> list[AnswerRow]:
    return [row for _, row in sorted(rows, key=lambda one: -one[0])]


def _whole_size(total: Record, language: str) -> str | None:
    """The total area, else the total length, as text; None if there is neither."""
    if total[_AREA] is not None:
        return phrase("said.hectares", language, area_ha=hectares_text(total[_AREA]))
    return None if total["length_m"] is None else amount_text(Amount(total["length_m"] / 1000, "km"), language)


def _sum_words(rows: Sequence[Record], language: str) -> str:
    """The sums of rows, each with its field; for an unknown sum the reason."""
    words = []
    for name in rows[0].get("sums", {}) if rows else ():
        values = [row["sums"][name] for row in rows]
        unknown_row = next((row for row in rows if row["sums"][name] is None), None)
        if unknown_row is None:
            words.append(f"{name} {sum_text(math.fsum(values))}")
        else:
            words.append(f"{name} – ({statistics_reason(unknown_row.get('reason') or 'no_value', language)})")
    return " · ".join(words)
