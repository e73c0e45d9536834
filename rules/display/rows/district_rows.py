"""A library's district: its area, how it has changed, and the layers that do not speak for all of it."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.messages import pair_text, phrase
from onemap.rules.display.rows.answer_rows import Amount, AnswerRow, AnswerView, Word, word_text


def district_view(result: Mapping[str, Any], language: str) -> AnswerView:
    """The district's area, each change with its reason, and the layers in force that leave a part of it out."""
    rows = [_row(phrase("said.district_area", language), _area(result["area_m2"], language), language)]
    for change in result["changes"]:
        reason = change["reason"] or phrase("said.district_given", language)
        before = phrase(
            "said.district_before", language, area=word_text(_area(change["before_m2"], language), language)
        )
        words = phrase("said.comma", language).join((change["by"], reason, before))
        rows.append(_row(change["at"], words, language))
    if result["short"]:
        below = [_short_row(one, language) for one in result["short"]]
        title = phrase("said.district_short", language)
        rows.append(AnswerRow(title, hint=phrase("said.district_short_hint", language), rows=below, line=[title]))
    return AnswerView(rows)


def _area(area_m2: float | None, language: str) -> Word:
    return phrase("said.district_none", language) if area_m2 is None else Amount(area_m2 / M2_PER_HECTARE, "ha")


def _short_row(one: Mapping[str, Any], language: str) -> AnswerRow:
    name = f"{one['title'].get(language) or one['code']} · {one['version']}"
    return _row(name, _area(one["missing_m2"], language), language, hint=one["code"])


def _row(name: str, value: Word, language: str, hint: str = "") -> AnswerRow:
    words = word_text(value, language)
    return AnswerRow(name, [value], hint, line=[pair_text(word_text(name, language), words, language)])
