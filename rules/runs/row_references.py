"""Rows of a table that an earlier run holds already: which of them stand, and where a run's own come between."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from onemap.rules.runs.arrow_blocks import Rows, together

Placed = tuple[np.ndarray, Rows]  # rows, and where each stands in its table: (k,), ascending


@dataclass(frozen=True)
class Standing:
    """The rows of a table in their order: stretches of an earlier run's rows, after each of them some of the own.

    run: the earlier one; first, count (k,): the stretches among its rows; own (k,): how many own rows follow each;
    labels: what a rule's version is called now, for rules that looked at another then.
    """

    run: str
    first: np.ndarray
    count: np.ndarray
    own: np.ndarray
    labels: Mapping[str, str | None]

    @staticmethod
    def of(run: str, order: np.ndarray, labels: Mapping[str, str | None]) -> "Standing":
        """order: for each row its position among the earlier run's, ascending, or -1 for the next of the own."""
        before = np.r_[-1, order[:-1]]
        starts = (order >= 0) & ((before < 0) | (order != before + 1))
        starts[:1] = True
        stretch, stands = np.cumsum(starts) - 1, order >= 0
        size = int(starts.sum())
        count = np.bincount(stretch[stands], minlength=size)
        own = np.bincount(stretch[~stands], minlength=size)
        return Standing(run, np.maximum(order[starts], 0), count, own, labels)

    @staticmethod
    def read(content: bytes) -> "Standing":
        """What `content` has written. Raises ValueError."""
        said = json.loads(content)
        first, count, own = (np.array(part, dtype=np.int64) for part in said["stretches"])
        return Standing(said["run"], first, count, own, said["labels"])

    @property
    def content(self) -> bytes:
        """All of it as JSON."""
        stretches = [part.tolist() for part in (self.first, self.count, self.own)]
        said = {"run": self.run, "stretches": stretches, "labels": dict(self.labels)}
        return json.dumps(said, ensure_ascii=False).encode()

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return int(self.count.sum() + self.own.sum())

    @cached_property
    def _begins(self) -> np.ndarray:
        """Where each stretch begins in the table (k,)."""
        begins: np.ndarray = np.cumsum(self.count + self.own) - self.count - self.own
        return begins

    def places_of_standing(self, positions: np.ndarray) -> np.ndarray:
        """Where rows of the earlier run (k,) stand in the table, -1 for those that do not."""
        some = np.flatnonzero(self.count > 0)
        if not len(some):
            return np.full(len(positions), -1)
        at = np.searchsorted(self.first[some], positions, side="right") - 1
        stretch = some[np.maximum(at, 0)]
        stands = (at >= 0) & (positions < self.first[stretch] + self.count[stretch])
        return np.where(stands, self._begins[stretch] + positions - self.first[stretch], -1)

    def places_of_own(self, positions: np.ndarray) -> np.ndarray:
        """Where own rows (k,) stand in the table."""
        ends = np.cumsum(self.own)
        stretch = np.searchsorted(ends, positions, side="right")
        before = ends[stretch] - self.own[stretch]
        places: np.ndarray = self._begins[stretch] + self.count[stretch] + positions - before
        return places

    def order(self) -> np.ndarray:
        """For each row of the table its position among the earlier run's, or -1 for an own one: as given to `of`."""
        order = np.full(self.rows, -1)
        within = np.arange(int(self.count.sum())) - np.repeat(np.cumsum(self.count) - self.count, self.count)
        order[np.repeat(self._begins, self.count) + within] = np.repeat(self.first, self.count) + within
        return order

    def merged(self, earlier: Iterable[Placed], own: Iterable[Placed]) -> Iterator[Placed]:
        """The rows of the table in their order, of those that are given of the earlier run and of the own."""
        waiting = iter(own)
        next_own = next(waiting, None)
        for positions, rows in earlier:
            places = self.places_of_standing(positions)
            kept = np.flatnonzero(places >= 0)
            if not len(kept):
                continue
            parts = [(places[kept], renamed(self.labels, rows.take(kept)))]
            while next_own is not None:
                at = self.places_of_own(next_own[0])
                before = int(np.searchsorted(at, parts[0][0][-1]))
                parts.append((at[:before], next_own[1].slice(0, before)))
                if before < len(at):
                    next_own = next_own[0][before:], next_own[1].slice(before, len(at))
                    break
                next_own = next(waiting, None)
            yield _in_order(parts)
        while next_own is not None:
            yield self.places_of_own(next_own[0]), next_own[1]
            next_own = next(waiting, None)


def renamed(labels: Mapping[str, str | None], rows: Rows) -> Rows:
    """Rows of a run with what their rules' versions are called now, where that is known."""
    names = rows.columns.column_names
    if not labels or "version" not in names or "rule" not in names:
        return rows
    pairs = zip(rows.values("rule"), rows.values("version"), strict=True)
    now = pa.array([labels.get(rule, label) for rule, label in pairs], pa.string())
    columns = rows.columns.set_column(names.index("version"), pa.field("version", now.type), now)
    return Rows(columns, rows.wkb)


def _in_order(parts: list[Placed]) -> Placed:
    parts = [part for part in parts if len(part[0])]
    if len(parts) == 1:
        return parts[0]
    places = np.concatenate([part[0] for part in parts])
    order = np.argsort(places)
    return places[order], together([part[1] for part in parts]).take(order)


@dataclass(frozen=True)
class Shared:
    """A table of which an earlier run may hold rows: which, if any, and the rows that are the run's own."""

    standing: Standing | None
    own: Rows
