"""Tables of a PostGIS database as a source, read in one snapshot and block by block; no password is ever shown."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.crs.systems import parse_crs, unit_m
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, server_reason, server_words
from onemap.layers.frames.fields import replaced_text
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import NOBODY, Provers, proof_of
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes, ShapeColumn, in_plane
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.server_address import is_plainly_spelled, without_password
from onemap.layers.sources.gdal import curves
from onemap.layers.sources.gdal.vector import remarks_of
from onemap.layers.stores.server.server_session import settle_transaction
from onemap.layers.value_groups import groups_of

if TYPE_CHECKING:
    import psycopg

_SCHEMES = ("postgresql://", "postgres://")
_TABLE = re.compile(r"[?&\s]+table=([^&\s]+)")
_WAIT_SECONDS = 10
_ROWS_AT_ONCE = 5000
_STRAIGHT = {1, 2, 3, 4, 5, 6}
_WKB_HEAD = 5  # bytes: of its order and type
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_PADDED = 1042  # character(n), filled with blanks that mean nothing
_PLAIN_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"""
# The view geometry_columns lacks geography, and its tables may lie in schemas that this account may not use.
_SHAPES = """
WITH RECURSIVE shapes (oid, typmod) AS (
  SELECT oid, -1 FROM pg_type WHERE oid IN ('geometry'::regtype, 'geography'::regtype)
  UNION ALL  -- a domain is read as what it is a domain of
  SELECT t.oid, CASE WHEN t.typtypmod = -1 THEN s.typmod ELSE t.typtypmod END
  FROM pg_type t JOIN shapes s ON t.typbasetype = s.oid WHERE t.typtype = 'd')
SELECT n.nspname, c.relname, a.attname,
  postgis_typmod_srid(CASE WHEN a.atttypmod = -1 THEN s.typmod ELSE a.atttypmod END)
FROM pg_attribute a JOIN shapes s ON s.oid = a.atttypid
  JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT pg_is_other_temp_schema(n.oid)
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY 1, 2, a.attnum"""
_KEY = """SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
WHERE i.indisprimary AND i.indrelid = format('%%I.%%I', %s::text, %s::text)::regclass ORDER BY a.attnum"""

_MOMENTS = {
    "date": "DateLoader",
    "time": "TimeLoader",
    "timetz": "TimetzLoader",
    "timestamp": "TimestampLoader",
    "timestamptz": "TimestamptzLoader",
}
_AS_WRITTEN = (
    *("interval", "json", "jsonb"),  # a month is not thirty days, and a list not its members
    *(f"{kind}{many}range" for kind in ("int4", "int8", "num", "date", "ts", "tstz") for many in ("", "multi")),
)
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
        match = _TABLE.search(source)
        return _TABLE.sub("", source), unquote(match.group(1)) if match else None
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


