"""Tables written as a folder of GeoParquet files, as they come: a group of rows for each part."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj

from onemap.layers.provenance import PROVENANCE_KEY, provenance
from onemap.layers.stores.geoparquet import KEY, geo_metadata
from onemap.rules.judge.findings.extents import Extent, joined_extent
from onemap.rules.judge.findings.run_tables import RUN_TABLE, record_in
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.arrow_blocks import rows_of_table

_GEOMETRY = "geometry"


@dataclass
class _File:
    """A file that is being written: its writer, its plain columns, and where its geometries lie, part by part."""

    writer: pq.ParquetWriter
    columns: pa.Schema
    has_geometry: bool
    extents: list[Extent] = field(default_factory=list)


class ParquetOutput:
    """`Output` to a folder with a file for each table."""

    def __init__(self, folder: Path, crs: pyproj.CRS, record: Mapping[str, Any]) -> None:
        """record: of what makes the tables, as `provenance` takes it, until a run among them says more of itself."""
        folder.mkdir()
        self._folder = folder
        self._crs = crs
        self._files: dict[str, _File] = {}
        self._stopped = threading.Event()
        self._record = record
        self.rows = 0  # that are written

    def begin(self, tables: Mapping[str, Table]) -> None:
        """Nothing has to be known of rows before they are written."""

    def append(self, tables: Mapping[str, Table]) -> None:
        """The next rows of some tables; one that comes for the first time becomes a file."""
        for name, table in tables.items():
            if self._stopped.is_set():
                return
            file = self._files.get(name) or self._make_file(name, table)
            if name == RUN_TABLE:
                self._record = record_in(table)
            rows = rows_of_table(table)
            columns = [rows.columns.column(one.name).cast(one.type) for one in file.columns]
            written = pa.Table.from_arrays(columns, schema=file.columns)
            if rows.wkb is not None:
                written = written.append_column(_GEOMETRY, rows.wkb.cast(pa.binary()))
                file.extents.append(table.extent)
            file.writer.write_table(written)
            self.rows += len(rows)

    def stop(self) -> None:
        """Write no more rows: nobody will look at the files. Any thread may say so."""
        self._stopped.set()

    def _make_file(self, name: str, table: Table) -> _File:
        """A new file, whose columns have the types that an empty table has too."""
        inferred = pa.Schema.from_pandas(table.columns, preserve_index=False)
        fields = [pa.field(one.name, pa.string() if _is_text(one.type) else one.type) for one in inferred]
        columns, has_geometry = pa.schema(fields, metadata=inferred.metadata), table.has_geometries
        whole = columns.append(pa.field(_GEOMETRY, pa.binary())) if has_geometry else columns
        # A dictionary of values is worth its time only where they come again and again: numbers and ground do not.
        texts = [one.name for one in columns if one.name != "parcel" and pa.types.is_string(one.type)]
        writer = pq.ParquetWriter(self._folder / f"{name}.parquet", whole, use_dictionary=texts)
        self._files[name] = _File(writer, columns, has_geometry)
        return self._files[name]

    def make_ready(self) -> None:
        """What stands at the end of each file is short."""

    def finish(self) -> None:
        """Write the end of each file."""
        origin = provenance(self._record)
        for file in self._files.values():
            facts = {PROVENANCE_KEY: origin}
            if file.has_geometry:
                extent = joined_extent(file.extents)
                facts[KEY] = geo_metadata(_GEOMETRY, self._crs, extent.kinds, extent.box)
            file.writer.add_key_value_metadata(facts)
            file.writer.close()

    def close(self) -> None:
        """Let go of the files, whole or not."""
        for file in self._files.values():
            file.writer.close()


def _is_text(kind: pa.DataType) -> bool:
    """Text, or nothing at all: a column of a first part that has no value is text in a later one."""
    return bool(pa.types.is_null(kind) or pa.types.is_large_string(kind))
