"""Tables of a PostGIS database as a source, read in one snapshot and block by block; no password is ever shown."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.crs.systems import parse_crs, unit_m
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, server_reason, server_words
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, Provers, proof_of
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes, ShapeColumn, in_plane
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.server_address import is_plainly_spelled, without_password
from onemap.layers.sources.gdal import curves
from onemap.layers.stores.server.server_session import settle_transaction

if TYPE_CHECKING:
    import psycopg

_SCHEMES = ("postgresql://", "postgres://")
_TABLE = re.compile(r"[?&\s]+table=([^&\s]+)")
_WAIT_SECONDS = 10
_ROWS_AT_ONCE = 5000
_STRAIGHT = {1, 2, 3, 4, 5, 6}
_PADDED = 1042  # character(n), filled with blanks that mean nothing
_PLAIN_TABLES = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
  AND (table_schema || '.' || table_name = %s OR table_name = %s)
ORDER BY 1, 2"""
_TABLES = """SELECT g.f_table_schema, g.f_table_name, g.f_geometry_column, g.srid FROM geometry_columns g
WHERE has_table_privilege(format('%I.%I', g.f_table_schema, g.f_table_name), 'SELECT')
ORDER BY 1, 2, (SELECT attnum FROM pg_attribute
  WHERE attrelid = format('%I.%I', g.f_table_schema, g.f_table_name)::regclass AND attname = g.f_geometry_column)"""
_SHAPES = "SELECT f_geometry_column FROM geometry_columns WHERE f_table_schema = %s AND f_table_name = %s"
_KEY = """SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indisprimary AND i.indrelid = format('%%I.%%I', %s::text, %s::text)::regclass ORDER BY a.attnum"""

_MOMENTS = {
    "date": "DateLoader",
    "time": "TimeLoader",
    "timetz": "TimetzLoader",
    "timestamp": "TimestampLoader",
    "timestamptz": "TimestamptzLoader",
}
_AS_WRITTEN = ("interval", "json", "jsonb")  # a month is not thirty days, and a list not its members
_MOST_INTEGER = 2**63 - 1  # of SQLite and of Arrow


def is_database(source: str) -> bool:
    """Whether a source is postgresql://… or service=…."""
    return source.startswith((*_SCHEMES, "service="))


def shown_name(source: str) -> str:
    """Return the table that a source names, else its database or service: never host, user or password."""
    table = _parse_address(source)[1]
    if table is not None:
        return table
    if source.startswith(_SCHEMES):
        try:
            return unquote(urlsplit(without_password(source)).path.strip("/")) or "postgresql"
        except ValueError:
            return "postgresql"
    return re.split(r"[?&\s]", without_password(source).removeprefix("service="), maxsplit=1)[0] or "postgresql"


def _parse_address(source: str) -> tuple[str, str | None]:
    """Split a source into the address for the client library and the table that it names."""
    if not source.startswith(_SCHEMES):
        found = _TABLE.search(source)
        return _TABLE.sub("", source), unquote(found.group(1)) if found else None
    address, _, query = source.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    table = next((value for name, value in pairs if name == "table"), None)
    rest = urlencode([(name, value) for name, value in pairs if name != "table"], safe="/")
    return (f"{address}?{rest}" if rest else address), table


@contextmanager
def open_database(source: str) -> Iterator["Database"]:
    """Open a database for reading, in one snapshot.

    Raises OneMapError postgis.address, postgis.unreachable, postgis.lacking, postgis.refused.
    """
    import psycopg  # takes its time, and few sources need it
    from psycopg.conninfo import conninfo_to_dict

    address, table = _parse_address(source)
    name = shown_name(source)
    if not is_plainly_spelled(address):
        raise OneMapError("postgis.address", file=name)
    try:
        secret = str(conninfo_to_dict(address).get("password") or "")
        connection = psycopg.connect(
            address,
            connect_timeout=_WAIT_SECONDS,
            client_encoding="utf8",
            prepare_threshold=None,  # what is prepared through a pooler may be somebody else's
        )
    except psycopg.OperationalError as error:
        raise OneMapError("postgis.unreachable", file=name, reason=server_reason(server_words(error, secret))) from None
    except (psycopg.Error, ValueError):
        raise OneMapError("postgis.address", file=name) from None  # its words would repeat what was typed
    with connection:
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            has_postgis = settle_transaction(connection)
            if not has_postgis and table is None:
                raise OneMapError("postgis.lacking", file=name)
            _read_as_written(connection)
            yield Database(connection, name, table, has_postgis)
        except psycopg.Error as error:
            raise OneMapError("postgis.refused", file=name, reason=server_reason(server_words(error, secret))) from None


