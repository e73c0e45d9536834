"""Tables of plain values and geometries as Arrow, and back: the same values of the same types.

A column of one type keeps its type; in a column of mixed types each value is text with its type before it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.files.disk_place import IS_WINDOWS
from onemap.layers.files.journal_folder import Journal
from onemap.layers.geometry.row_blocks import give_back_memory

_TYPE = b"onemap"  # in an Arrow field's metadata: how its values are to be read
_PLAIN = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64(), bytes: pa.binary()}


def _number(text: str) -> Any:
    name, value = text.split(" ", 1)
    return np.dtype(name).type(value)


# What is written of a value that shares its column with values of other types, and how it is read.
_TAGGED: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "str": (str, str, str),
    "bool": (bool, str, lambda text: text == "True"),
    "int": (int, str, int),
    "float": (float, repr, float),
    "bytes": (bytes, lambda value: value.hex(), bytes.fromhex),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "Timestamp": (pd.Timestamp, lambda value: str(value.isoformat()), pd.Timestamp),
    "Decimal": (Decimal, str, Decimal),
    "list": (list, json.dumps, json.loads),
    "dict": (dict, json.dumps, json.loads),
}
_TAGS = {kind: tag for tag, (kind, _, _) in _TAGGED.items()}


class UnsupportedValue(Exception):
    """A value of a type that would not come back unchanged."""


def arrow_batch(
    own: Mapping[str, pa.Array],
    frame: pd.DataFrame | None = None,
    types: Mapping[str, type] | None = None,
    metadata: Mapping[Any, Any] | None = None,
) -> pa.RecordBatch:
    """Return columns of one length as a batch: some arrays, then the columns of a frame of plain values.

    types: the types of the frame's columns, used for a column without any value. Raises NotPlain.
    """
    columns = [(pa.field(name, array.type), array) for name, array in own.items()]
    if frame is not None:
        columns += [_frame_column(str(name), frame[name], (types or {}).get(str(name), str)) for name in frame]
    schema = pa.schema([field for field, _ in columns], metadata=metadata)
    return pa.RecordBatch.from_arrays([array for _, array in columns], schema=schema)


def _frame_column(name: str, values: pd.Series, default: type) -> tuple[pa.Field, pa.Array]:
    column = column_of(values)
    if column is None:
        return arrow_column(name, values.tolist(), default)
    if column.null_count == len(column):
        column = pa.nulls(len(column), _PLAIN[default])
    return pa.field(name, column.type, metadata={_TYPE: b"plain"}), column


def series_of(column: pa.Array) -> pd.Series:
    """Return a column of texts, integers or floats as a series without copying; null is not None there."""
    return pd.Series(pd.arrays.ArrowExtensionArray(column))


def column_of(values: pd.Series) -> pa.Array | None:
    """Return the column from which `series_of` made a series; None for a series of plain values."""
    if not isinstance(values.dtype, pd.ArrowDtype):
        return None
    column = pa.array(values.array)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def doubles_of(column: pa.Array) -> pa.Array:
    """Return floats of single precision as people wrote them: 1.1, not 1.10000002384; all other columns unchanged."""
    return column.cast(pa.string()).cast(pa.float64()) if pa.types.is_float32(column.type) else column


def listed_values(values: pd.Series) -> list[Any]:
    """Plain values of either kind of series, None for nulls."""
    column = column_of(values)
    plain: list[Any] = values.tolist() if column is None else column.to_pylist()
    return plain


def shape_column(geometries: np.ndarray) -> pa.Array:
    """Geometries (n,) as WKB; None stays null."""
    return pa.array(shapely.to_wkb(geometries, byte_order=1), pa.large_binary())


def keep_batch(journal: Journal, name: str, batch: pa.RecordBatch) -> None:
    """Write a batch as a part of a journal. Raises OneMapError journal.failed."""

    def write(path: Path) -> None:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
            writer.write_batch(batch)

    journal.keep(name, write)
    give_back_memory()


def kept_batch(journal: Journal, name: str) -> pa.RecordBatch:
    """Open a part of a journal that `keep_batch` wrote; values are read from disk when somebody asks for them.

    Windows does not remove a mapped file, so all of it is read there.
    """
    if IS_WINDOWS:
        with pa.OSFile(str(journal.path(name))) as file:
            return pa.ipc.open_file(file).get_batch(0)
    return pa.ipc.open_file(pa.memory_map(str(journal.path(name)))).get_batch(0)


def arrow_column(name: str, values: Sequence[Any], default: type = str) -> tuple[pa.Field, pa.Array]:
    """Values and None as a column that `plain_column` reads.

    default: the type of a column without any value. Raises NotPlain.
    """
    kinds = {type(value) for value in values} - {type(None)}
    kind = next(iter(kinds)) if len(kinds) == 1 else (default if not kinds else None)
    how, array = "tagged", None
    if kind in _PLAIN:
        how, array = "plain", _plain(values, _PLAIN[kind])
    elif kind is not None and issubclass(kind, np.generic) and not issubclass(kind, (np.flexible, np.object_)):
        how, array = _numpy(values)
    if array is None:
        try:
            how, array = "tagged", pa.array([_tag_value(value) for value in values], pa.string())
        except UnicodeEncodeError as error:  # bytes of another encoding that stand for letters
            raise UnsupportedValue(name) from error
    return pa.field(name, array.type, metadata={_TYPE: how.encode()}), array


def _plain(values: Sequence[Any], kind: pa.DataType) -> pa.Array | None:
    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):  # a number that needs more than 64 bits
        return None


def _numpy(values: Sequence[Any]) -> tuple[str, pa.Array | None]:
    """Return scalars of numpy as a column of their type, if they have one type."""
    missing = np.array([value is None for value in values], dtype=bool)
    types = {value.dtype for value in values if value is not None}
    if len(types) != 1:
        return "tagged", None
    (of_numpy,) = types
    scalars = np.zeros(len(values), dtype=of_numpy)
    scalars[~missing] = [value for value in values if value is not None]
    if of_numpy.kind == "M":  # as numbers: Arrow knows fewer units, and takes "not a time" for none
        scalars = scalars.view(np.int64)
    return of_numpy.str, pa.array(scalars, mask=missing)


def _tag_value(value: Any) -> str | None:
    if value is None:
        return None
    tag = _TAGS.get(type(value))
    try:
        if tag is not None and (value != value or _TAGGED[tag][2](_TAGGED[tag][1](value)) == value):
            return f"{tag} {_TAGGED[tag][1](value)}"
        if isinstance(value, np.generic) and value.dtype.kind in "iufb" and _number(_number_text(value)) == value:
            return f"numpy {_number_text(value)}"
    except (TypeError, ValueError) as error:
        raise UnsupportedValue(type(value).__name__) from error
    raise UnsupportedValue(type(value).__name__)


def _number_text(value: np.generic) -> str:
    return f"{value.dtype.str} {value.item()!r}"


def plain_column(field: pa.Field, column: pa.ChunkedArray) -> list[Any]:
    """The values of a column that `arrow_column` made."""
    how = field.metadata[_TYPE].decode()
    if how == "plain":
        values: list[Any] = column.to_pylist()
        return values
    if how == "tagged":
        return [None if text is None else _untag_value(text) for text in column.to_pylist()]
    of_numpy = np.dtype(how)
    stored_type = np.dtype(np.int64) if of_numpy.kind == "M" else of_numpy
    missing = column.is_null().to_numpy()
    filled_values = (
        column.fill_null(stored_type.type(0).item()).to_numpy().astype(stored_type, copy=False).view(of_numpy)
    )
    return [
        None if is_missing else value for is_missing, value in zip(missing.tolist(), list(filled_values), strict=True)
    ]


def plain_type(field: pa.Field) -> type | None:
    """The type of all values of a column that `arrow_column` made; None if only the values can tell."""
    kinds = {arrow: kind for kind, arrow in _PLAIN.items()}
    return kinds.get(field.type) if field.metadata[_TYPE] == b"plain" else None


def data_of(values: pa.Array) -> memoryview:
    """The bytes of all values of large texts or binaries (n,), one after the other; null has none."""
    if values.null_count:
        values = values.fill_null("" if pa.types.is_large_string(values.type) else b"")
    _, offsets, data = values.buffers()
    if len(values) == 0 or data is None:
        return memoryview(b"")
    ends = np.frombuffer(offsets, np.int64, len(values) + 1, 8 * values.offset)
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def _untag_value(text: str) -> Any:
    tag, _, rest = text.partition(" ")
    return _number(rest) if tag == "numpy" else _TAGGED[tag][2](rest)
