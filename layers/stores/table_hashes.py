"""The hash that the log keeps of a table with two columns: of its stored rows, or of rows still to be written."""

import hashlib
from collections.abc import Iterable
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.stores.arrow_values import data_of
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import Executor

_AT_ONCE = 20_000  # rows of one list: Python's text of each list is hashed
_TEXTS = pa.large_string()


def hash_of_table(connection: Executor, table: str) -> str:
    """Return the hash of all rows of a table, ordered by the first column."""
    digest = hashlib.sha256()
    rows = iter(connection.execute(compose_sql("SELECT * FROM {table} ORDER BY 1", table=table)))
    while some := list(islice(rows, _AT_ONCE)):
        digest.update(repr(some).encode(errors="backslashreplace"))
    return digest.hexdigest()


def hash_of_numbers(first: np.ndarray, second: np.ndarray) -> str:
    """Return the hash of a table of integers that will hold these rows (n,), (n,), ascending by the first."""
    digest = hashlib.sha256()
    for rows in blocks(len(first), _AT_ONCE):
        one, other = (pa.array(numbers[rows]).cast(_TEXTS) for numbers in (first, second))
        texts = pc.binary_join_element_wise(_text("("), one, _text(", "), other, _text("), "), _text(""))
        digest.update(b"[")
        digest.update(data_of(texts)[: -len(", ")])
        digest.update(b"]")
    return digest.hexdigest()


def hash_of_contents(rows: Iterable[tuple[int, bytes]]) -> str:
    """Return the hash of a table of an integer and bytes that will hold these rows, ascending by the first."""
    digest, count = hashlib.sha256(), 0
    for row in rows:
        before = ", " if count % _AT_ONCE else "][" if count else "["
        digest.update(f"{before}{row!r}".encode())
        count += 1
    if count:
        digest.update(b"]")
    return digest.hexdigest()


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, _TEXTS)
