"""PostgreSQL's connection to a library in a schema, with what every store can do."""

import contextlib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import shapely
from psycopg import errors, sql
from psycopg.adapt import Loader

from onemap.layers.geometry.shape_column import shapes_from
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.progress import Progress
from onemap.layers.stores.rights import Right
from onemap.layers.stores.server.feature_marks import marks_near
from onemap.layers.stores.server.server_rights import (
    ServerRoles,
    drop_policies,
    drop_rights,
    layer_tables,
    make_roles,
    protect,
    show_layers,
)
from onemap.layers.stores.server.server_sql import TYPES, made_if_absent, server_sql
from onemap.layers.stores.server.server_structure import printed_structure
from onemap.layers.stores.server.snapshot_answers import SnapshotAnswers
from onemap.layers.stores.store import (
    AS_STORED,
    GEOMETRY_COLUMN,
    Box,
    Cursor,
    Damage,
    DamagedTable,
    FeatureRows,
    PackedIndex,
    Point,
    RowHashes,
    Shapes,
    TableDefinition,
)

_NAME_BYTES = 63
_SYSTEM_COLUMNS = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "fid", GEOMETRY_COLUMN, "ogc_fid"}
_MARK = "onemap: "  # before a field's own name, in the comment of a column that cannot bear it
_PORTABLE = {"bigint": "INTEGER", "double precision": "REAL", "text": "TEXT", "bytea": "BLOB"}
_ROWS_AT_ONCE = 2000
_COLUMNS = """SELECT a.attname, col_description(a.attrelid, a.attnum), format_type(a.atttypid, NULL)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_INDEXED = ("indexscan", "bitmapscan", "indexonlyscan")  # ways in which PostgreSQL reads by an index
_MAY_RUN = (psycopg.pq.TransactionStatus.IDLE, psycopg.pq.TransactionStatus.INTRANS)
_DAMAGES = (errors.UndefinedTable, errors.UndefinedColumn, errors.DataCorrupted, errors.IndexCorrupted)


class _NumberLoader(Loader):
    """Loads numeric, the type of sums, as Python's int or float."""

    def load(self, data: Any) -> int | float:
        """Return the number in a field's text."""
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


class LayerInUseError(errors.LockNotAvailable):
    """A view could not be made anew because somebody has it open. layer: the view's name."""

    def __init__(self, layer: str) -> None:
        super().__init__(layer)
        self.layer = layer


