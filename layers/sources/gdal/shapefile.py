"""What is special in a shapefile: whether its parts exist and agree, and how its text is encoded."""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from onemap.layers.crs.systems import check_names_no_file
from onemap.layers.errors import OneMapError, Problem, file_reason
from onemap.layers.files.files_beside import files_of_stem
from onemap.layers.files.text_encodings import decodes, encoding_of, is_doubtful
from onemap.layers.geometry.validity import MOST_VERTICES, vertices_problem

_PARTS = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx")
# Language driver ids (byte 29 of a DBF) that name one code page; 0x57 and 0x03 mean "the sender's own".
_LANGUAGE_DRIVERS = {0x4D: "cp936", 0x4F: "cp950", 0x7A: "cp936", 0x78: "cp950", 0x13: "cp932", 0x12: "cp949"}
_POINT_BYTES = (16, 32, 24)  # of a point at most: in two dimensions, with height and measure, with measure
_DELETED, _END_OF_FIELDS = 0x2A, 0x0D
_OTHER_KINDS = frozenset("IBYTMGPWOVQ@+0")  # of fields of FoxPro and of dBase from its fifth version on


def check_complete(path: Path) -> None:
    """Refuse a shapefile whose parts are missing. Raises OneMapError source.part_missing."""
    suffix = path.suffix.lower()
    is_table = suffix == ".dbf" and sibling(path, ".shx") is None  # and no shapefile that has lost a part
    if suffix in _PARTS and not is_table and sibling(path, ".shp") is None:
        raise OneMapError("source.part_missing", file=path.name, part=f"{path.stem}.shp")
    if suffix == ".shp":
        missing = [part for part in (".dbf", ".shx") if sibling(path, part) is None]
        if missing:
            raise OneMapError("source.part_missing", file=path.name, part=", ".join(path.stem + s for s in missing))


@contextlib.contextmanager
def with_utf8_projection(path: Path) -> Iterator[Path]:
    """Give a shapefile whose .prj GDAL can read: the file itself, or a copy of it if Chinese names are in GBK.

    Raises OneMapError crs.names_file, source.no_room.
    """
    projection = sibling(path, ".prj")
    content = b"" if projection is None else projection.read_bytes()
    check_names_no_file(content.decode("latin-1"), file=path.name)
    if projection is None or decodes(content, "utf-8"):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as folder:
        try:
            for part in files_of_stem(path):
                if part.is_file() and part != projection:
                    shutil.copy(part, Path(folder) / part.name)
            text = content.decode("gb18030", errors="replace")
            (Path(folder) / projection.name).write_text(text, encoding="utf-8")
        except PermissionError:
            raise
        except OSError as error:
            raise OneMapError("source.no_room", file=path.name, reason=file_reason(error)) from None
        yield Path(folder) / path.name


