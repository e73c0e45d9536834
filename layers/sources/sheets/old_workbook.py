"""Check an old Excel workbook (.xls) record by record, before the library that reads its values gets it.

That library allocates memory for whatever row, column or count a record names. So it gets a workbook of our own making,
with only the records of values, sheets and formats, each checked for plausible size.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.sources.sheets.compound_file import file_of, stream_of

_BOF, _EOF, _CONTINUE = 0x0809, 0x000A, 0x003C
_LOCKED, _SHEET, _TEXTS = 0x002F, 0x0085, 0x00FC
_GLOBAL = {_BOF, _LOCKED, _SHEET, _TEXTS, 0x0042, 0x0022, 0x041E, 0x00E0}  # and code page, epoch, formats
_FORMULA, _TEXT_OF_FORMULA, _LABEL, _LABEL_BY_NUMBER, _RUN_OF_NUMBERS = 0x0006, 0x0207, 0x0204, 0x00FD, 0x00BD
_CELLS = {_FORMULA, _LABEL, _LABEL_BY_NUMBER, _RUN_OF_NUMBERS, 0x0203, 0x0205, 0x027E}
_MERGED = 0x00E5
_COLUMNS = 256
_BIFF5 = b"\x00\x05"
_SPREAD_CELLS = 2_000_000  # so many between others need no reason
_SPREAD = 100  # beyond that, a cell that holds something for every hundred


def checked_workbook(path: Path, most_cells: int) -> bytes:
    """Return the values, sheets, formats and merged cells of a workbook as a new one, with cells in row order.

    most_cells: of all sheets, from the first row and column to the last, including empty cells in between. Raises
    OneMapError sheet.beyond, sheet.spread, sheet.too_large, source.locked; ValueError, IndexError or struct.error if it
    is damaged.
    """
    stream = stream_of(path.read_bytes(), ("Workbook", "Book"))
    head, places, texts = _globals(stream, path.name)
    sheets = [_Sheet(path.name, name) for _, _, name in places]
    taken_bytes = 0
    for sheet, (_, begin, _) in zip(sheets, places, strict=True):
        taken_bytes += sheet.take(stream, begin, texts)
        if taken_bytes > len(stream):  # or a small file could hold one large sheet a thousand times
            raise ValueError(f"the sheet {sheet.name} within another")
    if sum(sheet.spread() for sheet in sheets) > most_cells:
        raise OneMapError("sheet.too_large", file=path.name)
    parts: list[bytes | bytearray] = [head]
    for sheet, (at, _, _) in zip(sheets, places, strict=True):
        struct.pack_into("<I", head, at, sum(map(len, parts)))
        parts.append(sheet.records())
    return file_of("Workbook", b"".join(parts))


def _records(stream: bytes, begin: int) -> Iterator[tuple[int, int, int]]:
    """Yield kind, place and length of each record of one part of a stream. Raises ValueError if it breaks off."""
    at = begin
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if at + 4 + length > len(stream):
            break
        yield kind, at + 4, length
        if kind == _EOF:
            return
        at += 4 + length
    if at != len(stream):
        raise ValueError(f"a record at {at} of {len(stream)} bytes")


def _globals(stream: bytes, file: str) -> tuple[bytearray, list[tuple[int, int, str]], int | None]:
    """Return the part before the sheets; each sheet's offset, where that is written, and its name; the text count."""
    head, places = bytearray(), []
    texts: int | None = None
    room, is_kept, is_biff5 = 0, False, False
    for kind, at, length in _records(stream, 0):
        data = stream[at : at + length]
        is_kept = is_kept if kind == _CONTINUE else kind in _GLOBAL or kind == _EOF
        if kind == _BOF:
            is_biff5 = data[:2] == _BIFF5
        elif kind == _LOCKED and any(data):
            raise OneMapError("source.locked", file=file)
        elif kind == _SHEET:
            (begin,) = struct.unpack_from("<I", data)
            places.append((len(head) + 4, begin, _sheet_name(data, is_biff5)))
        elif kind == _TEXTS:
            (texts,) = struct.unpack_from("<I", data, 4)
            room = 0
        if is_kept:
            room += length
            head += stream[at - 4 : at + length]
    if texts is not None and texts * 3 > room:  # a text has three bytes at least
        raise ValueError(f"{texts} texts in {room} bytes")
    return head, places, texts


