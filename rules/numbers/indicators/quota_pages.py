"""The use of quotas, one page for each: existing, approved, in review and free, the pace, and the days left."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import QuotaFigure
from onemap.rules.display.charts.quota_bars import QuotaBar
from onemap.rules.display.documents.blocks import Section, section_of
from onemap.rules.numbers.indicators.indicator_keys import CEILING, FALL
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack
from onemap.rules.numbers.indicators.indicator_pages import Catalogue, pack_names, source_words, values_table
from onemap.rules.numbers.indicators.indicator_words import indicator_reasons, measure_words, number_words, unit_words

IndicatorRow = Mapping[str, Any]  # of an answer, or of a run that is kept
MOST_BARS = 30  # that one chart shows
_MOST_ROWS = 200  # of a table that somebody reads on paper


def is_quota(row: IndicatorRow) -> bool:
    """Whether a row is a quota: it leaves room up to a target, or has used it up."""
    return row["headroom"] is not None


def quota_pages(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str
) -> list[Section]:
    """A page for each quota with its units. rows: of `indicators`, on one day."""
    return [_page(quota_figure(group, catalogue, language), group, packs, language) for group in quotas(rows)]


def quotas(rows: Sequence[Record]) -> list[list[Record]]:
    """The rows of each indicator that is a quota in some unit, only for such units."""
    groups = groups_of(((row["pack"], row["id"]), row) for row in filter(is_quota, rows))
    return list(groups.values())


def quota_figure(rows: Sequence[Record], catalogue: Catalogue, language: str) -> QuotaFigure:
    """The bars of one quota in its units on one day."""
    first = rows[0]
    title = phrase("figures.quota", language, indicator=first["title"], day=first["as_of"])
    measure = measure_words(first["unit_of_measure"], language)
    words = ChartWords(title, measure, source_words(rows, catalogue, language), language)
    return QuotaFigure(words, tuple(_bar(row, language) for row in rows[:MOST_BARS]))


def _bar(row: Record, language: str) -> QuotaBar:
    """The bar of a row. For a floor, what is committed is shown as a part of the existing value."""
    approved, review = approved_and_review(row)
    existing = row["value"]
    if row["bound"] not in (CEILING, FALL) and row["committed"] is not None:
        existing = row["value"] - row["committed"]
    free = row["free"] if row["bound"] in (CEILING, FALL) else 0.0
    if row["committed_reason"] is None and row["committed"] is None:  # nothing speaks for it by this pack
        approved, review, free = 0.0, 0.0, (row["headroom"] if row["bound"] in (CEILING, FALL) else 0.0)
    note = phrase("said.comma", language).join(room_words(row, language))
    return QuotaBar(unit_words(row, language), existing, approved, review, free, row["target"], note)


def approved_and_review(row: IndicatorRow) -> tuple[float | None, float | None]:
    """The amounts approved but not yet built, and in review, in the indicator's unit; None if unknown.

    A stored run has only their sum.
    """
    if row["committed"] is None or row.get("in_review") is None:
        return None, None
    return row["committed"] - row["in_review"], row["in_review"]


def room_words(row: IndicatorRow, language: str) -> list[str]:
    """Value, approved, in review, free, pace and days of a quota in words; or why one of them is unknown."""
    approved, review = approved_and_review(row)
    parts = [_amount("existing", row["value"], row, language)]
    if row["committed_reason"] is not None:
        why = indicator_reasons(row["committed_reason"], language)
        parts.append(phrase("quota.committed_unknown", language, reason=why))
    elif review is None and row["committed"] is not None:
        parts.append(_amount("committed", row["committed"], row, language))
    elif row["committed"] is not None:
        parts.append(_amount("approved", approved, row, language))
        parts.append(_amount("in_review", review, row, language))
    if row["free"] is not None:
        parts.append(_amount("free", row["free"], row, language))
    else:
        parts.append(_amount("headroom", row["headroom"], row, language))
    return [*parts, *pace_words(row, language)]


def pace_words(row: IndicatorRow, language: str) -> list[str]:
    """How much of a quota is used per year, and how many days it lasts; or why that is unknown."""
    parts = []
    if row["pace"] is not None:
        measure = measure_words(row["unit_of_measure"], language)
        parts.append(phrase("quota.pace", language, amount=f"{_pace_text(row)} {measure}"))
    if row["days_left"] is not None:
        parts.append(phrase("quota.days", language, days=f"{row['days_left']:,.0f}"))
    elif row["days_reason"] is not None:
        parts.append(phrase("quota.days_unknown", language, reason=indicator_reasons(row["days_reason"], language)))
    return parts


def _amount(name: str, value: float | None, row: IndicatorRow, language: str) -> str:
    measure = measure_words(row["unit_of_measure"], language)
    amount = "–" if value is None else f"{number_words(value, row)} {measure}"
    return phrase(f"quota.{name}", language, amount=amount)


def _pace_text(row: IndicatorRow) -> str:
    return f"{'+' if row['pace'] > 0 else ''}{number_words(row['pace'], row)}"


def _page(figure: QuotaFigure, rows: Sequence[Record], packs: Sequence[IndicatorPack], language: str) -> Section:
    facts = [
        [phrase("figures.pack", language), pack_names(packs, language)],
        [phrase("figures.measure_word", language), measure_words(rows[0]["unit_of_measure"], language)],
    ]
    widths = {"unit": 3, "existing": 2.2, "approved": 2.6, "in_review": 2.2}
    widths |= {"target": 2.2, "free": 2.2, "pace": 2, "days": 2.4}
    blocks = values_table(widths, [_cells(row, language) for row in rows], language, most=_MOST_ROWS)
    below_title = replace(figure, words=replace(figure.words, is_below_title=True))
    return section_of(figure.words.title, facts, *blocks, drawing=below_title)


def _cells(row: Record, language: str) -> list[str]:
    approved, review = approved_and_review(row)
    unknown_reason = indicator_reasons(row["committed_reason"], language)
    free = row["free"] if row["free"] is not None or unknown_reason else row["headroom"]
    days = "–" if row["days_left"] is None else f"{row['days_left']:,.0f}"
    days = indicator_reasons(row["days_reason"], language) or days
    numbers = [number_words(value, row) for value in (row["value"], row["target"])]
    committed_texts = [
        unknown_reason or "–" if value is None else number_words(value, row) for value in (approved, review)
    ]
    room = unknown_reason or "–" if free is None else number_words(free, row)
    pace = "–" if row["pace"] is None else _pace_text(row)
    return [unit_words(row, language), numbers[0], *committed_texts, numbers[1], room, pace, days]
