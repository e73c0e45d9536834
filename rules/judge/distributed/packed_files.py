"""The rows of a block of consecutive parcels, and these, on disk as a run keeps them: they are packed once.

So a journal has next to nothing besides what goes into the library, and its rows wait in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.runs.arrow_blocks import (
    ArrowTable,
    Rows,
    StoredBlock,
    concatenate_rows,
    read_columns,
    read_shapes,
)
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import packed_rows
from onemap.rules.judge.runs.stored_rows import GIVEN

_NAME = "rows.arrow"
_SCHEMA = pa.schema(
    {
        "table": pa.string(),
        "count": pa.int64(),
        "content": pa.large_binary(),
        "shapes": pa.large_binary(),
        "lowest": pa.string(),
        "highest": pa.string(),
    }
)


@dataclass(frozen=True)
class PackedTables:
    """A file of packed rows: its size; by table its columns, and the type of its geometries, if it has any."""

    size: int
    columns: Mapping[str, Sequence[str]]
    kinds: Mapping[str, str]


def keep_packed(folder: Path, tables: Mapping[str, Table], parcels: Parcels, first: int) -> PackedTables:
    """Write the rows of a block. first: the position of its first parcel in the run."""
    path = folder / _NAME
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _SCHEMA) as writer:
        for name, block in packed_rows(Chunk(dict(tables), parcels), first):
            writer.write_batch(pa.RecordBatch.from_pylist([{"table": name, **asdict(block)}], _SCHEMA))
    columns = {name: list(table.arrays) for name, table in tables.items()}
    kinds = {name: table.geometry_type for name, table in tables.items() if table.has_geometries}
    return PackedTables(path.stat().st_size, columns, kinds)


def packed_size(folder: Path) -> int:
    """The size of the file of packed rows. Raises OSError."""
    return (folder / _NAME).stat().st_size


def read_packed(folder: Path) -> Iterator[tuple[str, StoredBlock]]:
    """The rows of a block, packed, with the names of their tables; one after the other is held."""
    with pa.OSFile(str(folder / _NAME)) as file:
        batches = pa.ipc.open_file(file)
        for number in range(batches.num_record_batches):
            (row,) = batches.get_batch(number).to_pylist()
            yield row.pop("table"), StoredBlock(**row)


def read_tables(folder: Path, packed: PackedTables, parcels: Parcels, first: int) -> dict[str, Table]:
    """The tables of a block by name, in the order in which they came. parcels, first: as they were kept."""
    parts: dict[str, list[Rows]] = {name: [] for name in packed.columns}
    for name, block in read_packed(folder):
        if name != GIVEN:
            parts[name].append(Rows(read_columns(block.content), _wkb(block.shapes, parcels, first)))
    tables: dict[str, Table] = {}
    for name, rows in parts.items():
        kind = packed.kinds.get(name)
        if not rows:
            columns = pa.table({column: pa.nulls(0) for column in packed.columns[name]})
            rows.append(Rows(columns, pa.array([], pa.large_binary()) if kind else None))
        tables[name] = ArrowTable(concatenate_rows(rows), kind or "MultiPolygon")
    return tables


def _wkb(shapes: bytes | None, parcels: Parcels, first: int) -> pa.Array | None:
    """The geometries of packed rows, where a parcel's outline stands for itself."""
    if shapes is None:
        return None
    wkb, outlines = read_shapes(shapes)
    if outlines is None:
        return wkb
    whole = pa.concat_arrays([wkb.cast(pa.large_binary()), parcels.multis])
    places = np.where(outlines >= 0, len(wkb) + outlines - first, np.arange(len(wkb)))
    return whole.take(pa.array(places))
