"""Indicators over time and by unit: a chart for each indicator on its page, and as native charts of a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of
from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import LINES, AnyFigure, Figure, PanelFigure, day_labels
from onemap.rules.display.charts.small_multiples import Panel
from onemap.rules.display.documents.blocks import Block, Section, section_of
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack
from onemap.rules.numbers.indicators.indicator_pages import (
    Catalogue,
    compared_pages,
    decimals_of_rows,
    ground_words,
    indicator_chart,
    measure_words,
    pack_names,
    source_words,
    status_words,
    unit_words,
    value_words,
    values_table,
)
from onemap.rules.numbers.indicators.indicator_words import indicator_reasons, number_words
from onemap.rules.numbers.indicators.quota_pages import quota_figure, quotas

UNITS, SERIES, QUOTA, TARGETS = "units", "series", "quota", "targets"  # kinds of charts
_MOST_BULLETS = 14
MOST_UNITS = 40  # that one chart shows
_MOST_LINES = 8
_OF_A_SHEET = 3  # indicators of one unit, drawn over their days, on a sheet of paper
_MOST_FOLLOWING = 12  # rows of a table that shares its sheet of paper with others
_LOW_MM = 30.0  # so that three charts with their tables fit on one sheet of paper
_SAME = "same_state"


def series_pages(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str
) -> list[Section]:
    """A page for each indicator that has a value on some day, if there are several days; else none.

    For one unit, or few units on few days, they follow each other below a common head, several on a sheet of paper.
    Many indicators of one unit on two days, where a line says little, show these days side by side.
    """
    groups = [group for group in _by_indicator(rows) if len({row["as_of"] for row in group}) > 1]
    if not groups:
        return []
    pages: list[Section] = []
    is_one_unit = len({row["unit"] for row in rows}) == 1
    if is_one_unit and len({row["as_of"] for row in rows}) == 2 and len(groups) > _OF_A_SHEET:
        title = _first_page(rows, packs, catalogue, language).title
        shown_rows = [row for group in groups for row in group]
        as_units = [{**row, "unit": row["as_of"], "unit_title": row["as_of"]} for row in shown_rows]
        return compared_pages(title, as_units, packs, catalogue, language)
    is_short = is_one_unit or max(len(group) for group in groups) <= _MOST_FOLLOWING
    if is_short:
        pages.append(_first_page(rows, packs, catalogue, language))
    for group in groups:
        figure = _over_days(group, catalogue, language)
        figure = replace(figure, words=replace(figure.words, is_below_title=True))
        if is_one_unit and isinstance(figure, Figure):
            figure = replace(figure, height_mm=_LOW_MM)
        if is_short:  # below the one before
            values = _values(group, language, "")
            pages.append(section_of(group[0]["title"], (), *values, drawing=figure, follows=True))
        else:
            facts, values = _facts(group, packs, catalogue, language), _values(group, language)
            pages.append(section_of(figure.words.title, facts, *values, drawing=figure))
    return pages


def sheet_figures(rows: Sequence[Record], catalogue: Catalogue, language: str) -> list[Figure]:
    """The native charts: over days if there are several, by unit if there are several, else against targets."""
    figures = []
    last = max((row["as_of"] for row in rows), default="")
    of_last = [row for row in rows if row["as_of"] == last]
    for group in _by_indicator(rows):
        series = series_figure(group, catalogue, language)
        figure = series.lines if isinstance(series, PanelFigure) else series
        if figure is not None and len(figure.series) <= _MOST_LINES:
            figures.append(figure)
    if len({row["unit"] for row in of_last}) > 1:
        figures += [unit_figure(group, catalogue, language) for group in _by_indicator(of_last)]
    elif any(row["target"] for row in of_last):
        figures.append(_of_targets(of_last, last, catalogue, language))
    return figures + [quota_figure(group, catalogue, language).stacked_bars for group in quotas(of_last)]


def series_figure(rows: Sequence[Record], catalogue: Catalogue, language: str) -> Figure | PanelFigure | None:
    """One indicator over its days, by unit; None if it has only one day, or no value at all."""
    groups = _by_indicator(rows)
    if not groups or len({row["as_of"] for row in rows}) < 2:
        return None
    return _over_days(groups[0], catalogue, language)


def charts_of(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str, width_mm: float
) -> list[Record]:
    """Each chart as kind, pack, id, unit and svg. rows: of `indicators`, on one day or several.

    For an indicator: its units on the last day, its series if there are several days, and the use of its quota.
    For a unit: its values against their targets.
    """
    last = max((row["as_of"] for row in rows), default="")
    of_last = [row for row in rows if row["as_of"] == last]
    charts: list[Record] = []

    def add(kind: str, row: Record, figure: AnyFigure) -> None:
        indicator_facts = {"pack": row["pack"], "id": row["id"]} if kind != TARGETS else {"pack": None, "id": None}
        unit = row["unit"] if kind == TARGETS else None
        charts.append({"kind": kind, **indicator_facts, "unit": unit, "svg": figure.picture(width_mm)})

    for group in _groups(of_last, "pack", "id"):
        add(UNITS, group[0], unit_figure(group, catalogue, language))
    for group in _groups(rows, "pack", "id"):
        figure = series_figure(group, catalogue, language)
        if figure is not None:
            add(SERIES, group[0], figure)
    for group in quotas(of_last):
        add(QUOTA, group[0], quota_figure(group, catalogue, language))
    for group in _groups(of_last, "unit"):
        rows_with_target = [row for row in group if row["target"] is not None][:_MOST_BULLETS]
        if rows_with_target:
            title = f"{unit_words(group[0], language)} · {last}"
            add(TARGETS, group[0], indicator_chart(title, rows_with_target, packs, catalogue, language))
    return charts


def _groups(rows: Sequence[Record], *names: str) -> list[list[Record]]:
    return list(groups_of((tuple(row[name] for name in names), row) for row in rows).values())


def _by_indicator(rows: Sequence[Record]) -> list[list[Record]]:
    """The rows of each indicator that has a value somewhere, ordered by unit and day."""
    places = {unit: place for place, unit in enumerate(dict.fromkeys(row["unit"] for row in rows))}
    groups = groups_of(((row["pack"], row["id"]), row) for row in rows)
    for group in groups.values():
        group.sort(key=lambda row: (places[row["unit"]], row["as_of"]))
    return [group for group in groups.values() if any(row["value"] is not None for row in group)]


def _words(title: str, rows: Sequence[Record], catalogue: Catalogue, language: str) -> ChartWords:
    measure = measure_words(rows[0]["unit_of_measure"], language)
    source = source_words(rows, catalogue, language)
    return ChartWords(title, measure, source, language, digits=decimals_of_rows(rows))


def _over_days(rows: Sequence[Record], catalogue: Catalogue, language: str) -> Figure | PanelFigure:
    """The chart of an indicator over days: for one unit a line with its target, for several a panel each."""
    days = sorted({row["as_of"] for row in rows})
    units: dict[str | None, dict[str, Record]] = {}
    for row in rows:
        units.setdefault(row["unit"], {})[row["as_of"]] = row
    moments = tuple(map(date.fromisoformat, days))
    labels = day_labels(moments)
    title = phrase("figures.series", language, indicator=rows[0]["title"], first=labels[0], last=labels[-1])
    words = _words(title, rows, catalogue, language)
    values = {
        unit: tuple(_number(rows_by_day.get(day), "value") for day in days) for unit, rows_by_day in units.items()
    }
    targets = {
        unit: tuple(_number(rows_by_day.get(day), "target") for day in days) for unit, rows_by_day in units.items()
    }
    if len(units) > 1:
        breaks = {
            unit: tuple(place for place, day in enumerate(days) if day in rows_by_day and _is_break(rows_by_day[day]))
            for unit, rows_by_day in units.items()
        }
        panels = [
            Panel(_name(rows_by_day, language), values[unit], targets[unit], breaks[unit])
            for unit, rows_by_day in units.items()
        ]
        return PanelFigure(words, labels, tuple(panels[:MOST_UNITS]))
    ((unit, rows_by_day),) = units.items()
    marks = {
        label: indicator_reasons(rows_by_day[day]["break"], language)
        for day, label in zip(days, labels, strict=True)
        if day in rows_by_day and _is_break(rows_by_day[day])
    }
    series = (BarSeries(_name(rows_by_day, language), values[unit]),)
    return Figure(words, labels, series, targets[unit], LINES, moments, marks)


def _is_break(row: Record) -> bool:
    return row["break"] not in (None, _SAME)


def _name(rows_by_day: Mapping[str, Record], language: str) -> str:
    return unit_words(list(rows_by_day.values())[-1], language)


def _number(row: Record | None, name: str) -> float | None:
    return None if row is None else row[name]


def unit_figure(rows: Sequence[Record], catalogue: Catalogue, language: str) -> Figure:
    """One indicator's bars by unit on one day, with its targets; units to which it does not apply are left out."""
    shown_rows = [row for row in rows if row["reason"] != "not_applicable"][:MOST_UNITS]
    words = _words(f"{rows[0]['title']} · {rows[0]['as_of']}", rows, catalogue, language)
    values, targets = (tuple(row[name] for row in shown_rows) for name in ("value", "target"))
    return Figure(
        words, tuple(unit_words(row, language) for row in shown_rows), (BarSeries(words.unit, values),), targets
    )


