"""The differences between a stored run and its repetition, row by row.

Another version of GEOS begins rings at other points and changes last digits: such rows are equal in meaning. A spot is
named by the bytes of its ground, and a cluster by its spots, so these rows have other names, too.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
_NAMES_OF_GROUND = ("spot", "cluster")  # columns whose value is a hash of the ground
Difference = tuple[str, int, str, str]  # table, 1-based row, what was stored, what came out


@dataclass(frozen=True)
class Repetition:
    """The result of repeating a stored run.

    differences: the rows that differ; equal_in_meaning: how many rows differ only in last digits of numbers and points,
    in where rings begin, and in names that are hashes of these.
    """

    differences: list[Difference]
    equal_in_meaning: int


@dataclass(frozen=True)
class _RenamedRow:
    """A row with the same meaning but other names: (stored, new) of each."""

    names: frozenset[tuple[Any, Any]]
    difference: Difference


class Differences:
    """Compares a stored run with its repetition, some rows at a time.

    names: of the tables; rules: the order in which the rows of some tables stand.
    """

    def __init__(self, library: Library, identifier: str, names: Sequence[str], rules: Sequence[str] = ()) -> None:
        self._tables = {name: _TableComparison(library, identifier, name) for name in names}
        self._rules = {rule: place for place, rule in enumerate(rules)}
        self._by_rule: dict[str, list[Rows]] = {name: [] for name in names if ROW_TABLES.get(name) == "rule"}

    def hold(self, tables: Mapping[str, Table], progress: Progress = SILENT) -> None:
        """Compare the next rows of each table.

        Raises OneMapError run.damaged.
        """
        count, row_count = max(sum(len(tables[name].columns) for name in self._tables), 1), 0
        for name, table_comparison in self._tables.items():
            rows = rows_of_table(tables[name])
            if name in self._by_rule:
                self._by_rule[name].append(rows)  # they stand by rule first, and are small
            else:
                table_comparison.hold(rows, progress.part(row_count / count, (row_count + len(rows)) / count))
            row_count += len(rows)
            progress.at(row_count / count)

    def hold_rows(self, name: str, rows: Rows) -> None:
        """Compare the next rows of one table. Raises OneMapError run.damaged."""
        self._tables[name].hold(rows)

    def repetition(self) -> Repetition:
        """Finish after the last rows, and return every difference by table and row. Raises OneMapError run.damaged."""
        for name, parts in self._by_rule.items():
            rows = concatenate_rows(parts)
            order = [self._rules[rule] for rule in rows.values("rule")]
            self._tables[name].hold(rows.take(np.argsort(order, kind="stable")) if len(rows) else rows)
        for table_comparison in self._tables.values():
            table_comparison.finish()
        return _repetition(list(self._tables.values()))


class _TableComparison:
    """One table of a stored run, read beside its repetition."""

    def __init__(self, library: Library, identifier: str, name: str) -> None:
        self._name = name
        self._blocks = stored_blocks(library, identifier, name)
        self._stored_rows: Rows | None = None
        self._reached = 0
        self.differences: list[Difference] = []
        self.renamed: list[_RenamedRow] = []
        self.founded: set[tuple[Any, Any]] = set()  # names that differ because the bytes of their ground do
        self.equal_in_meaning = 0

    def hold(self, fresh: Rows, progress: Progress = SILENT) -> None:
        """Compare the next repeated rows."""
        count = len(fresh)
        while len(fresh):
            progress.at(1 - len(fresh) / count)
            stored_rows = self._next()
            if stored_rows is None:
                self.differences += [self._difference(at, None, row) for at, row in enumerate(fresh)]
                self._reached += len(fresh)
                return
            common = min(len(stored_rows), len(fresh))
            before, after = stored_rows.slice(0, common), fresh.slice(0, common)
            apart = np.flatnonzero(~same_rows(before, after))
            for at, one, other in zip(apart.tolist(), before.take(apart), after.take(apart), strict=True):
                self._hold_pair(at, one, other)
            self._stored_rows, fresh = stored_rows.slice(common, len(stored_rows)), fresh.slice(common, len(fresh))
            self._reached += common

    def finish(self) -> None:
        """Report the stored rows that are left as differences."""
        while (stored_rows := self._next()) is not None:
            self.differences += [self._difference(at, row, None) for at, row in enumerate(stored_rows)]
            self._reached += len(stored_rows)
            self._stored_rows = None

    def _hold_pair(self, at: int, before: StoredRow, after: StoredRow) -> None:
        difference = self._difference(at, before, after)
        if not _means_the_same(before, after):
            self.differences.append(difference)
            return
        names = {(before.values.get(name), after.values.get(name)) for name in _NAMES_OF_GROUND}
        new_names = frozenset((old, new) for old, new in names if old != new)
        if before.wkb != after.wkb:
            self.founded |= new_names
        if new_names:
            self.renamed.append(_RenamedRow(new_names, difference))
        else:
            self.equal_in_meaning += 1

    def _next(self) -> Rows | None:
        """Stored rows that were not compared yet; None if there are no more."""
        while self._stored_rows is None or not len(self._stored_rows):
            self._stored_rows = next(self._blocks, None)
            if self._stored_rows is None:
                return None
        return self._stored_rows

    def _difference(self, at: int, before: StoredRow | None, after: StoredRow | None) -> Difference:
        return self._name, self._reached + at + 1, _differing_part(before, after), _differing_part(after, before)


def _repetition(tables: list[_TableComparison]) -> Repetition:
    """Sum up the tables.

    Rows with other names are equal in meaning if ground gives the names and each name has become one other.
    """
    founded = set().union(*(table.founded for table in tables))
    is_one_to_one = len({old for old, _ in founded}) == len({new for _, new in founded}) == len(founded)
    differences, equal = [], 0
    for table in tables:
        real_differences = [row.difference for row in table.renamed if not is_one_to_one or not row.names <= founded]
        differences += sorted(table.differences + real_differences, key=lambda difference: difference[1])
        equal += table.equal_in_meaning + len(table.renamed) - len(real_differences)
    return Repetition(differences, equal)


def _means_the_same(one: StoredRow, other: StoredRow) -> bool:
    """Whether two rows differ only in last digits of numbers and points, in where rings begin, and in names.

    A column that only one of them has, because a later release added it, must have no value.
    """
    pairs = [(name, one.values.get(name), other.values.get(name)) for name in {**one.values, **other.values}]
    return all(
        name in _NAMES_OF_GROUND and (value is None) == (now is None) or _are_close(value, now)
        for name, value, now in pairs
    ) and (one.wkb == other.wkb or _is_one_ground(one.wkb, other.wkb))


def _are_close(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_CLOSE_SHARE, abs_tol=_CLOSE_M2)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_are_close(value, other[key]) for key, value in one.items())
    if isinstance(one, str) and isinstance(other, str) and one != other and one[:1] == other[:1] == "{":
        return _are_close(json.loads(one), json.loads(other))  # evidence and other objects that a column holds
    return type(one) is type(other) and bool(one == other)


def _is_one_ground(one: bytes | None, other: bytes | None) -> bool:
    """Whether two grounds differ at most by a strip of _CLOSE_M along their boundary."""
    if one is None or other is None:
        return False
    ground = shapely.from_wkb([one, other])
    if not (shapely.get_dimensions(ground) == 2).all():
        return False
    if shapely.equals_exact(*shapely.normalize(ground), tolerance=_CLOSE_M):
        return True
    apart_m2 = float(shapely.area(shapely.symmetric_difference(*ground)))
    return apart_m2 <= _CLOSE_M * float(shapely.length(ground).min())


def _differing_part(row: StoredRow | None, other: StoredRow | None) -> str:
    """The part of a row in which the other one differs, with parcel and rule, by which it is found."""
    if row is None:
        return "–"
    others: Mapping[str, Any] = other.values if other else {}
    name_columns = ("parcel", "rule", "spot", "cluster")
    values = {key: value for key, value in row.values.items() if key in name_columns or others.get(key, row) != value}
    if other and row.wkb != other.wkb:
        values["geometry"] = "≠"
    return json.dumps(values, ensure_ascii=False)
