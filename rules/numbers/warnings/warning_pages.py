"""The page of warnings: their number by kind and status, and the list of each kind."""

from collections import Counter
from collections.abc import Mapping, Sequence

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.rules.display.charts.bars import BarSeries
from onemap.rules.display.charts.chart_fills import SERIES, UNKNOWN, Fill
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.figures import STACKED, Figure
from onemap.rules.display.charts.number_axis import value_text
from onemap.rules.display.documents.blocks import Block, Section, section_of, titled_table
from onemap.rules.numbers.indicators.indicator_pack import IndicatorPack, indicator_decimals, indicator_titles
from onemap.rules.numbers.indicators.indicator_words import (
    indicator_reasons,
    measure_words,
    number_words,
    status_words,
    warning_status,
)
from onemap.rules.numbers.warnings.warnings import CANDIDATE, EXPIRY, QUOTA, SUMS, FoundWarnings

_FILLS: Mapping[str, Fill] = {"alarm": SERIES[0], "warn": SERIES[1], "unknown": UNKNOWN}
_MOST_ROWS = 200  # of a kind, that somebody reads on paper


def warning_page(
    found_warnings: FoundWarnings,
    day: str,
    packs: Sequence[IndicatorPack],
    catalogue: Mapping[str, LayerEntry],
    language: str,
    lead: str = "",
) -> Section:
    """The page of a list. day: of the list, ISO; lead: a sentence above it."""
    rows = rows_with_decimals(found_warnings.rows, packs)
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    titles = indicator_titles(packs, language)
    titles |= {code: entry.title_in(language) for code, entry in catalogue.items()}
    title = phrase("figures.warnings", language, day=day)
    names = phrase("said.comma", language).join(f"{pack.title.get(language, pack.id)} {pack.version}" for pack in packs)
    words = ChartWords(title, phrase("figures.count", language), names, language, is_count=True, is_below_title=True)
    status_counts = Counter((row["kind"], row["status"]) for row in rows)
    series = [
        BarSeries(
            status_words(status, language, phrase(f"warning_status.{status}", language)),
            tuple(float(status_counts[kind, status]) for kind in kinds),
            fill,
        )
        for status, fill in _FILLS.items()
    ]
    names_of_kinds = tuple(phrase(f"warning_kind.{kind}", language) for kind in kinds)
    chart = Figure(words, names_of_kinds, tuple(series), form=STACKED)
    states = Counter(row["state"] or "none" for row in rows)
    counts = [f"{phrase(f'warning_state.{state}', language)} {count}" for state, count in states.items()]
    by_status = [
        f"{status_words(status, language, phrase(f'warning_status.{status}', language))} {count}"
        for status in _FILLS
        if (count := sum(row["status"] == status for row in rows))
    ]
    facts = [
        [phrase("figures.as_of", language), day],
        [phrase("figures.status", language), phrase("said.comma", language).join(by_status) or "–"],
        [phrase("figures.state", language), phrase("said.comma", language).join(counts) or "–"],
    ]
    blocks = [block for kind in kinds for block in _of_kind(kind, rows, found_warnings.unit_names, titles, language)]
    unlooked = _unlooked_rows(found_warnings, titles, language)
    return section_of(title, facts, *blocks, *unlooked, lead=lead, drawing=chart if rows else None)


def _of_kind(
    kind: str, warning_records: Sequence[Record], units: Mapping[str, str], titles: Mapping[str, str], language: str
) -> tuple[Block, ...]:
    # The gravest first; of one status in the order in which they were found.
    rows = sorted(
        (row for row in warning_records if row["kind"] == kind), key=lambda row: list(_FILLS).index(row["status"])
    )
    widths = {"subject": 5, "amount": 2.8, "limit": 1.8, "status": 2.3, "state": 2.4, "reason": 4}
    heading = phrase("figures.counted", language, title=phrase(f"warning_kind.{kind}", language), count=len(rows))
    cells = [_cells(row, units, titles, language) for row in rows]
    numbers, most = ("amount", "limit"), _MOST_ROWS
    return titled_table("figures", kind, widths, cells, language, numbers=numbers, heading=heading, most=most)


