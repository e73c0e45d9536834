"""Tables written as the sheets of one .xlsx, without geometry; they are kept until the last row is there."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from onemap.layers.errors import OneMapError, Problem
from onemap.rules.findings.table import Table
from onemap.rules.outputs.sheet_words import SheetWords

_MOST_SHEET_ROWS = 1_048_575
_MOST_CELL_CHARACTERS = 32_767
_WIDEST = 60  # characters
_LOOKED_AT = 200  # rows that say how wide a column is
_MOST_DRESSED = 20_000  # rows whose numbers get a form of their own; every digit stays in the cell all the same
_NUMBER_FORMS = {
    "_m2": "[<10]0.0;#,##0",
    "_ha": "#,##0.0000",
    "hectares": "#,##0.0000",
    "share": "0.0%",
    "_m": "#,##0.0",
}


class SheetOutput:
    """`Output` to a workbook. label: how messages name it; language: of names, heads and words, codes without one."""

    def __init__(self, path: Path, label: str, language: str | None = None) -> None:
        self._said = SheetWords(language) if language else None
        self._path = path
        self._label = label
        self._parts: dict[str, list[pd.DataFrame]] = {}
        self._rows: dict[str, int] = {}
        self._cut: dict[tuple[str, str], int] = {}

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """After `finish`: in which columns cells could not hold all of their text (out.cell_cut), and how many."""
        return tuple(
            Problem("out.cell_cut", {"file": self._label, "layer": name, "field": column, "count": count})
            for (name, column), count in self._cut.items()
        )

    def append(self, tables: Mapping[str, Table]) -> None:
        """The next rows of some tables. Raises OneMapError out.too_many_rows."""
        for name, table in tables.items():
            rows = self._rows.get(name, 0) + table.count
            if rows > _MOST_SHEET_ROWS:
                raise OneMapError("out.too_many_rows", file=self._label, layer=name, rows=rows)
            self._rows[name] = rows
            self._parts.setdefault(name, []).append(table.columns)

    def finish(self) -> None:
        """Write the workbook."""
        sheets = io.BytesIO()  # on a full disk a half-written one would complain once more when it is forgotten
        with pd.ExcelWriter(sheets, engine="openpyxl") as writer:
            for name, parts in self._parts.items():
                filled = [part for part in parts if len(part)] or parts[:1]
                columns = pd.concat(filled, ignore_index=True)
                if self._said:
                    columns = self._said.columns(name, columns)
                sheet = self._said.name(name) if self._said else name
                for column, count in _write_sheet(writer, sheet, columns, self._said).items():
                    self._cut[sheet, column] = count
        self._path.write_bytes(sheets.getvalue())

    def close(self) -> None:
        """Forget what was kept."""
        self._parts.clear()


def _write_sheet(writer: pd.ExcelWriter, name: str, columns: pd.DataFrame, said: SheetWords | None) -> dict[str, int]:
    """One sheet; returns how many cells were cut, by column."""
    heads = [said.head(str(column)) if said else str(column) for column in columns]
    cut: dict[str, int] = {}
    texts = [at for at, column in enumerate(columns) if columns[column].dtype == object]
    for at in texts:
        values = [_cell(value) for value in columns.iloc[:, at]]
        if too_long := sum(_is_too_long(value) for value in values):
            cut[heads[at]] = too_long
            values = [_shortened(value) if _is_too_long(value) else value for value in values]
        columns.isetitem(at, values)
    columns.to_excel(writer, sheet_name=name, header=heads, index=False, freeze_panes=(1, 1))
    sheet = writer.sheets[name]
    for at in texts:
        # A text that begins with = is an attribute, and must never become a formula.
        for row in (row for row, value in enumerate(columns.iloc[:, at]) if str(value).startswith("=")):
            sheet.cell(row + 2, at + 1).data_type = "s"
    _dress(sheet, columns, heads)
    return cut


def _dress(sheet: Worksheet, columns: pd.DataFrame, heads: Sequence[str]) -> None:
    """Columns as wide as what stands in them, heads that stand out and filter, numbers with the digits people read."""
    head = PatternFill("solid", fgColor="EBEBEB")
    for at, name in enumerate(columns.columns, start=1):
        cell = sheet.cell(1, at)
        cell.fill, cell.font, cell.alignment = head, Font(bold=True), Alignment(horizontal="left")
        shown = [heads[at - 1], *(_cell_text(value) for value in columns.iloc[:_LOOKED_AT, at - 1])]
        sheet.column_dimensions[get_column_letter(at)].width = min(2 + max(map(_width, shown)), _WIDEST)
        form = next((form for end, form in _NUMBER_FORMS.items() if str(name).endswith(end)), None)
        if form and len(columns) <= _MOST_DRESSED and columns.iloc[:, at - 1].dtype.kind == "f":
            for row in range(2, len(columns) + 2):
                sheet.cell(row, at).number_format = form
    sheet.auto_filter.ref = sheet.dimensions


def _cell_text(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else "" if value is None else str(value)


def _width(text: str) -> int:
    """How wide a text is in a sheet; a Chinese character is two columns wide."""
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in text[:_WIDEST])


def _cell(value: object) -> object:
    """Text that a sheet can hold: without control characters."""
    return ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value


def _is_too_long(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) > _MOST_CELL_CHARACTERS


def _shortened(text: str) -> str:
    """The beginning of a text that is too long for a cell; its end says how many characters of how many stand there."""
    kept = _MOST_CELL_CHARACTERS - len(f"…[{_MOST_CELL_CHARACTERS}/{len(text)}]")
    return f"{text[:kept]}…[{kept}/{len(text)}]"
