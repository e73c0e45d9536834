"""A library's working days: for each year where they come from, what is free, and which weekends are worked."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import list_text, phrase
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView


def calendar_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """A row for each year, with its free days and its worked weekends below; then whether a notice was kept."""
    rows = [_year_row(year, language) for year in result["years"]]
    remark = phrase("said.calendar_kept" if result["kept"] else "said.calendar_shown", language, file=result["file"])
    return AnswerView([*rows, AnswerRow("", line=[remark])] if result["has_notice"] else rows)


def _year_row(year: Mapping[str, Any], language: str) -> AnswerRow:
    source = phrase(f"said.calendar_{year['source']}", language)
    free = [_span_text(first, last, language) for first, last in year["free"]]
    below = [
        AnswerRow(
            name,
            line=[phrase("sheet.pair", language, name=name, value=list_text(texts, language))],
            rows=[AnswerRow(text, line=None) for text in texts],
        )
        for name, texts in (
            (phrase("said.calendar_free", language), free),
            (phrase("said.calendar_worked", language), year["worked"]),
        )
        if texts
    ]
    name = str(year["year"])
    return AnswerRow(name, [source], rows=below, line=[phrase("sheet.pair", language, name=name, value=source)])


def _span_text(first: str, last: str, language: str) -> str:
    return first if first == last else phrase("said.calendar_span", language, first=first, last=last)
