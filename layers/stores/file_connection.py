"""SQLite's connection to a library in a GeoPackage file, with what every store can do."""

import contextlib
import sqlite3
import weakref
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import shapes_from
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.progress import Progress
from onemap.layers.stores import geopackage
from onemap.layers.stores.bulk_rows import insert_rows
from onemap.layers.stores.index_entries import INDEX_PARTS, check_index, corners, index_tables, near
from onemap.layers.stores.logged_rows import GEOPACKAGE_TABLES, INDEXES, SCHEMA, PlainTable, row_name
from onemap.layers.stores.rights import Right, Script
from onemap.layers.stores.rtree import PackedRtree
from onemap.layers.stores.sql_text import Sql, column_definitions, columns_of, compose_sql, question_marks
from onemap.layers.stores.store import (
    AS_STORED,
    GEOMETRY_COLUMN,
    NO_GEOMETRY,
    Box,
    Damage,
    DamagedTable,
    FeatureRows,
    PackedIndex,
    Point,
    RowHashes,
    Shapes,
    TableDefinition,
    chained_hash,
)
from onemap.layers.stores.table_hashes import hash_of_table
from onemap.layers.stores.view_in_force import view_in_force

_IDENTIFIERS = ("fid", "OGC_FID", GEOMETRY_COLUMN)
_ROWS_AT_ONCE = 20_000
_PRAGMAS = ("application_id", "user_version", "encoding")  # by which other programs know a GeoPackage
_WHOLE = "ok"  # what SQLite's check says of a whole file
_UNREADABLE = (*geopackage.NO_GEOMETRIES, sqlite3.Error, NotImplementedError)  # of features


