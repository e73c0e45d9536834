"""SpatiaLite, and the SQLite files of GDAL: tables whose geometries are in SpatiaLite's own form, or WKB.

Python's own SQLite reads the file, so that nothing in its schema besides tables and views (extensions, virtual tables
of other files) is ever run.
"""

import contextlib
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs.systems import parse_crs
from onemap.layers.crs.zones import by_parameters
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.disk_place import sqlite_address
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.wkb_reading import DEEPEST, TOO_DEEP, geometry_of_wkb
from onemap.layers.stores.sql_text import compose_sql

SUFFIXES = {".sqlite", ".spatialite"}
FORMAT = "SpatiaLite"
_HEAD, _TINY_HEAD = 38, 7  # bytes before a geometry's type: start, byte order, SRID, box, mark
_START, _TINY, _MARK, _ENTITY, _END = 0x00, (0x80, 0x81), 0x7C, 0x69, 0xFE
_COMPRESSED = 1_000_000
_OWN = {"ogc_fid"}  # GDAL's number of a row


@dataclass(frozen=True)
class _Table:
    name: str
    column: str
    srid: int | None
    form: str


def spatialite_layers(path: Path) -> list[str]:
    """The tables that have a geometry. Raises OneMapError source.damaged."""
    with _open(path) as connection:
        return [table.name for table in _tables(connection)]


def read_spatialite(path: Path, layer: str) -> RawFrame:
    """One table, in the order of its rows. Raises OneMapError source.damaged, crs.unknown."""
    with _open(path) as connection:
        table = next(table for table in _tables(connection) if table.name == layer)
        cursor = connection.execute(compose_sql("SELECT * FROM {layer}", layer=layer))
        names = [column[0] for column in cursor.description]
        at = [name.lower() for name in names].index(table.column.lower())
        rows = cursor.fetchall()
        crs = _crs(connection, table.srid, path)
    shapes = np.full(len(rows), None, dtype=object)
    broken_rows: dict[int, str] = {}
    for row, values in enumerate(rows):
        try:
            shapes[row] = _shape(values[at], table.form)
        except (ValueError, TypeError, struct.error, RecursionError, shapely.GEOSException) as error:
            broken_rows[row] = str(error)[:200]
    own_columns = [column for column, name in enumerate(names) if column != at and name.lower() not in _OWN]
    columns = {names[column]: [values[column] for values in rows] for column in own_columns}
    place = ProblemPlace(file=path.name, layer=layer)
    return RawFrame(
        path=path,
        layer=layer,
        format=FORMAT,
        shapes=shapely.force_2d(shapes),
        attributes=pd.DataFrame(columns, index=range(len(rows)), dtype=object),
        crs=crs,
        encoding="utf-8",
        problems=(Problem("geometry.z_dropped", place),) if shapely.has_z(shapes).any() else (),
        broken=broken_rows,
    )


@contextlib.contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    uri = sqlite_address(path.resolve(), "mode=ro&immutable=1")
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            yield connection
    except (sqlite3.Error, UnicodeDecodeError, StopIteration, ValueError) as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from error


def _tables(connection: sqlite3.Connection) -> Sequence[_Table]:
    """The tables with a geometry, as the file's own list names them."""
    cursor = connection.execute("SELECT * FROM geometry_columns")
    names = [column[0].lower() for column in cursor.description]
    there = {
        name.lower(): name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
    }
    tables = []
    for row in cursor:
        facts = dict(zip(names, row, strict=True))
        name = there.get(str(facts["f_table_name"]).lower())
        if name is not None:
            form = str(facts.get("geometry_format") or FORMAT)
            tables.append(_Table(name, str(facts["f_geometry_column"]), facts.get("srid"), form))
    return tables


