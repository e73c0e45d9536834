"""Indicators as pages: charts of values against targets, and tables with reasons.

There is a page for each unit. A few units are shown side by side: every indicator on one axis for all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from onemap.layers.catalogue.catalogue import layer_title
from onemap.layers.catalogue.coverage_names import version_with_coverage
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of
from onemap.rules.answers.statistics.sum_words import version_words
from onemap.rules.display.charts.bullets import Bullet
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import BulletFigure, UnitBarsFigure
from onemap.rules.display.charts.unit_bars import UnitPanel
from onemap.rules.display.documents.blocks import RIGHT, Column, Section, section_of, table_under, titled_table
from onemap.rules.numbers.indicators.indicator_keys import CEILING, FALL, NOT_APPLICABLE
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack
from onemap.rules.numbers.indicators.indicator_targets import limits_of
from onemap.rules.numbers.indicators.indicator_words import (
    STATUS_SIGNS,
    indicator_reasons,
    measure_words,
    number_words,
    status_words,
    trend_words,
    unit_words,
)

_MOST_ROWS, _MOST_WITH_TRENDS = 14, 11  # that a page's chart and table hold together; a trend takes two lines
_MOST_COMPARED, _MOST_BESIDE = 9, 5  # indicators on a page that compares units; units in its table
_MOST_OF_TWO = 15  # where each has two bars alone
_NUMBERS = ("value", "target", "existing", "approved", "in_review", "free", "pace", "days")  # columns of figures
values_table = partial(titled_table, "figures", "values", numbers=_NUMBERS)
_NO_TARGET = "no_target"  # which the status says
_MOST_NAMED = 4  # indicators of one reason that are named one by one
Catalogue = Mapping[str, LayerEntry]


def indicator_pages(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Catalogue, language: str
) -> list[Section]:
    """The pages of rows of `indicators`, each with its chart, if any; many rows are spread over several pages.

    Of several days only the last is shown; earlier ones are in the pages of the series. Indicators that do not apply to
    a unit are listed in the table only, last.
    """
    last = max((row["as_of"] for row in rows), default="")
    groups = groups_of(((row["unit"], row["as_of"]), row) for row in rows if row["as_of"] == last)
    pages: list[Section] = []
    has_trends = len({row["as_of"] for row in rows}) > 1
    if 1 < len(groups) <= _MOST_BESIDE:
        of_last = [row for group in groups.values() for row in group]
        unit = phrase("figures.units_compared", language, count=len(groups))
        title = phrase("figures.indicators", language, unit=unit, day=last)
        return compared_pages(title, of_last, packs, catalogue, language, has_trends)
    for group in groups.values():
        ordered = sorted(group, key=lambda row: row["reason"] == "not_applicable")
        most = _MOST_WITH_TRENDS if has_trends else _MOST_ROWS
        parts = [ordered[first : first + most] for first in range(0, len(ordered), most)]
        for number, part in enumerate(parts, start=1):
            unit = part[0]["unit_title"] or part[0]["unit"] or phrase("said.district_within", language)
            title = phrase("figures.indicators", language, unit=unit, day=part[0]["as_of"])
            title = part_title(title, number, len(parts), language)
            pages.append(_page(title, group, part, packs, catalogue, language, has_trends))
    return pages


def part_title(title: str, number: int, count: int, language: str) -> str:
    """A page's title, with its number if it is one of several."""
    return phrase("figures.part", language, title=title, number=number, count=count) if count > 1 else title


def compared_pages(
    title: str,
    rows: Sequence[Record],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
    has_trends: bool = False,
) -> list[Section]:
    """The pages of some units side by side; indicators unknown in every unit are in the tables only, last."""
    names = {row["unit"]: unit_words(row, language) for row in rows}
    counts = [
        phrase(
            "figures.of_unit", language, name=name, what=_counts([row for row in rows if row["unit"] == unit], language)
        )
        for unit, name in names.items()
    ]
    facts = [
        [phrase("figures.units_of", language), ground_words(rows[0]["unit_version"], catalogue, language)],
        [phrase("figures.pack", language), pack_names(packs, language)],
        *([phrase("figures.status", language), count] for count in counts),
    ]
    columns = [Column(phrase("figures.indicator", language), 5, is_optional=False)]
    columns += [Column(name, 3.2, RIGHT) for name in names.values()]
    heading, pages = phrase("figures.values", language), []
    groups = groups_of(((row["pack"], row["id"]), row) for row in rows)
    ordered = sorted(groups.values(), key=lambda group: all(row["value"] is None for row in group))
    most = _MOST_OF_TWO if len(names) == 2 else _MOST_COMPARED
    parts = [ordered[first : first + most] for first in range(0, len(ordered), most)]
    for number, part in enumerate(parts, start=1):
        name, note = part_title(title, number, len(parts), language), _reasons(part, names, language)
        lines = [_compared_cells(group, names, language, has_trends) for group in part]
        shown_groups = [group for group in part if any(row["value"] is not None for row in group)]
        chart = compared_figure(name, shown_groups, list(names), catalogue, language) if shown_groups else None
        pages.append(section_of(name, facts, *table_under(heading, columns, lines, language, note), drawing=chart))
    return pages