class FileConnection(sqlite3.Connection):
    """`StoreConnection` on a file. srs_id: the library's, once it is known."""

    most_fields = 1_980  # of SQLite's 2,000 columns some are ours, in the table of features that were set aside too

    damages: tuple[type[Exception], ...] = (sqlite3.DatabaseError,)
    srs_id = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.unlogged: RowHashes = {}
        self._cursors = weakref.WeakSet[sqlite3.Cursor]()

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Execute a statement; its rows can be read until the connection is closed."""
        cursor = super().execute(sql, parameters)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close the connection, even if rows are still being read, as where work was cancelled.

        SQLite would hold the file with its write-ahead log open as long as anybody remembers these rows.
        """
        try:
            for one in list(self._cursors):
                one.close()
        finally:
            super().close()

    def has_table(self, name: str) -> bool:
        """Whether there is a table or view of that name."""
        return self.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

    def own_tables(self) -> list[str]:
        """The names of all tables, by name."""
        return [row[0] for row in self.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    def field_types(self, table: str) -> dict[str, str]:
        """The fields of a table of features, without fid and geometry: INTEGER, REAL, TEXT or BLOB; empty for none."""
        rows = self.execute(compose_sql("PRAGMA table_info({table})", table=table)).fetchall()
        return {row[1]: row[2] for row in rows if row[1] not in _IDENTIFIERS}

    def column_names(self, table: str) -> list[str]:
        """All columns of a plain table, in order."""
        return [row[1] for row in self.execute(compose_sql("PRAGMA table_info({table})", table=table))]

    def read_rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """All rows of a plain table, never all held at once."""
        # By no index, which may not hold what the table does.
        yield from self.execute(
            compose_sql("SELECT {columns} FROM {table} NOT INDEXED", columns=columns_of(table, columns), table=table)
        )

    def write_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a plain table."""
        marks = question_marks(len(columns))
        self.executemany(
            compose_sql("INSERT INTO {table} ({columns}) VALUES ({marks})", table=table, columns=columns, marks=marks),
            rows,
        )

    def append_log(self, at: str, who: str, action: str, subject: str, detail: str, content_hash: str) -> None:
        """Append one entry to the audit log; the open transaction holds the only write lock."""
        previous = self.execute("SELECT hash FROM onemap_audit ORDER BY number DESC LIMIT 1").fetchone()
        before = previous[0] if previous else ""
        chained = chained_hash(before, at, who, action, subject, content_hash)
        self.execute(
            "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash, previous_hash, hash)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (at, who, action, subject, detail, content_hash, before, chained),
        )

    def moment(self) -> str:
        """The present moment, to the microsecond, so that order of recording is kept."""
        return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")

    def change_number(self) -> int:
        """Return SQLite's own number; -1 if it cannot be read, and opening the file anew then gives the reason."""
        try:
            return int(self.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return -1

    def chain_head(self) -> tuple[int, str]:
        """The number and hash of the log's last row."""
        number, head = self.execute("SELECT number, hash FROM onemap_audit ORDER BY number DESC LIMIT 1").fetchone()
        return number, head

    def protect(self, grants: Sequence[Right]) -> None:
        """Make the objects besides tables that modules declare. A file has no rights: its writers may write all."""
        for right in grants:
            for statement in right.file if isinstance(right, Script) else ():
                self.execute(statement)

    def drop_policies(self) -> None:
        """Do nothing: a file has no policies."""

    def renew_rights(self, grants: Sequence[Right]) -> None:
        """Make the missing objects besides tables that modules declare."""
        self.protect(grants)

    def make_features(self, table: TableDefinition) -> None:
        """Make a new, empty table of features."""
        # A table without geometry is one of attributes, in which the standard allows no type of geometries.
        kind = "BLOB" if table.geometry_type == NO_GEOMETRY else table.geometry_type
        columns = column_definitions({GEOMETRY_COLUMN: kind, **table.fields})
        sql = compose_sql(
            "CREATE TABLE {name} (fid INTEGER PRIMARY KEY NOT NULL, {columns})", name=table.name, columns=columns
        )
        self.execute(sql)

    def add_features(
        self, table: TableDefinition, blocks: Iterable[Shapes], values: Sequence[Sequence[Any]], first_fid: int = 1
    ) -> None:
        """Append features, with geometries as GeoPackage blobs. Raises ValueError for fields of another length."""
        start = 0
        for block in map(Bodies.of, blocks):
            blobs = geopackage.wkb_to_blobs(block.column, block.boxes, self.srs_id)
            rows = slice(start, start + len(blobs))
            fields = {name: column[rows] for name, column in zip(table.fields, values, strict=True)}
            fids = range(first_fid + rows.start, first_fid + rows.stop)
            insert_rows(self, table.name, {"fid": fids, GEOMETRY_COLUMN: blobs, **fields})
            start = rows.stop
        if any(len(column) != start for column in values):
            raise ValueError("as many values as geometries")

    def packed_index(self, bounds: np.ndarray) -> PackedRtree:
        """The R-tree of the features 1 … n, not packed yet."""
        return geopackage.packed_index(range(1, len(bounds) + 1), bounds)

    def index_features(
        self, table: TableDefinition, bounds: np.ndarray, progress: Progress, ready_index: PackedIndex | None = None
    ) -> dict[str, str]:
        """Fill the R-tree in bulk, then make its triggers. A table without geometry has no index."""
        if table.geometry_type == NO_GEOMETRY:
            progress.at(1.0)
            return {}
        tree = ready_index if isinstance(ready_index, PackedRtree) else self.packed_index(bounds)
        return geopackage.index_geometries(self, table.name, tree, progress)

    def show_features(self, table: TableDefinition, bounds: Box | None) -> None:
        """Register a table as a layer of the GeoPackage; an existing extent only grows."""
        geometry_type = None if table.geometry_type == NO_GEOMETRY else table.geometry_type
        before = self.extent(table.name)
        boxes = np.array([box for box in (before, bounds) if box is not None], dtype=float).reshape(-1, 4)
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        extent = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)] if len(boxes) else None
        geopackage.register(self, table.name, table.title, self.srs_id, geometry_type, extent)

    def extent(self, table: str) -> Box | None:
        """Return west, south, east, north of a table, as the GeoPackage has them; None if it has none."""
        sql = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?"
        box = self.execute(sql, (table,)).fetchone()
        return None if box is None or None in box else box

    def read_features(
        self, table: str, fields: Sequence[str] | None, bounds: Box | None, count: int | None, origin: Point = AS_STORED
    ) -> FeatureRows:
        """The features whose boxes meet `bounds`, or all, by fid. Raises DamagedTable."""
        where, parameters, expected_count = Sql("true"), tuple[float, ...](), count
        names = list(self.field_types(table)) if fields is None else fields
        try:
            if count is not None:
                self._check_complete(table, count)
            if bounds is not None:
                where, parameters = compose_sql("f.fid IN (SELECT id {near})", near=near(table)), corners(bounds)
                counting = compose_sql("SELECT count(*) {near}", near=near(table))
                expected_count = self.execute(counting, parameters).fetchone()[0]
        except _UNREADABLE as error:
            raise DamagedTable(str(error)) from error
        return self._read_where(table, names, where, parameters, expected_count, origin)

    def marks_near(self, boxes: Mapping[str, Box]) -> Mapping[str, tuple[Hashable, ...]]:
        """Return nothing: a file is opened anew once anybody else has written to it."""
        return {}

    def read_block(self, table: str, fields: Sequence[str], first: int, last: int) -> FeatureRows:
        """The features with these fids. Raises DamagedTable."""
        where = Sql("f.fid BETWEEN ? AND ?")
        return self._read_where(table, fields, where, (first, last), last - first + 1, AS_STORED)

    def _read_where(
        self,
        table: str,
        fields: Sequence[str],
        where: Sql,
        parameters: Sequence[float],
        expected_count: int | None,
        origin: Point,
    ) -> FeatureRows:
        columns = columns_of("f", ("fid", GEOMETRY_COLUMN, *fields))
        sql = compose_sql(
            "SELECT {columns} FROM {table} f WHERE {where} ORDER BY f.fid", columns=columns, table=table, where=where
        )
        try:
            bodies, column_values = self._rows_by_column(sql, parameters, len(fields))
            if expected_count is not None and len(column_values[0]) != expected_count:
                raise DamagedTable("the table does not hold every feature")
            shapes, boxes = shapes_from(bodies, origin)
        except _UNREADABLE as error:
            raise DamagedTable(str(error)) from error
        fids, values = np.array(column_values[0], dtype=np.int64), dict(zip(fields, column_values[1:], strict=True))
        return FeatureRows(fids, shapes, values, boxes)

    def _rows_by_column(
        self, sql: str, parameters: Sequence[float], fields: int
    ) -> tuple[list[pa.Array], list[list[Any]]]:
        """Run a query; return the blobs' WKB in chunks of some thousand, and the identifiers and values by column.

        Each chunk reuses the memory of the one before.
        """
        cursor, bodies = self.execute(sql, parameters), list[pa.Array]()
        columns: list[list[Any]] = [[] for _ in range(1 + fields)]
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            fids, blobs, *values = zip(*rows, strict=True)
            bodies.append(geopackage.blobs_to_wkb(blobs))
            for column, more in zip(columns, (fids, *values), strict=True):
                column.extend(more)
        return bodies, columns

    def _check_complete(self, table: str, count: int) -> None:
        """Check that no features and no entries of their index are gone. Raises DamagedTable."""
        sql = "SELECT 1 FROM gpkg_contents WHERE table_name = ? AND data_type = 'attributes'"
        if self.execute(sql, (table,)).fetchone() is None:
            check_index(self, table, count)

    def inspect_features(self, table: str, fields: Sequence[str]) -> tuple[FeatureRows, np.ndarray]:
        """Return all features as they are stored, and which of them (n,) have a blob unlike those written here.

        Raises DamagedTable.
        """
        columns = columns_of(table, ("fid", GEOMETRY_COLUMN, *fields))
        sql = compose_sql("SELECT {columns} FROM {table} ORDER BY fid", columns=columns, table=table)
        try:
            rows = self.execute(sql).fetchall()
        except sqlite3.DatabaseError as error:
            raise DamagedTable(str(error)) from error
        geometries, odd = np.full(len(rows), None, dtype=object), np.zeros(len(rows), dtype=bool)
        for block in blocks(len(rows), _ROWS_AT_ONCE):
            bodies = [row[1] for row in rows[block]]
            geometries[block] = geopackage.readable_shapes(bodies)
            own_blobs = geopackage.to_blobs(geometries[block], self.srs_id)
            odd[block] = [body != blob for body, blob in zip(bodies, own_blobs, strict=True)]
        values = list(zip(*rows, strict=True)) if rows else [()] * (len(fields) + 2)
        fids = np.array(values[0], dtype=np.int64)
        return FeatureRows(fids, geometries, dict(zip(fields, values[2:], strict=True))), odd

    @contextlib.contextmanager
    def tolerant(self) -> Iterator[None]:
        """Within the block, bytes that are not UTF-8 are read as surrogate characters."""
        before = self.text_factory
        self.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
        try:
            yield
        finally:
            self.text_factory = before

    def structure(
        self, tables: Sequence[str] | None, hashes: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str, Sequence[Any]]]:
        """Yield the schema, each table of a spatial index as one hash, and the rows of GeoPackage's own tables."""
        hashes = hashes or {}
        names = None if tables is None else [name for table in tables for name in (table, *index_tables(table))]
        among = Sql("true")
        if names is not None:
            among = compose_sql("tbl_name IN ({marks})", marks=question_marks(len(names)))
        sql = compose_sql("SELECT type, name, tbl_name, sql FROM {schema} WHERE {among}", schema=SCHEMA, among=among)
        schema_rows = self.execute(sql, names or ()).fetchall()
        for row in schema_rows:
            yield SCHEMA, row_name(row[:2]), row
        for name in _PRAGMAS if tables is None else ():
            yield SCHEMA, row_name(["pragma", name]), self.execute(compose_sql("PRAGMA {name}", name=name)).fetchone()
        table_names = {row[1] for row in schema_rows if row[0] == "table"}
        for index in sorted(name for name in table_names if f"{name}_node" in table_names):
            for table in (f"{index}_{part}" for part in INDEX_PARTS):
                if table in table_names:
                    yield INDEXES, row_name([table]), (hashes.get(table) or hash_of_table(self, table),)
        for register in (geopackage.core_tables()[name] for name in GEOPACKAGE_TABLES):
            if self.has_table(register.name):
                yield from self._register_rows(register, tables)

    def _register_rows(
        self, register: PlainTable, tables: Sequence[str] | None
    ) -> Iterator[tuple[str, str, Sequence[Any]]]:
        """Yield the rows of one of GeoPackage's own tables that are about some tables, or all rows."""
        about = register.columns.index("table_name") if "table_name" in register.columns else None
        for row in self.read_rows(register.name, register.columns):
            if tables is None or (about is not None and row[about] in tables):
                yield register.name, register.row_name(row), row

    def damages_found(self, progress: Progress) -> Iterator[Damage]:
        """The damage that SQLite's own check finds, each with the table that it names."""
        progress.at(0.0)
        of_table = dict(self.execute(compose_sql("SELECT name, tbl_name FROM {schema}", schema=SCHEMA)))
        for (reason,) in self.execute("PRAGMA integrity_check").fetchall():
            if reason != _WHOLE:
                names = [name for name in of_table if reason.endswith(f" {name}")]
                yield Damage(of_table[max(names, key=len)] if names else "–", reason)

    def without_indexes(self) -> contextlib.AbstractContextManager[None]:
        """Do nothing: `read_rows` reads tables without indexes, and features are read by their fid."""
        return contextlib.nullcontext()

    def show_in_force(
        self,
        code: str,
        title: str,
        geometry_type: str,
        tables: Sequence[tuple[int, str]],
        holding: Sequence[int],
        retired: Sequence[int],
    ) -> None:
        """Make the view CODE, with every version's fields."""
        version_fields = [(number, table, self.field_types(table)) for number, table in tables]
        self.execute(compose_sql("DROP VIEW IF EXISTS {view}", view=code))
        self.execute(view_in_force(code, version_fields, holding, retired))
        extent = self.execute(
            "SELECT min(min_x), min(min_y), max(max_x), max(max_y) FROM gpkg_contents WHERE table_name IN"
            " (SELECT table_name FROM onemap_versions WHERE code = ?)",
            (code,),
        ).fetchone()
        view_type = None if geometry_type == NO_GEOMETRY else geometry_type
        geopackage.register(self, code, title, self.srs_id, view_type, None if None in extent else extent)
