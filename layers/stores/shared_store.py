"""A library in a folder of GeoParquet: read-only, for workers that see the folder but not the library."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.geometry.boxes import meet_box
from onemap.layers.geometry.shape_column import shapes_from, some_of
from onemap.layers.stores import geopackage
from onemap.layers.stores.arrow_values import plain_column
from onemap.layers.stores.file_connection import FileConnection
from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.rights import Roles
from onemap.layers.stores.store import AS_STORED, Box, DamagedTable, FeatureRows, Point

FACTS = "library"  # before the hash, in the name of the file that says what is there
SHARED_TABLES = ("onemap_library", "onemap_catalogue", "onemap_district", "onemap_versions")
FIELDS_FROM = 3  # columns before those of the fields: fid, geometry, its box


@dataclass
class _Shelf:
    """The folder, and the facts about each table of features in it.

    files: of those that were looked at the metadata at the end, and the boxes of the groups of rows (n, 4).
    """

    folder: Path
    layers: dict[str, dict[str, Any]]
    files: dict[str, tuple[pq.FileMetaData, np.ndarray]] = field(default_factory=dict)

    def groups_near(self, name: str, bounds: Box | None) -> list[int]:
        """The groups of rows of a file whose boxes meet `bounds`, or all. Raises OSError, ArrowException."""
        if name not in self.files:
            end = pq.read_metadata(self.folder / name)
            self.files[name] = end, np.array([_box(end.row_group(at)) for at in range(end.num_row_groups)])
        _, boxes = self.files[name]
        return list(range(len(boxes))) if bounds is None else np.flatnonzero(meet_box(boxes, bounds)).tolist()

    def read(self, name: str, bounds: Box | None) -> pa.Table | None:
        """The rows of a file whose boxes meet `bounds`, or all. Raises OSError, ArrowException."""
        groups = self.groups_near(name, bounds)
        if not groups:
            return None
        end, _ = self.files[name]
        with pq.ParquetFile(self.folder / name, metadata=end, page_checksum_verification=True) as file:
            rows = file.read_row_groups(groups, use_threads=False)
        if bounds is None:
            return rows
        boxes = rows.column(FIELDS_FROM - 1).combine_chunks().flatten()
        near = meet_box(np.column_stack([side.to_numpy(zero_copy_only=False) for side in boxes]), bounds)
        return rows.filter(pa.array(near))


class SharedConnection(FileConnection):
    """A `StoreConnection` with plain tables in memory and tables of features in a folder."""

    shelf: _Shelf

    def field_types(self, table: str) -> dict[str, str]:
        """The fields of a table of features, without fid and geometry."""
        types: dict[str, str] = self.shelf.layers.get(table, {}).get("fields", {})
        return types

    def read_features(
        self, table: str, fields: Sequence[str] | None, bounds: Box | None, count: int | None, origin: Point = AS_STORED
    ) -> FeatureRows:
        """The features whose boxes meet `bounds`, or all, by fid. Raises DamagedTable; OSError without the folder."""
        layer = self.shelf.layers.get(table)
        if layer is None or (count is not None and layer["rows"] != count):
            raise DamagedTable("not all of it is in the folder")
        near = [part["file"] for part in layer["parts"] if bounds is None or _meets(part["bounds"], bounds)]
        try:
            read = (self.shelf.read(name, bounds) for name in near)
            parts = [part for part in read if part is not None]
            bodies = [part.column(1).cast(pa.large_binary()) for part in parts]
            shapes, boxes = shapes_from([pa.chunked_array(bodies, pa.large_binary()).combine_chunks()], origin)
        except (pa.ArrowInvalid, shapely.GEOSException, NotImplementedError) as error:
            raise DamagedTable(str(error)) from error
        fids = np.concatenate([np.empty(0, dtype=np.int64), *(part.column(0).to_numpy() for part in parts)])
        order = np.argsort(fids, kind="stable")
        places, values = {name: at for at, name in enumerate(layer["fields"], start=FIELDS_FROM)}, {}
        for name in places if fields is None else fields:
            at = places[name]
            column = [value for part in parts for value in plain_column(part.schema.field(at), part.column(at))]
            values[name] = [column[row] for row in order.tolist()]
        return FeatureRows(fids[order], some_of(shapes, order), values, boxes[order])


class SharedStore:
    """`Store` on a folder. Nothing can be written."""

    path: Path | None = None
    writable = False
    roles = Roles(DEPARTMENTS, is_lead=True)
    account: str | None = None

    def __init__(self, label: str, connection: SharedConnection) -> None:
        self.label = label
        self.connection = connection
        self.kept: dict[Any, Any] = {}

    def today(self) -> date:
        """The day by this machine's clock."""
        return date.today()

    def days_of(self, moments: Sequence[datetime]) -> list[date]:
        """The days of moments by this machine's clock."""
        return [moment.astimezone().date() for moment in moments]

    @contextlib.contextmanager
    def reading(self) -> Iterator[SharedConnection]:
        """Read without a transaction: the shared files never change."""
        yield self.connection

    @contextlib.contextmanager
    def writing(self, scope: str | None) -> Iterator[SharedConnection]:
        """Refuse to write. Raises OneMapError library.read_only."""
        raise OneMapError("library.read_only", file=self.label)
        yield self.connection

    def appending(self) -> contextlib.AbstractContextManager[SharedConnection]:
        """Refuse to write. Raises OneMapError library.read_only."""
        return self.writing(None)


def open_shared(facts: Path) -> SharedStore:
    """Open the library from facts that `share_versions` wrote. It belongs to the opening thread. Raises OSError."""
    shared_facts = json.loads(facts.read_text(encoding="utf-8"))
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=SharedConnection)
    geopackage.add_functions(connection)
    connection.shelf = _Shelf(facts.parent, shared_facts["layers"])
    for table in LIBRARY_TABLES:
        connection.execute(table)
    for name, table in shared_facts["tables"].items():
        connection.write_rows(name, table["columns"], [[_value(value) for value in row] for row in table["rows"]])
    return SharedStore(facts.name, connection)


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def _box(group: pq.RowGroupMetaData) -> list[float]:
    """Return the box of a group of rows from its covering's statistics; NaN if the group has no ground."""
    statistics = [group.column(at).statistics for at in range(2, 6)]  # after fid and geometry
    sides = zip(statistics, ("min", "min", "max", "max"), strict=True)
    return [getattr(one, end) if one is not None and one.has_min_max else np.nan for one, end in sides]


def _meets(box: Sequence[float] | None, bounds: Sequence[float]) -> bool:
    return box is not None and bool(meet_box(np.array([box]), bounds)[0])
