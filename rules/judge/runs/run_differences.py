"""Where a run that is computed again differs from the stored one, row by row.

Ground that another program made begins elsewhere, or its areas differ in the last digit: such rows mean the same.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT, Progress
from onemap.rules.judge.findings.run_tables import ROW_TABLES
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.arrow_blocks import Rows, StoredRow, concatenate_rows, rows_of_table, same_rows
from onemap.rules.judge.runs.run_store import stored_blocks

_CLOSE_M2, _CLOSE_SHARE = 1e-6, 1e-9  # numbers that are no further apart are the same
_CLOSE_M = 1e-6  # and so are points of ground
Difference = tuple[str, int, str, str]  # table, 1-based row, what was stored, what came out


class Differences:
    """A stored run that is held against the same one computed again, some rows at a time.

    names: its tables; rules: the order in which the rows of some of them stand.
    """

    def __init__(self, library: Library, identifier: str, names: Sequence[str], rules: Sequence[str] = ()) -> None:
        self._tables = {name: _TableComparison(library, identifier, name) for name in names}
        self._rules = {rule: place for place, rule in enumerate(rules)}
        self._by_rule: dict[str, list[Rows]] = {name: [] for name in names if ROW_TABLES.get(name) == "rule"}

    def hold(self, tables: Mapping[str, Table], progress: Progress = SILENT) -> None:
        """The next rows of each table.

        Raises OneMapError run.damaged.
        """
        count, done = max(sum(len(tables[name].columns) for name in self._tables), 1), 0
        for name, held in self._tables.items():
            rows = rows_of_table(tables[name])
            if name in self._by_rule:
                self._by_rule[name].append(rows)  # they stand by rule first, and are small
            else:
                held.hold(rows, progress.part(done / count, (done + len(rows)) / count))
            done += len(rows)
            progress.at(done / count)

    def hold_rows(self, name: str, rows: Rows) -> None:
        """The next rows of one table. Raises OneMapError run.damaged."""
        self._tables[name].hold(rows)

    def differences(self) -> list[Difference]:
        """All rows have come: every difference, by table and row. Raises OneMapError run.damaged."""
        for name, parts in self._by_rule.items():
            rows = concatenate_rows(parts)
            order = [self._rules[rule] for rule in rows.values("rule")]
            self._tables[name].hold(rows.take(np.argsort(order, kind="stable")) if len(rows) else rows)
        return [difference for held in self._tables.values() for difference in held.all_differences()]


class _TableComparison:
    """One table of a stored run while it is read beside the other."""

    def __init__(self, library: Library, identifier: str, name: str) -> None:
        self._name = name
        self._blocks = stored_blocks(library, identifier, name)
        self._stored: Rows | None = None
        self._reached = 0
        self._found: list[Difference] = []

    def hold(self, fresh: Rows, progress: Progress = SILENT) -> None:
        """The next rows that came out."""
        count = len(fresh)
        while len(fresh):
            progress.at(1 - len(fresh) / count)
            stored = self._next()
            if stored is None:
                self._found += [self._difference(at, None, row) for at, row in enumerate(fresh)]
                self._reached += len(fresh)
                return
            common = min(len(stored), len(fresh))
            before, after = stored.slice(0, common), fresh.slice(0, common)
            apart = np.flatnonzero(~same_rows(before, after))
            pairs = zip(before.take(apart), after.take(apart), strict=True)
            self._found += [
                self._difference(at, *pair)
                for at, pair in zip(apart.tolist(), pairs, strict=True)
                if not _means_the_same(*pair)
            ]
            self._stored, fresh = stored.slice(common, len(stored)), fresh.slice(common, len(fresh))
            self._reached += common

    def all_differences(self) -> list[Difference]:
        """All differences, once nothing more comes out."""
        while (stored := self._next()) is not None:
            self._found += [self._difference(at, row, None) for at, row in enumerate(stored)]
            self._reached += len(stored)
            self._stored = None
        return self._found

    def _next(self) -> Rows | None:
        """Stored rows that nothing was held against yet; None if there are no more."""
        while self._stored is None or not len(self._stored):
            self._stored = next(self._blocks, None)
            if self._stored is None:
                return None
        return self._stored

    def _difference(self, at: int, before: StoredRow | None, after: StoredRow | None) -> Difference:
        return self._name, self._reached + at + 1, _apart(before, after), _apart(after, before)


def _means_the_same(one: StoredRow, other: StoredRow) -> bool:
    """Whether two rows say the same, but for the last digits of numbers and points, and where rings begin."""
    return _are_close(one.values, other.values) and (one.wkb == other.wkb or _is_one_ground(one.wkb, other.wkb))


def _are_close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE_SHARE, abs_tol=_CLOSE_M2)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_are_close(value, other[key]) for key, value in one.items())
    return type(one) is type(other) and bool(one == other)


def _is_one_ground(one: bytes | None, other: bytes | None) -> bool:
    """Whether two polygons have the same points, in whatever order their rings and parts begin."""
    if one is None or other is None:
        return False
    ground = shapely.from_wkb([one, other])
    if not (shapely.get_dimensions(ground) == 2).all():
        return False
    return bool(shapely.equals_exact(*shapely.normalize(ground), tolerance=_CLOSE_M))


def _apart(row: StoredRow | None, other: StoredRow | None) -> str:
    """What of a row the other one does not say as well, with parcel and rule, by which it is found."""
    if row is None:
        return "–"
    others: Mapping[str, Any] = other.values if other else {}
    named = ("parcel", "rule", "spot", "cluster")
    values = {key: value for key, value in row.values.items() if key in named or others.get(key, row) != value}
    if other and row.wkb != other.wkb:
        values["geometry"] = "≠"
    return json.dumps(values, ensure_ascii=False)
