"""The rows of warnings for people: by kind, each with its value, its state, and its steps."""

from collections.abc import Iterable

from onemap.layers.catalogue.catalogue import layer_title, shipped_catalogue
from onemap.layers.messages import pair_text, phrase
from onemap.layers.records import Record
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.rows.answer_rows import AnswerRow, AnswerView, Word
from onemap.rules.numbers.indicators.indicator_rows import SIGNS, amount_word, room_words
from onemap.rules.numbers.indicators.indicator_words import (
    indicator_reasons,
    measure_words,
    number_words,
    warning_status,
)

_MOST_ROWS = 200  # of a kind that somebody reads as text; --json and --out have them all


def warning_view(result: Record, language: str) -> AnswerView:
    """The answer of `warnings`."""
    rows = result["warnings"]
    lines = [phrase("said.warnings", language, count=len(rows), day=result["as_of"])]
    if "opened" in result:
        again = sum(row["state"] == "closed" for row in rows)
        before = len({row["id"] for row in rows} - set(result["opened"]))
        lines.append(phrase("said.warnings_kept", language, opened=len(result["opened"]), before=before, again=again))
    return AnswerView(warning_rows(result, language), lines)


def warning_rows(result: Record, language: str) -> list[AnswerRow]:
    """A row for each kind, with its warnings, and the checks that could not be made."""
    rows = []
    unlooked = result["unlooked"]
    for kind in dict.fromkeys(row["kind"] for row in (*result["warnings"], *unlooked)):
        kind_warnings = _gravest_first(row for row in result["warnings"] if row["kind"] == kind)
        title = phrase(f"warning_kind.{kind}", language)
        line = phrase("figures.counted", language, title=title, count=len(kind_warnings))
        below = [_row(row, language, is_said=number < _MOST_ROWS) for number, row in enumerate(kind_warnings)]
        below += [_unlooked_row(one, title, language) for one in unlooked if one["kind"] == kind]
        rows.append(
            AnswerRow(
                title,
                (str(len(kind_warnings)),),
                about={"kind": kind},
                rows=below,
                line=(line,) if kind_warnings else (),
            )
        )
    return rows


def kept_view(result: Record, language: str) -> AnswerView:
    """Warnings opened in the library, in the answer of `warning list` or `warning step`, each with its steps."""
    warning_records = result["warnings"] if "warnings" in result else [result["warning"]]
    rows = []
    for kind in dict.fromkeys(row["kind"] for row in warning_records):
        of_kind = [
            _kept_row(row, language) for row in _gravest_first(row for row in warning_records if row["kind"] == kind)
        ]
        title = phrase(f"warning_kind.{kind}", language)
        rows.append(AnswerRow(title, (str(len(of_kind)),), about={"kind": kind}, rows=of_kind, line=()))
    return AnswerView(rows)