class Database:
    """An open connection, and the table that the source names. has_postgis: False for a database without geometry."""

    def __init__(self, connection: "psycopg.Connection[Any]", name: str, table: str | None, has_postgis: bool) -> None:
        self.connection = connection
        self.name = name
        self.table = table
        self._has_postgis = has_postgis
        self._found: dict[str, tuple[str, str, str, int]] = {}

    def tables(self) -> list[str]:
        """Return the readable tables and views with geometry as schema.table; only the named one if there is one.

        Raises OneMapError source.layer_unknown.
        """
        found: dict[str, tuple[str, str, str, int]] = {}
        for schema, table, column, srid in self.connection.execute(_TABLES) if self._has_postgis else ():
            label = f"{schema}.{table}"
            found[label if label not in found else f"{label}.{column}"] = (schema, table, column, srid)
        if self.table is not None:
            wanted = self.table.replace('"', "")
            alike = [label for label in found if label == wanted or label.partition(".")[2] == wanted]
            if not alike:
                found = self._plain_tables(wanted)
                alike = list(found)
            if len(alike) != 1:
                names = alike or list(found)
                raise OneMapError("source.layer_unknown", file=self.name, layer=self.table, names=names)
            found = {alike[0]: found[alike[0]]}
        self._found = found
        return list(found)

    def _plain_tables(self, wanted: str) -> dict[str, tuple[str, str, str, int]]:
        """Return tables and views without geometry of that name; they are read only if they are named."""
        rows = self.connection.execute(_PLAIN_TABLES, (wanted, wanted))
        return {f"{schema}.{table}": (schema, table, "", 0) for schema, table in rows}

    def read(self, layer: str, provers: Provers = NOBODY) -> RawFrame:
        """Read all rows of a table, in the order of its primary key if it has one.

        provers: they prove polygons valid; many plain ones are not made into geometries. Raises OneMapError
        postgis.several_systems, crs.unknown.
        """
        schema, table, column, _ = self._found[layer]
        names, wkb, values, digest = self._rows(schema, table, column)
        place = ProblemPlace(file=self.name, layer=layer)
        crs = self._crs(schema, table, column, place) if column else None
        made, stroked, valid = _shapes(wkb, curves.SAGITTA_M / (unit_m(crs) if crs else 1), provers)
        problems = [Problem("geometry.stroked", {**place, "count": stroked})] if stroked else []
        shapes, has_heights = in_plane(made)
        if has_heights:
            problems.append(Problem("geometry.z_dropped", dict(place)))
        return RawFrame(
            path=Path(self.name),
            layer=layer,
            format="PostGIS",
            shapes=shapes,
            attributes=pd.DataFrame(dict(zip(names, values, strict=True)), index=range(len(shapes)), dtype=object),
            crs=crs,
            encoding="utf-8",
            problems=tuple(problems),
            source_hash=digest,
            is_table=not column,
            wkb=shapes.bodies if isinstance(shapes, ShapeColumn) else None,
            valid=valid,
        )

    def _rows(self, schema: str, table: str, column: str) -> tuple[list[str], list[bytes | None], list[list[Any]], str]:
        from psycopg import sql

        source = sql.Identifier(schema, table)
        described = self.connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(source)).description or []
        shapes = {row[0] for row in self.connection.execute(_SHAPES, (schema, table))} if self._has_postgis else set()
        columns = [item for item in described if item.name not in shapes]
        names = [item.name for item in columns]
        padded = [item.type_code == _PADDED for item in columns]
        key = [sql.Identifier(row[0]) for row in self.connection.execute(_KEY, (schema, table))]
        order = sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(key)) if key else sql.SQL("")
        shape = sql.SQL("ST_AsBinary({})").format(sql.Identifier(column)) if column else sql.SQL("NULL::bytea")
        fields = [shape, *map(sql.Identifier, names)]
        query = sql.SQL("SELECT {} FROM {}{}").format(sql.SQL(", ").join(fields), source, order)
        wkb: list[bytes | None] = []
        values: list[list[Any]] = [[] for _ in names]
        digest = hashlib.sha256(repr(names).encode())
        with self.connection.cursor(name="onemap") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            for row in cursor.execute(query):
                body = None if row[0] is None else bytes(row[0])
                digest.update(repr((body, row[1:])).encode())
                wkb.append(body)
                for value, is_padded, kept in zip(row[1:], padded, values, strict=True):
                    kept.append(value.rstrip(" ") if is_padded and value is not None else _plain_value(value))
        return names, wkb, values, digest.hexdigest()

    def _crs(self, schema: str, table: str, column: str, place: ProblemPlace) -> pyproj.CRS | None:
        """Return the one system of a column, which may declare none and hold many."""
        from psycopg import sql

        query = sql.SQL("SELECT DISTINCT ST_SRID({0}) FROM {1} WHERE {0} IS NOT NULL")
        named = query.format(sql.Identifier(column), sql.Identifier(schema, table))
        srids = sorted(row[0] for row in self.connection.execute(named))
        if len(srids) > 1:
            raise OneMapError("postgis.several_systems", names=srids, **place)
        row = self.connection.execute(
            "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = ANY(%s)", (srids,)
        ).fetchone()
        if row is None:
            return None
        authority = {"EPSG", "ESRI"} & {str(row[0]).upper()}
        return parse_crs(f"{authority.pop()}:{row[1]}" if authority else row[2], file=self.name)