class ServerConnection:
    """`StoreConnection` on a schema. srs_id: the library's, once it is known; answers: the open snapshot's answers."""

    most_fields = 1_580  # of PostgreSQL's 1,600 columns some are ours
    damages: tuple[type[Exception], ...] = _DAMAGES

    def __init__(self, connection: "psycopg.Connection[Any]", roles: ServerRoles) -> None:
        self.srs_id = 0
        self.answers: SnapshotAnswers | None = None
        self.unlogged: RowHashes = {}
        self.schema = roles.schema
        self.raw = connection
        self._roles = roles
        connection.adapters.register_loader("numeric", _NumberLoader)

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement with ? marks; CREATE … IF NOT EXISTS leaves existing objects alone."""
        answers, question = self.answers if statement.startswith("SELECT") else None, (statement, *parameters)
        if answers is not None and (answer := answers.of(question)) is not None:
            return answer
        cursor = psycopg.ClientCursor(self.raw)
        name = made_if_absent(statement)
        if name is not None and self.has_table(name):
            return cursor
        cursor.execute(server_sql(statement).encode(), _values(parameters))
        return cursor if answers is None else answers.take(question, cursor)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run one statement for each row."""
        with self.raw.cursor() as cursor:
            cursor.executemany(server_sql(statement).encode(), (_values(row) for row in rows))

    def has_table(self, name: str) -> bool:
        """Whether there is a table or view of that name."""
        sql_text = "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        rows = self.execute(f"{sql_text} WHERE n.nspname = ? AND c.relname = ?", (self.schema, name))
        return rows.fetchone() is not None

    def own_tables(self) -> list[str]:
        """The names of all tables, by name."""
        rows = self.execute(
            'SELECT tablename FROM pg_tables WHERE schemaname = ? ORDER BY tablename COLLATE "C"', (self.schema,)
        )
        return [row[0] for row in rows]

    def _columns(self, table: str) -> list[tuple[str, str, str]]:
        """A table's fields in order: the field's name, the column that holds it, and the column's type."""
        rows = self.execute(_COLUMNS, (self.schema, table)).fetchall()
        return [
            (note.removeprefix(_MARK) if note and note.startswith(_MARK) else column, column, kind)
            for column, note, kind in rows
            if column not in ("fid", GEOMETRY_COLUMN)
        ]

    def field_types(self, table: str) -> dict[str, str]:
        """The fields of a table of features, without fid and geometry: INTEGER, REAL, TEXT or BLOB; empty for none."""
        return {name: _PORTABLE.get(kind, kind) for name, _, kind in self._columns(table)}

    def column_names(self, table: str) -> list[str]:
        """All columns of a plain table, in order."""
        return [row[0] for row in self.execute(_COLUMNS, (self.schema, table))]

    def read_rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """All rows of a plain table through a cursor on the server, which lives as long as the transaction."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with self.raw.cursor(name="onemap_rows") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            yield from cursor.execute(sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(table)))

    def write_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a plain table by COPY."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        copy_in = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with self.raw.cursor() as cursor, cursor.copy(copy_in) as copy:
            for row in rows:
                copy.write_row(row)

    def append_log(self, at: str, who: str, action: str, subject: str, detail: str, content_hash: str) -> None:
        """Append one entry to the audit log; the server numbers and chains it, and adds its own clock and account."""
        self.execute(
            "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash) VALUES (?,?,?,?,?,?)",
            (at, who, action, subject, detail, content_hash),
        )

    def moment(self) -> str:
        """The present moment by the server's clock."""
        (moment,) = self.raw.execute("SELECT onemap_moment()").fetchone() or ("",)
        return str(moment)

    def change_number(self) -> int:
        """Always 0: a server is not kept open between requests."""
        return 0

    def chain_head(self) -> tuple[int, str]:
        """Return the number and hash of the log's last entry, even for those who may not read the log."""
        number, head = self.execute("SELECT number, hash FROM onemap_chain_head()").fetchone()
        return number, head

    def protect(self, grants: Sequence[Right]) -> None:
        """Chain and close the log, and give every role exactly what is granted to it."""
        protect(self.raw, self._roles, grants)

    def drop_policies(self) -> None:
        """Drop the policies that refer to other tables, until `renew_rights`."""
        drop_policies(self.raw, self.schema)

    def renew_rights(self, grants: Sequence[Right]) -> None:
        """Make the library's functions, policies, triggers and roles anew in the form of this program version.

        Raises OneMapError library.roles, with the SQL that an administrator runs once.
        """
        drop_rights(self.raw, self.schema)
        self.raw.execute("RESET ROLE")
        make_roles(self.raw, self._roles, self.schema)
        self.raw.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(self._roles.owner)))
        protect(self.raw, self._roles, grants)
        show_layers(self.raw, self._roles, layer_tables(self.raw, self._roles))

    def make_features(self, table: TableDefinition) -> None:
        """Make a new, empty table of features."""
        columns = _column_names(list(table.fields))
        fields = [
            sql.SQL("{} {}").format(sql.Identifier(columns[name]), sql.SQL(TYPES[kind]))
            for name, kind in table.fields.items()
        ]
        kind = sql.SQL(f"geometry({table.geometry_type}, {self.srs_id})")
        whole = [sql.SQL("fid bigint PRIMARY KEY"), sql.SQL("geom {}").format(kind), *fields]
        self.raw.execute(sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(table.name), sql.SQL(", ").join(whole)))
        for name, column in columns.items():
            if name != column:
                place = sql.Identifier(table.name, column)
                self.raw.execute(sql.SQL("COMMENT ON COLUMN {} IS {}").format(place, sql.Literal(_MARK + name)))

    def add_features(
        self, table: TableDefinition, blocks: Iterable[Shapes], values: Sequence[Sequence[Any]], first_fid: int = 1
    ) -> None:
        """Append features by COPY, their geometries as EWKB."""
        columns = ("fid", GEOMETRY_COLUMN, *_column_names(list(table.fields)).values())
        bodies = (body for block in blocks for body in Bodies.of(block).with_system(self.srs_id))
        rows = enumerate(zip(bodies, *values, strict=True), start=first_fid)
        self.write_rows(table.name, columns, ((fid, *row) for fid, row in rows))

    def packed_index(self, bounds: np.ndarray) -> PackedIndex | None:
        """Return None: the server makes the index."""
        return None

    def index_features(
        self, table: TableDefinition, bounds: np.ndarray, progress: Progress, ready_index: PackedIndex | None = None
    ) -> dict[str, str]:
        """Make a GiST index, and collect the planner's statistics of a new table."""
        progress.at(0.0)
        name = sql.Identifier(table.name)
        self.raw.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(name))
        progress.at(0.8)
        self.raw.execute(sql.SQL("ANALYZE {}").format(name))
        return {}

    def show_features(self, table: TableDefinition, bounds: Box | None) -> None:
        """Give a table its title, and let the roles of layers read it."""
        self._show("TABLE", table.name, table.title)

    def _show(self, kind: str, name: str, title: str) -> None:
        place = sql.Identifier(name)
        self.raw.execute(sql.SQL("COMMENT ON {} {} IS {}").format(sql.SQL(kind), place, sql.Literal(title)))
        show_layers(self.raw, self._roles, [name])

    def extent(self, table: str) -> Box | None:
        """Return west, south, east, north of a table; None if it has no ground."""
        if not any(column == GEOMETRY_COLUMN for column, *_ in self.execute(_COLUMNS, (self.schema, table))):
            return None
        box = sql.SQL(
            "SELECT ST_XMin(b), ST_YMin(b), ST_XMax(b), ST_YMax(b) FROM (SELECT ST_Extent(geom) AS b FROM {}) x"
        )
        bounds = self.raw.execute(box.format(sql.Identifier(table))).fetchone()
        return None if bounds is None or None in bounds else bounds

    def read_features(
        self, table: str, fields: Sequence[str] | None, bounds: Box | None, count: int | None, origin: Point = AS_STORED
    ) -> FeatureRows:
        """The features whose boxes meet `bounds`, or all, by fid. Raises DamagedTable."""
        where = sql.Composed([])
        if bounds is not None:
            box = sql.SQL(", ").join(sql.Literal(value) for value in (*map(float, bounds), self.srs_id))
            where = sql.SQL(" WHERE geom && ST_MakeEnvelope({})").format(box)
        return self._read_where(table, fields, where, count, origin)

    def marks_near(self, boxes: Mapping[str, Box]) -> Mapping[str, tuple[Hashable, ...]]:
        """Marks of the features of versions near some ground; equal marks mean equal features."""
        return marks_near(self.raw, self.schema, self.srs_id, boxes)

    def read_block(self, table: str, fields: Sequence[str], first: int, last: int) -> FeatureRows:
        """The features with these fids. Raises DamagedTable."""
        where = sql.SQL(" WHERE fid BETWEEN {} AND {}").format(sql.Literal(first), sql.Literal(last))
        features = self._read_where(table, fields, where, None, AS_STORED)
        if len(features.fids) != last - first + 1:
            raise DamagedTable("the table does not hold every feature")
        return features

    def _read_where(
        self, table: str, fields: Sequence[str] | None, where: sql.Composed, count: int | None, origin: Point
    ) -> FeatureRows:
        columns = {name: column for name, column, _ in self._columns(table)}
        names = list(columns) if fields is None else fields
        try:
            query_columns = [sql.SQL("ST_AsBinary(geom, 'NDR')"), *(sql.Identifier(columns[name]) for name in names)]
            query = (
                sql.SQL("SELECT fid, {} FROM {}").format(sql.SQL(", ").join(query_columns), sql.Identifier(table))
                + where
            )
            with self.raw.cursor(binary=True) as cursor:
                if count is not None:
                    count_row = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
                    if count_row.fetchone() != (count,):
                        raise DamagedTable("the table does not hold every feature")
                rows = cursor.execute(query + sql.SQL(" ORDER BY fid")).fetchall()
            parts = list(zip(*rows, strict=True)) if rows else [()] * (len(names) + 2)
            bodies = [None if body is None else bytes(body) for body in parts[1]]
            shapes, boxes = shapes_from([pa.array(bodies, pa.large_binary())], origin)
        except (shapely.GEOSException, KeyError, ValueError) as error:
            raise DamagedTable(str(error)) from error
        except self.damages as error:
            raise DamagedTable(str(error)) from error
        values = dict(zip(names, parts[2:], strict=True))
        return FeatureRows(np.array(parts[0], dtype=np.int64), shapes, values, boxes)

    def inspect_features(self, table: str, fields: Sequence[str]) -> tuple[FeatureRows, np.ndarray]:
        """Return all features; a server stores only values of a column's type. Raises DamagedTable."""
        features = self.read_features(table, fields, None, None)
        return features, np.zeros(len(features.fids), dtype=bool)

    @contextlib.contextmanager
    def tolerant(self) -> Iterator[None]:
        """Has no effect: a server stores only valid text."""
        yield

    def structure(
        self, tables: Sequence[str] | None, hashes: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str, Sequence[Any] | None]]:
        """The schema as the server prints it, and what acts on it from outside."""
        return printed_structure(self.raw, self.schema, self._roles.all, tables)

    def damages_found(self, progress: Progress) -> Iterator[Damage]:
        """Return nothing: a server's own checks are its administrator's task."""
        return iter(())

    @contextlib.contextmanager
    def without_indexes(self) -> Iterator[None]:
        """Within the block the server reads tables without indexes."""
        for kind in _INDEXED:
            self.raw.execute(f"SET enable_{kind} = off")
        try:
            yield
        finally:
            if self.raw.info.transaction_status in _MAY_RUN:
                for kind in _INDEXED:
                    self.raw.execute(f"RESET enable_{kind}")

    def show_in_force(
        self,
        code: str,
        title: str,
        geometry_type: str,
        tables: Sequence[tuple[int, str]],
        holding: Sequence[int],
        retired: Sequence[int],
    ) -> None:
        """Make the view CODE, with every version's fields; a field whose type differs between versions is text."""
        of_table: dict[str, dict[str, str]] = {table: {} for _, table in tables}
        kinds: dict[str, set[str]] = {}
        view_columns: dict[str, str] = {}
        for table, own in of_table.items():
            for name, column, kind in self._columns(table):
                own[name.lower()] = column
                kinds.setdefault(name.lower(), set()).add(kind)
                view_columns.setdefault(name.lower(), column)
        numbers = sql.SQL(", ").join(map(sql.Literal, retired))
        besides = sql.SQL(" AND number NOT IN ({})").format(numbers) if retired else sql.SQL("")
        geometry = sql.SQL(f"geom::geometry({geometry_type}, {self.srs_id}) AS geom")
        branches = []
        for number, table in (one for one in tables if one[0] in holding):
            columns: list[sql.Composable] = [sql.SQL("fid"), geometry]
            for name, column in view_columns.items():
                kind = next(iter(kinds[name])) if len(kinds[name]) == 1 else "text"
                own_column = of_table[table].get(name)
                value = sql.Identifier(own_column) if own_column else sql.SQL("NULL")
                columns.append(sql.SQL("{}::{} AS {}").format(value, sql.SQL(kind), sql.Identifier(column)))
            branches.append(
                sql.SQL("SELECT {} FROM {} WHERE {} = ({})").format(
                    sql.SQL(", ").join(columns),
                    sql.Identifier(table),
                    sql.Literal(number),
                    _IN_FORCE.format(sql.Literal(code), besides),
                )
            )
        view = sql.Identifier(code)
        try:
            self.raw.execute(sql.SQL("DROP VIEW IF EXISTS {}").format(view))
        except errors.LockNotAvailable as error:
            raise LayerInUseError(code) from error
        self.raw.execute(sql.SQL("CREATE VIEW {} AS {}").format(view, sql.SQL(" UNION ALL ").join(branches)))
        self._show("VIEW", code, title)


_IN_FORCE = sql.SQL(
    "SELECT number FROM onemap_versions WHERE code = {} AND coalesce(valid_from, '') <= to_char(current_date,"
    " 'YYYY-MM-DD') AND (valid_to IS NULL OR valid_to >= to_char(current_date, 'YYYY-MM-DD')){}"
    " ORDER BY coalesce(valid_from, '') DESC, number DESC LIMIT 1"
)


def _values(parameters: Sequence[Any]) -> list[Any]:
    """Return parameters as a file would keep them: True is 1."""
    return [int(value) if isinstance(value, bool) else value for value in parameters]


def _column_names(fields: Sequence[str]) -> dict[str, str]:
    """Return a column for each field: the field's name, or another one if PostgreSQL does not allow it."""
    columns: dict[str, str] = {}
    used_names = set(fields)
    for name in fields:
        column, number = name, 0
        while (
            len(column.encode()) > _NAME_BYTES or column.lower() in _SYSTEM_COLUMNS or (number and column in used_names)
        ):
            number += 1
            column = f"{name.encode()[: _NAME_BYTES - 8].decode(errors='ignore')}_{number}"
        used_names.add(column)
        columns[name] = column
    return columns
