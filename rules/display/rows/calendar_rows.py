"""A library's working days: for each year where they come from, what is free, and which weekends are worked."""

from collections.abc import Mapping, Sequence
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
    below = [
        AnswerRow(name, [text], line=[phrase("sheet.pair", language, name=name, value=text)])
        for name, text in (
            (phrase("said.calendar_free", language), _spans_text(year["free"], language)),
            (phrase("said.calendar_worked", language), list_text(year["worked"], language)),
        )
        if text
    ]
    name = str(year["year"])
    return AnswerRow(name, [source], rows=below, line=[phrase("sheet.pair", language, name=name, value=source)])


def _spans_text(spans: Sequence[Sequence[str]], language: str) -> str:
    texts = [
        first if first == last else phrase("said.calendar_span", language, first=first, last=last)
        for first, last in spans
    ]
    return list_text(texts, language)
