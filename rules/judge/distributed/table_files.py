"""The tables of a block on disk: Arrow files, whose batches are the ranges of positions in which all are merged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from onemap.layers.geometry.wkb_boxes import wkb_types
from onemap.rules.judge.distributed.parcel_files import ParcelBlock
from onemap.rules.judge.findings.extents import Extent, extent_from, joined_extent
from onemap.rules.judge.findings.run_tables import ROW_TABLES
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.arrow_blocks import ArrowTable, Rows

_POSITION, _SHAPE = "position", "geometry"
_KIND = b"geometry_type"  # in the metadata
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")  # nothing that is read once is worth more
BY_RULE = {name for name, first in ROW_TABLES.items() if first == "rule"}


@dataclass(frozen=True)
class KeptTable:
    """One table of a block: its rows, and of each batch the rule (None: of all) and the range of positions.

    extents: of each batch the box of its geometries, None without any, and their types.
    """

    rows: int
    size: int
    groups: Sequence[tuple[int | None, int]]
    extents: Sequence[tuple[Sequence[float] | None, Sequence[str]]]


def keep_table(
    folder: Path, name: str, table: Table, block: ParcelBlock, at: np.ndarray, rules: Mapping[str, int]
) -> KeptTable:
    """Write one table of a block. at (n,): which of the block's parcels each row is of; rules: their order."""
    positions = block.positions[at]
    columns = [pa.array(positions)]
    names = [_POSITION]
    for column, values in table.arrays.items():
        names.append(column)
        columns.append(_arrow(values))
    metadata = {}
    if table.has_geometries:
        names.append(_SHAPE)
        columns.append(table.wkb)
        metadata = {_KIND: table.geometry_type}
    whole = pa.RecordBatch.from_arrays(columns, names=names).replace_schema_metadata(metadata)
    by_rule = name in BY_RULE
    order = table.columns["rule"].map(rules).to_numpy(dtype=np.int64) if by_rule else np.zeros(len(whole), np.int64)
    keys = np.column_stack([order, block.ranges[at]])
    starts = np.flatnonzero(np.r_[len(keys) > 0, (np.diff(keys, axis=0) != 0).any(axis=1)])
    groups: list[tuple[int | None, int]] = []
    extents: list[tuple[Sequence[float] | None, Sequence[str]]] = []
    path = table_path(folder, name)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, whole.schema, options=_PACKED) as writer:
        for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(whole)][: len(starts)], strict=True):
            writer.write_batch(whole.slice(start, stop - start))
            groups.append((int(keys[start, 0]) if by_rule else None, int(keys[start, 1])))
            extent = _extent(table, start, stop)
            extents.append((extent.box, sorted(extent.kinds)))
    return KeptTable(len(whole), path.stat().st_size, groups, extents)


def _extent(table: Table, start: int, stop: int) -> Extent:
    """Where the geometries of some rows lie."""
    if not table.has_geometries:
        return Extent(None, frozenset())
    return extent_from(table.boxes[start:stop], wkb_types(table.wkb[start:stop]))


def _arrow(values: Any) -> pa.Array:
    """A column, of numpy or pandas."""
    if values.dtype == object:
        return pa.array(values.tolist(), pa.string())
    if values.dtype == "Int64":
        return pa.array(values.to_numpy(dtype=np.int64, na_value=0), mask=np.asarray(values.isna()))
    return pa.array(np.asarray(values))  # not a number stays one, and is no null


class KeptRows(ArrowTable):
    """Rows as they were kept, of one block or several."""

    def __init__(self, found: pa.Table, extents: Sequence[Extent]) -> None:
        self.__dict__.update(found=found, extents=extents)

    found: pa.Table
    extents: Sequence[Extent]

    @cached_property
    def rows(self) -> Rows:
        """The rows as a run stores them."""
        names = [name for name in self.found.column_names if name not in (_POSITION, _SHAPE)]
        arrays = [_stored_column(self.found.column(name)) for name in names]
        wkb = self.found.column(_SHAPE).combine_chunks() if _SHAPE in self.found.column_names else None
        return Rows(pa.Table.from_arrays(arrays, names=names), wkb)

    @cached_property
    def extent(self) -> Extent:
        """Where its geometries lie, and of which types they are."""
        return joined_extent(self.extents)

    @property
    def geometry_type(self) -> str:
        """The GeoPackage type of its geometries."""
        if not self.has_geometries:
            return "MultiPolygon"
        return str(self.found.schema.metadata[_KIND].decode())


def table_path(folder: Path, name: str) -> Path:
    """The file of one table of a block that lies in a folder."""
    return folder / f"{name}.arrow"


def read_group(path: Path, group_table: KeptTable, group: int) -> KeptRows:
    """The rows of one batch of a kept table."""
    box, kinds = group_table.extents[group]
    around = (box[0], box[1], box[2], box[3]) if box else None
    with pa.OSFile(str(path)) as file:
        found = pa.Table.from_batches([pa.ipc.open_file(file).get_batch(group)])
    return KeptRows(found, [Extent(around, frozenset(kinds))])


def read_column(path: Path, name: str) -> np.ndarray:
    """One column of a kept table (n,)."""
    with pa.OSFile(str(path)) as file:
        options = pa.ipc.IpcReadOptions(included_fields=[pa.ipc.open_file(file).schema.get_field_index(name)])
        column: np.ndarray = pa.ipc.open_file(file, options=options).read_all().column(0).to_numpy()
    return column


def read_none(path: Path) -> KeptRows:
    """A kept table without its rows."""
    with pa.OSFile(str(path)) as file:
        return KeptRows(pa.ipc.open_file(file).schema.empty_table(), [])


def concatenate_rows(parts: Sequence[KeptRows]) -> KeptRows:
    """Rows of several blocks in the order of their parcels; those of one parcel stay as they stand."""
    if len(parts) == 1:
        return parts[0]
    found = pa.concat_tables([part.found for part in parts])
    order = np.argsort(found.column(_POSITION).to_numpy(), kind="stable")
    return KeptRows(found.take(order), [extent for part in parts for extent in part.extents])


def _stored_column(column: pa.ChunkedArray) -> pa.Array:
    """A column as a run stores it: what is no number is none, and what is empty has no type."""
    if pa.types.is_floating(column.type):
        return pa.Array.from_pandas(column.to_numpy())
    if pa.types.is_string(column.type) and column.null_count == len(column):
        return pa.nulls(len(column))
    return column.combine_chunks()
