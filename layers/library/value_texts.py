"""Columns of plain values as texts, a whole column at a time: in the notation of JSON, and in Python's.

Hashes of versions are made from these texts. Arrow writes a column if it certainly gives the same characters as
`json.dumps` and `repr`; otherwise those two write it.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.stores.arrow_values import data_of

Column: TypeAlias = Sequence[Any] | pa.Array  # values (n,), None or null where there is none

_ARROW = {str: pa.large_string(), int: pa.int64(), float: pa.float64()}
_TEXTS = pa.large_string()
_LEAST, _BEYOND = 1e-4, 1e10  # between them Arrow and Python write numbers with a point the same, but for a last ".0"
_FIRST, _LAST = 0x20, 0x7E  # of the signs that every program prints
# Numbers at the borders of what Arrow and Python write alike.
_PROBES = (0.0, -0.0, 1.0, -901.0, 901.25, 0.0001, 0.00012345, -1234567890.5, 9999999999.0, 9999999999.999998, 1 / 3)


def json_values(values: Column) -> bytes | memoryview:
    """Return values (n,) as `json.dumps` writes them in a list, without the brackets; bytes as {"blob": …}."""
    column = _as_column(values)
    texts = None if column is None else _json_texts(column)
    if texts is None:
        plain = values.to_pylist() if isinstance(values, pa.Array) else list(values)
        return json.dumps(plain, ensure_ascii=False, default=_tagged_value)[1:-1].encode(errors="surrogatepass")
    return data_of(pc.binary_join_element_wise(texts, _text(", "), _text("")))[: -len(", ")]


def row_texts(columns: Sequence[Column]) -> list[bytes]:
    """Return each row of one or more columns (n,) as `repr` writes the tuple of its values."""
    texts = [_python_texts(column) for column in columns]
    between = [part for text in texts for part in (text, _text(", "))][:-1]
    after = _text(",)" if len(columns) == 1 else ")")
    joined_texts = pc.binary_join_element_wise(_text("("), *between, after, _text(""))
    row_bytes: list[bytes] = joined_texts.cast(pa.large_binary()).to_pylist()
    return row_bytes


def _tagged_value(value: Any) -> Any:
    """Return the JSON form of a value that JSON lacks: bytes are tagged, so that they are never taken for a text."""
    return {"blob": bytes(value).hex()} if isinstance(value, bytes | memoryview) else str(value)


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, _TEXTS)


def _as_column(values: Column) -> pa.Array | None:
    """Return values as an Arrow column of texts, integers or floats; None if they are of other or of mixed types."""
    if isinstance(values, pa.Array):
        return values
    kinds = set(map(type, values)) - {type(None)}
    if len(kinds) > 1 or not kinds <= _ARROW.keys():
        return None
    try:
        return pa.array(values, _ARROW[kinds.pop()] if kinds else _TEXTS)
    except (OverflowError, pa.ArrowInvalid, UnicodeEncodeError):  # more than 64 bits; bytes that stand for letters
        return None


def _json_texts(column: pa.Array) -> pa.Array | None:
    """Return the JSON of each value of a column; None if a character would have to be escaped."""
    if pa.types.is_floating(column.type):
        texts = _numbers(column) if pc.all(pc.is_finite(column)).as_py() in (True, None) else None
    elif pa.types.is_integer(column.type):
        texts = column.cast(_TEXTS)
    else:
        column = column.cast(_TEXTS)
        signs = np.frombuffer(data_of(column), np.uint8)
        is_plain = not ((signs < _FIRST) | (signs == ord('"')) | (signs == ord("\\"))).any()
        texts = pc.binary_join_element_wise(_text('"'), column, _text('"'), _text("")) if is_plain else None
    return None if texts is None else pc.fill_null(texts, "null")


def _python_texts(values: Column) -> pa.Array:
    """Return the `repr` of each value of a column."""
    column = _as_column(values)
    texts = None
    if column is not None and pa.types.is_floating(column.type):
        texts = _numbers(column)
    elif column is not None and pa.types.is_integer(column.type):
        texts = column.cast(_TEXTS)
    elif column is not None:
        column = column.cast(_TEXTS)
        if _is_written_plainly(data_of(column)):
            texts = pc.binary_join_element_wise(_text("'"), column, _text("'"), _text(""))
    if texts is not None:
        return pc.fill_null(texts, "None")
    plain = values.to_pylist() if isinstance(values, pa.Array) else values
    # Bytes that stand for letters are no text of Arrow's.
    return pa.array([repr(value).encode(errors="backslashreplace") for value in plain], pa.large_binary()).cast(_TEXTS)


def _is_written_plainly(data: memoryview) -> bool:
    """Whether `repr` puts UTF-8 text between single quotes without changing it."""
    signs = np.frombuffer(data, np.uint8)
    if ((signs == ord("'")) | (signs == ord("\\"))).any():
        return False
    if len(signs) == 0 or (signs.min() >= _FIRST and signs.max() <= _LAST):
        return True
    return str(data, "utf-8").isprintable()


def _numbers(column: pa.Array) -> pa.Array:
    """The texts that Python writes of floats; null stays null."""
    numbers = column.cast(pa.float64())
    size = np.abs(numbers.fill_null(0.0).to_numpy())
    is_alike = bool((((size >= _LEAST) & (size < _BEYOND)) | (size == 0)).all()) and _writes_as_python()
    if is_alike:
        return _with_points(numbers)
    return pa.array([None if value is None else repr(value) for value in numbers.to_pylist()], _TEXTS)


def _with_points(numbers: pa.Array) -> pa.Array:
    """Return Arrow's texts of numbers, with the ".0" of whole numbers that Arrow leaves out."""
    after = pc.if_else(pc.equal(numbers, pc.trunc(numbers)), _text(".0"), _text(""))
    return pc.binary_join_element_wise(numbers.cast(_TEXTS), after, _text(""))


@lru_cache(maxsize=1)
def _writes_as_python() -> bool:
    """Whether this release of Arrow writes numbers as Python does; another release may not."""
    return bool(_with_points(pa.array(_PROBES)).to_pylist() == list(map(repr, _PROBES)))
