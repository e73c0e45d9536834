"""SQLite's connection to a library in a GeoPackage file, with what every store can do."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely

from onemap.layers.progress import Progress
from onemap.layers.stores import geopackage
from onemap.layers.stores.file_index import check_index, corners, near
from onemap.layers.stores.rights import Right
from onemap.layers.stores.store import (
    GEOMETRY_COLUMN,
    DamagedTable,
    FeatureRows,
    FeatureTable,
    chained_hash,
    quote_identifier,
)

_IDENTIFIERS = ("fid", "OGC_FID", GEOMETRY_COLUMN)


class FileConnection(sqlite3.Connection):
    """`StoreConnection` on a file. srs_id: the library's, once it is known."""

    most_fields = 1_980  # of SQLite's 2,000 columns some are ours, in the table of features that were set aside too

    srs_id = 0

    def has_table(self, name: str) -> bool:
        """Whether there is a table or view of that name."""
        return self.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None

    def own_tables(self) -> list[str]:
        """The names of all tables, by name."""
        return [row[0] for row in self.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

    def field_types(self, table: str) -> dict[str, str]:
        """The fields of a table of features, without fid and geometry: INTEGER, REAL, TEXT or BLOB; empty for none."""
        rows = self.execute(f"PRAGMA table_info({quote_identifier(table)})").fetchall()
        return {row[1]: row[2] for row in rows if row[1] not in _IDENTIFIERS}

    def column_names(self, table: str) -> list[str]:
        """All columns of a plain table, in order."""
        return [row[1] for row in self.execute(f"PRAGMA table_info({quote_identifier(table)})")]

    def read_rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """All rows of a plain table, never all held at once."""
        names = ", ".join(map(quote_identifier, columns))
        yield from self.execute(f"SELECT {names} FROM {quote_identifier(table)}")  # noqa: S608 - the names are quoted

    def write_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a plain table."""
        names, marks = ", ".join(map(quote_identifier, columns)), ",".join("?" * len(columns))
        self.executemany(f"INSERT INTO {quote_identifier(table)} ({names}) VALUES ({marks})", rows)  # noqa: S608

    def append_log(self, at: str, who: str, action: str, subject: str, detail: str, content_hash: str) -> None:
        """One row of the audit log; the open transaction holds the only write lock."""
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
        """SQLite's own number; -1 where it cannot be read, which opening the file anew explains."""
        try:
            return int(self.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return -1

    def chain_head(self) -> tuple[int, str]:
        """The number and hash of the log's last row."""
        number, head = self.execute("SELECT number, hash FROM onemap_audit ORDER BY number DESC LIMIT 1").fetchone()
        return number, head

    def protect(self, grants: Sequence[Right]) -> None:
        """Nothing: whoever may write a file may write all of it."""

    def make_features(self, table: FeatureTable) -> None:
        """A new, empty table of features."""
        columns = "".join(f", {quote_identifier(name)} {kind}" for name, kind in table.fields.items())
        self.execute(
            f"CREATE TABLE {quote_identifier(table.name)}"
            f" (fid INTEGER PRIMARY KEY NOT NULL, geom {table.geometry_type}{columns})"
        )

    def add_features(
        self, table: FeatureTable, blocks: Iterable[np.ndarray], values: Sequence[Sequence[Any]], first_fid: int = 1
    ) -> None:
        """Append features, their geometries as GeoPackage blobs."""
        names = ", ".join(quote_identifier(name) for name in ("fid", GEOMETRY_COLUMN, *table.fields))
        marks = ",".join("?" * (len(table.fields) + 2))
        self.executemany(
            f"INSERT INTO {quote_identifier(table.name)} ({names}) VALUES ({marks})",  # noqa: S608 - the names are quoted
            self._rows(blocks, values, first_fid),
        )

    def _rows(
        self, blocks: Iterable[np.ndarray], values: Sequence[Sequence[Any]], first_fid: int
    ) -> Iterator[tuple[Any, ...]]:
        blobs = (blob for block in blocks for blob in geopackage.to_blobs(block, self.srs_id))
        for fid, row in enumerate(zip(blobs, *values, strict=True), start=first_fid):
            yield (fid, *row)

    def index_features(self, table: FeatureTable, bounds: np.ndarray, progress: Progress) -> None:
        """Fill the R-tree in bulk; its triggers are made afterwards."""
        geopackage.index_geometries(
            self, table.name, geopackage.packed_index(range(1, len(bounds) + 1), bounds), progress
        )

    def show_features(self, table: FeatureTable, bounds: Sequence[float] | None) -> None:
        """Register a table as a layer of the GeoPackage; an extent that it has already only grows."""
        geometry_type = table.geometry_type
        before = self.execute(
            "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = ?", (table.name,)
        ).fetchone()
        boxes = np.array([box for box in (before, bounds) if box is not None], dtype=float).reshape(-1, 4)
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        extent = [*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)] if len(boxes) else None
        geopackage.register(self, table.name, table.title, self.srs_id, geometry_type, extent)

    def read_features(
        self, table: str, fields: Sequence[str], bounds: Sequence[float] | None, count: int | None
    ) -> FeatureRows:
        """The features whose boxes meet `bounds`, or all, by fid. Raises DamagedTable."""
        columns = "".join(f", f.{quote_identifier(name)}" for name in fields)
        sql = f"SELECT f.fid, f.geom{columns} FROM {quote_identifier(table)} f"  # noqa: S608 - the names are quoted
        parameters: tuple[float, ...] = ()
        if bounds is not None:
            sql += f" WHERE f.fid IN (SELECT id {near(table)})"
            parameters = corners(bounds)
        try:
            if count is not None:
                check_index(self, table, count)
            rows = self.execute(sql + " ORDER BY f.fid", parameters).fetchall()
            wanted = count
            if bounds is not None:
                wanted = self.execute(f"SELECT count(*) {near(table)}", parameters).fetchone()[0]
            if wanted is not None and len(rows) != wanted:
                raise DamagedTable("the table does not hold every feature")
            geometries = geopackage.from_blobs(row[1] for row in rows)
        except (sqlite3.Error, shapely.GEOSException, ValueError, IndexError, TypeError) as error:
            raise DamagedTable(str(error)) from error
        values = list(zip(*rows, strict=True)) if rows else [()] * (len(fields) + 2)
        return FeatureRows(
            fids=np.array(values[0], dtype=np.int64),
            geometries=geometries if len(rows) else np.empty(0, dtype=object),
            values=dict(zip(fields, values[2:], strict=True)),
        )

    def show_in_force(self, code: str, title: str, geometry_type: str, tables: Sequence[tuple[int, str]]) -> None:
        """The view CODE, with every version's fields."""
        columns: dict[str, None] = {}
        of_table: dict[str, set[str]] = {}
        for _, table in tables:
            names = list(self.field_types(table))
            of_table[table] = {name.lower() for name in names}
            known = {name.lower() for name in columns}
            columns.update(dict.fromkeys(name for name in names if name.lower() not in known))
        # "OGC_FID" is how GDAL knows a view's identifier.
        branches = [
            "SELECT fid AS OGC_FID, geom"
            + "".join(
                f", {quote_identifier(name)}"
                if name.lower() in of_table[table]
                else f", NULL AS {quote_identifier(name)}"
                for name in columns
            )
            + f" FROM {quote_identifier(table)}"
            f" WHERE {number} = (SELECT number FROM onemap_versions WHERE code = '{code}'"
            " AND coalesce(valid_from, '') <= date('now', 'localtime')"
            " AND (valid_to IS NULL OR valid_to >= date('now', 'localtime'))"
            " ORDER BY coalesce(valid_from, '') DESC, number DESC LIMIT 1)"
            for number, table in tables
        ]
        self.execute(f"DROP VIEW IF EXISTS {quote_identifier(code)}")
        self.execute(f"CREATE VIEW {quote_identifier(code)} AS " + " UNION ALL ".join(branches))
        extent = self.execute(
            "SELECT min(min_x), min(min_y), max(max_x), max(max_y) FROM gpkg_contents WHERE table_name IN"
            " (SELECT table_name FROM onemap_versions WHERE code = ?)",
            (code,),
        ).fetchone()
        geopackage.register(self, code, title, self.srs_id, geometry_type, None if None in extent else extent)
