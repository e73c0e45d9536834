"""An answer as people read it: rows and tables, made once by the core; a terminal, a page and the dock lay them out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onemap.layers.area_units import M2_PER_HECTARE, hectares_text, share_text
from onemap.layers.catalogue.catalogue import layer_title, shipped_catalogue
from onemap.layers.catalogue.coverage_names import EXTENT
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.text_table import table_lines
from onemap.rules.display.maps.document_areas import moment_text, square_metres_text

_OCTANT_DEG = 45.0
_DIRECTIONS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


@dataclass(frozen=True)
class Amount:
    """A number with its measure; areas are shown in the unit that the reader has set.

    measure: m2, an area in square metres; ha, a large area in hectares; m, a length in metres; km, one in kilometres;
    share, a part of 1; count, a whole number.
    """

    value: float
    measure: str


Word = str | Amount


@dataclass(frozen=True)
class AnswerRow:
    """One row: its name, its values, and the rows below it. A text that is a moment (ISO 8601) is written as one.

    values: one in a tree of names and values, one for each column after the first in a table.
    hint: the text of a tip, such as a code or the law.
    about: what the row is about, such as {"table": …, "fid": …} for a feature on the map, or {"run": …}.
    sign: the code of the sign before the name, such as a verdict's.
    is_open: whether the rows below are shown at first.
    line: the row's words in plain text; (): no line, but the rows below in its place; None: neither.
    A row without a name appears in plain text only.
    """

    name: Word
    values: Sequence[Word] = ()
    hint: str = ""
    about: Mapping[str, str | int] | None = None
    sign: str = ""
    is_open: bool = True
    rows: "Sequence[Part]" = ()
    line: Sequence[Word] | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table. unit: ha, m or km of all its amounts, which then show only numbers; the head names it.

    is_number: whether texts are aligned right, as amounts are.
    """

    title: str
    unit: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class AnswerTable:
    """Rows under columns, the first for their names; a column without any text is left out.

    indent: before each line of plain text. has_heads: whether plain text has a line of heads. most_lines: rows in plain
    text, followed by the number of the others; 0 for all.
    """

    columns: Sequence[Column]
    rows: Sequence[AnswerRow]
    indent: str = "  "
    has_heads: bool = True
    most_lines: int = 0


Part = AnswerRow | AnswerTable


@dataclass(frozen=True)
class AnswerView:
    """A whole answer. opening, closing: the lines of plain text before and after its rows and tables."""

    parts: Sequence[Part] = ()
    opening: Sequence[str] = ()
    closing: Sequence[str] = ()


def column_heads(names: Sequence[str], language: str) -> list[str]:
    """The titles of the columns of a table."""
    return [phrase(f"text_column.{name}", language) for name in names]


def sentence_row(key: str, language: str, **facts: Any) -> AnswerRow:
    """A sentence for lists and for plain text."""
    text = phrase(f"said.{key}", language, **facts)
    return AnswerRow(text, line=[text])


def assumed_rows(layers: Iterable[Mapping[str, Any]], language: str) -> list[AnswerRow]:
    """A sentence with the titles of the layers whose coverage nobody stated, if there are any.

    layers: the versions used; those of units say nothing of a coverage. A library's own layer has its code, where the
    answer does not bring its title.
    """
    catalogue = shipped_catalogue()
    used_layers = {layer["code"]: layer for layer in layers if layer.get("coverage") == EXTENT}
    titles = [used_layers[code].get("title") or layer_title(code, catalogue, language) for code in sorted(used_layers)]
    row = sentence_row("assumed", language, layers=phrase("said.comma", language).join(titles))
    return [replace(row, about={"list": "assumed"})] if used_layers else []


def amount_text(amount: Amount, language: str) -> str:
    """An amount with its unit, as plain text writes it."""
    number = _number_text(amount)
    if amount.measure in ("share", "count"):
        return number
    return f"{number} {phrase(f'measure.{amount.measure}', language)}"


def direction_word(bearing_deg: float | None, language: str) -> str:
    """One of eight directions. bearing_deg: clockwise from north; None for a feature that touches."""
    if bearing_deg is None:
        touch_word: str = phrase("direction.touching", language)
        return touch_word
    word: str = phrase(f"direction.{_DIRECTIONS[round(bearing_deg / _OCTANT_DEG) % len(_DIRECTIONS)]}", language)
    return word


