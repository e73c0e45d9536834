"""The one page of a theme: what it is about, its layers and tables with their versions, its indicators by unit."""

from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.library.versions import Version
from onemap.layers.messages import phrase
from onemap.rules.charts.figures import AnyFigure
from onemap.rules.indicators.indicator_pack import IndicatorPack
from onemap.rules.indicators.indicator_pages import (
    Catalogue,
    compared_figure,
    indicator_chart,
    pack_names,
    value_words,
)
from onemap.rules.indicators.indicator_words import indicator_reasons, status_words, unit_words
from onemap.rules.indicators.series_pages import unit_figure
from onemap.rules.indicators.themes import Theme
from onemap.rules.maps.page_files import Page

_MOST_BULLETS = 14
_MOST_PANELS, _MOST_PANEL_UNITS = 12, 14  # of one picture, so that it fits a page
_MOST_ROWS = 300  # of a table that somebody reads on paper
Record = dict[str, Any]


def theme_page(
    theme: Theme,
    rows: Sequence[Record],
    held: Mapping[str, Version | None],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
) -> tuple[list[Page], list[AnyFigure]]:
    """The page and its chart. rows: of the theme's indicators on one day; held: the version of each code, or None.

    One unit's indicators are held against their targets. Of several units every indicator of the page's list is
    compared: in panels of one picture, or where there are many units on a further page each.
    """
    day = rows[0]["as_of"]
    title = phrase("figures.theme", language, theme=theme.title[language], day=day)
    order = {name: place for place, name in enumerate(dict.fromkeys((*theme.chart, *theme.indicators)))}
    ordered = sorted(rows, key=lambda row: order.get(row["id"], len(order)))
    figures = _figures(title, theme, ordered, packs, catalogue, language)
    lost = sum(held[code] is None for code in (*theme.layers, *theme.tables))
    count = len(theme.layers) + len(theme.tables)
    facts = [
        [phrase("figures.pack", language), pack_names(packs, language)],
        [phrase("figures.held", language), phrase("figures.held_of", language, held=count - lost, count=count)],
    ]
    blocks = [_about(theme, language)] if theme.about else []
    blocks += [_indicators(rows, language), _layers(theme, held, catalogue, language)]
    pages: list[Page] = [{"title": title, "facts": facts, "blocks": blocks}]
    pages += [{"title": one.words.title, "facts": facts, "blocks": []} for one in figures[1:]]
    return pages, figures


def _figures(
    title: str,
    theme: Theme,
    rows: Sequence[Record],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
) -> list[AnyFigure]:
    """The charts of rows in the order in which they are shown."""
    named = theme.chart or tuple(dict.fromkeys(row["id"] for row in rows))
    groups = [group for name in named if (group := [row for row in rows if row["id"] == name])]
    units = list(dict.fromkeys(row["unit"] for row in rows))
    if len(units) < 2:
        shown = [row for group in groups for row in group][:_MOST_BULLETS]
        return [indicator_chart(title, shown, packs, catalogue, language, is_below_title=True)]
    if len(units) > _MOST_PANEL_UNITS:
        return [unit_figure(group, catalogue, language) for group in groups[:_MOST_PANELS]]
    return [compared_figure(title, groups[:_MOST_PANELS], units, catalogue, language)]


def _about(theme: Theme, language: str) -> Record:
    heading = phrase("figures.about", language)
    empty: Record = {"heads": [], "rows": [], "widths": [], "numbers": []}
    return {"heading": heading, **empty, "note": theme.about[language]}


def _indicators(rows: Sequence[Record], language: str) -> Record:
    columns = ("unit", "indicator", "value", "target", "status", "reason")
    left = len(rows) - _MOST_ROWS
    first = 1 if len({row["unit"] for row in rows}) == 1 else 0  # one unit needs no column
    names = [unit_words(rows[0], language)] if first else []
    return {
        "heading": " · ".join([phrase("figures.values", language), *names]),
        "heads": [phrase(f"figures.{name}", language) for name in columns[first:]],
        "rows": [_cells(row, language)[first:] for row in rows[:_MOST_ROWS]],
        "widths": [2.6, 4.4, 2.8, 2.4, 2.2, 3.6][first:],
        "numbers": [2 - first, 3 - first],
        "note": phrase("figures.more_rows", language, count=left) if left > 0 else None,
    }


def _cells(row: Record, language: str) -> list[str]:
    value, target = value_words(row, language)
    why = indicator_reasons(row["reason"], language)
    return [unit_words(row, language), row["title"], value, target, status_words(row["status"], language), why]


def _layers(theme: Theme, held: Mapping[str, Version | None], catalogue: Catalogue, language: str) -> Record:
    rows = []
    for code in (*theme.layers, *theme.tables):
        version = held[code]
        name = [code, catalogue[code].title_in(language)]
        if version is None:
            rows.append([*name, phrase("figures.lacks", language), "–", "–", "–"])
        else:
            count = f"{version.count:,}"
            rows.append([*name, version.label, version.valid_from or "–", count, version.hash[:8]])
    heads = ("code", "layer", "version", "valid_from", "features", "hash")
    return {
        "heading": phrase("figures.layers_and_tables", language),
        "heads": [phrase(f"figures.{name}", language) for name in heads],
        "rows": rows,
        "widths": [2.6, 5.6, 3.2, 2.4, 2, 2.2],
        "numbers": [4],
        "note": None,
    }
