"""One run as a value: what was asked, its record, its tables."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from onemap.rules.question import Question
from onemap.rules.rule import VERDICTS
from onemap.rules.run_tables import Table


@dataclass(frozen=True)
class Run:
    """One check: what was asked, its record, its tables, and what must be told about its input."""

    question: Question
    record: dict[str, Any]
    tables: dict[str, Table]
    problems: list[dict[str, Any]]
    verdicts: dict[str, int]

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return next((verdict for verdict in VERDICTS if self.verdicts[verdict]), "clear")


def verdict_counts(columns: pd.DataFrame) -> dict[str, int]:
    """How many parcels have each of the six verdicts."""
    found = columns["verdict"].value_counts()
    return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}
