"""Indicators as pages: a page for each unit and day, its chart of values against targets, the table with reasons."""

from collections.abc import Mapping, Sequence
from typing import Any

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import phrase
from onemap.rules.charts.bullets import Bullet
from onemap.rules.charts.chart_sheet import ChartWords
from onemap.rules.charts.figures import BulletFigure
from onemap.rules.indicators.indicator_keys import CEILING, FALL
from onemap.rules.indicators.indicator_pack import IndicatorPack
from onemap.rules.indicators.indicator_targets import NONE, limits_of
from onemap.rules.indicators.indicator_words import indicator_reasons, measure_words, number_words, trend_words
from onemap.rules.maps.page_files import Page

_MOST_ROWS = 14  # that a page's chart and table hold together
_SIGNS = {"ok": "✓", "warn": "▲", "alarm": "■", "unknown": "?", NONE: "–"}  # those of verdicts
Record = dict[str, Any]
Catalogue = Mapping[str, LayerEntry]


def indicator_pages(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str
) -> tuple[list[Page], list[BulletFigure]]:
    """The pages of rows of `indicators`, and the chart of each; more rows of one unit go over several.

    Of several days the last: those before are in the pages of the series. What does not apply in a unit stands in the
    table alone, last.
    """
    groups: dict[tuple[str | None, str], list[Record]] = {}
    last = max((row["as_of"] for row in rows), default="")
    for row in (row for row in rows if row["as_of"] == last):
        groups.setdefault((row["unit"], row["as_of"]), []).append(row)
    pages: list[Page] = []
    charts = []
    has_trends = len({row["as_of"] for row in rows}) > 1
    for group in groups.values():
        ordered = sorted(group, key=lambda row: row["reason"] == "not_applicable")
        parts = [ordered[first : first + _MOST_ROWS] for first in range(0, len(ordered), _MOST_ROWS)]
        for number, part in enumerate(parts, start=1):
            title = phrase("figures.indicators", language, unit=unit_words(part[0], language), day=part[0]["as_of"])
            title += f" ({number}/{len(parts)})" if len(parts) > 1 else ""
            pages.append(_page(title, group, part, packs, catalogue, language, has_trends))
            charts.append(indicator_chart(title, part, packs, catalogue, language))
    return pages, charts


def _page(
    title: str,
    group: Sequence[Record],
    part: Sequence[Record],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
    has_trends: bool,
) -> Page:
    """The page of some rows; its facts speak of the whole group."""
    counts = [
        f"{status_words(status, language)} {count}"
        for status in _SIGNS
        if (count := sum(row["status"] == status for row in group))
    ]
    comma = phrase("said.comma", language)
    ground = group[0]["unit_version"]
    facts = [
        [phrase("figures.unit", language), unit_words(group[0], language)],
        [phrase("figures.units_of", language), "–" if ground is None else table_name(ground, catalogue, language)],
        [phrase("figures.pack", language), pack_names(packs, language)],
        [phrase("figures.status", language), comma.join(counts)],
    ]
    columns = ("indicator", "value", *(("trend",) if has_trends else ()), "target", "status", "reason")
    block = {
        "heading": phrase("figures.values", language),
        "heads": [phrase(f"figures.{name}", language) for name in columns],
        "rows": [_cells(row, language, has_trends) for row in part],
        "widths": [4.4, 2.8, 3, 2.6, 2.2, 4] if has_trends else [5, 3, 3, 2.4, 4.6],
        "numbers": [1, 3] if has_trends else [1, 2],
        "note": None,
    }
    return {"title": title, "facts": facts, "blocks": [block]}


def pack_names(packs: Sequence[IndicatorPack], language: str) -> str:
    """The packs with their versions."""
    return phrase("said.comma", language).join(f"{pack.title.get(language, pack.id)} {pack.version}" for pack in packs)


def value_words(row: Record, language: str) -> tuple[str, str]:
    """A row's value with its unit of measure, and its target with its year."""
    target = "–"
    if row["target"] is not None:
        year = f" ({row['target_year']})" if row["target_year"] else ""
        target = f"{number_words(row['target'], row)}{year}"
    value = "–"
    if row["value"] is not None:
        value = f"{number_words(row['value'], row)} {measure_words(row['unit_of_measure'], language)}"
    return value, target


def _cells(row: Record, language: str, has_trends: bool) -> list[str]:
    value, target = value_words(row, language)
    reasons = ",".join(filter(None, (row["reason"], row["break"])))
    why = [indicator_reasons(reasons, language), way_words(row, language)]
    trend, status = [trend_words(row, language)] if has_trends else [], status_words(row["status"], language)
    return [row["title"], value, *trend, target, status, phrase("said.comma", language).join(filter(None, why))]


def way_words(row: Record, language: str) -> str:
    """Along what its walks went; of a value without a walk nothing."""
    return phrase(f"way.{row['way']}", language) if row["way"] else ""


def indicator_chart(
    title: str, rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str
) -> BulletFigure:
    """The values of one unit on one day against their targets."""
    known = {(pack.id, item.id): item for pack in packs for item in pack.indicators}
    words = ChartWords(title, "", source_words(rows, catalogue, language), language)
    bullets = []
    for row in rows:
        if row["reason"] == "not_applicable":  # nobody fails to know it
            continue
        item = known[row["pack"], row["id"]]
        warn, alarm, is_ceiling = None, None, item.bound in (CEILING, FALL)
        if row["target"] is not None:
            warn, alarm, is_ceiling = limits_of(item, row["target"])
        measure, status = measure_words(row["unit_of_measure"], language), status_words(row["status"], language)
        bullets.append(Bullet(row["title"], measure, row["value"], status, row["target"], warn, alarm, is_ceiling))
    return BulletFigure(words, tuple(bullets))


def source_words(rows: Sequence[Record], catalogue: Catalogue, language: str) -> str:
    """The versions behind the rows with their day and the first signs of their hash, each once."""
    found: dict[str, str] = {}
    for version in (version for row in rows for term in row["inputs"] for version in term["versions"]):
        day, digest = version.get("valid_from") or "–", str(version.get("hash") or "")[:8]
        name = f"{_title(version['code'], catalogue, language)} {version['label']}"
        found[version["table"]] = f"{name} ({day}, {digest})"
    return phrase("said.comma", language).join(found.values())


def table_name(table: str, catalogue: Catalogue, language: str) -> str:
    """The title of a version's layer, and which version it is."""
    code, _, number = table.partition("__")
    return f"{_title(code, catalogue, language)} {number}".strip()


def _title(code: str, catalogue: Catalogue, language: str) -> str:
    return catalogue[code].title[language] if code in catalogue else code


def unit_words(row: Record, language: str) -> str:
    """What a row's unit is called."""
    return row["unit_title"] or row["unit"] or phrase("said.district", language)


def status_words(status: str, language: str, words: str | None = None) -> str:
    """A status by its sign and in words. words: other ones than an indicator's."""
    return f"{_SIGNS[status]} {words or phrase(f'indicator_status.{status}', language)}"
