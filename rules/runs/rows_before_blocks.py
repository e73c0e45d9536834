"""Rows of runs in libraries that were made before rows were kept in blocks: one by one, as JSON text and WKB."""

import json

from onemap.layers.library.library import Library
from onemap.rules.runs.arrow_blocks import Rows, StoredRow, rows_of_values

_TABLE = "onemap_run_rows"


def has_former_rows(library: Library, identifier: str) -> bool:
    """Whether the rows of a stored run are kept so."""
    if not library.has_table(_TABLE):
        return False
    sql = f"SELECT 1 FROM {_TABLE} WHERE run = ? LIMIT 1"
    return library.connection.execute(sql, (identifier,)).fetchone() is not None


def former_rows(library: Library, identifier: str, table: str) -> Rows | None:
    """The rows of one table of a stored run in their order; None if there are none that are kept so."""
    if not library.has_table(_TABLE):
        return None
    sql = f"SELECT content, geom FROM {_TABLE} WHERE run = ? AND name = ? ORDER BY position"
    found = library.connection.execute(sql, (identifier, table))
    rows = [StoredRow(json.loads(content), wkb) for content, wkb in found]
    return rows_of_values(rows) if rows else None
