"""The rows of `indicators` for people: values by indicator and unit, each with its terms."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from onemap.layers.area_units import share_text
from onemap.layers.catalogue.catalogue import layer_title, shipped_catalogue
from onemap.layers.messages import pair_text, phrase
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of
from onemap.rules.contract.verdict import Verdict
from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    Word,
    assumed_rows,
)
from onemap.rules.numbers.indicators.indicator_words import (
    TREND_SIGNS,
    indicator_reasons,
    measure_words,
    number_words,
    status_words,
    trend_words,
    unit_words,
)
from onemap.rules.numbers.indicators.themes import shipped_themes

# The verdicts that look so.
SIGNS = {"alarm": Verdict.PROHIBITED, "warn": Verdict.RESTRICTED, "unknown": Verdict.UNKNOWN, "ok": Verdict.CLEAR}
_STATUSES = ("alarm", "warn", "unknown", "ok", "none")  # the gravest first
_FAILING = _STATUSES[:2]
_TRENDS = ("rise", "fall", "same")
_BOUNDS = {"floor": "≥ ", "ceiling": "≤ ", "rise": "↗ ", "fall": "↘ "}
_NO_BREAK = "\u00a0"  # a sign stands on the line of its word
_WHOLE = 1 - 1e-6  # of the ground: what data lack of it is arithmetic
_MOST_ROWS = 200  # that somebody reads as text; --json and --out have them all


def indicator_view(result: Record, language: str) -> AnswerView:
    """The number of values by status, then the values of the last day: as text by unit, as rows by indicator."""
    rows = result["indicators"]
    counts = {status: result["statuses"].get(status, 0) for status in _STATUSES}  # of all values, whatever is listed
    opening = [phrase("said.indicators", language, count=sum(counts.values()), **counts)]
    parts = [*_by_unit(rows[:_MOST_ROWS], language), *_by_indicator(rows, language)]
    if len(rows) > _MOST_ROWS:
        more = f"  {phrase('said.more_rows', language, count=len(rows) - _MOST_ROWS)}"
        parts.append(AnswerRow("", line=[more]))
    return AnswerView([*parts, *assumed_rows(result["run"]["layers"], language)], opening)


def amount_word(value: float | None, row: Record, language: str) -> Word:
    """A number with its unit of measure; square metres as an Amount, which the reader's own unit replaces."""
    if value is None:
        return "–"
    if row["unit_of_measure"] == "m2":
        return Amount(value, "m2")
    measure = "" if row["unit_of_measure"] in (None, "count") else measure_words(row["unit_of_measure"], language)
    return f"{number_words(value, row)} {measure}".strip()


def room_words(row: Record, language: str) -> str:
    """The room that a quota leaves after everything committed, and how long it lasts; empty for other rows."""
    if row["free"] is None:
        return ""
    facts = {"free": number_words(row["free"], row), "unit": measure_words(row["unit_of_measure"] or "", language)}
    if not row["days_left"]:
        return phrase("said.free", language, **facts)
    return phrase("said.free_days", language, **facts, days=f"{row['days_left']:,.0f}")


def _by_unit(rows: Sequence[Record], language: str) -> list[AnswerRow]:
    """Rows shown as text only: for each unit and day a table for each theme, the gravest first."""
    unit_rows = []
    for _, of_unit in groupby(rows, key=lambda row: (row["unit"], row["as_of"])):
        shown_rows = list(of_unit)
        tables = [
            AnswerRow("", rows=(_text_table(of_theme, language),), line=(title,))
            for title, of_theme in _by_theme([[row] for row in shown_rows], language)
        ]
        line = f"{unit_words(shown_rows[0], language)} · {shown_rows[0]['as_of']}"
        unit_rows.append(AnswerRow("", rows=tables, line=(line,)))
    return unit_rows


def _text_table(of_theme: Sequence[Sequence[Record]], language: str) -> AnswerTable:
    columns = (Column(""), Column("", is_number=True), Column(""), Column(""))
    return AnswerTable(columns, [_text_row(row, language) for (row,) in of_theme], indent="", has_heads=False)


