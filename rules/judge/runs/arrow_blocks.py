"""Rows of a run as they are stored: in blocks of some thousand, by column, with every digit and type."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onemap.rules.judge.findings.table import Table, WrittenTable, plain_values, typed_arrays

BLOCK_ROWS = 8192
KEY = "parcel"  # the column by which rows are looked for most
_JSON = {b"onemap": b"json"}  # a column whose values are of several types, each as JSON
_PACKED = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1))
# Where there is little, threads and compression cost more than what they do is worth.
_PACKED_ALONE = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=1), use_threads=False)
_PLAIN = pa.ipc.IpcWriteOptions()
_LITTLE, _TINY = 1_000_000, 16_000  # bytes


@dataclass(frozen=True)
class StoredRow:
    """One row of a stored table: its values by column, and its geometry as WKB."""

    values: dict[str, Any]
    wkb: bytes | None

    @property
    def content(self) -> str:
        """The row's values as JSON: rows with the same content are the same."""
        return json.dumps(self.values, ensure_ascii=False)


@dataclass(frozen=True)
class StoredBlock:
    """Some rows of a table as they are stored: Arrow streams of their columns and of their geometries' WKB.

    lowest, highest: of the rows' parcels, None where rows belong to no parcel.
    """

    count: int
    content: bytes
    shapes: bytes | None
    lowest: str | None
    highest: str | None


@dataclass(frozen=True)
class Rows:
    """Rows of a table, one by one or in blocks: an Arrow table of their columns, and their WKB (n,), None without."""

    columns: pa.Table
    wkb: pa.Array | None

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def select(self, names: Sequence[str]) -> "Rows":
        """The rows with some of their columns."""
        return Rows(self.columns.select(names), self.wkb)

    def blocks(self, outlines: np.ndarray | None = None) -> Iterator[StoredBlock]:
        """The rows in their order, some thousand at a time. outlines (n,): as in `block`."""
        for first in range(0, len(self), BLOCK_ROWS):
            part = None if outlines is None else outlines[first : first + BLOCK_ROWS]
            yield self.slice(first, BLOCK_ROWS).block(part)

    def block(self, outlines: np.ndarray | None = None) -> StoredBlock:
        """All the rows as one block.

        outlines (n,): the position of the parcel whose outline is the row's geometry, which is then not stored again;
        -1 for other rows.
        """
        lowest = highest = None
        if KEY in self.columns.column_names and self.columns.schema.field(KEY).type == pa.string():
            ends = pc.min_max(self.columns[KEY])
            lowest, highest = ends["min"].as_py(), ends["max"].as_py()
        shapes = None
        if self.wkb is not None and (outlines is None or not np.any(outlines >= 0)):
            shapes = stream_of(pa.table({"wkb": self.wkb}))
        elif self.wkb is not None and outlines is not None:
            parts = self.wkb.take(pa.array(np.arange(len(self)), mask=outlines >= 0))
            shapes = stream_of(pa.table({"part": parts, "outline": pa.array(outlines, mask=outlines < 0)}))
        return StoredBlock(len(self), stream_of(self.columns), shapes, lowest, highest)

    def __iter__(self) -> Iterator[StoredRow]:
        plain = plain_columns(self.columns)
        bodies = self.wkb.to_pylist() if self.wkb is not None else [None] * len(self)
        values = zip(*plain.values(), strict=True) if plain else [()] * len(self)
        for row, body in zip(values, bodies, strict=True):
            yield StoredRow(dict(zip(plain, row, strict=True)), body)

    def values(self, name: str) -> np.ndarray:
        """A column (n,): floating-point numbers as an array, NaN for missing values; other columns as plain values."""
        at = self.columns.schema.get_field_index(name)
        if at < 0:
            return np.full(len(self), None, dtype=object)
        field, column = self.columns.schema.field(at), self.columns.column(at)
        if pa.types.is_float64(field.type):
            return np.asarray(column.to_numpy())
        if pa.types.is_null(field.type):
            return np.full(len(self), None, dtype=object)
        if pa.types.is_string(field.type) or pa.types.is_boolean(field.type):
            return np.asarray(column.to_numpy(), dtype=object)
        return np.fromiter(_plain(column, field), dtype=object, count=len(self))

    def frame(self, name: str) -> pd.DataFrame:
        """A column that holds several values in each row, such as attributes, as a table of plain values (n,)."""
        at = self.columns.schema.get_field_index(name)
        inner, struct_column = list(self.columns.schema.field(at).type), as_one_array(self.columns.column(at))
        parts = {one.name: _plain(values, one) for values, one in zip(struct_column.flatten(), inner, strict=True)}
        return pd.DataFrame(parts, index=range(len(self)), dtype=object)

    def bodies(self) -> np.ndarray:
        """The geometries as WKB (n,), or None."""
        if self.wkb is None:
            return np.full(len(self), None, dtype=object)
        return np.array(self.wkb.to_numpy(zero_copy_only=False), dtype=object)

    def slice(self, first: int, count: int) -> "Rows":
        """Up to `count` rows from a position on."""
        wkb = None if self.wkb is None else self.wkb.slice(first, count)
        return Rows(self.columns.slice(first, count), wkb)

    def take(self, positions: np.ndarray) -> "Rows":
        """The rows at some positions."""
        wkb = None if self.wkb is None else self.wkb.take(positions)
        return Rows(self.columns.take(positions), wkb)