def _compared_cells(group: Sequence[Record], units: Iterable[Any], language: str, has_trends: bool) -> list[str]:
    """An indicator, and its value in each unit."""
    of_unit = {row["unit"]: row for row in group}
    measure = measure_words(group[0]["unit_of_measure"], language)
    name = phrase("figures.measured_in", language, title=group[0]["title"], measure=measure)
    return [name, *(_unit_cell(of_unit[unit], language, has_trends) if unit in of_unit else "–" for unit in units)]


def _reasons(part: Sequence[Sequence[Record]], names: Mapping[Any, str], language: str) -> str:
    """Sentences on why values are unknown or limited; indicators with one reason in the same units are joined."""
    comma = phrase("said.comma", language)
    reasons: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for group in part:
        rows = [row for row in group if row["reason"] != _NO_TARGET or row["break"]]
        whys = {row["unit"]: _why(row, language) for row in rows}
        for why in dict.fromkeys(filter(None, whys.values())):
            of = tuple(names[unit] for unit in whys if whys[unit] == why)
            reasons.setdefault((why, of), []).append(group[0]["title"])
    sentences, every = [], [group[0]["title"] for group in part]
    for (why, of), titles in reasons.items():
        units = phrase("figures.all_units", language) if len(of) == len(names) else comma.join(of)
        title = _indicators_together(titles, every, language)
        sentences.append(phrase("figures.why", language, title=title, units=units, reason=why))
    return " ".join(sentences)


def _indicators_together(titles: Sequence[str], every: Sequence[str], language: str) -> str:
    """Indicators of a page by name; if they are most of the page, by those left out, so that a reason fits a line."""
    comma, others = phrase("said.comma", language), [title for title in every if title not in titles]
    if not others and len(every) > 1:
        return phrase("figures.all_here", language)
    if others and len(others) < len(titles) and len(titles) > _MOST_NAMED:
        return phrase("figures.all_but", language, titles=comma.join(others))
    return comma.join(titles)


def _unit_cell(row: Record, language: str, has_trends: bool) -> str:
    """Value, target and status of an indicator in one unit."""
    value = "–" if row["value"] is None else number_words(row["value"], row)
    target = f" / {number_words(row['target'], row)}" if row["target"] is not None else ""
    trend = f" {trend_words(row, language)}" if has_trends else ""
    return f"{value}{target} {status_words(row['status'], language)}{trend}"


def compared_figure(
    title: str, groups: Sequence[Sequence[Record]], units: Sequence[Any], catalogue: Catalogue, language: str
) -> UnitBarsFigure:
    """A panel for each indicator, with all units on one axis. groups: the rows of each indicator."""
    rows = [row for group in groups for row in group]
    words = ChartWords(title, "", source_words(rows, catalogue, language), language, is_below_title=True)
    names = {row["unit"]: unit_words(row, language) for row in rows}
    panels = tuple(_panel(group, units, language) for group in groups)
    return UnitBarsFigure(words, tuple(names[unit] for unit in units), panels)


def _panel(group: Sequence[Record], units: Sequence[Any], language: str) -> UnitPanel:
    """The panel of one indicator in every unit."""
    of_unit = {row["unit"]: row for row in group}
    ordered = [of_unit[unit] for unit in units]
    values, targets = (tuple(row[name] for row in ordered) for name in ("value", "target"))
    apply = tuple(row["reason"] != NOT_APPLICABLE for row in ordered)
    measure, digits = measure_words(group[0]["unit_of_measure"], language), decimals_of_rows(group)
    return UnitPanel(group[0]["title"], measure, values, targets, apply, digits)


def decimals_of_rows(rows: Sequence[Record]) -> int | None:
    """The decimals with which tables show an indicator's values; None if they differ."""
    digits = {len(number_words(row["value"], row).partition(".")[2]) for row in rows if row["value"] is not None}
    return digits.pop() if len(digits) == 1 else None


