"""The rows of a block on disk as a run keeps them: a file whose batches are packed rows of one table each.

Where parcels follow each other, all rows of a block go on into the library as they are. Else a batch has the rows of
one range of positions, in which the rows of all blocks are merged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

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
    concatenate_rows,
    read_columns,
    read_shapes,
    rows_of_table,
)
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import packed_rows
from onemap.rules.judge.runs.stored_rows import GIVEN

BY_RULE = {name for name, first in ROW_TABLES.items() if first == "rule"}
Group = tuple[str, int | None, int | None]  # of rows: table, rule where they stand by rule first, range of positions
_NAME, _POSITION = "rows.arrow", "position"
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
class RowFile:
    """What a block's file of rows has: its size; by table its columns, and the type of its geometries, if it has any.

    groups: of each batch; without a range, its rows are those of the whole block, and may go into the library.
    """

    size: int
    columns: Mapping[str, Sequence[str]]
    kinds: Mapping[str, str]
    groups: Sequence[Group]

    @cached_property
    def packed(self) -> list[int]:
        """The batches that may go into the library as they are."""
        return [at for at, (_, _, number) in enumerate(self.groups) if number is None]


def keep_rows(
    folder: Path, block: ParcelBlock, tables: Mapping[str, Table], rules: Mapping[str, int], *, is_range: bool
) -> RowFile:
    """Write all rows of a block. rules: their order; is_range: its parcels follow each other, and are kept as well."""
    groups: list[Group] = []
    path = folder / _NAME
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, _SCHEMA) as writer:
        for group, rows in _groups(block, tables, rules, is_range):
            writer.write_batch(pa.RecordBatch.from_pylist([{"table": group[0], **asdict(rows)}], _SCHEMA))
            groups.append(group)
    columns = {name: list(table.arrays) for name, table in tables.items()}
    kinds = {name: table.geometry_type for name, table in tables.items() if table.has_geometries}
    return RowFile(path.stat().st_size, columns, kinds, groups)


def _groups(
    block: ParcelBlock, tables: Mapping[str, Table], rules: Mapping[str, int], is_range: bool
) -> Iterator[tuple[Group, StoredBlock]]:
    packed = {name: table for name, table in tables.items() if is_range and name not in BY_RULE}
    if packed:
        for name, rows in packed_rows(Chunk(packed, block.parcels), int(block.positions[0])):
            yield (name, None, None), rows
    place = pd.Index(block.parcels.ids, dtype=object)
    for name, table in tables.items():
        if name in packed or not table.count:
            continue
        at = place.get_indexer(pd.Index(table.values("parcel"), dtype=object))
        by_rule, whole = name in BY_RULE, rows_of_table(table)
        whole = Rows(whole.columns.append_column(_POSITION, pa.array(block.positions[at])), whole.wkb)
        order = table.columns["rule"].map(rules).to_numpy(dtype=np.int64) if by_rule else np.zeros(len(whole), np.int64)
        keys = np.column_stack([order, block.ranges[at]])
        starts = np.flatnonzero(np.r_[True, (np.diff(keys, axis=0) != 0).any(axis=1)]).tolist()
        for start, stop in pairwise([*starts, len(whole)]):
            group = name, int(keys[start, 0]) if by_rule else None, int(keys[start, 1])
            yield group, whole.slice(start, stop - start).block()


def row_file_size(folder: Path) -> int:
    """The size of a block's file of rows. Raises OSError."""
    return (folder / _NAME).stat().st_size


def stored_rows(folder: Path, batches: Sequence[int]) -> Iterator[tuple[str, StoredBlock]]:
    """Some batches of a block's rows, packed, with the names of their tables; one after the other is held."""
    with pa.OSFile(str(folder / _NAME)) as file:
        kept = pa.ipc.open_file(file)
        for number in batches:
            (row,) = kept.get_batch(number).to_pylist()
            yield row.pop("table"), StoredBlock(**row)


def packed_tables(folder: Path, kept: RowFile, parcels: Parcels, first: int) -> dict[str, Table]:
    """The tables of a block of consecutive parcels by name; those that stand by rule are left out.

    first: the position of the first of its parcels.
    """
    parts: dict[str, list[Rows]] = {name: [] for name in kept.columns if name not in BY_RULE}
    for name, block in stored_rows(folder, kept.packed):
        if name != GIVEN:
            parts[name].append(Rows(read_columns(block.content), _wkb(block.shapes, parcels, first)))
    return {name: _table(kept, name, rows) for name, rows in parts.items()}


def merged_table(kept: RowFile, name: str, parts: Sequence[tuple[Path, Sequence[int]]]) -> Table:
    """The rows of a table from some batches of several blocks' folders, in the order of their parcels.

    Those of one parcel stay as they stand. kept: of any of the blocks.
    """
    rows = [
        Rows(read_columns(block.content), read_shapes(block.shapes)[0] if block.shapes else None)
        for folder, batches in parts
        for _, block in stored_rows(folder, batches)
    ]
    if not rows:
        return _table(kept, name, [])
    whole = concatenate_rows(rows)
    order = np.argsort(whole.columns[_POSITION].to_numpy(), kind="stable")
    return _table(kept, name, [(whole if len(rows) == 1 else whole.take(order)).select(kept.columns[name])])


def _table(kept: RowFile, name: str, parts: list[Rows]) -> Table:
    """Rows of a block's table, which may be none."""
    kind = kept.kinds.get(name)
    if not parts:
        columns = pa.table({column: pa.nulls(0) for column in kept.columns[name]})
        parts = [Rows(columns, pa.array([], pa.large_binary()) if kind else None)]
    whole = concatenate_rows(parts)
    for at, column in enumerate(whole.columns.columns):
        if pa.types.is_string(column.type) and column.null_count == len(column):  # what is empty has no type
            whole = Rows(whole.columns.set_column(at, whole.columns.column_names[at], pa.nulls(len(whole))), whole.wkb)
    return ArrowTable(whole, kind or "MultiPolygon")


def kept_values(folder: Path, kept: RowFile, name: str, column: str) -> np.ndarray:
    """One column of a block's table (n,): numbers, NaN where there is none."""
    batches = [at for at, group in enumerate(kept.groups) if group[0] == name]
    values = [read_columns(block.content, [column])[column] for _, block in stored_rows(folder, batches)]
    return np.concatenate([np.empty(0), *(part.to_numpy() for part in values)])


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