def _of_targets(rows: Sequence[Record], day: str, catalogue: Catalogue, language: str) -> Figure:
    """Values in per cent of their targets, since their units of measure differ."""
    rows_with_target = [row for row in rows if row["target"]]
    title = f"{unit_words(rows[0], language)} · {day}"
    words = ChartWords(
        title, phrase("figures.of_target", language), source_words(rows_with_target, catalogue, language), language
    )
    values = tuple(None if row["value"] is None else 100.0 * row["value"] / row["target"] for row in rows_with_target)
    labels = tuple(f"{row['title']} ({status_words(row['status'], language)})" for row in rows_with_target)
    return Figure(words, labels, (BarSeries(words.unit, values),), (100.0,) * len(rows_with_target))


def _first_page(rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str) -> Section:
    """The head above the indicators: the unit or units, and the days."""
    days = sorted({row["as_of"] for row in rows})
    count = len({row["unit"] for row in rows})
    unit = unit_words(rows[-1], language) if count == 1 else phrase("figures.units_compared", language, count=count)
    title = phrase("figures.over_days", language, unit=unit, first=days[0], last=days[-1])
    return section_of(title, _facts(rows, packs, catalogue, language))


def _facts(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str
) -> list[list[str]]:
    return [
        [phrase("figures.pack", language), pack_names(packs, language)],
        [phrase("figures.units_of", language), ground_words(rows[-1]["unit_version"], catalogue, language)],
    ]


def _values(rows: Sequence[Record], language: str, heading: str | None = None) -> tuple[Block, ...]:
    """Values by unit and day; for a single unit without its column."""
    lines = [_cells(row, language) for row in rows]
    widths = {"unit": 3.4, "as_of": 2.4, "value": 2.8, "target": 2.6, "status": 2.4, "reason": 4.4}
    if len({row["unit"] for row in rows}) == 1:
        lines, widths = [line[1:] for line in lines], {**widths, "reason": 6.4}
        widths.pop("unit")
    return values_table(widths, lines, language, heading=heading)


def _cells(row: Record, language: str) -> list[str]:
    value = "–" if row["value"] is None else value_words(row, language)[0]
    target = "–" if row["target"] is None else number_words(row["target"], row)
    reason = row["reason"] if row["value"] is None else None
    why = indicator_reasons(",".join(filter(None, (reason, row["break"]))), language)
    return [unit_words(row, language), row["as_of"], value, target, status_words(row["status"], language), why]
