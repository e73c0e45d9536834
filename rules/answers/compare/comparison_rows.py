"""The rows of comparisons for people: differences of two plans, and contradictions between plans."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from onemap.layers.area_units import M2_PER_HECTARE, hectares_text, share_text
from onemap.layers.catalogue.style_table import difference_styles
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    assumed_rows,
    sentence_row,
)

_CONFLICTS = ("03", "04", "05")


def compare_view(result: Record, language: str) -> AnswerView:
    """The totals of a comparison, followed by each type of difference with its pairs of uses."""
    rows, parameters = result["matrix"], result["run"]["parameters"]
    conflicts = [row for row in rows if row["type"] in _CONFLICTS]
    head = {
        **{side: _version_title(parameters[side], result["titles"]) for side in "ab"},
        "spots": result["spots"],
        "area_ha": hectares_text(result["area_m2"]),
        "conflicts": sum(row["spots"] for row in conflicts),
        "conflict_ha": hectares_text(sum(row["area_m2"] for row in conflicts)),
        "run": result["run"]["id"],
    }
    columns = (_column("difference", language), _column("area", language, "ha"), *_number_columns(language))
    of_types = [
        _type_row(kind, [row for row in rows if row["type"] == kind], language)
        for kind in difference_styles()  # conflicts first, agreement last
        if any(row["type"] == kind for row in rows)
    ]
    closing = assumed_rows(result["run"]["layers"], language)
    if "changed" in result:
        counts = {name: len(changed_spots) for name, changed_spots in result["changed"].items()}
        closing.append(AnswerRow("", line=[phrase("said.compare_changed", language, **counts)]))
    if not result["run"]["recorded"]:
        closing.append(sentence_row("not_recorded", language))
    return AnswerView([AnswerTable(columns, of_types), *closing], [phrase("said.compare", language, **head)])


def _number_columns(language: str) -> list[Column]:
    return [Column(phrase(f"text_column.{name}", language), is_number=True) for name in ("share", "spots")]


def _column(name: str, language: str, unit: str = "") -> Column:
    return Column(phrase(f"text_column.{name}", language), unit)


def _type_row(kind: str, rows: Sequence[Record], language: str) -> AnswerRow:
    name = f"{kind} {phrase(f'difference.{kind}', language)}"
    uses = [_sum_row(_uses_name(row, language), [row], _subject(row)) for row in rows] if len(rows) > 1 else []
    about = {"type": kind} if uses else _subject(rows[0])
    return _sum_row(name, rows, about, uses)


def _subject(row: Record) -> dict[str, str]:
    return {name: row[name] or "" for name in ("type", "use_a", "use_b")}


def _uses_name(row: Record, language: str) -> str:
    """The uses in both plans; none for a plan that does not cover the ground."""
    uses = {side: phrase(f"use.{row[f'use_{side}'] or 'none'}", language) for side in "ab"}
    return phrase("said.compare_uses", language, **uses)


def _sum_row(name: str, rows: Sequence[Record], about: Mapping[str, str], below: Sequence[AnswerRow] = ()) -> AnswerRow:
    area_m2, share = (sum(row[field] for row in rows) for field in ("area_m2", "share"))
    spots = Amount(sum(row["spots"] for row in rows), "count")
    values = (Amount(area_m2 / M2_PER_HECTARE, "ha"), Amount(share, "share"), spots)
    return AnswerRow(name, values, about=about, sign=rows[0]["type"], is_open=False, rows=below)


def _version_title(code_and_label: str, titles: Mapping[str, str]) -> str:
    """CODE@label with the layer's title in place of its code."""
    code, _, label = code_and_label.partition("@")
    return f"{titles.get(code, code)} {label}".strip()


def contradictions_view(result: Record, language: str) -> AnswerView:
    """Every pair of plans: the largest contradictions first, pairs that could not be compared last, with the reason."""
    opening = phrase("said.contradictions", language, pairs=len(result["pairs"]))
    columns = (
        _column("plans", language),
        *(_column(name, language, "ha") for name in ("conflict", "compared")),
        Column(phrase("text_column.spots", language), is_number=True),
        *(_column(name, language) for name in ("matrix", "run")),
    )
    pairs: dict[tuple[str, str], list[Record]] = {}
    for row in result["pairs"]:
        pairs.setdefault((row["a"], row["b"]), []).append(row)
    by_conflict = sorted(pairs.values(), key=_contradiction)
    rows = [_plans_row(of_two, result["titles"], language) for of_two in by_conflict]
    return AnswerView([AnswerTable(columns, rows), *assumed_rows(result["layers"], language)], [opening])


def _contradiction(rows: Sequence[Record]) -> tuple[bool, float]:
    """A sort key for pairs of plans: the largest contradiction first, pairs not compared last."""
    conflicts_ha = [row["conflict_ha"] for row in rows if row["conflict_ha"] is not None]
    return not conflicts_ha, -sum(conflicts_ha)


def _plans_row(rows: Sequence[Record], titles: Mapping[str, str], language: str) -> AnswerRow:
    """Two plans; if they were compared by several matrices, their sum with a row for each comparison."""
    if len(rows) == 1:
        return _pair_row(rows[0], titles, language)
    rows = sorted(rows, key=lambda row: _contradiction([row]))
    below = [_pair_row(row, titles, language) for row in rows]
    compared_rows = [row for row in rows if row["conflict_ha"] is not None]
    areas = [Amount(sum(row[name] for row in compared_rows), "ha") for name in ("conflict_ha", "compared_ha")]
    sums = (
        (*areas, Amount(sum(row["conflicts"] for row in compared_rows), "count")) if compared_rows else ("–", "–", "–")
    )
    matrix_rows = [replace(one, name=row["title"]) for row, one in zip(rows, below, strict=True)]
    about = {"a": rows[0]["a"], "b": rows[0]["b"], "matrix": "", "run": ""}
    return AnswerRow(below[0].name, (*sums, "", ""), about=about, rows=matrix_rows)


def _pair_row(row: Record, titles: Mapping[str, str], language: str) -> AnswerRow:
    name = f"{titles.get(row['a'], row['a'])} × {titles.get(row['b'], row['b'])}"
    about = {side: row[side] for side in ("a", "b", "matrix")} | {"run": row["run"] or ""}
    if row["conflict_ha"] is None:
        values = ("–", "–", "–", row["reason"] or "", "")
        return AnswerRow(name, values, hint=f"{row['title']}\n{row['reason'] or ''}", about=about)
    areas = {name: Amount(row[name], "ha") for name in ("conflict_ha", "compared_ha")}
    share = share_text(row["conflict_ha"] / row["compared_ha"]) if row["compared_ha"] else "–"
    parts = {f"ha_{kind}": hectares_text(row[f"ha_{kind}"] * M2_PER_HECTARE) for kind in _CONFLICTS}
    lines = [row["title"], phrase("said.contradiction_parts", language, share=share, **parts)]
    spots = Amount(row["conflicts"], "count")
    return AnswerRow(name, (*areas.values(), spots, row["title"], row["run"] or ""), "\n".join(lines), about)