def _crs(connection: sqlite3.Connection, srid: int | None, path: Path) -> pyproj.CRS | None:
    """Return the system of a number in the file's own list; None for a number without meaning."""
    if not isinstance(srid, int) or srid <= 0:
        return None
    cursor = connection.execute("SELECT * FROM spatial_ref_sys WHERE srid = ?", (srid,))
    row = cursor.fetchone()
    if row is None:
        return None
    facts = dict(zip([column[0].lower() for column in cursor.description], row, strict=True))
    if str(facts.get("auth_name") or "").lower() == "epsg" and facts.get("auth_srid"):
        return by_parameters(parse_crs(f"EPSG:{facts['auth_srid']}", file=path.name))
    text = facts.get("srtext") or facts.get("srs_wkt") or facts.get("proj4text")
    return by_parameters(parse_crs(text, file=path.name)) if text and text != "Undefined" else None


def _shape(body: Any, form: str) -> shapely.Geometry | None:
    """Decode a geometry. Raises ValueError, struct.error, GEOSException if it is not of this form."""
    if body is None:
        return None
    if form.upper() == "WKB":
        return geometry_of_wkb(body)
    if form.upper() == "WKT":
        return shapely.from_wkt(body)
    if not isinstance(body, bytes):  # bytes() of a number would be so many zeros
        raise TypeError(type(body).__name__)
    return geometry_of_wkb(_wkb(body))


def _wkb(body: bytes) -> bytes:
    """Convert SpatiaLite's form to WKB: without its head, and with a byte order for each part."""
    is_tiny = len(body) > _TINY_HEAD and body[1] in _TINY
    is_whole = is_tiny or (len(body) > _HEAD and body[_HEAD] == _MARK)
    if not is_whole or body[0] != _START or body[-1] != _END:
        raise ValueError(f"{body[:8].hex()} …")
    order = body[1] & 1
    if is_tiny:  # a point without a box: its type in one byte
        kind = {1: 1, 2: 1001, 3: 2001, 4: 3001}.get(body[_TINY_HEAD - 1], 0)
        return bytes([order]) + struct.pack("<I" if order else ">I", kind) + body[_TINY_HEAD:-1]
    walk = _Walk(body, _HEAD + 1, "<" if order else ">")
    wkb = walk.geometry()
    if walk.at != len(body) - 1:
        raise ValueError(f"{len(body) - 1 - walk.at} bytes more than its points")
    return wkb


class _Walk:
    """Reads the body of a geometry and returns its WKB."""

    def __init__(self, body: bytes, at: int, order: str) -> None:
        self.body, self.at, self.order = body, at, order
        self.depth = 0

    def geometry(self) -> bytes:
        """Return the geometry that begins here as WKB in the same byte order. Raises ValueError."""
        kind = self._number()
        if kind >= _COMPRESSED:
            raise ValueError("compressed")
        mark = bytes([self.order == "<"]) + struct.pack(f"{self.order}I", kind)
        if kind >= 4000:
            raise ValueError(f"type {kind}")
        size = 8 * (2, 3, 3, 4)[kind // 1000]
        flat = kind % 1000
        if flat == 1:
            return mark + self._bytes(size)
        count = self._number()
        head = mark + struct.pack(f"{self.order}I", count)
        if flat == 2:
            return head + self._bytes(size * count)
        if flat == 3:
            return head + b"".join(self._ring(size) for _ in range(count))
        if flat not in (4, 5, 6, 7):
            raise ValueError(f"type {kind}")
        return head + b"".join(self._part() for _ in range(count))

    def _ring(self, size: int) -> bytes:
        count = self._number()
        return struct.pack(f"{self.order}I", count) + self._bytes(size * count)

    def _part(self) -> bytes:
        if self._bytes(1)[0] != _ENTITY:
            raise ValueError("a part without its mark")
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(TOO_DEEP)
        part = self.geometry()
        self.depth -= 1
        return part

    def _number(self) -> int:
        return int(struct.unpack(f"{self.order}I", self._bytes(4))[0])

    def _bytes(self, count: int) -> bytes:
        part = self.body[self.at : self.at + count]
        if len(part) < count:
            raise ValueError(f"{len(self.body)} bytes")
        self.at += count
        return part
