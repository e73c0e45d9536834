"""Insert many rows into a table of SQLite: one statement takes several rows and binds shared values once."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onemap.layers.stores.sql_text import Sql, compose_sql, question_marks

_MOST_MARKS = 999  # that every SQLite takes in one statement
_MOST_ROWS = 32
_STATEMENTS = 64  # whose values are laid out at once


def insert_rows(connection: sqlite3.Connection, table: str, columns: Mapping[str, Sequence[Any]]) -> None:
    """Append rows given by column, each with as many plain values; a column that is left out is null."""
    count = len(next(iter(columns.values())))
    if count == 0:
        return
    shared_values = {name: values[0] for name, values in columns.items() if _is_shared(values)}
    own = {name: values for name, values in columns.items() if name not in shared_values}
    shared_values = {name: value for name, value in shared_values.items() if value is not None}
    if not own and not shared_values:
        connection.executemany(compose_sql("INSERT INTO {table} DEFAULT VALUES", table=table), ((),) * count)
        return
    if not own:
        own = {name: columns[name] for name in shared_values}
        shared_values = {}
    rows_at_once = max(1, min(_MOST_ROWS, (_MOST_MARKS - len(shared_values)) // len(own)))
    before = list(shared_values.values())
    whole = count - count % rows_at_once
    for at_once, rows in ((rows_at_once, range(whole)), (1, range(whole, count))):
        statement = _statement(table, list(shared_values), list(own), at_once)
        connection.executemany(statement, _bind_rows(before, list(own.values()), rows, at_once))


def _bind_rows(before: list[Any], own: Sequence[Sequence[Any]], rows: range, at_once: int) -> Iterator[list[Any]]:
    """Yield the values for each statement of `at_once` rows, after the values `before`."""
    width = at_once * len(own)
    for first in rows[:: at_once * _STATEMENTS]:
        last = min(first + at_once * _STATEMENTS, rows.stop)
        flat: list[Any] = [None] * ((last - first) * len(own))
        for at, values in enumerate(own):
            flat[at :: len(own)] = values[first:last]
        yield from (before + flat[at : at + width] for at in range(0, len(flat), width))


def _is_shared(values: Sequence[Any]) -> bool:
    """Whether all values are the same and of one type; always False for floats, since -0.0 equals 0.0."""
    first = values[0]
    if isinstance(first, float) or values[-1] != first or values.count(first) < len(values):
        return False
    if first is None or isinstance(first, str):  # nothing of another type equals these
        return True
    return set(map(type, values)) == {type(first)}  # 1 and 1.0 and True are equal


def _statement(table: str, shared_names: Sequence[str], own: Sequence[str], rows: int) -> Sql:
    """Return an INSERT of several rows from a SELECT: the marks of shared values come first, then row after row.

    The marks have no numbers: from Python 3.12 on sqlite3 asks for each mark's name, which reads all names before it,
    so a statement with many numbered marks takes fourteen times as long.
    """
    return compose_sql(
        "INSERT INTO {table} ({columns}) SELECT {taken} FROM (VALUES {rows})",
        table=table,
        columns=(*shared_names, *own),
        taken=[*[question_marks(1)] * len(shared_names), *(f"column{at}" for at in range(1, len(own) + 1))],
        rows=[compose_sql("({marks})", marks=question_marks(len(own)))] * rows,
    )
