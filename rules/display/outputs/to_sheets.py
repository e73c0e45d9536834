"""Tables written as the sheets of one .xlsx, without geometry; they are kept until the last row is there."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeGuard

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.provenance import NO_RECORD, provenance_words
from onemap.layers.software import onemap_version
from onemap.layers.text_table import text_width
from onemap.layers.visible_text import visible_text
from onemap.rules.display.outputs.department_totals import with_department_totals
from onemap.rules.display.outputs.sheet_charts import SheetFigure, write_charts
from onemap.rules.display.outputs.sheet_titles import KnownTitles, SheetTitles
from onemap.rules.display.outputs.sheet_words import HECTARES, SheetWords
from onemap.rules.judge.findings.run_tables import RUN_TABLE, record_in
from onemap.rules.judge.findings.table import Table, whole_columns

_MOST_SHEET_ROWS = 1_048_575
_MOST_CELL_CHARACTERS = 32_767
_WIDEST = 60  # characters
_PAGE_WIDE = 175  # characters that a page of A4 across holds and that can still be read
_LOOKED_AT = 200  # rows that say how wide a column is
_LINE_PT, _MOST_LINES = 15.0, 5  # a row's height by line; what is longer is read in its cell
# Tables of what most runs have nothing of: for people an empty one would be a page with a head.
_OFTEN_EMPTY = ("overlaps_line", "overlaps_point", "composition", "land_classes", "alternatives", "departments")
_AREA = "[<10]0.0;#,##0"  # of one that is not negative
_SHARE = '[=0]0.0%;[<0.001]"< 0.1%";0.0%'
_NUMBER_FORMS = {
    "_m2": _AREA,
    "_ha": "#,##0.0000",
    "hectares": "#,##0.0000",
    "share": _SHARE,
    "比例": _SHARE,
    "Share known": _SHARE,
    "_m": "#,##0.0",
    "_s": "#,##0",
}
_UNIT_FORMS = {  # by the unit at the end of a head, where the column is called in words
    "m²": _AREA,
    "公顷": "#,##0.0000",
    "ha": "#,##0.0000",
    "m": "#,##0.0",
    "s": "#,##0",
}
_UNIT = re.compile(r"(?:[（(]|, )([^（()）,]+)[）)]?$")


class SheetOutput:
    """`Output` to a workbook. label: its name in messages; language: of names, heads and words, None for codes.

    figures: native charts on a sheet of their own; titles: those of ids that no table has; record: of what makes the
    workbook, if no table is that of a run.
    """

    def __init__(
        self,
        path: Path,
        label: str,
        language: str | None = None,
        figures: Sequence[SheetFigure] = (),
        titles: KnownTitles | None = None,
        record: Mapping[str, Any] = NO_RECORD,
    ) -> None:
        self._figures, self._record = figures, record
        self._language, self._known_titles = language, titles
        self._path = path
        self._label = label
        self._parts: dict[str, list[pd.DataFrame]] = {}
        self._rows: dict[str, int] = {}
        self._cut: dict[tuple[str, str], int] = {}

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """The columns with cells too small for their text, and how many (out.cell_cut); complete after `finish`."""
        return tuple(
            Problem("out.cell_cut", {"file": self._label, "layer": name, "field": column, "count": count})
            for (name, column), count in self._cut.items()
        )

    def append(self, tables: Mapping[str, Table]) -> None:
        """Keep the next rows of some tables. Raises OneMapError out.too_many_rows."""
        for name, table in tables.items():
            rows = self._rows.get(name, 0) + table.count
            if rows > _MOST_SHEET_ROWS:
                raise OneMapError("out.too_many_rows", file=self._label, layer=name, rows=rows)
            self._rows[name] = rows
            self._parts.setdefault(name, []).append(table.columns)

    def finish(self) -> None:
        """Write the workbook."""
        workbook = Workbook(write_only=True)  # its rows are not kept as cells, which takes twice as long
        frames = {name: whole_columns(parts) for name, parts in self._parts.items()}
        words = (
            SheetWords(self._language, SheetTitles(self._language, self._known_titles, frames))
            if self._language
            else None
        )
        frames = with_department_totals(frames, self._language) if self._language else frames
        for name, columns in frames.items():
            if words is None:
                self._add_sheet(workbook, name, columns, list(map(str, columns)))
                continue
            if name in _OFTEN_EMPTY and columns.empty:
                continue
            worded = words.columns(name, columns)
            heads = [words.head(str(column), name) for column in worded]
            self._add_sheet(workbook, words.name(name), worded, heads, name, words.technical(name))
        technical = words.technical_sheet() if words else None
        if words and technical:
            self._add_sheet(workbook, technical[0], technical[1], [words.head(str(name)) for name in technical[1]])
            workbook[technical[0]].sheet_state = "hidden"  # who prints the whole workbook wants no pages of hashes
        write_charts(workbook, self._figures, workbook.sheetnames)
        self._tell_origin(workbook, frames)
        sheets = io.BytesIO()  # on a full disk a half-written one would complain once more when it is forgotten
        workbook.save(sheets)
        self._path.write_bytes(sheets.getvalue())

    def _tell_origin(self, workbook: Workbook, frames: Mapping[str, pd.DataFrame]) -> None:
        """Write into the file's properties what made it, when, from which versions and by which packs."""
        record = record_in(Table(frames[RUN_TABLE])) if RUN_TABLE in frames else self._record
        properties = workbook.properties
        properties.creator, properties.identifier = f"One Map {onemap_version()}", record.get("id")
        properties.keywords = provenance_words(record)
        if record.get("started"):
            properties.created = datetime.fromisoformat(record["started"]).replace(tzinfo=None)

    def _add_sheet(
        self,
        workbook: Any,
        sheet: str,
        columns: pd.DataFrame,
        heads: list[str],
        table: str = "",
        technical: Sequence[str] = (),
    ) -> None:
        for column, count in _write_sheet(workbook.create_sheet(sheet), columns, heads, table, technical).items():
            self._cut[sheet, column] = count

    def close(self) -> None:
        """Forget what was kept."""
        self._parts.clear()


