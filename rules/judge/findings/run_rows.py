"""The rows of all rules over some parcels, and the tables that are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from onemap.rules.judge.findings.rule_rows import RuleRows
from onemap.rules.judge.findings.run_tables import class_tables, parcel_table, row_tables
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class RunRows:
    """The rows of each rule in the rules' order; their ground is written only when tables are made of them."""

    parcels: ParcelRows
    rules: Sequence[RuleRows]
    language: str

    def tables(self, threads: Threads, standing: pd.DataFrame | None = None) -> dict[str, Table]:
        """Every table of a run but `run`.

        standing: what further findings say of the parcels (`SAYING`), as their verdict is that of all.
        """
        rows = row_tables(self.parcels, self.rules, threads)
        findings: list[Any] = [rows["findings"].arrays, *([] if standing is None else [standing])]
        classes = class_tables(self.parcels, [item.judged for item in self.rules], self.language)
        return {"parcels": parcel_table(self.parcels, findings), **rows, **classes}
