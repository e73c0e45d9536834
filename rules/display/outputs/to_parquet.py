"""Tables written as a folder of GeoParquet files, as they come: a group of rows for each part."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
from pyarrow.fs import LocalFileSystem

from onemap.layers.provenance import PROVENANCE_KEY, provenance
from onemap.layers.stores.geoparquet import KEY, geo_metadata
from onemap.rules.judge.findings.run_tables import RUN_TABLE, record_in
from onemap.rules.judge.findings.table import Extent, Table, joined_extent
from onemap.rules.judge.runs.arrow_blocks import rows_of_table

_GEOMETRY = "geometry"
_THIS_MACHINE = LocalFileSystem()


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
        """Do nothing: the form needs no facts of rows before they are written."""

    def append(self, tables: Mapping[str, Table]) -> None:
        """Write the next rows of tables; a table that comes first becomes a file."""
        for name, table in tables.items():
            if self._stopped.is_set():
                return
            rows = rows_of_table(table)
            file = self._files.get(name) or self._make_file(name, table, rows.columns.schema)
            if name == RUN_TABLE:
                self._record = record_in(table)
            columns = [rows.columns.column(one.name).cast(one.type) for one in file.columns]
            file_rows = pa.Table.from_arrays(columns, schema=file.columns)
            if rows.wkb is not None:
                file_rows = file_rows.append_column(_GEOMETRY, rows.wkb.cast(pa.binary()))
                file.extents.append(table.extent)
            file.writer.write_table(file_rows)
            self.rows += len(rows)

    def stop(self) -> None:
        """Stop writing rows, because the files are not wanted any more. Any thread may call this."""
        self._stopped.set()

    def _make_file(self, name: str, table: Table, stored_schema: pa.Schema) -> _File:
        """Begin a file; its columns have the types of an empty table too.

        stored_schema: the table's schema in a stored run.
        """
        columns, has_geometry = _written_schema(table, stored_schema), table.has_geometries
        whole = columns.append(pa.field(_GEOMETRY, pa.binary())) if has_geometry else columns
        # A dictionary of values is worth its time only where they come again and again: numbers and ground do not.
        texts = [one.name for one in columns if one.name != "parcel" and pa.types.is_string(one.type)]
        path = str(self._folder / f"{name}.parquet")
        writer = pq.ParquetWriter(path, whole, use_dictionary=texts, filesystem=_THIS_MACHINE)
        self._files[name] = _File(writer, columns, has_geometry)
        return self._files[name]

    def make_ready(self) -> None:
        """Do nothing: the end of each file is short."""

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
        """Close the files, whole or not."""
        for file in self._files.values():
            file.writer.close()


def _written_schema(table: Table, stored_schema: pa.Schema) -> pa.Schema:
    """The schema in which a table is written, with the metadata for pandas.

    Inferring it takes longer than writing a few rows, so tables with equal column types (in numpy and in Arrow) share
    one. It is inferred for each table with values that Arrow cannot type and that are kept as JSON.
    """
    types = tuple((one.name, str(table.arrays[one.name].dtype), one.type) for one in stored_schema)
    schema = _SCHEMAS.get(types)
    if schema is None:
        inferred = pa.Schema.from_pandas(table.columns, preserve_index=False)
        fields = [pa.field(one.name, pa.string() if _is_text(one.type) else one.type) for one in inferred]
        schema = pa.schema(fields, metadata=inferred.metadata)
        if len(_SCHEMAS) < _MOST_SCHEMAS and not any(pa.types.is_large_string(one.type) for one in stored_schema):
            _SCHEMAS[types] = schema
    return schema


_SCHEMAS: dict[tuple[tuple[str, str, pa.DataType], ...], pa.Schema] = {}
_MOST_SCHEMAS = 100


def _is_text(kind: pa.DataType) -> bool:
    """Whether a column is written as text: also one without any value, because later parts may have text there."""
    return bool(pa.types.is_null(kind) or pa.types.is_large_string(kind))
