"""Tables written as a new GeoPackage with their looks, as they come: rows first, each layer's index and extent last."""

import os
import re
import sqlite3
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyproj

from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.provenance import NO_RECORD, provenance
from onemap.layers.shipped_files import RESOURCES
from onemap.layers.stores import geopackage
from onemap.layers.stores.bulk_rows import insert_rows
from onemap.layers.stores.rtree import PackedRtree
from onemap.layers.stores.sql_text import NO_SQL, column_definitions, compose_sql
from onemap.layers.stores.store import GEOMETRY_COLUMN
from onemap.layers.xml_elements import quoteattr
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.judge.findings.run_tables import RUN_TABLE, record_in
from onemap.rules.judge.findings.table import Table

_ROWS_AT_ONCE = 20_000  # between two looks at whether anybody still wants the file
_MULTIS = {"MULTIPOLYGON": "polygon", "MULTILINESTRING": "line", "MULTIPOINT": "point"}
_TYPES = {"b": "BOOLEAN", "i": "INTEGER", "u": "INTEGER", "f": "REAL"}
_FOLDER = RESOURCES / "styles"
_WITH_LOOK = ("parcels", "findings", "overlaps")
_NOTHING = '<qgis version="3.40.0">\n</qgis>\n'
_BOTH = re.compile(r'label="(?P<sign>[■▲?●i✓] )?(?P<en>[A-Za-z ]+) (?P<zh>[^\x00-\x7f]+)"')  # as the files have it


class GeoPackageOutput:
    """`Output` to a GeoPackage under a temporary name."""

    def __init__(
        self, path: Path, crs: pyproj.CRS, language: str | None = None, record: Mapping[str, Any] = NO_RECORD
    ) -> None:
        """language: of what people call layers and columns; they have their plain names without one.

        record: of what makes the tables, as `provenance` takes it, until a run among them says more of itself.
        """
        self._language, self._words = language, SheetWords(language) if language else None
        self._heads: dict[str, dict[str, str]] = {}
        self._path = path
        self._layers: dict[str, str | None] = {}  # by name the type of their geometries
        self._boxes: dict[str, np.ndarray] = {}
        self._bounds: dict[str, list[np.ndarray]] = {}
        self._indexes: dict[str, PackedRtree] = {}
        self._stopped = threading.Event()
        self._record = record
        self.rows = 0  # that are written
        # One thread after the other: whoever opens it need not be who writes.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # Until it is whole nobody looks at the file; it is brought to the disk once, at the end.
        # Rows of polygons lie better in large pages: they take a tenth less time, and a twentieth less room.
        for setting in ("page_size = 16384", "journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("BEGIN")
        self._srs_id = geopackage.prepare(self._connection, crs)

    def begin(self, tables: Mapping[str, Table]) -> None:
        """Note the boxes of the next rows' geometries, before `append` writes these rows."""
        self._boxes = {name: table.boxes for name, table in tables.items() if table.has_geometries}
        for name, boxes in self._boxes.items():
            self._bounds.setdefault(name, []).append(boxes)

    def append(self, tables: Mapping[str, Table]) -> None:
        """Write the next rows of tables that were begun; a table that comes first becomes a layer."""
        for name, table in tables.items():
            if name not in self._layers:
                self._make(name, table)
            if name == RUN_TABLE:
                self._record = record_in(table)
            plain = {column: table.plain(column) for column in table.arrays}
            for first in range(0, table.count, _ROWS_AT_ONCE):
                if self._stopped.is_set():
                    return
                self._add(name, table, plain, slice(first, first + _ROWS_AT_ONCE))

    def stop(self) -> None:
        """Stop writing rows, because the file is not wanted any more. Any thread may call this."""
        self._stopped.set()

    def _add(self, name: str, table: Table, plain: Mapping[str, list[Any]], rows: slice) -> None:
        columns: dict[str, list[Any]] = {}
        if name in self._boxes:
            bodies, kind = Bodies(table.wkb[rows], self._boxes[name][rows]), _MULTIS.get(self._layers[name] or "")
            wkb = bodies.multi(kind).column if kind else bodies.column
            columns[GEOMETRY_COLUMN] = geopackage.wkb_to_blobs(wkb, bodies.boxes, self._srs_id)
        columns |= {column: values[rows] for column, values in plain.items()}
        insert_rows(self._connection, name, columns)
        self.rows += len(range(*rows.indices(table.count)))

    def _make(self, name: str, table: Table) -> None:
        """Make a layer, in the types of the table's columns."""
        kind = table.geometry_type.upper() if name in self._boxes else None
        types = {column: _TYPES.get(values.dtype.kind, "TEXT") for column, values in table.arrays.items()}
        columns = {**({GEOMETRY_COLUMN: kind} if kind else {}), **types}
        self._connection.execute(
            compose_sql(
                "CREATE TABLE {name} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{columns})",
                name=name,
                columns=compose_sql(", {columns}", columns=column_definitions(columns)) if columns else NO_SQL,
            )
        )
        self._layers[name] = kind
        if self._words:
            self._heads[name] = {column: self._words.head(column, name) for column in types}

    def make_ready(self) -> None:
        """Pack the layers' indexes after the last `begin`; the last rows may still be on the way into the file."""
        while self._bounds:
            name, parts = self._bounds.popitem()
            boxes = np.concatenate(parts)
            parts.clear()  # what is there twice is let go of
            self._indexes[name] = geopackage.packed_index(np.arange(1, len(boxes) + 1), boxes)
            self._indexes[name].make_ready()

    def finish(self) -> None:
        """Write the layers' indexes and extents, and bring the file to the disk."""
        for name, kind in self._layers.items():
            if self._stopped.is_set():
                return
            extent = None
            if kind:
                geopackage.index_geometries(self._connection, name, self._indexes[name])
                extent = self._indexes[name].extent
            geopackage.register(self._connection, name, self._title(name), self._srs_id, kind, extent)
            if self._words:
                geopackage.name_columns(self._connection, name, self._heads[name])
        self._keep_looks()
        geopackage.keep_provenance(self._connection, provenance(self._record))
        self._connection.execute("COMMIT")
        self._connection.close()
        with self._path.open("rb+") as file:
            os.fsync(file.fileno())

    def _title(self, name: str) -> str:
        return self._words.name(name) if self._words else name

    def _keep_looks(self) -> None:
        """Store the layers' looks after all layers, so that layers are listed first; without a language there are none.

        QGIS takes the names of columns from them; not every version of its GDAL reads the extension Schema.
        """
        if self._language is None:
            return
        for name, kind in self._layers.items():
            look = layer_look(name, self._heads[name], self._language)
            geopackage.keep_look(self._connection, name, GEOMETRY_COLUMN if kind else "", self._title(name), look)

    def close(self) -> None:
        """Close the file, whole or not."""
        self._connection.close()


def layer_look(table: str, heads: Mapping[str, str], language: str) -> str:
    """The style of a layer as QGIS keeps it (QML). heads: what people call its columns, in the language."""
    look = (_FOLDER / f"{table}.qml").read_text(encoding="utf-8") if table in _WITH_LOOK else _NOTHING
    worded = _BOTH.sub(lambda label: f'label="{label["sign"] or ""}{label[language]}"', look)
    aliases = "".join(
        f"    <alias index={quoteattr(str(at))} field={quoteattr(column)} name={quoteattr(head)}/>\n"
        for at, (column, head) in enumerate(heads.items(), start=1)  # the first field is the row's number
    )
    before, end, after = worded.rpartition("</qgis>")
    return f"{before}  <aliases>\n{aliases}  </aliases>\n{end}{after}"