@dataclass(frozen=True)
class _Table:
    """A table or view, and the column of geometry that is read of it ("" for none). shapes: all such columns."""

    schema: str
    name: str
    column: str = ""
    srid: int = 0
    shapes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name of its layer."""
        return ".".join((self.schema, self.name, *([self.column] if len(self.shapes) > 1 else [])))

    def is_called(self, name: str) -> bool:
        """Whether it is named so, with or without its schema and its column of geometry."""
        full = f"{self.schema}.{self.name}"
        return name in (self.name, full, self.label, self.label.removeprefix(f"{self.schema}."))


def _tables_called(tables: list[_Table], typed_name: str) -> list[_Table]:
    """Return the tables of a name as it is typed, or else as SQL reads its quotes."""
    same_tables = [table for table in tables if table.is_called(typed_name)]
    unquoted = _QUOTED.sub(lambda match: match[1].replace('""', '"'), typed_name)
    return same_tables or [table for table in tables if table.is_called(unquoted)]


class Database:
    """An open connection, and the table that the source names. has_postgis: False for a database without geometry."""

    def __init__(self, connection: "psycopg.Connection[Any]", name: str, table: str | None, has_postgis: bool) -> None:
        self.connection = connection
        self.name = name
        self.table = table
        self._has_postgis = has_postgis
        self._table_by_label: dict[str, _Table] = {}

    def tables(self) -> list[str]:
        """Return the readable tables and views with geometry as schema.table; only the named ones if one is named.

        Of several columns of geometry each is one, as schema.table.column. Raises OneMapError source.layer_unknown.
        """
        columns = groups_of(
            ((schema, table), (column, srid))
            for schema, table, column, srid in (self.connection.execute(_SHAPES) if self._has_postgis else ())
        )
        tables: list[_Table] = []
        for (schema, table), shapes in columns.items():
            names = tuple(column for column, _ in shapes)
            tables += [_Table(schema, table, column, srid, names) for column, srid in shapes]
        if self.table is not None:
            plain = [_Table(*row) for row in self.connection.execute(_PLAIN_TABLES)]
            named_tables = _tables_called(tables, self.table) or _tables_called(plain, self.table)
            if not named_tables:
                names_of_all = [table.label for table in tables]
                raise OneMapError("source.layer_unknown", file=self.name, layer=self.table, names=names_of_all)
            tables = named_tables
        self._table_by_label = {table.label: table for table in tables}
        return list(self._table_by_label)

    def read(self, layer: str, provers: Provers = NOBODY) -> RawFrame:
        """Read all rows of a table, in the order of its primary key if it has one.

        provers: they prove polygons valid; many plain ones are not made into geometries. Raises OneMapError
        postgis.several_systems, crs.unknown.
        """
        table = self._table_by_label[layer]
        names, wkb, values, digest = self._rows(table)
        place = ProblemPlace(file=self.name, layer=layer)
        crs = self._crs(table, place) if table.column else None
        shapes, valid, problems = _shapes(wkb, curves.SAGITTA_M / (unit_m(crs) if crs else 1), place, provers)
        attributes = pd.DataFrame(dict(zip(names, values, strict=True)), index=range(len(shapes)), dtype=object)
        return RawFrame(
            path=Path(self.name),
            layer=layer,
            format="PostGIS",
            shapes=shapes,
            attributes=attributes,
            crs=crs,
            encoding="utf-8",
            problems=tuple(problems),
            source_hash=digest,
            is_table=not table.column,
            replaced=replaced_text(attributes),
            wkb=shapes.bodies if isinstance(shapes, ShapeColumn) else None,
            valid=valid,
        )

    def _rows(self, table: _Table) -> tuple[list[str], list[bytes | None], list[list[Any]], str]:
        from psycopg import sql

        source = sql.Identifier(table.schema, table.name)
        described = self.connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(source)).description or []
        columns = [item for item in described if item.name not in table.shapes]
        names = [item.name for item in columns]
        padded = [item.type_code == _PADDED for item in columns]
        key = [sql.Identifier(row[0]) for row in self.connection.execute(_KEY, (table.schema, table.name))]
        order = sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(key)) if key else sql.SQL("")
        column = sql.SQL("ST_AsBinary({}::geometry)").format(sql.Identifier(table.column))
        shape = column if table.column else sql.SQL("NULL::bytea")
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
                for value, is_padded, column_values in zip(row[1:], padded, values, strict=True):
                    column_values.append(value.rstrip(" ") if is_padded and value is not None else _plain_value(value))
        return names, wkb, values, digest.hexdigest()

    def _crs(self, table: _Table, place: ProblemPlace) -> pyproj.CRS | None:
        """Return the one system of a column, which may declare none and hold many, or declare one and hold none."""
        from psycopg import sql

        query = sql.SQL("SELECT DISTINCT ST_SRID({0}::geometry) FROM {1} WHERE {0} IS NOT NULL")
        statement = query.format(sql.Identifier(table.column), sql.Identifier(table.schema, table.name))
        srids = sorted(row[0] for row in self.connection.execute(statement)) or [table.srid]
        if len(srids) > 1:
            raise OneMapError("postgis.several_systems", names=srids, **place)
        row = self.connection.execute(
            "SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = ANY(%s)", (srids,)
        ).fetchone()
        if row is None:
            return None
        authority = {"EPSG", "ESRI"} & {str(row[0]).upper()}
        return parse_crs(f"{authority.pop()}:{row[1]}" if authority else row[2], file=self.name)


def _shapes(
    wkb: list[bytes | None], sagitta: float, place: ProblemPlace, provers: Provers
) -> tuple[AnyShapes, np.ndarray | None, list[Problem]]:
    """Return WKB as shapes in the plane (n,), which are valid (n,), if that is proved, and what was left out of it."""
    proved = proof_of(wkb, provers) if len(wkb) >= WORTH_ROWS else None
    if proved is not None:
        return *proved, []
    special = [row for row, body in enumerate(wkb) if body is not None and curves.kind_of(body) not in _STRAIGHT]
    plain = np.full(len(wkb), None, dtype=object)
    plain[:] = wkb
    plain[special] = None
    geometries = geometries_of_wkb(plain, on_invalid="ignore")
    curved = surfaces = 0
    for row in special:
        body = wkb[row] or b""
        geometries[row], arcs = curves.stroke_curve(body, sagitta)
        curved += arcs > 0
        surfaces += curves.is_surface(body)
    shapes, has_heights = in_plane(geometries)
    heads = [body[:_WKB_HEAD] for body in wkb if body is not None]
    has_heights |= any(map(curves.has_heights, heads))  # what is stroked has lost them
    are_measured = any(map(curves.is_measured, heads))
    problems = remarks_of((), place, has_heights, are_measured, curved)
    problems += [Problem("geometry.surfaces", {**place, "count": surfaces})] if surfaces else []
    return shapes, None, problems


def _read_as_written(connection: "psycopg.Connection[Any]") -> None:
    """Make values that Python's dates cannot hold arrive as text: `infinity`, years before 1 or after 9999.

    Intervals, ranges and JSON arrive as text, too.
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
    if isinstance(value, list):
        return [_plain_value(item) for item in value]
    if not isinstance(value, Decimal):
        return value
    if value != value.to_integral_value() or value.as_tuple().exponent != 0:
        return float(value)
    return int(value) if abs(value) <= _MOST_INTEGER else str(value)
