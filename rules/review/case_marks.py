"""The marks that tell whether a cached line of a case still fits: a hash of all rows of the case that its replay reads.

A mark proves nothing, which is the task of `verify`; it tells that rows have changed, even those edited behind the log.
It covers the names, counts and lengths of the blocks of the case's runs.
"""

import hashlib
from collections.abc import Mapping, Sequence

from onemap.layers.library.library import Library
from onemap.layers.stores.sql_text import Sql, compose_sql, join_sql, sql_literal
from onemap.rules.review.cases.event import COLUMNS
from onemap.rules.review.cases.event_tables import EVENTS

_HASHED = tuple(name for name in COLUMNS if name not in ("case_id", "words"))
_BETWEEN = sql_literal("\x1e")
_BLOCK = tuple(map(Sql, ("name", "first", "count", "length(content)", "length(shapes)")))


def case_marks(library: Library) -> dict[str, str]:
    """The mark of every case that has events, computed from what the reader may see."""
    runs, words = _run_marks(library), _words_marks(library)
    columns = [*_HASHED, "words"] if library.path is not None else _HASHED
    key = ("chain", "number")
    sql = compose_sql(
        "SELECT case_id, count(*), {runs}, {joined} FROM {events} GROUP BY case_id",
        runs=_join_texts(library, Sql("run"), key),
        joined=[_join_column(library, column, key) for column in columns],
        events=EVENTS,
    )
    marks = {}
    for case_id, count, run_names, *values in library.connection.execute(sql):
        of_runs = [f"{run} {runs.get(run)}" for run in dict.fromkeys((run_names or "").split("\x1e"))]
        head = "\n".join((str(count), str(words.get(case_id)), *of_runs)).encode("utf-8", "surrogatepass")
        parts = (head, *(value if isinstance(value, bytes) else str(value).encode() for value in values))
        marks[case_id] = hashlib.blake2b(b"\n".join(parts), digest_size=32).hexdigest()
    return marks


def _words_marks(library: Library) -> Mapping[str, str]:
    """By case, a hash of the drafts' words that the reader may see on a server; empty for a file (see events)."""
    if library.path is not None:
        return {}
    hashed = _join_column(library, "words", ("chain", "number"))
    sql = compose_sql("SELECT case_id, {hashed} FROM onemap_event_words GROUP BY case_id", hashed=hashed)
    return dict(library.connection.execute(sql))


def _run_marks(library: Library) -> dict[str, str]:
    """The names, counts and lengths of each run's blocks, by run, for runs that have a record."""
    parts = join_sql(" || '/' || ", (compose_sql("coalesce(CAST({part} AS TEXT), '')", part=part) for part in _BLOCK))
    blocks = _join_texts(library, parts, ("name", "first"))
    sql = compose_sql("SELECT run, {blocks} FROM onemap_run_blocks GROUP BY run", blocks=blocks)
    there = {row[0] for row in library.connection.execute("SELECT id FROM onemap_runs")}
    return {run: str(blocks) for run, blocks in library.connection.execute(sql) if run in there}


def _join_texts(library: Library, value: Sql, order: Sequence[str]) -> Sql:
    """SQL that joins all values of a group into one text."""
    if library.path is not None:  # where groups come in the order of the table's key
        return compose_sql("group_concat({value}, {sign})", value=value, sign=_BETWEEN)
    return compose_sql("string_agg({value}, chr(30) ORDER BY {order})", value=value, order=order)


def _join_column(library: Library, column: str, order: Sequence[str]) -> Sql:
    """SQL that joins a column's values in a group: as bytes, on a server as a hash. No value holds the separator."""
    if library.path is not None:
        # Written out: a function for each value would take as long as all the rest.
        value = compose_sql("coalesce({column}, {none})", column=column, none=sql_literal("\x1f"))
        return compose_sql("CAST({joined} AS BLOB)", joined=_join_texts(library, value, order))
    return compose_sql(
        "encode(sha256(convert_to("
        "string_agg(coalesce(CAST({column} AS TEXT), chr(31)), chr(30) ORDER BY {order}), 'UTF8')), 'hex')",
        column=column,
        order=order,
    )