def _write_sheet(
    sheet: Any, columns: pd.DataFrame, heads: list[str], table: str, technical: Sequence[str]
) -> dict[str, int]:
    """One sheet; returns how many cells were cut, by column. technical: the columns that are folded away."""
    cut: dict[str, int] = {}
    cells: list[list[object]] = []
    shown_width, figures = 0.0, set()
    for at, name in enumerate(map(str, columns), start=1):
        column = columns.iloc[:, at - 1]
        values = [None if _is_nothing(value) else _cell(value) for value in column.astype(object)]
        if too_long := sum(_is_too_long(value) for value in values):
            cut[heads[at - 1]] = too_long
            values = [_shorten_text(value) if _is_too_long(value) else value for value in values]
        cell_texts = [heads[at - 1], *(_cell_text(value) for value in values[:_LOOKED_AT])]
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = min(2 + max(map(_width, cell_texts)), _WIDEST)
        if name in technical:
            sheet.column_dimensions.group(letter, outline_level=1, hidden=True)
            sheet.column_dimensions.max_outline = 1  # else nobody sees that there is something to unfold
        else:
            shown_width += sheet.column_dimensions[letter].width
        kinds = {type(value) for value in values if value is not None}
        if kinds & {int, float} and str not in kinds:
            figures.add(at)
        if column.dtype.kind == "f" or _are_numbers(values):
            form = _NUMBER_FORMS[HECTARES] if table == HECTARES else _number_form(name, heads[at - 1])
            values = [None if value is None else _number_cell(sheet, value, form) for value in values]
        cells.append([_plain_cell(sheet, value) for value in values])
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(columns.columns), 1))}{len(columns) + 1}"
    _set_pages(sheet, shown_width)
    sheet.append([_head_cell(sheet, head, at in figures) for at, head in enumerate(heads, start=1)])
    widths = [sheet.column_dimensions[get_column_letter(at)].width for at in range(1, len(cells) + 1)]
    for at, row in enumerate(zip(*cells, strict=True), start=2):
        if (lines := _line_count(row, widths)) > 1:  # not every program makes room for them by itself
            sheet.row_dimensions[at].height = min(lines, _MOST_LINES) * _LINE_PT
        sheet.append(_top_row(sheet, row))
    return cut


def _line_count(row: Sequence[object], widths: Sequence[float]) -> int:
    """How many lines the highest cell of a row needs. widths: of the columns, in characters."""
    return max(
        (
            math.ceil(text_width(str(cell.value)) / (width - 2))
            for cell, width in zip(row, widths, strict=True)
            if _is_wrapped(cell)
        ),
        default=1,
    )


