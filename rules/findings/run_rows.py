"""The rows of all rules over some parcels, and the tables that are made of them: of all at once, or part by part."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.geometry.ragged import blocks_within
from onemap.rules.findings.rule_rows import RuleRows
from onemap.rules.findings.run_tables import class_tables, parcel_table, row_tables
from onemap.rules.findings.table import Table
from onemap.rules.inputs.parcel_rows import ParcelRows
from onemap.rules.overlay.threads import Threads

_ROWS_OF_PART = 80_000  # parcels, findings and overlaps; of fewer, calls would take longer than the work


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
        return {"parcels": parcel_table(self.parcels, findings), **rows, **self._class_tables()}

    def parts(self) -> Iterator[slice]:
        """Positions of parcels that follow each other, with so many rows that they are worth a part."""
        size = np.ones(len(self.parcels.names), dtype=np.int64)
        for item in self.rules:
            for block in (*item.findings, *item.overlaps):
                size += np.bincount(block["_parcel"], minlength=len(size))
        yield from list(blocks_within(np.cumsum(size), _ROWS_OF_PART)) or [slice(0, 0)]

    def tables_of(self, positions: slice, multis: pa.Array, threads: Threads) -> dict[str, Table]:
        """The same of the parcels of one part; what is sorted otherwise than by parcel stands in the first.

        multis: their WKB as multipolygons.
        """
        rows = row_tables(self.parcels, self.rules, threads, positions)
        parcels = self.parcels.between(positions, multis)
        classes = self._class_tables() if positions.start == 0 else {}
        return {"parcels": parcel_table(parcels, [rows["findings"].arrays]), **rows, **classes}

    def _class_tables(self) -> dict[str, Table]:
        return class_tables(self.parcels, [item.judged for item in self.rules], self.language)