def _page(
    title: str,
    group: Sequence[Record],
    part: Sequence[Record],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
    has_trends: bool,
) -> Section:
    """The page of some rows; its facts summarise the whole group."""
    ground = group[0]["unit_version"]
    facts = [
        [phrase("figures.unit", language), unit_words(group[0], language)],
        [phrase("figures.units_of", language), ground_words(ground, catalogue, language)],
        [phrase("figures.pack", language), pack_names(packs, language)],
        [phrase("figures.status", language), _counts(group, language)],
    ]
    chart = indicator_chart(title, part, packs, catalogue, language, is_below_title=True)
    widths: dict[str, float] = {"indicator": 5.6, "value": 3.8, "target": 2.6, "status": 2.4, "reason": 3.6}
    if has_trends:
        widths = {"indicator": 4.8, "value": 3.4, "trend": 3, "target": 2.2, "status": 2.2, "reason": 3.4}
    cells = [_cells(row, language, has_trends) for row in part]
    return section_of(title, facts, *values_table(widths, cells, language), drawing=chart)


def _counts(rows: Sequence[Record], language: str) -> str:
    """The number of rows by status."""
    counts = [
        f"{status_words(status, language)} {count}"
        for status in STATUS_SIGNS
        if (count := sum(row["status"] == status for row in rows))
    ]
    return phrase("said.comma", language).join(counts)


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
    trend, status = [trend_words(row, language)] if has_trends else [], status_words(row["status"], language)
    return [row["title"], value, *trend, target, status, _why(row, language)]


def _why(row: Record, language: str) -> str:
    """Why a value is unknown, not comparable, or measured along straight lines."""
    reasons = ",".join(filter(None, (row["reason"], row["break"])))
    why = [indicator_reasons(reasons, language), way_words(row, language)]
    return phrase("said.comma", language).join(filter(None, why))


def way_words(row: Record, language: str) -> str:
    """Whether a value's walks followed streets or straight lines; empty for a value without a walk."""
    return phrase(f"way.{row['way']}", language) if row["way"] else ""


def ground_words(version: str | None, catalogue: Catalogue, language: str) -> str:
    """The layer of the units and its version; without one the whole district."""
    return phrase("said.district", language) if version is None else table_name(version, catalogue, language)


def indicator_chart(
    title: str,
    rows: Sequence[Record],
    packs: Sequence[IndicatorPack],
    catalogue: Catalogue,
    language: str,
    *,
    is_below_title: bool = False,
) -> BulletFigure:
    """The values of one unit on one day against their targets. is_below_title: the page shows the title right above."""
    items_by_id = {(pack.id, item.id): item for pack in packs for item in pack.indicators}
    words = ChartWords(title, "", source_words(rows, catalogue, language), language, is_below_title=is_below_title)
    bullets = []
    for row in rows:
        if row["reason"] == "not_applicable":  # nobody fails to know it
            continue
        item = items_by_id[row["pack"], row["id"]]
        warn, alarm, is_ceiling = None, None, item.bound in (CEILING, FALL)
        if row["target"] is not None:
            warn, alarm, is_ceiling = limits_of(item, row["target"])
        measure, status = measure_words(row["unit_of_measure"], language), status_words(row["status"], language)
        value, _ = value_words(row, language)
        value_text = f"{value} / {number_words(row['target'], row)}" if row["target"] is not None else value
        bullets.append(
            Bullet(
                row["title"],
                measure,
                row["value"],
                status=status,
                target=row["target"],
                warn=warn,
                alarm=alarm,
                is_ceiling=is_ceiling,
                written=value_text,
            )
        )
    return BulletFigure(words, tuple(bullets))


def source_words(rows: Sequence[Record], catalogue: Catalogue, language: str) -> str:
    """The versions behind the rows with their day, without repetition; their hashes are in the tables of a run."""
    names_by_table: dict[str, str] = {}
    for version in (version for row in rows for term in row["inputs"] for version in term["versions"]):
        title = layer_title(version["code"], catalogue, language)
        name = version_words(title, version["label"], version.get("valid_from"), language)
        names_by_table[version["table"]] = version_with_coverage(name, version, language)
    return phrase("said.comma", language).join(names_by_table.values())


def table_name(table: str, catalogue: Catalogue, language: str) -> str:
    """The title of a version's layer, and the version's number."""
    code, _, number = table.partition("__")
    return f"{layer_title(code, catalogue, language)} {number}".strip()
