"""Tables written as a new GeoPackage, as they come: rows first, each layer's index and extent at the end."""

import os
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers import geopackage
from onemap.layers.bulk_rows import insert_rows
from onemap.layers.stores.store import GEOMETRY_COLUMN, quoted
from onemap.rules.run_tables import Table, plain_values

_ROWS_AT_ONCE = 20_000  # between two looks at whether anybody still wants the file
_TYPES = {"b": "BOOLEAN", "i": "INTEGER", "u": "INTEGER", "f": "REAL"}


@dataclass
class _Layer:
    """A table that is being written: how many rows it has, and the boxes of those (n, 4)."""

    geometry_type: str | None
    rows: int = 0
    bounds: list[np.ndarray] = field(default_factory=list)


class GeoPackageOutput:
    """`Output` to a GeoPackage that nobody else knows of yet."""

    def __init__(self, path: Path, crs: pyproj.CRS) -> None:
        self._path = path
        self._layers: dict[str, _Layer] = {}
        self._stopped = threading.Event()
        # One thread after the other: whoever opens it need not be who writes.
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # Until it is whole nobody looks at the file; it is brought to the disk once, at the end.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("BEGIN")
        self._srs_id = geopackage.prepare(self._connection, crs)

    def append(self, tables: Mapping[str, Table]) -> None:
        """The next rows of some tables; one that comes for the first time becomes a layer."""
        for name, table in tables.items():
            layer = self._layers.get(name) or self._made(name, table)
            plain = {str(column): plain_values(table.columns[column]) for column in table.columns.columns}
            for first in range(0, len(table.columns), _ROWS_AT_ONCE):
                if self._stopped.is_set():
                    return
                self._add(name, layer, table, plain, slice(first, first + _ROWS_AT_ONCE))
            layer.rows += len(table.columns)

    def stop(self) -> None:
        """Write no more rows: nobody will look at the file. Any thread may say so."""
        self._stopped.set()

    def _add(self, name: str, layer: _Layer, table: Table, plain: Mapping[str, list[Any]], rows: slice) -> None:
        columns: dict[str, list[Any]] = {}
        if table.geometries is not None:
            shapes = table.geometries[rows]
            bounds = shapely.bounds(shapes).reshape(-1, 4)
            columns[GEOMETRY_COLUMN] = geopackage.to_blobs(shapes, self._srs_id, table.wkb[rows], bounds)
            layer.bounds.append(bounds)
        columns |= {column: values[rows] for column, values in plain.items()}
        insert_rows(self._connection, name, columns)

    def _made(self, name: str, table: Table) -> _Layer:
        """A new layer, in the types of the table's columns."""
        kind = table.geometry_type.upper() if table.geometries is not None else None
        types = {str(column): _TYPES.get(table.columns[column].dtype.kind, "TEXT") for column in table.columns.columns}
        columns = {**({GEOMETRY_COLUMN: kind} if kind else {}), **types}
        written = "".join(f", {quoted(column)} {type_}" for column, type_ in columns.items())
        self._connection.execute(
            f"CREATE TABLE {quoted(name)} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{written})"
        )
        self._layers[name] = _Layer(kind)
        return self._layers[name]

    def finish(self) -> None:
        """Index the layers, tell their extents, and bring the file to the disk."""
        for name, layer in self._layers.items():
            extent = None
            if layer.geometry_type:
                bounds = np.concatenate([np.empty((0, 4)), *layer.bounds])
                geopackage.index_geometries(self._connection, name, range(1, layer.rows + 1), bounds)
                boxed = bounds[np.isfinite(bounds).all(axis=1)]
                extent = [*boxed[:, :2].min(axis=0), *boxed[:, 2:].max(axis=0)] if len(boxed) else None
            geopackage.register(self._connection, name, name, self._srs_id, layer.geometry_type, extent)
        self._connection.execute("COMMIT")
        self._connection.close()
        with self._path.open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """Let go of the file, whole or not."""
        self._connection.close()
