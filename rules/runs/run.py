"""One run as a value: what was asked, its record, its tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from onemap.rules.findings.run_tables import Table, run_table
from onemap.rules.inputs.parcels import Parcels
from onemap.rules.packs.pack import Pack
from onemap.rules.packs.rule import VERDICTS
from onemap.rules.question.question import Question

if TYPE_CHECKING:
    from onemap.rules.incremental.merged_run import TakenOver


@dataclass(frozen=True)
class Chunk:
    """The rows of tables that belong to some consecutive parcels, and these parcels as they were given, if any.

    rows: the tables, but for those that are taken over from an earlier run.
    """

    rows: dict[str, Table]
    parcels: Parcels | None = None
    taken: "TakenOver | None" = None

    @property
    def tables(self) -> dict[str, Table]:
        """All rows, which are put together if an earlier run has some of them."""
        return {**self.taken.tables, **self.rows} if self.taken else self.rows


@dataclass(frozen=True)
class Run:
    """One check: what was asked, its record, its tables, and what must be told about its input.

    computed: the rows that were computed; taken: how those of an earlier run come beside them.
    """

    question: Question
    record: dict[str, Any]
    computed: dict[str, Table]
    problems: list[dict[str, Any]]
    verdicts: dict[str, int]
    taken: "TakenOver | None" = None

    @cached_property
    def tables(self) -> dict[str, Table]:
        """All rows, by table, and the record."""
        rows = self.taken.tables if self.taken else self.computed
        return {**rows, "run": run_table(self.record)}

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdicts)

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs by which it was asked."""
        return self.question.packs

    @property
    def parcels(self) -> int:
        """How many parcels were asked about."""
        return len(self.question.parcels.ids)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in one chunk."""
        record = {"run": run_table(self.record)}
        yield Chunk(record if self.taken else {**self.computed, **record}, self.question.parcels, self.taken)


def most_severe(verdicts: Mapping[str, int]) -> str:
    """The most severe of the verdicts that any parcel has."""
    return next((verdict for verdict in VERDICTS if verdicts[verdict]), "clear")


def verdict_counts(columns: pd.DataFrame) -> dict[str, int]:
    """How many parcels have each of the six verdicts."""
    found = columns["verdict"].value_counts()
    return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}