def word_text(word: Word, language: str) -> str:
    """A word, a moment to the minute, or an amount as plain text."""
    text: str = moment_text(word) if isinstance(word, str) else amount_text(word, language)
    return text


def view_text(view: AnswerView, language: str) -> str:
    """The whole answer as plain text."""
    return "\n".join((*view.opening, *part_lines(view.parts, language), *view.closing))


def part_lines(parts: Iterable[Part], language: str, indent: str = "") -> list[str]:
    """Rows and tables as plain lines."""
    lines = []
    for part in parts:
        if isinstance(part, AnswerTable):
            lines += _table_lines(part, language, indent)
        elif part.line is not None:
            words = phrase("said.comma", language).join(word_text(word, language) for word in part.line)
            lines += [indent + words] if part.line else []
            lines += part_lines(part.rows, language, indent + ("  " if part.line else ""))
    return lines


def _table_lines(table: AnswerTable, language: str, indent: str) -> list[str]:
    right = {number for number, column in enumerate(table.columns) if column.is_number or column.unit}
    rows = [
        [
            " " * 2 * depth + text if number == 0 else text
            for number, text in enumerate(_cell_texts(row, table, language))
        ]
        for depth, row in _with_rows_below(table.rows)
    ]
    if not rows:
        return []
    more = len(rows) - table.most_lines if table.most_lines else 0
    rows = rows[: table.most_lines or None]
    has_text = [any(row[number] for row in rows) for number in range(len(table.columns))]
    heads = [
        _head_text(column, language) if is_shown else ""
        for column, is_shown in zip(table.columns, has_text, strict=True)
    ]
    lines = table_lines([heads, *rows] if table.has_heads else rows, right, indent + table.indent)
    return [*lines, indent + table.indent + phrase("said.more_rows", language, count=more)] if more > 0 else lines


def _with_rows_below(parts: Iterable[Part], depth: int = 0) -> Iterator[tuple[int, AnswerRow]]:
    """The rows of a table and those below them, each with its depth."""
    for row in parts:
        if isinstance(row, AnswerRow):
            yield depth, row
            yield from _with_rows_below(row.rows, depth + 1)


def _cell_texts(row: AnswerRow, table: AnswerTable, language: str) -> list[str]:
    cells = zip((row.name, *row.values), table.columns, strict=True)
    return [_cell_text(word, column, language) for word, column in cells]


def _cell_text(word: Word, column: Column, language: str) -> str:
    return _number_text(word) if isinstance(word, Amount) and column.unit else word_text(word, language)


def _head_text(column: Column, language: str) -> str:
    if not column.unit:
        return column.title
    unit = phrase(f"measure.{column.unit}", language)
    return phrase("measure.head", language, title=column.title, unit=unit)


def _number_text(amount: Amount) -> str:
    value = amount.value
    if amount.measure == "m2":
        return square_metres_text(value)
    if amount.measure == "ha":
        return hectares_text(value * M2_PER_HECTARE)
    if amount.measure == "share":
        return share_text(value)
    return f"{value:,.{ {'m': 1, 'km': 3, 'count': 0}[amount.measure] }f}"


def view_json(view: AnswerView) -> list[Record]:
    """The rows and tables as plain JSON, amounts typed: {"value": 82140.2, "measure": "m2"}.

    A table is known by its `columns`.
    """
    return _parts_json(view.parts)


def _part_json(part: Part) -> dict[str, Any]:
    if isinstance(part, AnswerTable):
        columns = [{"title": one.title, "unit": one.unit, "is_number": one.is_number} for one in part.columns]
        return {"columns": columns, "rows": _parts_json(part.rows)}
    return {
        "name": _word_json(part.name),
        "values": [_word_json(word) for word in part.values],
        "hint": part.hint,
        "about": dict(part.about) if part.about is not None else None,
        "sign": part.sign,
        "is_open": part.is_open,
        "rows": _parts_json(part.rows),
    }


def _parts_json(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [_part_json(part) for part in parts if isinstance(part, AnswerTable) or part.name]


def _word_json(word: Word) -> str | dict[str, Any]:
    return word if isinstance(word, str) else {"value": word.value, "measure": word.measure}