def _is_wrapped(cell: object) -> TypeGuard[Cell]:
    """Whether a cell may have several lines; numbers never have, and skipping them saves time."""
    return isinstance(cell, Cell) and isinstance(cell.value, str) and bool(cell.alignment.wrap_text)


def _set_pages(sheet: Any, width: float) -> None:
    """Set how the sheet is printed: A4 landscape, all its width, its heads on every page, name and page at the foot.

    width: of the columns that are shown, in characters; too wide a sheet continues on pages beside, after its first
    column.
    """
    pages = max(1, math.ceil(width / _PAGE_WIDE))
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.page_setup.pageOrder = "overThenDown"
    sheet.print_title_rows = "1:1"
    sheet.print_options.gridLines = True
    if pages > 1:
        sheet.print_title_cols = "A:A"
    for side in ("left", "right", "top"):
        setattr(sheet.page_margins, side, 0.4)  # inches
    sheet.page_margins.bottom = 0.6
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"


def _are_numbers(values: Sequence[object]) -> bool:
    """Whether the values of an untyped column are numbers, at least one of them a float."""
    some = [type(value) for value in values if value is not None]
    return float in some and set(some) <= {float, int}


def _is_nothing(value: object) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _head_cell(sheet: Any, name: str, of_figures: bool) -> WriteOnlyCell:
    """The head of a column, aligned as the column's values are."""
    cell = WriteOnlyCell(sheet, name)
    cell.fill, cell.font = PatternFill("solid", fgColor="EBEBEB"), Font(bold=True)
    cell.alignment = Alignment("right" if of_figures else "left")
    return cell


def _number_form(name: str, head: str) -> str | None:
    """The form of a column's numbers, by the unit in its name or in its head; None where neither has one."""
    form = next((form for end, form in _NUMBER_FORMS.items() if name.endswith(end)), None)
    unit = _UNIT.search(head)
    return form or (_UNIT_FORMS.get(unit[1]) if unit else None)


def _number_cell(sheet: Any, value: object, form: str | None) -> WriteOnlyCell:
    """A number in its form; without a form, whole numbers stay as they are and others are rounded by their size."""
    cell = WriteOnlyCell(sheet, value)
    if form == _AREA and isinstance(value, float) and value < 0:
        form = "#,##0" if value <= -10 else "0.0"
    if form and isinstance(value, float) and value < 0 and not f"{value:.{len(form.partition('.')[2])}f}".strip("-0."):
        form = f"{form};{form}"  # what rounds to nothing reads "0.0", not "-0.0": its own form below zero has no sign
    if form is None and isinstance(value, float) and not value.is_integer():
        form = "#,##0.0" if abs(value) >= 1000 else "0.00" if abs(value) >= 1 else "0.0000"
    if form is not None:
        cell.number_format = form
    return cell


def _top_row(sheet: Any, row: Sequence[object]) -> Sequence[object]:
    """A row with all cells aligned to the top if one of them has several lines."""
    if not any(map(_is_wrapped, row)):
        return row
    cells = [cell if isinstance(cell, Cell) else WriteOnlyCell(sheet, cell) for cell in row]
    for cell in cells:
        cell.alignment = Alignment(wrap_text=cell.alignment.wrap_text, vertical="top")
    return cells


def _plain_cell(sheet: Any, value: object) -> object:
    """A value as a cell; a text that begins with = is an attribute, and must never become a formula."""
    if not isinstance(value, str):
        return value
    is_long = len(value) > _WIDEST / 2 and _width(value) > _WIDEST - 2
    if not (is_long or value.startswith("=")):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    if is_long:  # else what the column cannot show is hidden by its neighbour
        cell.alignment = Alignment(wrap_text=True)
    return cell


def _cell_text(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else "" if value is None else str(value)


def _width(text: str) -> int:
    """How wide a text is in a sheet, as far as a column can be."""
    return text_width(text[:_WIDEST])


def _cell(value: object) -> object:
    """A value as a sheet can hold it: text without control characters, infinite numbers as text."""
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    return visible_text(ILLEGAL_CHARACTERS_RE.sub("", value)) if isinstance(value, str) else value


def _is_too_long(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) > _MOST_CELL_CHARACTERS


def _shorten_text(text: str) -> str:
    """The beginning of a text that is too long for a cell, followed by the numbers of kept and of all characters."""
    kept_length = _MOST_CELL_CHARACTERS - len(f"…[{_MOST_CELL_CHARACTERS}/{len(text)}]")
    return f"{text[:kept_length]}…[{kept_length}/{len(text)}]"