class ArrowTable(WrittenTable):
    """A table from rows as a run stores them; frame and geometries are made when somebody asks for them."""

    def __init__(self, rows: Rows, geometry_type: str) -> None:
        self.__dict__.update(rows=rows, geometry_type=geometry_type)

    @cached_property
    def rows(self) -> Rows:
        """The rows as a run stores them: the given ones, or else made from the table."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        """How many rows it has."""
        return len(self.rows)

    @cached_property
    def arrays(self) -> Mapping[str, Any]:
        """The columns (n,) by name, typed as those of any run."""
        return typed_arrays({name: self.values(name) for name in self.rows.columns.column_names})

    def values(self, name: str) -> np.ndarray:
        """A column as plain values (n,)."""
        return self.rows.values(name)

    @property
    def wkb(self) -> pa.Array:
        """The geometries as WKB (n,), None of a table that has none."""
        return self.rows.wkb


def rows_of_table(table: Table) -> Rows:
    """The rows of a table as they are stored, with every digit of each number."""
    if isinstance(table, ArrowTable):
        return table.rows
    columns = _table_of([_column(name, values) for name, values in table.arrays.items()])
    return Rows(columns, table.wkb if table.has_geometries else None)


def parcel_rows(ids: np.ndarray, attributes: pd.DataFrame, wkb: pa.Array) -> Rows:
    """Parcels as they were given: id, attributes in one column, and WKB."""
    attribute_columns = [_column(str(name), attributes[name], is_stated=True) for name in attributes.columns]
    struct_column = pa.array([{}] * len(ids), pa.struct([]))
    if attribute_columns:
        struct_column = pa.StructArray.from_arrays(
            [array for _, array in attribute_columns], fields=[field for field, _ in attribute_columns]
        )
    names = pa.array(ids.tolist(), pa.string())
    schema = pa.schema([pa.field("id", names.type), pa.field("attributes", struct_column.type)])
    return Rows(pa.Table.from_arrays([names, struct_column], schema=schema), wkb)


def concatenate_rows(parts: Sequence[Rows]) -> Rows:
    """Rows of several parts, one after the other, with the same columns; every value keeps its type."""
    schema = parts[0].columns.schema
    joined_columns = [_one_after_the_other(name, [part.columns for part in parts]) for name in schema.names]
    columns = _table_of(joined_columns)
    wkb = [part.wkb for part in parts if part.wkb is not None]
    return Rows(columns, pa.concat_arrays(wkb) if wkb else None)


def _one_after_the_other(name: str, tables: Sequence[pa.Table]) -> tuple[pa.Field, pa.Array]:
    fields, arrays = [], []
    for table in tables:
        at = table.schema.get_field_index(name)
        fields.append(pa.field(name, pa.null()) if at < 0 else table.schema.field(at))
        arrays.append(pa.nulls(table.num_rows) if at < 0 else as_one_array(table.column(at)))
    typed_fields = [field for field in fields if not pa.types.is_null(field.type)] or fields
    if all(field.equals(typed_fields[0], check_metadata=True) for field in typed_fields):
        # What is empty has no type of its own.
        typed_arrays = [
            array if array.type == typed_fields[0].type else pa.nulls(len(array), typed_fields[0].type)
            for array in arrays
        ]
        return typed_fields[0], pa.concat_arrays(typed_arrays)
    values = [value for field, array in zip(fields, arrays, strict=True) for value in _plain(array, field)]
    return _column(name, pd.Series(values, dtype=object))


def read_columns(content: bytes, names: Sequence[str] | None = None) -> pa.Table:
    """The columns of a stored block, or the named ones; columns that it lacks are left out."""
    stream = pa.ipc.open_stream(content)
    if names is None:
        return stream.read_all()
    stored_names = [name for name in names if name in stream.schema.names]
    if len(content) < _TINY:  # to open it again would take longer than all of it
        return stream.read_all().select(stored_names)
    options = pa.ipc.IpcReadOptions(included_fields=[stream.schema.get_field_index(name) for name in stored_names])
    return pa.ipc.open_stream(content, options=options).read_all()


def read_shapes(shapes: bytes) -> tuple[pa.Array, np.ndarray | None]:
    """The geometries of a stored block as WKB (n,), and the parcels whose outlines replace some: see `Rows.block`."""
    shape_table = pa.ipc.open_stream(shapes).read_all()
    if "outline" not in shape_table.column_names:
        return shape_table["wkb"].combine_chunks(), None
    return shape_table["part"].combine_chunks(), shape_table["outline"].fill_null(-1).to_numpy()


def plain_columns(columns: pa.Table) -> dict[str, list[Any]]:
    """Columns as plain values, with None for null."""
    return {field.name: _plain(columns.column(at), field) for at, field in enumerate(columns.schema)}


def matching_rows(columns: pa.Table, conditions: Mapping[str, str]) -> np.ndarray:
    """The positions of the rows that have these values."""
    is_match = np.ones(columns.num_rows, dtype=bool)
    for name, value in conditions.items():
        column_values = (
            plain_columns(columns.select([name]))[name] if name in columns.column_names else [None] * len(is_match)
        )
        is_match &= np.fromiter((value == one for one in column_values), dtype=bool, count=len(is_match))
    return np.flatnonzero(is_match)


def same_rows(rows: Rows, others: Rows) -> np.ndarray:
    """Compare rows pair by pair: (n,) whether they are equal in every digit and type. others: as many rows."""
    fields, other_fields = list(rows.columns.schema), list(others.columns.schema)
    if [field.name for field in fields] != [field.name for field in other_fields]:
        return np.zeros(len(rows), dtype=bool)
    same = np.ones(len(rows), dtype=bool)
    for at, (field, other) in enumerate(zip(fields, other_fields, strict=True)):
        same &= _same(as_one_array(rows.columns.column(at)), field, as_one_array(others.columns.column(at)), other)
    none = pa.nulls(len(rows), pa.large_binary())
    return same & _same_values(*(none if one.wkb is None else as_one_array(one.wkb) for one in (rows, others)))


def _same(values: pa.Array, field: pa.Field, others: pa.Array, other: pa.Field) -> np.ndarray:
    if pa.types.is_struct(field.type) and pa.types.is_struct(other.type):
        inner, other_inner = list(field.type), list(other.type)
        if [part.name for part in inner] != [part.name for part in other_inner]:
            return np.zeros(len(values), dtype=bool)
        parts = zip(values.flatten(), inner, others.flatten(), other_inner, strict=True)
        return np.logical_and.reduce([_same(*part) for part in parts], initial=True) & np.ones(len(values), dtype=bool)
    if field.type == other.type and field.metadata == other.metadata:
        return _same_values(values, others)
    # What stands in another type here, as where all of a column is empty, is another value or none.
    pairs = zip(_plain(values, field), _plain(others, other), strict=True)
    return np.fromiter((json.dumps(one) == json.dumps(two) for one, two in pairs), dtype=bool, count=len(values))


def _same_values(values: pa.Array, others: pa.Array) -> np.ndarray:
    if pa.types.is_null(values.type):
        return np.ones(len(values), dtype=bool)
    empty = pc.and_(values.is_null(), others.is_null())
    if pa.types.is_float64(values.type):  # bit by bit: no digit of a zero is lost either
        values, others = values.view(pa.int64()), others.view(pa.int64())
    same = pc.or_(empty, pc.fill_null(pc.equal(values, others), fill_value=False))
    return np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)


def as_one_array(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def stream_of(table: pa.Table, options: pa.ipc.IpcWriteOptions | None = None) -> bytes:
    """A table as one Arrow stream; its columns are compressed unless they are nearly empty."""
    options = options or (_PLAIN if table.nbytes < _TINY else _PACKED_ALONE if table.nbytes < _LITTLE else _PACKED)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


def _table_of(columns: Sequence[tuple[pa.Field, pa.Array]]) -> pa.Table:
    return pa.Table.from_arrays([array for _, array in columns], schema=pa.schema([field for field, _ in columns]))


def _column(name: str, values: Any, *, is_stated: bool = False) -> tuple[pa.Field, pa.Array]:
    """A column, of numpy or pandas, in a type that returns every value unchanged.

    is_stated: values that JSON cannot hold become text.
    """
    kind = values.dtype.kind
    if kind in "biu" or isinstance(values.dtype, np.dtype) and kind == "f":
        array = pa.Array.from_pandas(values)
        return pa.field(name, array.type), array
    # What Arrow cannot tell, a number of more than 64 bits, or half a sign, raises one of these: JSON has room for all.
    with contextlib.suppress(OverflowError, UnicodeEncodeError, TypeError, pa.ArrowException):
        array = pa.Array.from_pandas(np.asarray(values, dtype=object))
        if isinstance(array, pa.Array) and (array.type in _EXACT or _are_floats(array, values)):
            return pa.field(name, array.type), array
    texts = [
        None if value is None else json.dumps(value, default=_json_word if is_stated else None)
        for value in plain_values(values)
    ]
    return pa.field(name, pa.large_string(), metadata=_JSON), pa.array(texts, pa.large_string())


_EXACT = (pa.string(), pa.bool_(), pa.int64(), pa.null())


def _are_floats(array: pa.Array, values: Any) -> bool:
    """Whether all values that Arrow reads as floats were floats before: 1 beside 0.5 must not become 1.0."""
    return bool(array.type == pa.float64() and all(isinstance(value, float) for value in values[~pd.isna(values)]))


def _json_word(value: Any) -> Any:
    """A value of a file in a form that JSON has."""
    return value.item() if isinstance(value, np.generic) else str(value)


def _plain(values: pa.ChunkedArray | pa.Array, field: pa.Field) -> list[Any]:
    if pa.types.is_struct(field.type):
        array = as_one_array(values)
        parts = [_plain(part, inner) for part, inner in zip(array.flatten(), field.type, strict=True)]
        names = [inner.name for inner in field.type]
        return [dict(zip(names, row, strict=True)) for row in zip(*parts, strict=True)] or [{} for _ in array]
    plain: list[Any] = values.to_pylist()
    if field.metadata == _JSON:
        return [None if text is None else json.loads(text) for text in plain]
    return plain
