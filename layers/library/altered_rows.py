"""The rows of a library's own tables that another program has changed, with the columns that cannot be read any more.

A library is a file that any program can write to. What is written there in other ways than One Map's is found by the
log, row by row; so nobody who reads a table has to doubt every value of it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import LogBook, shown_text
from onemap.layers.library.verification import log_of, plain_problems
from onemap.layers.stores.logged_rows import PlainTable

_MOST_NAMED = 20
_BLOBS = {"content", "coverage", "geom", "hashes", "shapes"}
_DAYS = {
    *("at", "circulated_on", "day", "decided_on", "drafted_on", "due", "entered_on", "issued_on", "opened_on"),
    *("recorded_at", "registered_at", "signed_on", "started", "stopped_on", "taken_at", "valid_from", "valid_to"),
}
_JSON = {
    "onemap_catalogue": {"title"},
    "onemap_case_entries": {"detail"},
    "onemap_case_items": {"title"},
    "onemap_cases": {"data", "options", "terms"},
    "onemap_rounds": {"rules", "watched"},
    "onemap_runs": {"record"},
    "onemap_services": {"options"},
    "onemap_versions": {"report"},
    "onemap_warning_looks": {"asked", "found"},
    "onemap_warning_steps": {"facts"},
}


def altered_row_problems(library: Library, tables: Mapping[str, PlainTable]) -> list[Problem]:
    """Damage of the log, else altered rows of the first damaged table; large tables are looked at last.

    Each names file, table and row, and the columns whose values are none of their sort. Raises the library's refusals.
    """
    found: list[Problem] = []
    book = log_of(library, found)
    if not found:
        for table in sorted(tables.values(), key=lambda table: not _BLOBS.isdisjoint(table.columns)):
            found = _problems_of(library, book, table)
            if found:
                break
    return [Problem("library.altered_rows", {**problem.facts, "how": problem}) for problem in found[:_MOST_NAMED]]


def _problems_of(library: Library, book: LogBook, table: PlainTable) -> list[Problem]:
    with library.connection.tolerant():
        found = plain_problems(library, book, table)
        if not any(problem.facts.get("feature") for problem in found):
            return found
        columns = {shown_text(table.row_name(row)): _unreadable(table, row) for row in _rows(library, table)}
    return [_with_columns(problem, columns.get(str(problem.facts.get("feature")), [])) for problem in found]


def _rows(library: Library, table: PlainTable) -> Iterator[Sequence[Any]]:
    return library.connection.read_rows(table.name, table.columns)


def _with_columns(problem: Problem, columns: Sequence[str]) -> Problem:
    return Problem(problem.code, {**problem.facts, "field": ", ".join(columns)} if columns else problem.facts)


def _unreadable(table: PlainTable, row: Sequence[Any]) -> list[str]:
    """The columns whose values are none of their sort: what is left of a text that was cut, bytes, no day."""
    json_columns = _JSON.get(table.name, set())
    return [
        column
        for column, value in zip(table.columns, row, strict=True)
        if not _is_of_its_sort(column, value, is_json=column in json_columns)
    ]


def _is_of_its_sort(column: str, value: Any, *, is_json: bool) -> bool:
    if column in _BLOBS or (value is None and not is_json):
        return True
    try:
        if is_json:
            return isinstance(json.loads(value), dict)
        if column in _DAYS:
            datetime.fromisoformat(value)
        else:
            str(value).encode()
    except (ValueError, TypeError, RecursionError):
        return False
    return not isinstance(value, bytes | memoryview)