def _sheet_name(data: bytes, is_biff5: bool) -> str:
    """A sheet's name, for the remarks on it."""
    if is_biff5:  # in the code page of its country
        return data[7:].decode("gb18030", errors="replace")
    return data[8:].decode("utf-16-le" if data[7] & 1 else "latin-1", errors="replace")


@dataclass
class _Sheet:
    """The records of one sheet that hold values, each with its row."""

    file: str
    name: str
    cells: list[tuple[int, bytes]] = field(default_factory=list)
    merged: list[bytes] = field(default_factory=list)
    filled: int = 0
    rows: tuple[int, int] = (1 << 16, -1)
    columns: tuple[int, int] = (1 << 16, -1)

    def take(self, stream: bytes, begin: int, texts: int | None) -> int:
        """Read the records from `begin` on; return their size in bytes. Raises OneMapError sheet.beyond, ValueError."""
        text_bytes, end = 0, begin
        for kind, at, length in _records(stream, begin):
            end = at + length
            record = stream[at - 4 : end]
            if kind in _CELLS:
                if length < 6:
                    raise ValueError(f"a cell of {length} bytes at {at}")
                row, column = struct.unpack_from("<HH", stream, at)
                last = column + (length - 6) // 6 - 1 if kind == _RUN_OF_NUMBERS else column
                self._reach(row, column, last)
                if kind == _FORMULA:
                    record = _without_formula(record)
                elif kind == _LABEL_BY_NUMBER and length >= 10:
                    (number,) = struct.unpack_from("<I", stream, at + 6)
                    if number >= (texts or 0):
                        raise ValueError(f"text {number} of {texts} in row {row + 1} of {self.name}")
                elif kind == _LABEL and length >= 8:
                    text_bytes += struct.unpack_from("<H", stream, at + 6)[0]
                self.cells.append((row, record))
            elif kind == _TEXT_OF_FORMULA:
                row, before = self.cells[-1]
                if before[:2] != struct.pack("<H", _FORMULA):
                    raise ValueError(f"a text at {at} that no formula gives")
                text_bytes += struct.unpack_from("<H", stream, at)[0]
                self.cells[-1] = row, before + record
            elif kind == _MERGED:
                self.merged.append(record)
        if text_bytes > len(stream):
            raise ValueError(f"texts of {text_bytes} characters in {self.name}")
        return end - begin

    def _reach(self, row: int, first: int, last: int) -> None:
        if max(first, last) >= _COLUMNS or last < first:
            raise OneMapError(
                "sheet.beyond", file=self.file, layer=self.name, feature=row + 1, column=max(first, last) + 1
            )
        self.filled += last - first + 1
        self.rows = min(self.rows[0], row), max(self.rows[1], row)
        self.columns = min(self.columns[0], first), max(self.columns[1], last)

    def spread(self) -> int:
        """Return the number of cells from the first to the last. Raises OneMapError sheet.spread."""
        height, width = self.rows[1] + 1, self.columns[1] + 1
        if height * width > max(_SPREAD_CELLS, _SPREAD * self.filled):
            facts = {"feature": height, "column": width, "count": self.filled}
            raise OneMapError("sheet.spread", file=self.file, layer=self.name, **facts)
        return height * width

    def records(self) -> bytes:
        """Return the records as one part in row order, since a cell above the one before it would be lost."""
        cells = sorted(self.cells, key=lambda cell: cell[0])
        return b"".join([*(record for _, record in cells), *self.merged, struct.pack("<HH", _EOF, 0)])


def _without_formula(record: bytes) -> bytes:
    """Return a formula's record with only its value."""
    if len(record) < 24:
        raise ValueError(f"a formula of {len(record)} bytes")
    return struct.pack("<HH", _FORMULA, 22) + record[4:24] + b"\0\0"
