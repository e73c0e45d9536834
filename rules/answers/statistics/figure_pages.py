"""Statistics and transitions as a page: the question and its versions, a chart, and the table behind it."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE, share_text
from onemap.layers.catalogue.coverage_names import version_with_coverage
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import phrase
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.rules.answers.statistics.class_keys import key_titles
from onemap.rules.answers.statistics.sum_words import ground_apart, statistics_reason, sum_text, version_words
from onemap.rules.answers.statistics.transitions import class_margins
from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_fills import OTHER, SERIES, Fill, series_fill
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import STACKED, Figure, MatrixFigure
from onemap.rules.display.documents.blocks import LEFT, RIGHT, Block, Column, Section, section_of, table_under
from onemap.rules.display.outputs.sheet_titles import KnownTitles, SheetTitles
from onemap.rules.judge.findings.table import Table

_MOST_CLASSES = len(SERIES) - 1  # that a chart tells apart; what is smaller is one part together
_MOST_BARS = 30
_LEAST_DRAWN_M2 = 0.5  # less reads as 0.0000 ha
Catalogue = Mapping[str, LayerEntry]


def statistics_page(
    result: Mapping[str, Any], catalogue: Catalogue, as_of: str, language: str
) -> tuple[Section, Figure]:
    """The page of an answer of `statistics`, and its chart: hectares, kilometres or counts by unit and class."""
    names, layer = _unit_names(result["units"]), result["layer"]
    rows = [{**row, "unit": names.get(row["unit"], row["unit"])} for row in result["rows"]]
    name, factor, measure = _measure(rows)
    entry, sums = catalogue[layer["code"]], list(result["total"].get("sums", ()))
    titles = {name: entry.field_title(name, language) or name for name in sums}
    sum_name = sums[0] if sums and entry.geometry == "table" else None
    words = ChartWords(
        phrase("figures.statistics", language, layer=_version(layer, catalogue, language)),
        phrase(f"figures.{measure}", language) if sum_name is None else titles[sum_name],
        _source([layer, result["within"]], catalogue, language),
        language,
        is_count=measure == "count" and sum_name is None,
        is_below_title=True,
    )
    values = [None if row[name] is None else row[name] / factor for row in rows]
    chart = _statistics_chart(
        words, rows, values if sum_name is None else [row["sums"][sum_name] for row in rows], language
    )
    heads = [phrase(f"figures.{head}", language) for head in ("unit", "class", "features", measure, "share")]
    heads += titles.values()
    table = [
        [
            _text(row["unit"]),
            _class(row, language),
            *_figure_cells(row, sums, "–" if value is None else _number(value, measure), language),
        ]
        for row, value in zip(rows, values, strict=True)
    ]
    last: list[str] = []
    if len(rows) > 1 and result["total"].get(name) is not None:
        total = _figure_cells(result["total"], sums, _number(result["total"][name] / factor, measure), language)
        last = [phrase("figures.total", language), "", *total]
    units, note = {row["unit"] for row in result["rows"]}, _unknown_notes(result["total"], language)
    heading = phrase("figures.table_of_classes" if units == {None} else "figures.table", language)
    widths: list[float] = [4, 5, 2, 3, 2, *[3] * len(sums)]
    blocks = _by_unit(heading, heads, table, widths, units, language, last, note)
    facts = _facts({"layer": layer, "within": result["within"]}, catalogue, as_of, language)
    return section_of(words.title, facts, *blocks, drawing=chart), chart


def _figure_cells(row: Record, sums: Sequence[str], value: str, language: str) -> list[str]:
    """The figures of a row or of the total, which counts ground of two features or units once."""
    share = "–" if row["share"] is None else share_text(row["share"])
    return [f"{row['features']:,}", value, share, *(_sum_cell(row, one, language) for one in sums)]


def transitions_page(
    result: Mapping[str, Any], catalogue: Catalogue, as_of: str, language: str
) -> tuple[Section, MatrixFigure]:
    """The page of an answer of `transitions`, and its chart: the matrix in hectares, of all units together."""
    before, after = result["layers"]
    names = _version(before, catalogue, language), _version(after, catalogue, language)
    entry = catalogue[after["code"]]
    words = ChartWords(
        phrase("figures.transitions", language, before=names[0], after=names[1]),
        phrase("figures.hectares", language),
        _source([before, after, result["within"]], catalogue, language),
        language,
        is_below_title=True,
    )
    rows = [{**row, "area_m2": row["area_ellipsoidal_m2"]} for row in result["rows"]]  # as the facts say
    chart = class_matrix(rows, entry, names, words)
    names_of_units = _unit_names(result["units"])
    columns = ("unit", "class", "before", "after", "loss", "gain", "net")
    heads = [phrase(f"figures.{name}", language) for name in columns]
    places = {unit: place for place, unit in enumerate(dict.fromkeys(row["unit"] for row in rows))}
    classes = sorted(class_margins(rows), key=lambda row: (places[row["unit"]], -_turned_m2(row)))
    table = [
        [
            _text(names_of_units.get(row["unit"], row["unit"])),
            _key_text(row["keys"], entry, language),
            *_change_cells(row, language),
        ]
        for row in classes
    ]
    heading = phrase("figures.classes", language)
    units = {row["unit"] for row in classes}
    blocks = _by_unit(heading, heads, table, [3, 4, *[2.5] * 5], units, language)
    facts = _facts({"before": before, "after": after, "within": result["within"]}, catalogue, as_of, language)
    return section_of(words.title, facts, *blocks, drawing=chart), chart


def _turned_m2(row: Mapping[str, Any]) -> float:
    """The area that a class lost and gained together; 0 if it would print as nothing."""
    area_m2: float = row["loss_m2"] + row["gain_m2"]
    return area_m2 if area_m2 >= _LEAST_DRAWN_M2 else 0.0


def _change_cells(row: Mapping[str, Any], language: str) -> list[str]:
    """Before, after, loss, gain, net in hectares; a class without loss and gain gets a word instead."""
    before, after = (_number(row[name] / M2_PER_HECTARE, "") for name in ("before_m2", "after_m2"))
    if not _turned_m2(row):
        return [before, after, "", "", phrase("figures.no_change", language)]
    return [before, after, *(_number(row[name] / M2_PER_HECTARE, "") for name in ("loss_m2", "gain_m2", "net_m2"))]


def _by_unit(
    heading: str,
    heads: Sequence[str],
    cells: Sequence[list[str]],
    widths: Sequence[float],
    units: Set[Any],
    language: str,
    total: Sequence[str] = (),
    note: str = "",
) -> tuple[Block, ...]:
    """A table by unit and class with further columns of figures; a single unit is named in the heading instead.

    units: those of the rows, None for ground in no unit; total: the last row, empty for none.
    """
    columns = [
        Column(head, mm, RIGHT if at > 1 else LEFT, is_optional=at > 0)
        for at, (head, mm) in enumerate(zip(heads, widths, strict=True))
    ]
    if len(units) == 1:
        heading = " · ".join([heading, *([] if units == {None} else [cells[0][0]])])
        cells, columns = [row[1:] for row in cells], [replace(columns[1], is_optional=False), *columns[2:]]
        total = [total[0], *total[2:]] if total else ()
    return table_under(heading, columns, cells, language, note, total=tuple(total))


def class_matrix(
    rows: Sequence[Mapping[str, Any]], entry: LayerEntry, names: tuple[str, str], words: ChartWords
) -> MatrixFigure:
    """The matrix of transitions between classes, in hectares; the smallest of many classes are merged.

    rows: with `from` and `to`, keys by field or None for ground without a feature, and `area_m2`; names: of the sides.
    """
    areas: dict[tuple[str, str], float] = {}
    for row in rows:
        if row["area_m2"] < _LEAST_DRAWN_M2:
            continue
        pair = (_key_text(row["from"], entry, words.language), _key_text(row["to"], entry, words.language))
        areas[pair] = areas.get(pair, 0.0) + row["area_m2"] / M2_PER_HECTARE
    sums: dict[str, float] = {}
    for pair, area in areas.items():
        for side in pair:
            sums[side] = sums.get(side, 0.0) + area
    classes = sorted(sums, key=lambda key: -sums[key])
    shown_classes, other = classes[:_MOST_CLASSES], phrase("figures.other", words.language)
    if len(classes) > len(shown_classes):
        merged_areas: dict[tuple[str, str], float] = {}
        for (one, two), area in areas.items():
            pair = (one if one in shown_classes else other, two if two in shown_classes else other)
            merged_areas[pair] = merged_areas.get(pair, 0.0) + area
        areas, shown_classes = merged_areas, [*shown_classes, other]
    return MatrixFigure(words, tuple(shown_classes), areas, names)


def _statistics_chart(words: ChartWords, rows: Sequence[Record], values: list[float | None], language: str) -> Figure:
    """A stacked chart if there are several units and classes; else bars of one of them, the largest first."""
    units = list(dict.fromkeys(_text(row["unit"]) for row in rows))
    classes = [_class(row, language) for row in rows]
    if len(units) > 1 and len(set(classes)) > 1:
        return _stacked_figure(words, units, rows, classes, values, language)
    names = classes if len(set(classes)) > 1 else [_text(row["unit"]) for row in rows]
    pairs = sorted(zip(names, values, strict=True), key=lambda pair: -(pair[1] or 0.0))
    if len(pairs) > _MOST_BARS:
        rest = pairs[_MOST_BARS:]
        known_values = [value for _, value in rest if value is not None]
        others_name = phrase("figures.others", language, count=len(rest))
        pairs = [*pairs[:_MOST_BARS], (others_name, sum(known_values) if len(known_values) == len(rest) else None)]
    series = BarSeries(words.unit, tuple(value for _, value in pairs))
    return Figure(words, tuple(name for name, _ in pairs), (series,))


def _stacked_figure(
    words: ChartWords,
    units: list[str],
    rows: Sequence[Record],
    classes: list[str],
    values: list[float | None],
    language: str,
) -> Figure:
    sums: dict[str, float] = {}
    cells: dict[tuple[str, str], float | None] = {}
    for row, name, value in zip(rows, classes, values, strict=True):
        sums[name] = sums.get(name, 0.0) + (value or 0.0)
        cells[_text(row["unit"]), name] = value
    shown_classes = sorted(sums, key=lambda name: -sums[name])[:_MOST_CLASSES]
    series = [
        BarSeries(name, tuple(cells.get((unit, name), 0.0) for unit in units), series_fill(number))
        for number, name in enumerate(shown_classes)
    ]
    rest = [name for name in sums if name not in shown_classes]
    if rest:
        rest_values = [[cells.get((unit, name), 0.0) for name in rest] for unit in units]
        totals = tuple(None if None in row else sum(value or 0.0 for value in row) for row in rest_values)
        series.append(BarSeries(phrase("figures.others", language, count=len(rest)), totals, Fill(OTHER.colour)))
    return Figure(words, tuple(units), tuple(series), form=STACKED)


def _measure(rows: Sequence[Record]) -> tuple[str, float, str]:
    """The number of a row to draw, its divisor, and its name."""
    for name, factor, measure in (
        ("area_ellipsoidal_m2", M2_PER_HECTARE, "hectares"),
        ("length_m", 1000.0, "kilometres"),
    ):
        if any(row[name] is not None for row in rows):
            return name, factor, measure
    return "features", 1.0, "count"


def titled_columns(
    tables: Mapping[str, Table], entry: LayerEntry, by: Sequence[str], sums: Sequence[str], language: str
) -> dict[str, Table]:
    """The tables of `statistics` with titles of fields for the columns of classes (by) and sums."""
    heads: dict[str, str] = {}
    titles = SheetTitles(language, KnownTitles(catalogue={entry.code: entry}))
    for spec in by:
        heads[spec] = heads[f"key_{spec}"] = titles.field(spec)
    for name in sums:
        heads[f"sum_{name}"] = phrase("sheet_column.sum", language, name=titles.field(name))
    table = tables["statistics"]
    titled_table = Table(table.columns.rename(columns=heads), table.geometries, table.geometry_type)
    return {**tables, "statistics": titled_table}


def _sum_cell(row: Record, name: str, language: str) -> str:
    """A sum, or the reason why it is unknown."""
    value = row["sums"][name]
    return statistics_reason(row.get("reason") or Reason.NO_VALUE, language) if value is None else sum_text(value)


def _number(value: float, measure: str) -> str:
    digits = {"count": 0, "kilometres": 3}.get(measure, 4)
    least = 10.0**-digits
    if 0 < value < least / 2:
        return f"< {least:.{digits}f}"  # something, though it reads as nothing
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "−")


def _class(row: Record, language: str) -> str:
    titles = row.get("titles") or {}
    words = [titles.get(name) or _text(value) for name, value in row["keys"].items()]
    return " · ".join(words) or phrase("figures.all", language)


def _key_text(keys: Mapping[str, Any] | None, entry: LayerEntry, language: str) -> str:
    if keys is None:
        return phrase("said.no_feature", language)
    titles = key_titles(keys, entry, language)
    return " · ".join(titles.get(name) or _text(value) for name, value in keys.items())


def _unit_names(units: Sequence[Mapping[str, Any]]) -> dict[Any, str]:
    """The titles of units by key; the key is appended to a title that several units share."""
    titles = {unit["unit"]: unit["unit_title"] for unit in units if unit.get("unit_title")}
    times = Counter(titles.values())
    return {key: title if times[title] == 1 else f"{title} {key}" for key, title in titles.items()}


def _text(value: Any) -> str:
    return "–" if value is None else str(value)


def _version(layer: Mapping[str, Any], catalogue: Catalogue, language: str) -> str:
    return f"{catalogue[layer['code']].title_in(language)} {layer['label']}"


def _source(layers: Sequence[Mapping[str, Any] | None], catalogue: Catalogue, language: str) -> str:
    """Versions with their day, for the line below a chart; their hashes are in the answer and the tables."""
    parts = []
    for layer in filter(None, layers):
        if "label" not in layer:
            parts.append(str(layer.get("file", "")))
            continue
        title = catalogue[layer["code"]].title_in(language)
        name = version_words(title, layer["label"], layer.get("valid_from"), language)
        parts.append(version_with_coverage(name, layer, language))
    return phrase("said.comma", language).join(filter(None, parts))


def _unknown_notes(total: Mapping[str, Any], language: str) -> str:
    """A line on ground that rows count twice or not at all."""
    parts = [
        phrase(f"said.statistics_{name}", language, area_ha=_number(area_m2 / M2_PER_HECTARE, ""))
        for name, area_m2 in ground_apart(total).items()
    ]
    text = phrase("said.semicolon", language).join(parts)
    return text[:1].upper() + text[1:]


def _facts(
    layers: Mapping[str, Mapping[str, Any] | None], catalogue: Catalogue, as_of: str, language: str
) -> list[list[str]]:
    """An even number of pairs of texts, since two stand side by side. layers: by their role."""
    facts = [
        [phrase(f"figures.{name}", language), _source([layer], catalogue, language)]
        for name, layer in layers.items()
        if layer
    ]
    facts.append([phrase("figures.as_of", language), as_of])
    if len(facts) % 2:
        facts.append([phrase("figures.measure", language), phrase("figures.union", language)])
    return facts