def _shapes(wkb: list[bytes | None], sagitta: float, provers: Provers) -> tuple[AnyShapes, int, np.ndarray | None]:
    """Return WKB as shapes (n,), how many had arcs, and which are valid (n,), if that is proved.

    A type that does not exist in the plane reads as None.
    """
    proved = proof_of(wkb, provers) if len(wkb) >= WORTH_ROWS else None
    if proved is not None:
        return proved[0], 0, proved[1]
    special = [row for row, body in enumerate(wkb) if body is not None and curves.kind_of(body) not in _STRAIGHT]
    plain = np.full(len(wkb), None, dtype=object)
    plain[:] = wkb
    plain[special] = None
    geometries = geometries_of_wkb(plain, on_invalid="ignore")
    curved = 0
    for row in special:
        geometries[row], arcs = curves.stroke_curve(wkb[row] or b"", sagitta)
        curved += arcs > 0
    return geometries, curved, None


def _read_as_written(connection: "psycopg.Connection[Any]") -> None:
    """Make values that Python's dates cannot hold arrive as text: `infinity`, years before 1 or after 9999.

    Intervals and JSON arrive as text, too.
    """
    from psycopg.types import datetime as moments
    from psycopg.types.string import TextLoader

    for name, loader in _MOMENTS.items():
        connection.adapters.register_loader(name, _or_text(getattr(moments, loader)))
    for name in _AS_WRITTEN:
        connection.adapters.register_loader(name, TextLoader)


def _or_text(loader: Any) -> Any:
    from psycopg import DataError

    class OrText(loader):
        def load(self, data: Any) -> Any:
            try:
                return super().load(data)
            except DataError:
                return bytes(data).decode()

    return OrText


def _plain_value(value: Any) -> Any:
    """Return a decimal number as a table can hold it: as an integer, as a float, or else as text."""
    if not isinstance(value, Decimal):
        return value
    if value != value.to_integral_value() or value.as_tuple().exponent != 0:
        return float(value)
    return int(value) if abs(value) <= _MOST_INTEGER else str(value)