def _gravest_first(rows: Iterable[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: list(SIGNS).index(row["status"]))


def _row(row: Record, language: str, is_said: bool) -> AnswerRow:
    """A warning: its subject, with its state below, and its value and limit beside it."""
    what, place = _subject(row)
    state = phrase(f"warning_state.{row['state']}", language) if row["state"] else ""
    status = warning_status(row, language)
    size = "" if row["value"] is None else _size(row, language)
    day = None if row["day"] == row["subject"] else row["day"]
    line = [*_said_subject(row, language), size, day, *_remarks(row, language), state]
    return AnswerRow(
        f"{what}\n{_with_dots([state, place, status, *_remarks(row, language)])}",
        _value(row, language),
        about={"warning": row["id"], "kind": row["kind"], "is_new": not state},
        sign=SIGNS.get(row["status"], ""),
        is_open=False,
        line=(_with_dots(line),) if is_said else None,
    )


def _kept_row(row: Record, language: str) -> AnswerRow:
    what, place = _subject(row)
    state = phrase(f"warning_state.{row['state']}", language)
    days = {name: row[name] for name in ("id", "first_seen", "last_seen")}
    subject = _with_dots([phrase(f"warning_kind.{row['kind']}", language), *_said_subject(row, language)])
    words = [state, phrase("said.warning_seen", language, **days), place, warning_status(row, language)]
    steps = [
        _with_dots(
            [phrase(f"warning_state.{step['state']}", language), moment_text(step["at"]), step["by"], step["reason"]]
        )
        for step in row["steps"]
    ]
    return AnswerRow(
        f"{what}\n{_with_dots([*words, *_remarks(row, language)])}",
        _value(row, language),
        about={"warning": row["id"], "kind": row["kind"], "is_open": row["state"] != "closed"},
        sign=SIGNS.get(row["status"], ""),
        is_open=False,
        rows=[AnswerRow(step, line=(step,)) for step in steps],
        line=(phrase("said.warning_kept", language, **days, what=subject, state=state),),
    )


def _unlooked_row(one: Record, title: str, language: str) -> AnswerRow:
    """A check that could not be made, with the reason."""
    layer = layer_title(one["layer"], shipped_catalogue(), language) if one.get("layer") else ""
    words = [layer, indicator_reasons(one["reason"], language)]
    name = pair_text(phrase("warning_status.unknown", language), _with_dots(words), language)
    return AnswerRow(name, sign="unknown", line=(f"– {_with_dots([title, *words])}",))


def _with_dots(words: Iterable[str | None]) -> str:
    return " · ".join(word for word in words if word)


def _said_subject(row: Record, language: str) -> list[str | None]:
    """The subject of a warning in a line: layer, unit, matter, and state."""
    what = None if _is_of_layer(row) else row.get("title") or row["subject"]
    layer, unit = row.get("layer_title") or row["layer"], row["unit_title"] or row["unit"]
    return [layer, unit, what, warning_status(row, language)]


def _subject(row: Record) -> tuple[str, str]:
    """The subject of a warning, and its place: the indicator and its unit, or the feature and its layer."""
    layer, unit = str(row.get("layer_title") or row["layer"] or ""), str(row["unit_title"] or row["unit"] or "")
    if _is_of_layer(row):
        return layer, unit
    return str(row.get("title") or row["subject"]), unit or layer


def _is_of_layer(row: Record) -> bool:
    """Whether a warning is of a layer as a whole, or of some of its features together."""
    return row["subject"] in (row["layer"], row["reason"])


def _remarks(row: Record, language: str) -> list[str]:
    """The room that a quota leaves, the reason why something is unknown, and the nearest object."""
    words = [room_words(row, language)]
    if row["reason"] is not None:
        words.append(row["reason"] if row["kind"] == "sums" else indicator_reasons(row["reason"], language))
    if row["nearest"] is not None:
        name = row.get("nearest_title") or row["nearest"]
        words.append(phrase("said.nearest", language, name=name, distance=f"{row['distance_m']:,.0f}"))
    return words


def _value(row: Record, language: str) -> tuple[Word, ...]:
    """The value; for a permit its last day, and the days until or since then; empty if it has neither."""
    if row["kind"] == "expiry" and row["days_left"] is not None:
        word = "days_left" if row["days_left"] >= 0 else "days_over"
        return (phrase(f"figures.{word}", language, day=row["day"], days=f"{abs(row['days_left']):.0f}"),)
    if row["value"] is None:
        return ()
    if row["unit_of_measure"] == "m2" and row["limit"] is None:
        return (amount_word(row["value"], row, language),)
    return (_size(row, language),)


def _size(row: Record, language: str) -> str:
    limit = "" if row["limit"] is None else f" / {_amount_text(row['limit'], row)}"
    return f"{_amount_text(row['value'], row)}{limit} {measure_words(row['unit_of_measure'] or '', language)}".strip()


def _amount_text(value: float, row: Record) -> str:
    """A number for people: an indicator as in its tables, days and counts without decimals."""
    is_count = row["unit_of_measure"] in (None, "d") and float(value).is_integer()
    return f"{value:,.0f}" if row.get("decimals") is None and is_count else number_words(value, row)
