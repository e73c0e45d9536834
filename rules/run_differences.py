"""Where a run that is computed again differs from the stored one, row by row."""

import json
from collections.abc import Callable, Mapping

import numpy as np

from onemap.layers.library import Library
from onemap.rules.run_blocks import StoredRow, rows_of_table, same_rows
from onemap.rules.run_tables import Table
from onemap.rules.runs import stored_blocks


def differences(
    library: Library, identifier: str, tables: Mapping[str, Table], report: Callable[[float, str], None]
) -> list[tuple[str, int, str, str]]:
    """Where a run computed again differs from the stored one: table, 1-based row, what was stored, what came out."""
    found = []
    for done, (name, table) in enumerate(tables.items()):
        report(0.9 + 0.1 * done / len(tables), name)
        again, reached = rows_of_table(table), 0
        for stored in stored_blocks(library, identifier, name):
            fresh = again.slice(reached, len(stored))
            common = min(len(stored), len(fresh))
            apart = np.flatnonzero(~same_rows(stored.slice(0, common), fresh.slice(0, common)))
            pairs = zip(stored.take(apart), fresh.take(apart), strict=True)
            found += [_difference(name, reached + at, *pair) for at, pair in zip(apart.tolist(), pairs, strict=True)]
            gone = enumerate(stored.slice(common, len(stored)), start=reached + common)
            found += [_difference(name, row, before, None) for row, before in gone]
            reached += len(stored)
        more = enumerate(again.slice(reached, len(again)), start=reached)
        found += [_difference(name, row, None, after) for row, after in more]
    return found


def _difference(table: str, row: int, before: StoredRow | None, after: StoredRow | None) -> tuple[str, int, str, str]:
    return table, row + 1, _apart(before, after), _apart(after, before)


def _apart(row: StoredRow | None, other: StoredRow | None) -> str:
    """What of a row the other one does not say as well, with parcel and rule, by which it is found."""
    if row is None:
        return "–"
    others = other.values if other else {}
    named = ("parcel", "rule", "spot", "cluster")
    said = {key: value for key, value in row.values.items() if key in named or others.get(key, row) != value}
    if other and row.wkb != other.wkb:
        said["geometry"] = "≠"
    return json.dumps(said, ensure_ascii=False)
