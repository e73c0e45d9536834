"""The unchanged cells of an Excel or CSV file: rows of values, merged cells filled downwards."""

import contextlib
import csv
import io
import os
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import text_of
from onemap.layers.sources.sheets.html_tables import html_rows, is_html
from onemap.layers.sources.sheets.old_workbook import checked_workbook

SUFFIXES = {".xlsx": "XLSX", ".xls": "XLS", ".csv": "CSV"}
_MOST_BYTES = 200_000_000  # of an .xlsx, unpacked: more would need gigabytes of memory as cells
_MOST_CELLS = 20_000_000
_MOST_EMPTY = 10  # cells of a large CSV when its rows are made as long as the longest, for each that it has
_MOST_ROWS = 1_048_576
_MOST_MERGED_CELLS = 1_000_000
_MOST_CELL_CHARACTERS = 1 << 30
_SEPARATORS = ",\t;，"
# What openpyxl makes a cell of for each place in its range.
_RANGE = re.compile(
    rb"<(?:\w+:)?(?:mergeCell|hyperlink)\s[^>]*?\bref\s*=\s*[\"']\s*"
    rb"\$?([A-Za-z]{1,3})\$?(\d+)\s*:\s*\$?([A-Za-z]{1,3})\$?(\d+)"
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD = 4096
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"


@dataclass(frozen=True)
class Grid:
    """One sheet: its name and its rows of values (text, numbers, None), of different lengths."""

    name: str
    rows: list[list[Any]]
    encoding: str | None = None

    def at(self, row: int, column: int) -> Any:
        """The value of a cell, None beyond the end of its row."""
        return self.rows[row][column] if column < len(self.rows[row]) else None


def address(row: int, column: int) -> str:
    """A cell's name as Excel shows it: A1 for 0, 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row + 1}"


def grids_of(path: Path, encoding: str | None) -> list[Grid]:
    """Return every sheet of a file; a CSV is one sheet.

    Raises OneMapError source.damaged, sheet.too_large, sheet.spread, encoding.….
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return [_csv_grid(path, encoding)]
    with path.open("rb") as file:
        head = file.read(_HEAD)
    start = head[:4]
    if is_html(head):
        return _html_grids(path, encoding)
    if start == _ZIP:
        _check_size(path)
    elif start != _OLE:
        raise OneMapError("source.damaged", file=path.name, reason=f"{suffix} ≠ {start!r}")
    try:
        return _new_grids(path) if start == _ZIP else _old_grids(path)
    except (OneMapError, MemoryError):
        raise
    except Exception as error:  # both libraries let every kind of error through where a file is damaged
        reason = f"{type(error).__name__}: {error}"[:200]
        raise OneMapError("source.damaged", file=path.name, reason=reason) from error


def _csv_grid(path: Path, encoding: str | None) -> Grid:
    text, used_encoding = text_of(path, encoding)
    head = text[:20_000].splitlines()[:20]
    separator = max(_SEPARATORS, key=lambda sign: sum(line.count(sign) > 0 for line in head)) if head else ","
    rows = _csv_rows(path, text, separator)
    grid = Grid(path.stem, [[value if value.strip() else None for value in row] for row in rows], used_encoding)
    _check_spread(path, grid)
    return grid


def _csv_rows(path: Path, text: str, separator: str) -> list[list[str]]:
    """Return the cells of a CSV; refuse a stray quotation mark, which would silently swallow rows up to the next.

    Raises OneMapError sheet.quotes, source.damaged.
    """
    csv.field_size_limit(_MOST_CELL_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    line = 1
    try:
        for row in reader:
            rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        if "expected" in str(error):  # a separator behind a cell in quotation marks, or another mark before the end
            raise OneMapError("sheet.quotes", file=path.name, line=line) from error
        raise OneMapError("source.damaged", file=path.name, reason=str(error)) from error
    return rows


def _check_spread(path: Path, grid: Grid) -> None:
    """Refuse short rows under a wide header that would fill the memory when padded. Raises OneMapError sheet.spread.

    The text between separators is bounded by the file's own size.
    """
    lengths = [len(row) for row in grid.rows if any(value is not None for value in row)]
    width = max(lengths, default=1)
    if len(lengths) * width > max(_MOST_CELLS, _MOST_EMPTY * sum(lengths)):
        count = sum(value is not None for row in grid.rows for value in row)
        place = {"feature": len(grid.rows), "column": address(0, width - 1).rstrip("1")}
        raise OneMapError("sheet.spread", file=path.name, layer=grid.name, count=count, **place)


def _html_grids(path: Path, encoding: str | None) -> list[Grid]:
    """Return the tables of an HTML page with a workbook's suffix."""
    tables, used_encoding = html_rows(path, encoding)
    names = [path.stem] if len(tables) == 1 else [f"{path.stem} {number}" for number in range(1, len(tables) + 1)]
    return [Grid(name, rows, used_encoding) for name, rows in zip(names, tables, strict=True)]


def _check_size(path: Path) -> None:
    """Refuse what would fill the memory: too much when unpacked, or endlessly merged or linked cells."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
                raise OneMapError("sheet.too_large", file=path.name)
            # Sheets may lie anywhere in it.
            if any(_cells_in_ranges(archive.read(info)) > _MOST_MERGED_CELLS for info in archive.infolist()):
                raise OneMapError("sheet.too_large", file=path.name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from error


def _cells_in_ranges(content: bytes) -> int:
    if content.startswith(_UTF_16):
        content = content.decode("utf-16", errors="replace").encode()
    total = 0
    for first, top, last, bottom in _RANGE.findall(content):
        total += max(0, _column(last) - _column(first) + 1) * max(0, int(bottom) - int(top) + 1)
    return total


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _new_grids(path: Path) -> list[Grid]:
    import openpyxl
    from openpyxl.styles import cell_style

    cell_style.print = _discard_output  # it says on stdout, where the answer goes, that a style is not there
    book = openpyxl.load_workbook(path, data_only=True)
    formulas = openpyxl.load_workbook(path) if _has_formulas(path) else None
    grids = []
    for sheet in book.worksheets:
        rows = _rows_of(sheet, path.name)
        if formulas is not None:
            _show_formulas(rows, formulas[sheet.title])
        merged_cells = ((r.min_row - 1, r.max_row, r.min_col - 1) for r in sheet.merged_cells.ranges)
        grids.append(Grid(sheet.title, _fill_merged_cells(rows, merged_cells)))
    return grids


def _discard_output(*words: object) -> None:
    """Discard what a library prints unasked."""


def _rows_of(sheet: Any, file: str) -> list[list[Any]]:
    """Return the values of a sheet, each row up to its last cell. Raises OneMapError sheet.too_large; ValueError."""
    if sheet.max_row > _MOST_ROWS:
        raise OneMapError("sheet.too_large", file=file, layer=sheet.title)
    rows: list[list[Any]] = [[] for _ in range(sheet.max_row if sheet._cells else 0)]
    room = 0
    # Not iter_rows: it makes a cell for each gap, and one far from the others would take all memory.
    for (row, column), cell in sheet._cells.items():
        if row < 1 or column < 1:
            raise ValueError(f"a cell in row {row}, column {column}")
        values = rows[row - 1]
        gap = column - len(values)
        if gap > 0:
            room += gap
            if room > _MOST_CELLS:
                raise OneMapError("sheet.too_large", file=file, layer=sheet.title)
            values += [None] * gap
        values[column - 1] = cell.value
    return rows


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        sheets = (name for name in archive.namelist() if name.startswith("xl/worksheets/"))
        return any(re.search(rb"<(\w+:)?f[ />]", archive.read(name)) for name in sheets)


def _show_formulas(rows: list[list[Any]], formulas: Any) -> None:
    """Show a formula whose result is missing, so that its cell does not pass as empty. formulas: the sheet."""
    for (row, column), cell in formulas._cells.items():
        if cell.value is not None and rows[row - 1][column - 1] is None:
            rows[row - 1][column - 1] = str(cell.value)


def _old_grids(path: Path) -> list[Grid]:
    # Not xlrd: it follows the chains of a damaged file for ever, and takes all memory on the way.
    from python_calamine import CalamineWorkbook

    if path.stat().st_size > _MOST_BYTES:
        raise OneMapError("sheet.too_large", file=path.name)
    workbook = checked_workbook(path, _MOST_CELLS)
    grids = []
    with _panics_as_errors():
        book = CalamineWorkbook.from_filelike(io.BytesIO(workbook))
        for sheet in (book.get_sheet_by_name(name) for name in book.sheet_names):
            rows = [[None if cell == "" else cell for cell in row] for row in sheet.to_python(skip_empty_area=False)]
            merged_cells = [(first[0], last[0] + 1, first[1]) for first, last in sheet.merged_cell_ranges or ()]
            if sum(min(bottom, len(rows)) - top for top, bottom, _ in merged_cells if top < len(rows)) > _MOST_CELLS:
                raise OneMapError("sheet.too_large", file=path.name, layer=sheet.name)
            grids.append(Grid(sheet.name, _fill_merged_cells(rows, merged_cells)))
    return grids


@contextlib.contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Turn a panic of the Rust library into a plain error; it is no Exception and writes to stderr."""
    sys.stderr.flush()
    stderr_copy = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(str(error)) from None
    finally:
        os.dup2(stderr_copy, 2)
        os.close(stderr_copy)
        os.close(nowhere)


def _fill_merged_cells(rows: list[list[Any]], merged_cells: Iterable[tuple[int, int, int]]) -> list[list[Any]]:
    """Fill merged cells down their first column; to the right their value would count twice."""
    for top, bottom, left in merged_cells:
        if top < len(rows) and left < len(rows[top]):
            for row in range(top + 1, min(bottom, len(rows))):
                if left < len(rows[row]):
                    rows[row][left] = rows[top][left]
    return rows
