"""The page of a theme: its subject, its layers and tables with their versions, its indicators by unit."""

from collections.abc import Mapping, Sequence

from onemap.layers.library.versions import Version
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.rules.display.charts.figures import AnyFigure
from onemap.rules.display.documents.blocks import NOTE, Block, Heading, Paragraphs, Section, section_of, titled_table
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack
from onemap.rules.numbers.indicators.indicator_pages import (
    Catalogue,
    compared_figure,
    indicator_chart,
    pack_names,
    value_words,
    values_table,
)
from onemap.rules.numbers.indicators.indicator_words import indicator_reasons, status_words, unit_words
from onemap.rules.numbers.indicators.series_pages import unit_figure
from onemap.rules.numbers.indicators.themes import Theme

_MOST_BULLETS = 14
_MOST_PANELS, _MOST_PANEL_UNITS = 12, 14  # of one picture, so that it fits a page
_MOST_ROWS = 300  # of a table that somebody reads on paper


def theme_page(
    theme: Theme,
    rows: Sequence[Record],
    version_by_code: Mapping[str, Version | None],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
) -> list[Section]:
    """The page with its chart. rows: of the theme's indicators on one day; version_by_code: the version of each code,
    or None.

    For one unit the indicators are compared with their targets. For several units every indicator of the page's list is
    compared: in panels of one picture, or for many units on a further page each.
    """
    day = rows[0]["as_of"]
    title = phrase("figures.theme", language, theme=theme.title[language], day=day)
    order = {name: place for place, name in enumerate(dict.fromkeys((*theme.chart, *theme.indicators)))}
    ordered = sorted(rows, key=lambda row: order.get(row["id"], len(order)))
    figures = _figures(title, theme, ordered, packs, catalogue, language)
    lost_count = sum(version_by_code[code] is None for code in (*theme.layers, *theme.tables))
    count = len(theme.layers) + len(theme.tables)
    facts = [
        [phrase("figures.pack", language), pack_names(packs, language)],
        [phrase("figures.held", language), phrase("figures.held_of", language, held=count - lost_count, count=count)],
    ]
    blocks = (
        *_about_blocks(theme, language),
        *_indicators(rows, language),
        *_layers(theme, version_by_code, catalogue, language),
    )
    first = section_of(title, facts, *blocks, drawing=figures[0] if figures else None)
    return [first, *(section_of(one.words.title, facts, drawing=one) for one in figures[1:])]


def _figures(
    title: str,
    theme: Theme,
    rows: Sequence[Record],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
) -> list[AnyFigure]:
    """The charts of rows in the order of display."""
    indicator_ids = theme.chart or tuple(dict.fromkeys(row["id"] for row in rows))
    groups = [group for name in indicator_ids if (group := [row for row in rows if row["id"] == name])]
    units = list(dict.fromkeys(row["unit"] for row in rows))
    if len(units) < 2:
        shown_rows = [row for group in groups for row in group][:_MOST_BULLETS]
        return [indicator_chart(title, shown_rows, packs, catalogue, language, is_below_title=True)]
    if len(units) > _MOST_PANEL_UNITS:
        return [unit_figure(group, catalogue, language) for group in groups[:_MOST_PANELS]]
    return [compared_figure(title, groups[:_MOST_PANELS], units, catalogue, language)]


def _about_blocks(theme: Theme, language: str) -> tuple[Block, ...]:
    if not theme.about:
        return ()
    return Heading(phrase("figures.about", language)), Paragraphs((theme.about[language],), NOTE)


def _indicators(rows: Sequence[Record], language: str) -> tuple[Block, ...]:
    widths = {"unit": 2.6, "indicator": 4.4, "value": 2.8, "target": 2.4, "status": 2.2, "reason": 3.6}
    heading, cells = phrase("figures.values", language), [_cells(row, language) for row in rows]
    if len({row["unit"] for row in rows}) == 1:  # one unit needs no column
        widths.pop("unit")
        heading, cells = f"{heading} · {unit_words(rows[0], language)}", [row[1:] for row in cells]
    return values_table(widths, cells, language, heading=heading, most=_MOST_ROWS)


def _cells(row: Record, language: str) -> list[str]:
    value, target = value_words(row, language)
    why = indicator_reasons(row["reason"], language)
    return [unit_words(row, language), row["title"], value, target, status_words(row["status"], language), why]


def _layers(
    theme: Theme, version_by_code: Mapping[str, Version | None], catalogue: Catalogue, language: str
) -> tuple[Block, ...]:
    rows = []
    for code in (*theme.layers, *theme.tables):
        version = version_by_code[code]
        name = [code, catalogue[code].title_in(language)]
        if version is None:
            rows.append([*name, phrase("figures.lacks", language), "–", "–", "–"])
        else:
            count = f"{version.count:,}"
            rows.append([*name, version.label, version.valid_from or "–", count, version.hash[:8]])
    widths = {"code": 2.6, "layer": 5.6, "version": 3.2, "valid_from": 2.4, "features": 2, "hash": 2.2}
    return titled_table("figures", "layers_and_tables", widths, rows, language, numbers=("features",))
