"""The rows of an answer for a page: words as text, tables and trees; cases and findings as rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.display.maps.verdict_words import verdict_words
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    Word,
    view_json,
    word_text,
)
from onemap.rules.review.case_rows import finding_remarks

Part = Mapping[str, Any]


def shown_parts(parts: Iterable[Part], language: str) -> list[dict[str, Any]]:
    """Rows and tables of an answer, as `serve` gives them, with words as text and signs of verdicts."""
    return [_shown_part(part, language) for part in parts]


def _shown_part(part: Part, language: str) -> dict[str, Any]:
    rows = shown_parts(part["rows"], language)
    if "columns" in part:
        return {"columns": part["columns"], "rows": rows}
    sign = phrase(f"sign.{part['sign']}", language) if part["sign"] else ""
    verdict = phrase(f"verdict.{part['sign']}", language) if part["sign"] else ""
    return {
        "name": _text(part["name"], language),
        "values": [_text(word, language) for word in part["values"]],
        "hint": part["hint"],
        "about": part["about"] or {},
        "sign": sign,
        "verdict": verdict,
        "look": part["sign"],
        "is_open": part["is_open"],
        "rows": rows,
    }


def _text(word: Any, language: str) -> str:
    amount: Word = Amount(word["value"], word["measure"]) if isinstance(word, dict) else word
    return word_text(amount, language)


def parts_about(parts: Sequence[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The rows below the part whose list has this name."""
    return [row for part in parts if part.get("about", {}).get("list") == name for row in part["rows"]]


def other_parts(parts: Sequence[dict[str, Any]], names: Iterable[str]) -> list[dict[str, Any]]:
    """The parts that are about none of these lists, without lists of nothing."""
    named_parts = [(part, part.get("about", {}).get("list")) for part in parts]
    return [part for part, name in named_parts if name not in set(names) and (part["rows"] or name == "assumed")]


def finding_parts(
    findings: Sequence[Mapping[str, Any]], heads: Mapping[str, str], language: str
) -> list[dict[str, Any]]:
    """The findings of one department as a table, with the law."""
    columns = [Column(heads[name]) for name in ("parcel", "verdict", "rule")]
    columns += [Column(heads["area"], is_number=True), Column(heads["reason"]), Column(heads["law"])]
    table = AnswerTable(columns, [_finding_row(row, language) for row in findings])
    return shown_parts(view_json(AnswerView([table])), language) if findings else []


def finding_choices(findings: Sequence[Mapping[str, Any]], language: str) -> list[tuple[str, str]]:
    """The findings of a department that can be overridden: the value that a form sends, and the shown text."""
    choices = {
        json.dumps([row["parcel"], row["rule"], row["verdict"]], ensure_ascii=False): " · ".join(
            (row["parcel"], verdict_words(row["verdict"], language), row["title"] or row["rule"])
        )
        for row in findings
    }
    return list(choices.items())


def _finding_row(row: Mapping[str, Any], language: str) -> AnswerRow:
    area, verdict = row["area_ellipsoidal_m2"], row["verdict"]
    values: list[Word] = [
        verdict_words(verdict, language),
        row["title"] or "",
        "" if area is None else Amount(area, "m2"),
        finding_remarks(row, language),
        row["basis"] or "",
    ]
    return AnswerRow(row["parcel"], values, sign=verdict)