def check_counts(path: Path) -> None:
    """Refuse a shapefile whose numbers of shapes and records differ; GDAL would read the smaller number.

    Also refuse one with more shapes than its index knows, as when a newer .shp was put beside older parts, and one
    whose index names a shape twice, because another is lost by that. Raises OneMapError source.rows.
    """
    index, table = sibling(path, ".shx"), sibling(path, ".dbf")
    if index is None or table is None:
        return
    content = index.read_bytes()[100:]
    places = np.frombuffer(content, ">i4", len(content) // 8 * 2).reshape(-1, 2).astype(np.int64) * 2
    starts = places[places[:, 1] > 0, 0]  # some writers give a feature without a shape no place
    shapes, records = len(places), _Table.of(table).records
    distinct_shapes = shapes - len(starts) + len(np.unique(starts))
    all_shapes = shapes + _further_shapes(path, places)
    if not distinct_shapes == shapes == records == all_shapes:
        rows, rows_due = min(records, distinct_shapes), max(records, all_shapes)
        raise OneMapError("source.rows", file=path.name, rows=rows, held=rows_due)


def _further_shapes(path: Path, places: np.ndarray) -> int:
    """Count the shapes after the last one in the index that continue its numbering."""
    shapes, further, at = len(places), 0, int((places.sum(axis=1) + 8).max(initial=100))
    with path.open("rb") as file:
        while file.seek(at) == at and len(head := file.read(8)) == 8:
            number, words = (int.from_bytes(head[part : part + 4], "big") for part in (0, 4))
            if number != shapes + further + 1 or words < 2:
                break
            further, at = further + 1, at + 8 + 2 * words
    return further


def check_sizes(path: Path) -> None:
    """Refuse a shapefile whose index names a record too large for a feature, before it is read.

    Raises OneMapError geometry.vertices.
    """
    index = sibling(path, ".shx")
    content = b"" if index is None else index.read_bytes()[100:]
    words = np.frombuffer(content, ">i4", len(content) // 8 * 2)[1::2]
    with path.open("rb") as file:
        kind = int.from_bytes(file.read(36)[32:], "little")
    vertices = words.astype(np.int64) * 2 // _POINT_BYTES[min(kind // 10, 2)]
    if (vertices > MOST_VERTICES).any():
        row = int(np.argmax(vertices > MOST_VERTICES))
        raise OneMapError.of([vertices_problem(row, int(vertices[row]), {"file": path.name, "layer": path.stem})])


def check_field_kinds(path: Path) -> None:
    """Refuse a table with field types of FoxPro and later dBase, whose bytes GDAL would return as text.

    These are integers, amounts and times in binary form, and numbers of notes in a file beside it. path: of the table
    or of its shapefile. Raises OneMapError field.kind for each.
    """
    table = sibling(path, ".dbf")
    if table is None:
        return
    with table.open("rb") as file:
        head = file.read(32)
        fields = file.read(max(int.from_bytes(head[8:10], "little") - 32, 0))
    problems = []
    for start in range(0, len(fields) - 31, 32):
        if fields[start] == _END_OF_FIELDS:
            break
        kind = chr(fields[start + 11])
        if kind.upper() in _OTHER_KINDS:  # any other sign is damage, which reading tells
            name = fields[start : start + 11].split(b"\0")[0].decode("gb18030", errors="replace")
            facts = {"file": path.name, "layer": path.stem, "field": name, "kind": kind}
            problems.append(Problem("field.kind", facts))
    if problems:
        raise OneMapError.of(problems)


@dataclass(frozen=True)
class _Table:
    """The contents of a DBF: language driver, field names, and the text of each character field, row by row."""

    records: int
    driver: int
    names: tuple[bytes, ...]
    columns: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, path: Path) -> "_Table":
        content = path.read_bytes()
        if len(content) < 33:
            raise OneMapError("source.damaged", file=path.name, reason=f"{len(content)} bytes")
        header_length = int.from_bytes(content[8:10], "little")
        if header_length > len(content):  # GDAL would find no fields, and say nothing
            raise OneMapError("source.damaged", file=path.name, reason=f"{header_length} > {len(content)} bytes")
        record_length = max(int.from_bytes(content[10:12], "little"), 1)
        records = int.from_bytes(content[4:8], "little")
        names, columns, offset, position = [], [], 1, 32
        spans: list[tuple[int, int]] = []
        while position + 32 <= header_length and content[position] != _END_OF_FIELDS:
            descriptor = content[position : position + 32]
            names.append(descriptor[:11].split(b"\0")[0])
            if descriptor[11:12] in b"CcMm":
                spans.append((offset, descriptor[16]))
            offset += descriptor[16]
            position += 32
        body = np.frombuffer(content[header_length : header_length + records * record_length], dtype=np.uint8)
        rows = body[: len(body) // record_length * record_length].reshape(-1, record_length)
        rows = rows[rows[:, 0] != _DELETED]
        columns = [rows[:, start : start + length] for start, length in spans]
        return cls(records, content[29], tuple(names), tuple(columns))

    def texts(self) -> Iterator[bytes]:
        """Yield the field names, then all values of each field, one per line, so that no character spans two values."""
        yield b"\n".join(self.names)
        for column in self.columns:
            lines = np.full((len(column), column.shape[1] + 1), 0x0A, dtype=np.uint8)
            lines[:, :-1] = column
            yield lines.tobytes().replace(b"\0", b" ")


RAW = "iso8859-1"  # gives every byte as one sign, so that nothing of a text is lost on the way
_NAME_BYTES = 10  # a DBF has no room for more
_NUMBERED = re.compile(rb"_?[0-9]{1,2}$")
_BAD_SHARE = 0.1  # of the cells that are not plain ASCII; with more of them the encoding is another


@dataclass(frozen=True)
class ShapefileText:
    """How the text of a shapefile is read.

    names: of its fields; cut: names that ended inside a character, which is left out; is_plain: GDAL can be told the
    encoding and decodes all of it.
    """

    encoding: str
    names: tuple[str, ...]
    cut: tuple[str, ...] = ()
    is_plain: bool = True

    def decode_columns(self, columns: list[Any]) -> list[Any]:
        """Decode columns that were read as RAW; invalid bytes become the replacement character."""
        return [np.array([self._text(value) for value in c], dtype=object) if c.dtype == object else c for c in columns]

    def _text(self, value: Any) -> Any:
        return value.encode(RAW).decode(self.encoding, errors="replace") if isinstance(value, str) else value


def shapefile_text(shapefile: Path, stated_encoding: str | None, lenient: bool = False) -> ShapefileText:
    """Return the encoding of a shapefile's attributes, and the names of its fields.

    In this order: `stated_encoding`, `.cpg`, the language driver, each only if the bytes agree; strict UTF-8; UTF-8
    except for a few cells; GB18030; any of them except for a few cells. lenient: however many cells are bad. A given
    encoding also fits if only the width of a field has cut characters. Raises OneMapError encoding.wrong if a given one
    does not fit, encoding.undecidable.
    """
    path = sibling(shapefile, ".dbf")
    if path is None:
        return ShapefileText("utf-8", ())
    table = _Table.of(path)
    texts = list(table.texts())
    claimed = [encoding_of(stated_encoding)] if stated_encoding is not None else _claimed_encodings(shapefile, table)
    candidates = [*claimed, *([] if stated_encoding is not None else ["utf-8", "gb18030"])]
    content = b"\n".join(texts)
    fit = [one for one in dict.fromkeys(candidates) if stated_encoding is not None or not is_doubtful(one, content)]
    for encoding in fit:
        names, cut = _field_names(table, encoding)
        if names is not None and decodes(b"\n".join(texts[1:]), encoding):
            # Chinese in UTF-8 of which one cell is cut would mostly pass for GBK, and be other signs.
            is_guess = encoding == "gb18030" and encoding not in claimed and "utf-8" in fit
            if is_guess and _is_nearly(texts[1:], "utf-8"):
                continue
            return ShapefileText(encoding, tuple(names), tuple(cut), is_plain=not cut)
    nearly = [one for one in fit if _is_nearly(texts[1:], one)] or (fit if lenient else [])
    for encoding in nearly if stated_encoding is None else ():
        names, cut = _field_names(table, encoding)
        if names is not None:
            return ShapefileText(encoding, tuple(names), tuple(cut), is_plain=False)
    if stated_encoding is not None:
        names, cut = _field_names(table, claimed[0])
        if names is not None and _fits_but_for_cuts(texts[1:], claimed[0]):
            return ShapefileText(claimed[0], tuple(names), tuple(cut), is_plain=False)
        raise OneMapError("encoding.wrong", file=path.name, encoding=stated_encoding)
    raise OneMapError("encoding.undecidable", file=path.name, feature=_first_unreadable(table))


def _field_names(table: _Table, encoding: str) -> tuple[list[str] | None, list[str]]:
    """Return the names of the fields, and those that a writer cut inside a character; None if they do not fit."""
    names: list[str] = []
    cut: list[str] = []
    for raw in table.names:
        whole = _whole_name(raw, encoding)
        if whole is None:
            return None, []
        name = whole.decode(encoding)
        if len(whole) < len(raw):
            cut.append(name)
        while name in names:
            name += "_"
        names.append(name)
    return names, cut


def _whole_name(raw: bytes, encoding: str) -> bytes | None:
    """Return a field's name without the character that its writer cut; None if it does not fit the encoding.

    If two names begin alike, writers cut one once more and append _1: so the cut may lie before that.
    """
    if len(raw) < _NAME_BYTES:
        return raw if decodes(raw, encoding) else None
    number = _NUMBERED.search(raw)
    head, tail = (raw[: number.start()], number[0]) if number else (raw, b"")
    tries = [raw, *(head[:end] + tail for end in range(len(head), len(head) - 4, -1))]
    return next((one for one in tries if decodes(one, encoding)), None)


def _is_nearly(texts: list[bytes], encoding: str) -> bool:
    """Whether nearly all cells that are not plain ASCII are text of an encoding."""
    cells = [cell for text in texts for cell in text.split(b"\n") if not cell.isascii()]
    bad = sum(not decodes(cell, encoding) for cell in cells)
    return 0 < bad <= _BAD_SHARE * len(cells)


def _fits_but_for_cuts(texts: list[bytes], encoding: str) -> bool:
    """Whether all cells are text of an encoding, except for the last character of cells that fill their field."""
    cells = [cell for text in texts for cell in text.split(b"\n") if not decodes(cell, encoding)]
    return all(cell[-1:] != b" " and any(decodes(cell[:-cut], encoding) for cut in (1, 2, 3)) for cell in cells)


def _claimed_encodings(shapefile: Path, table: _Table) -> list[str]:
    """Return the encodings that .cpg and language driver declare; an unknown name is no evidence."""
    claims = []
    code_page = sibling(shapefile, ".cpg")
    if code_page is not None:
        try:
            claims.append(encoding_of(code_page.read_text("ascii", errors="replace")))
        except OneMapError:
            claims.clear()
    if table.driver in _LANGUAGE_DRIVERS:
        claims.append(encoding_of(_LANGUAGE_DRIVERS[table.driver]))
    return claims


def _first_unreadable(table: _Table) -> int | None:
    """Return the first row with text that is not GB18030: most often a character cut at the field's end."""
    rows = [
        row
        for text in list(table.texts())[1:]
        for row, value in enumerate(text.split(b"\n"), start=1)
        if not decodes(value, "gb18030")
    ]
    return min(rows, default=None)


def sibling(path: Path, suffix: str) -> Path | None:
    """Return the file with the same stem and another suffix, in upper or lower case, or None."""
    try:
        return next((one for one in files_of_stem(path) if one.suffix.lower() == suffix), None)
    except OSError:  # a folder whose files may be read, but not listed
        return None