def _by_theme(indicators: Sequence[Sequence[Record]], language: str) -> list[tuple[str, list[Sequence[Record]]]]:
    """The rows of each indicator under the first shipped theme that names it; indicators and themes by gravity."""
    theme_of = {name: theme.title[language] for theme in reversed(shipped_themes()) for name in theme.indicators}
    other = phrase("said.other_indicators", language)
    values_by_theme: dict[str, list[Sequence[Record]]] = {title: [] for title in [*theme_of.values(), other]}
    for values in sorted(indicators, key=_gravity):
        values_by_theme[theme_of.get(values[0]["id"], other)].append(values)
    return sorted(
        ((title, those) for title, those in values_by_theme.items() if those), key=lambda one: _gravity(one[1][0])
    )


def _gravity(values: Sequence[Record]) -> int:
    """The rank of the gravest of some values, 0 for the gravest status."""
    return min(_STATUSES.index(row["status"]) for row in values)


def _text_row(row: Record, language: str) -> AnswerRow:
    is_known = row["value"] is not None
    measure = measure_words(row["unit_of_measure"] or "", language) if is_known else ""
    value = number_words(row["value"], row) if is_known else "–"
    return AnswerRow(row["title"], (value, measure, _remarks(row, language)))


def _by_indicator(rows: Sequence[Record], language: str) -> list[AnswerRow]:
    """The values of the last day as rows: theme, indicator, unit; a theme with a failing value is unfolded."""
    last = max((row["as_of"] for row in rows), default="")
    values_by_indicator = groups_of(((row["pack"], row["id"]), row) for row in rows if row["as_of"] == last)
    return [
        AnswerRow(
            f"{title}\n{_counts([row for values in of_theme for row in values], language)}".strip(),
            about={"theme": title},
            is_open=_fails(of_theme[0]),
            rows=[_indicator_row(values, language) for values in of_theme],
        )
        for title, of_theme in _by_theme([*values_by_indicator.values()], language)
    ]


def _indicator_row(values: Sequence[Record], language: str) -> AnswerRow:
    return AnswerRow(
        f"{values[0]['title']}\n{_summary(values, language)}".strip(),
        about={"pack": values[0]["pack"], "id": values[0]["id"], "fails": _fails(values)},
        sign=SIGNS.get(_STATUSES[_gravity(values)], ""),
        is_open=False,
        rows=[_unit_row(row, language) for row in values],
    )


def is_failing(row: Record) -> bool:
    """Whether a value breaks its target, or is close to it."""
    return row["status"] in _FAILING


def _fails(values: Sequence[Record]) -> bool:
    return any(map(is_failing, values))


def _unit_row(row: Record, language: str) -> AnswerRow:
    """The value of one unit, with its terms below."""
    return AnswerRow(
        f"{unit_words(row, language)}\n{_remarks(row, language)}".strip(),
        (amount_word(row["value"], row, language),),
        about={"pack": row["pack"], "id": row["id"], "unit": row["unit"] or "", "fails": _fails([row])},
        sign=SIGNS.get(row["status"], ""),
        is_open=False,
        rows=_facts(row, language),
    )


def _remarks(row: Record, language: str) -> str:
    """The remarks on a value: way, trend, target, room, status, reasons."""
    words = [
        "" if row["way"] is None else phrase(f"way.{row['way']}", language),
        trend_words(row, language) if row["trend"] else "",
        phrase("said.indicator_target", language, target=_target(row, language)) if row["target"] is not None else "",
        room_words(row, language),
    ]
    if row["reason"] != "no_target":
        words += [phrase(f"indicator_status.{row['status']}", language), indicator_reasons(row["reason"], language)]
    return " · ".join(filter(None, words))


def _target(row: Record, language: str) -> str:
    """The target of a value, with its bound before it and its year after it."""
    target = f"{_BOUNDS.get(row['bound'] or '', '')}{number_words(row['target'], row)}"
    year = row["target_year"]
    return phrase("figures.version_of", language, name=target, day=year) if year else target


