"""The rows of a block on disk as a run stores them: a file whose batches are packed rows of one table each.

Where parcels are consecutive, all rows of a block go into the library unchanged. Otherwise a batch has the rows of one
range of positions, in which the rows of all blocks are merged.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.rules.judge.distributed.parcel_files import ParcelBlock
from onemap.rules.judge.findings.run_tables import ROW_TABLES
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.runs.arrow_blocks import (
    ArrowTable,
    Rows,
    StoredBlock,
    as_one_array,
    concatenate_rows,
    read_columns,
    read_shapes,
    rows_of_table,
    stream_of,
)
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import packed_rows
from onemap.rules.judge.runs.stored_rows import GIVEN

BY_RULE = {name for name, first in ROW_TABLES.items() if first == "rule"}
Group = tuple[str, int | None, int | None]  # of rows: table, rule where they stand by rule first, range of positions
_POSITION, _SHAPE = "position", "geometry"
_LIGHTLY = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # what is read once is worth no more
_HEAD = b"head"  # in the metadata
_SCHEMA = pa.schema(
    {
        "table": pa.string(),
        "rule": pa.int64(),
        "range": pa.int64(),
        "count": pa.int64(),
        "content": pa.large_binary(),
        "shapes": pa.large_binary(),
        "lowest": pa.string(),
        "highest": pa.string(),
    }
)


@dataclass(frozen=True)
class RowFile:
    """A file of a block's rows; by table its columns, and the type of its geometries, if it has any.

    groups: of each batch; a batch without a range has rows of the whole block, and may go into the library unchanged.
    """

    path: Path
    columns: Mapping[str, Sequence[str]]
    kinds: Mapping[str, str]
    groups: Sequence[Group]

    @cached_property
    def packed_batches(self) -> list[int]:
        """The batches that may go into the library unchanged."""
        return [at for at, (_, _, number) in enumerate(self.groups) if number is None]

    def stored_rows(self, batches: Sequence[int]) -> Iterator[tuple[str, StoredBlock]]:
        """Some batches of rows, packed, with the names of their tables, one at a time."""
        with pa.OSFile(str(self.path)) as file:
            row_file = pa.ipc.open_file(file)
            for number in batches:
                (row,) = row_file.get_batch(number).to_pylist()
                name, _, _ = (row.pop(key) for key in ("table", "rule", "range"))
                yield name, StoredBlock(**row)

    def values(self, name: str, column: str) -> np.ndarray:
        """One column of a table (n,): numbers, with NaN for null."""
        batches = [at for at, group in enumerate(self.groups) if group[0] == name]
        values = [read_columns(block.content, [column])[column] for _, block in self.stored_rows(batches)]
        return np.concatenate([np.empty(0), *(part.to_numpy() for part in values)])


def write_rows(
    path: Path,
    block: ParcelBlock,
    tables: Mapping[str, Table],
    rules: Mapping[str, int],
    facts: Mapping[str, Any],
    *,
    is_range: bool,
) -> None:
    """Write all rows of a block, and its facts as plain JSON.

    rules: their order; is_range: its parcels are consecutive, and are stored, too.
    """
    head = {
        "columns": {name: list(table.arrays) for name, table in tables.items()},
        "kinds": {name: table.geometry_type for name, table in tables.items() if table.has_geometries},
        "facts": dict(facts),
    }
    schema = _SCHEMA.with_metadata({_HEAD: json.dumps(head, ensure_ascii=False)})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for (name, rule, number), rows in _groups(block, tables, rules, is_range):
            row = {"table": name, "rule": rule, "range": number, **asdict(rows)}
            writer.write_batch(pa.RecordBatch.from_pylist([row], schema))


def read_head(path: Path) -> tuple[RowFile, dict[str, Any]]:
    """A file of rows, opened without reading rows, and the facts of its block. Raises OSError, ArrowException."""
    with pa.OSFile(str(path)) as file:
        row_file = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=[0, 1, 2]))
        head = json.loads(row_file.schema.metadata[_HEAD])
        groups = [tuple(row_file.get_batch(at).to_pylist()[0].values()) for at in range(row_file.num_record_batches)]
    return RowFile(path, head["columns"], head["kinds"], groups), head["facts"]


def _groups(
    block: ParcelBlock, tables: Mapping[str, Table], rules: Mapping[str, int], is_range: bool
) -> Iterator[tuple[Group, StoredBlock]]:
    packed_tables = {name: table for name, table in tables.items() if is_range and name not in BY_RULE}
    if packed_tables:
        for name, rows in packed_rows(Chunk(packed_tables, block.parcels), int(block.positions[0])):
            yield (name, None, None), rows
    place = pd.Index(block.parcels.ids, dtype=object)
    for name, table in tables.items():
        if name in packed_tables or not table.count:
            continue
        at = place.get_indexer(pd.Index(table.values("parcel"), dtype=object))
        by_rule, whole = name in BY_RULE, rows_of_table(table)
        columns = whole.columns.append_column(_POSITION, pa.array(block.positions[at]))
        if whole.wkb is not None:
            columns = columns.append_column(_SHAPE, whole.wkb)
        order = (
            table.columns["rule"].map(rules).to_numpy(dtype=np.int64) if by_rule else np.zeros(len(columns), np.int64)
        )
        keys = np.column_stack([order, block.ranges[at]])
        starts = np.flatnonzero(np.r_[True, (np.diff(keys, axis=0) != 0).any(axis=1)]).tolist()
        for start, stop in pairwise([*starts, len(columns)]):
            group = name, int(keys[start, 0]) if by_rule else None, int(keys[start, 1])
            content = stream_of(columns.slice(start, stop - start), _LIGHTLY)
            yield group, StoredBlock(stop - start, content, None, None, None)


def packed_tables(row_file: RowFile, parcels: Parcels, first: int) -> dict[str, Table]:
    """The tables of a block of consecutive parcels by name, except those that are ordered by rule.

    first: the position of the first of its parcels.
    """
    parts: dict[str, list[Rows]] = {name: [] for name in row_file.columns if name not in BY_RULE}
    for name, block in row_file.stored_rows(row_file.packed_batches):
        if name != GIVEN:
            parts[name].append(Rows(read_columns(block.content), _wkb(block.shapes, parcels, first)))
    return {name: _table(row_file, name, rows) for name, rows in parts.items()}


def merged_table(row_file: RowFile, name: str, parts: Sequence[tuple[RowFile, Sequence[int]]]) -> Table:
    """The rows of a table from batches of several blocks' files, ordered by parcel.

    The rows of one parcel keep their order. row_file: of any of the blocks.
    """
    read = [block.content for file, batches in parts for _, block in file.stored_rows(batches)]
    if not read:
        return _table(row_file, name, [])
    columns = concatenate_rows([Rows(read_columns(content), None) for content in read]).columns
    if len(read) > 1:
        columns = columns.take(np.argsort(columns[_POSITION].to_numpy(), kind="stable"))
    wkb = as_one_array(columns[_SHAPE]) if name in row_file.kinds else None
    return _table(row_file, name, [Rows(columns.select(row_file.columns[name]), wkb)])


def _table(row_file: RowFile, name: str, parts: list[Rows]) -> Table:
    """Rows of a block's table, possibly none."""
    kind = row_file.kinds.get(name)
    if not parts:
        columns = pa.table({column: pa.nulls(0) for column in row_file.columns[name]})
        parts = [Rows(columns, pa.array([], pa.large_binary()) if kind else None)]
    whole = concatenate_rows(parts)
    for at, column in enumerate(whole.columns.columns):
        if pa.types.is_string(column.type) and column.null_count == len(column):  # what is empty has no type
            whole = Rows(whole.columns.set_column(at, whole.columns.column_names[at], pa.nulls(len(whole))), whole.wkb)
    return ArrowTable(whole, kind or "MultiPolygon")


def _wkb(shapes: bytes | None, parcels: Parcels, first: int) -> pa.Array | None:
    """The geometries of packed rows, with parcels' outlines put back where they stand for a geometry."""
    if shapes is None:
        return None
    wkb, outlines = read_shapes(shapes)
    if outlines is None:
        return wkb
    whole = pa.concat_arrays([wkb.cast(pa.large_binary()), parcels.multis])
    places = np.where(outlines >= 0, len(wkb) + outlines - first, np.arange(len(wkb)))
    return whole.take(pa.array(places))
