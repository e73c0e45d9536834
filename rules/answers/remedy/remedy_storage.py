"""Remedies stored in the library beside the runs of checks: record, remainder, cuts, and the parcels as given."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.stores.store import StoreConnection
from onemap.rules.answers.remedy.alternatives import COLUMNS as ALTERNATIVE_COLUMNS
from onemap.rules.answers.remedy.departments import COLUMNS as DEPARTMENT_COLUMNS
from onemap.rules.answers.remedy.departments import MEASURES
from onemap.rules.answers.remedy.remedy import KIND, Remedy
from onemap.rules.answers.remedy.remedy_options import RemedyOptions
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import (
    GIVEN,
    Recorder,
    log_run,
    rows_of_parcels,
    rows_of_table,
    run_record,
    stored_rows,
    whole_record,
)

# Every table with the types of its columns, so that an empty one has the same.
COLUMNS: dict[str, dict[str, Any]] = {
    "remainder": {"parcel": object, "area_m2": float, "share": float, "parts": int, "dropped_m2": float},
    "cuts": {"parcel": object, "rule": object, "area_m2": float, "verdict": object, "unknown_m2": float},
    "alternatives": {
        name: float if name.endswith(("_m2", "_m", "_deg")) or name == "share" else object
        for name in ALTERNATIVE_COLUMNS
    }
    | {"passes": bool},
    "departments": {name: float if name in MEASURES else object for name in DEPARTMENT_COLUMNS},
}
KEPT = tuple(COLUMNS)
SHAPED = ("remainder", "cuts", "alternatives")  # those with geometry


class RemedyRecorder:
    """Stores a remedy inside an open transaction: its rows as they come, its record at the end."""

    def __init__(self, connection: StoreConnection, record: Mapping[str, Any]) -> None:
        self._connection, self._record = connection, record
        self._recorder = Recorder(connection, record["id"])

    def append(self, chunk: Chunk) -> None:
        """Store the next rows, and the next parcels as given."""
        self._recorder.append_rows({name: rows_of_table(chunk.tables[name]) for name in KEPT if name in chunk.tables})
        if chunk.parcels:
            self._recorder.append_rows({GIVEN: rows_of_parcels(chunk.parcels)})

    def finish(self, packs: Sequence[Pack]) -> None:
        """Store the record, and its row in the log."""
        record = self._record
        self._recorder.finish(record, [text for pack in packs for text in pack.texts])
        log_run(self._connection, "remedy", record, {"parameters": record["parameters"], **record["sums"]})


def write_remedy(connection: StoreConnection, remedy: Remedy) -> None:
    """Store a remedy inside the open transaction of the caller."""
    recorder = RemedyRecorder(connection, remedy.record)
    for chunk in remedy.chunks():
        recorder.append(chunk)
    recorder.finish(remedy.packs)


def remedy_tables(library: Library, identifier: str) -> dict[str, Table]:
    """The tables of a stored remedy, as they were when it was found. Raises OneMapError run.unknown, run.kind."""
    whole_record(library, identifier, KIND)
    tables = {}
    for name in KEPT:
        rows = stored_rows(library, identifier, name)
        columns = pd.DataFrame([row.values for row in rows], columns=list(COLUMNS[name]), dtype=object)
        types = {column: kind for column, kind in COLUMNS[name].items() if kind is not object}
        shapes = None
        if name in SHAPED:
            shapes = geometries_of_wkb(np.array([row.wkb for row in rows], dtype=object))
        tables[name] = Table(columns.astype(types), shapes)
    return tables


def stored_options(library: Library, identifier: str) -> RemedyOptions:
    """The options of a stored remedy, without its question. Raises OneMapError run.unknown, run.kind."""
    parameters = run_record(library, identifier, KIND)["parameters"]
    return RemedyOptions(**{one.name: parameters[one.name] for one in fields(RemedyOptions) if one.name in parameters})