def _summary(values: Sequence[Record], language: str) -> str:
    """Values of units in a line: least and greatest, their common target, counts by status and trend.

    A single value has its remarks instead of counts; so have several with one status for one reason.
    """
    known_rows = sorted((row for row in values if row["value"] is not None), key=lambda row: row["value"])
    span = [number_words(row["value"], row) for row in (known_rows[0], known_rows[-1])] if known_rows else []
    unit = values[0]["unit_of_measure"]
    measure = "" if unit in (None, "count") else measure_words(unit, language)
    words = [f"{' – '.join(dict.fromkeys(span))} {measure}".strip() if span else ""]
    if len(values) == 1:
        return " · ".join(filter(None, (*words, _remarks(values[0], language))))
    targets = {None if row["target"] is None else _target(row, language) for row in values}
    if len(targets) == 1 and None not in targets:
        words.append(phrase("said.indicator_target", language, target=targets.pop()))
    if len({(row["status"], row["reason"]) for row in values}) == 1:
        words.append(_remarks({**values[0], "way": None, "trend": None, "target": None, "free": None}, language))
    else:
        words.append(_counts(values, language))
    for trend in _TRENDS:
        count = sum(row["trend"] == trend for row in values)
        words.append(f"{TREND_SIGNS[trend]}{_NO_BREAK}{phrase(f'trend.{trend}', language)} {count}" if count else "")
    return " · ".join(filter(None, words))


def _counts(values: Sequence[Record], language: str) -> str:
    """The number of values by status, the gravest first; values without a status are left out."""
    counts = [(status, sum(row["status"] == status for row in values)) for status in _STATUSES[:-1]]
    words = [
        f"{status_words(status, language)} {count}".replace(" ", _NO_BREAK, 1) for status, count in counts if count
    ]
    return " · ".join(words)


def _facts(row: Record, language: str) -> list[AnswerRow]:
    """The facts of a value: its year, its room, remarks, its terms with their versions."""

    def fact(name: str, value: float | None) -> AnswerRow:
        return AnswerRow(name, (amount_word(value, row, language),))

    rows = []
    if row["value"] is not None:
        rows += [AnswerRow(phrase("indicator_column.year", language), (str(row["year"]),))] if row["year"] else []
        if not row["trend"]:
            rows.append(_pair(phrase("indicator_column.trend", language), trend_words(row, language), language))
    rows += _room_facts(row, fact, language)
    if row["share_known"] < _WHOLE and row["known_value"] is not None:
        part = share_text(row["share_known"])
        rows.append(fact(phrase("said.known_part", language, part=part), row["known_value"]))
    return [*rows, *(_term_row(term, language) for term in row["inputs"])]


def _room_facts(row: Record, fact: Any, language: str) -> list[AnswerRow]:
    """The facts of a quota: approved, in review and free; its pace, and how many days it lasts."""
    if row["headroom"] is None:
        return []
    rows = []
    if row["committed_reason"]:
        name = phrase("indicator_column.committed", language)
        rows.append(_pair(name, indicator_reasons(row["committed_reason"], language), language))
    elif row["committed"] is not None:
        in_review = row["in_review"] or 0.0
        rows.append(fact(phrase("figures.approved", language), row["committed"] - in_review))
        rows.append(fact(phrase("figures.in_review", language), in_review))
    rows.append(fact(phrase("indicator_column.headroom", language), row["headroom"]))
    if row["free"] is not None and row["committed"] is not None:
        rows.append(fact(phrase("figures.free", language), row["free"]))
    if row["pace"] is not None:
        rows.append(fact(phrase("figures.pace", language), row["pace"]))
    if row["days_left"] is not None:
        rows.append(AnswerRow(phrase("indicator_column.days_left", language), (f"{row['days_left']:,.0f}",)))
    elif row["days_reason"]:
        name = phrase("indicator_column.days_left", language)
        rows.append(_pair(name, indicator_reasons(row["days_reason"], language), language))
    return rows


def _term_row(term: Record, language: str) -> AnswerRow:
    versions = [
        f"{layer_title(one['code'], shipped_catalogue(), language)} {one['label']}" for one in term.get("versions", ())
    ]
    why = indicator_reasons(term["reason"], language) if term["value"] is None else ""
    name = phrase("term_kind.ground", language) if term["kind"] == "ground" else str(term.get("title") or term["term"])
    note = " · ".join(filter(None, (phrase("said.comma", language).join(versions), why)))
    value = amount_word(term["value"], {"unit_of_measure": None, **term}, language)
    return AnswerRow(pair_text(name, note, language) if note else name, (value,))


def _pair(name: str, value: str, language: str) -> AnswerRow:
    return AnswerRow(pair_text(name, value, language))
