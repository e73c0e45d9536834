"""By which mark what was made of a case may be kept: a hash of all that its replay reads of the case's own rows.

It is no proof, which `verify` gives; it tells that rows are others than before, also such as were edited behind the
log. Of the blocks of its runs it takes names, counts and lengths.
"""

import hashlib
from collections.abc import Mapping

from onemap.layers.library.library import Library
from onemap.rules.cases.event import COLUMNS
from onemap.rules.cases.event_tables import EVENTS

_HASHED = tuple(name for name in COLUMNS if name not in ("case_id", "words"))
_BLOCK = ("name", "first", "count", "length(content)", "length(shapes)")


def case_marks(library: Library) -> dict[str, str]:
    """The mark of every case of which there are events, as the reader may see them."""
    runs, words = _run_marks(library), _words_marks(library)
    columns = [*_HASHED, "words"] if library.path is not None else _HASHED
    joined = ", ".join(_join_column(library, column, "chain, number") for column in columns)
    of_runs = _join_texts(library, "run", "chain, number")
    sql = f"SELECT case_id, count(*), {of_runs}, {joined} FROM {EVENTS} GROUP BY case_id"  # nosec B608
    found = {}
    for case_id, count, named, *values in library.connection.execute(sql):
        digest = hashlib.sha256(f"{count}\n{words.get(case_id)}\n".encode())
        for run in (named or "").split("\x1e"):
            digest.update(f"{run} {runs.get(run)}\n".encode("utf-8", "surrogatepass"))
        for value in values:
            digest.update(value if isinstance(value, bytes) else str(value).encode())
            digest.update(b"\n")
        found[case_id] = digest.hexdigest()
    return found


def _words_marks(library: Library) -> Mapping[str, str]:
    """By case a hash of the drafts' words that the reader may see on a server; in a file they stand in the events."""
    if library.path is not None:
        return {}
    hashed = _join_column(library, "words", "chain, number")
    sql = f"SELECT case_id, {hashed} FROM onemap_event_words GROUP BY case_id"  # nosec B608
    return dict(library.connection.execute(sql))


def _run_marks(library: Library) -> dict[str, str]:
    """By run the names, counts and lengths of its blocks, for runs that have a record."""
    parts = " || '/' || ".join(f"coalesce(CAST({part} AS TEXT), '')" for part in _BLOCK)
    sql = f"SELECT run, {_join_texts(library, parts, 'name, first')} FROM onemap_run_blocks GROUP BY run"  # nosec B608
    there = {row[0] for row in library.connection.execute("SELECT id FROM onemap_runs")}
    return {run: str(blocks) for run, blocks in library.connection.execute(sql) if run in there}


def _join_texts(library: Library, value: str, order: str) -> str:
    """SQL for all values of a group in one text."""
    if library.path is not None:  # where groups come in the order of the table's key
        return f"group_concat({value}, char(30))"
    return f"string_agg({value}, chr(30) ORDER BY {order})"


def _join_column(library: Library, column: str, order: str) -> str:
    """SQL for the values of a column in a group: as bytes, of a server their hash. No value holds the sign between."""
    if library.path is not None:
        return f"CAST(group_concat(coalesce({column}, char(31)), char(30)) AS BLOB)"
    text = f"string_agg(coalesce(CAST({column} AS TEXT), chr(31)), chr(30) ORDER BY {order})"
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
