"""Tables of an HTML page: many office systems export such pages with the suffix .xls."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import decode_text

_MARK = re.compile(rb"\s*(<!doctype\s+html|<html|<head|<meta|<table|<\?xml[^>]*\?>\s*<html)", re.IGNORECASE)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_HEAD = 4096
_MOST_SPAN, _MOST_CELLS = 1000, 5_000_000
_NUMBER = "x:num"  # where Excel keeps all digits of a number that it shows rounded


def is_html(head: bytes) -> bool:
    """Whether a file begins like an HTML page."""
    plain = head.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe")
    return bool(_MARK.match(plain))


def html_rows(path: Path, encoding: str | None) -> tuple[list[list[list[Any]]], str]:
    """Return the rows of each table, in the page's order, and the encoding of its text.

    Raises OneMapError source.damaged for a page without a table, sheet.too_large, encoding.….
    """
    content = path.read_bytes()
    match = _CHARSET.search(content[:_HEAD])
    claimed = match.group(1).decode("ascii") if match else None
    text, used_encoding = decode_text(content, path.name, encoding, claimed)
    reader = _TableReader()
    try:
        reader.feed(text)
        reader.close()
    except OverflowError:
        raise OneMapError("sheet.too_large", file=path.name) from None
    tables = [table for table in reader.tables if any(any(cell is not None for cell in row) for row in table)]
    if not tables:
        raise OneMapError("source.damaged", file=path.name, reason="<table>")
    return tables, used_encoding


class _TableReader(HTMLParser):
    """tables: rows of cells as text or None; a cell over several rows is in each of them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Any]]] = []
        self._open: list[list[list[Any]]] = []
        self._below: list[dict[int, tuple[int, Any]]] = []  # by table: column → rows still to fill, and with what
        self._cell: list[str] | None = None
        self._spans, self._number, self._cells = (1, 1), "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "table":
            self._end_cell()
            self._open.append([])
            self._below.append({})
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            if not self._open[-1]:
                self._open[-1].append([])
            self._cell = []
            self._spans = _span(attributes.get("rowspan")), _span(attributes.get("colspan"))
            self._number = attributes.get(_NUMBER) or ""
        elif tag in ("br", "p") and self._cell:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "tr" and self._open and self._open[-1]:
            self._fill(self._open[-1][-1])
        if tag == "table" and self._open:
            self._open.pop()
            self._below.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None or not self._open:
            self._cell = None
            return
        text = self._number or re.sub(r"\s+", " ", "".join(self._cell).replace("\xa0", " ")).strip()
        row, (rows, columns) = self._open[-1][-1], self._spans
        self._fill(row)
        self._cells += rows * columns
        if self._cells > _MOST_CELLS:
            raise OverflowError
        for column in range(columns):
            value = (text or None) if column == 0 else None
            if rows > 1:
                self._below[-1][len(row)] = (rows - 1, value)
            row.append(value)
        self._cell = None

    def _fill(self, row: list[Any]) -> None:
        """Add the values of cells that reach down from rows above."""
        below = self._below[-1]
        while (upper_cell := below.get(len(row))) is not None:
            rows, value = upper_cell
            if rows > 1:
                below[len(row)] = (rows - 1, value)
            else:
                del below[len(row)]
            row.append(value)


def _span(text: str | None) -> int:
    return min(_MOST_SPAN, max(1, int(text))) if text and text.strip().isdecimal() else 1