def _cells(row: Record, units: Mapping[str, str], titles: Mapping[str, str], language: str) -> list[str]:
    layer, unit = titles.get(row["layer"], row["layer"]), units.get(row["unit"], row["unit"])
    subject = _subject_title(row, titles if row["kind"] == QUOTA else {}, language) or row["subject"]
    if row["subject"] in ("no_value", row["layer"]):  # of features together, or of the layer as a whole
        subject = None
    value, limit = (_amount(row[name], row) for name in ("value", "limit"))
    if row["kind"] == EXPIRY and row["day"]:
        word = "days_left" if row["days_left"] >= 0 else "days_over"
        value = phrase(f"figures.{word}", language, day=row["day"], days=f"{abs(row['days_left']):.0f}")
    elif value and row["unit_of_measure"]:
        value += f" {measure_words(row['unit_of_measure'], language)}"
    reasons = row["reason"] if row["kind"] == SUMS else indicator_reasons(row["reason"], language)
    if row["nearest"]:
        name, distance = titled_place(row["nearest"], titles), f"{row['distance_m']:,.0f}"
        near = phrase("said.nearest", language, name=name, distance=distance)
        reasons = phrase("said.comma", language).join(filter(None, (reasons, near)))
    state = phrase(f"warning_state.{row['state'] or 'none'}", language)
    status = status_words(row["status"], language, warning_status(row, language))
    return [" · ".join(filter(None, (layer, unit, subject))), value or "–", limit or "–", status, state, reasons or ""]


def rows_with_decimals(rows: Sequence[Record], packs: Sequence[IndicatorPack]) -> list[Record]:
    """Rows with the decimals of their indicator, as in its own tables; None for other kinds."""
    decimals = indicator_decimals(packs)
    return [{**row, "decimals": decimals.get(row["subject"]) if row["kind"] == QUOTA else None} for row in rows]


def titled_rows(
    rows: Sequence[Record], packs: Sequence[IndicatorPack], catalogue: Mapping[str, LayerEntry], language: str
) -> list[Record]:
    """Rows with the titles of status, indicator, layer and nearest approval, and with decimals."""
    indicators = indicator_titles(packs, language)
    layers = {code: entry.title_in(language) for code, entry in catalogue.items()}
    return [
        {
            **row,
            "status_title": warning_status(row, language),
            "title": _subject_title(row, indicators, language),
            "layer_title": layers.get(row["layer"]),
            "nearest_title": titled_place(row["nearest"], layers) if row["nearest"] else None,
        }
        for row in rows_with_decimals(rows, packs)
    ]


def _subject_title(row: Record, titles: Mapping[str, str], language: str) -> str | None:
    """The title of a warning's subject; for a candidate its place; None if it has no title."""
    return point_words(row["subject"], language) if row["kind"] == CANDIDATE else titles.get(row["subject"])


def point_words(subject: str, language: str) -> str:
    """The place of a candidate, from its name "east,north" in metres; another name stays."""
    east, comma, north = subject.partition(",")
    return phrase("figures.point", language, east=east, north=north) if comma else subject


def titled_place(place: str, titles: Mapping[str, str]) -> str:
    """A feature stored as layer code and name, with the layer's title in place of its code."""
    code, _, name = place.partition(" ")
    return f"{titles.get(code, code)} {name}".rstrip()


def _amount(value: float | None, row: Record) -> str | None:
    """A number for people: an indicator as in its tables, days and counts without decimals."""
    if value is None:
        return None
    if row["decimals"] is not None:
        return number_words(value, row)
    return f"{value:,.0f}" if float(value).is_integer() else value_text(value, [value])


def _unlooked_rows(found_warnings: FoundWarnings, titles: Mapping[str, str], language: str) -> tuple[Block, ...]:
    """A table of the checks that could not be made, with the reason."""
    if not found_warnings.unlooked:
        return ()
    rows = [
        [
            phrase(f"warning_kind.{one['kind']}", language),
            titles.get(one.get("layer", ""), one.get("layer") or "–"),
            indicator_reasons(one["reason"], language),
        ]
        for one in found_warnings.unlooked
    ]
    return titled_table("figures", "unlooked", {"kind": 5, "layer": 5, "reason": 6}, rows, language)
