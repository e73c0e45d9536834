"""Remedies kept in the library beside the runs of checks: record, remainder, cuts, and the parcels as given."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.library.library import Library
from onemap.layers.stores.store import StoreConnection
from onemap.rules.findings.table import Table
from onemap.rules.remedy.alternatives import COLUMNS as ALTERNATIVE_COLUMNS
from onemap.rules.remedy.departments import COLUMNS as DEPARTMENT_COLUMNS
from onemap.rules.remedy.departments import MEASURES
from onemap.rules.remedy.remedy import KIND, Remedy
from onemap.rules.remedy.remedy_options import RemedyOptions
from onemap.rules.runs.run_store import GIVEN, given_rows, keep_run, log_run, rows_of_table, run_record, stored_rows

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


def record_remedy(library: Library, found: Remedy) -> None:
    """Keep a remedy in one transaction. Raises OneMapError library.read_only, library.busy, library.full."""
    with library.writing() as connection:
        write_remedy(connection, found)


def write_remedy(connection: StoreConnection, found: Remedy) -> None:
    """Keep a remedy inside the open transaction, beside what is written because of it."""
    record = found.record
    kept = {name: rows_of_table(found.tables[name]) for name in KEPT}
    kept[GIVEN] = given_rows(found.question)
    texts = [text for pack in found.question.packs for text in pack.texts]
    keep_run(connection, record, kept, texts)
    detail = {"parameters": record["parameters"], **found.sums}
    log_run(connection, "remedy", record, detail)


def remedy_tables(library: Library, identifier: str) -> dict[str, Table]:
    """The tables of a stored remedy, as they were when it was found. Raises OneMapError run.unknown, run.kind."""
    run_record(library, identifier, KIND)
    tables = {}
    for name in KEPT:
        rows = stored_rows(library, identifier, name)
        columns = pd.DataFrame([row.values for row in rows], columns=list(COLUMNS[name]), dtype=object)
        types = {column: kind for column, kind in COLUMNS[name].items() if kind is not object}
        shapes = None
        if name in SHAPED:
            shapes = shapely.from_wkb(np.array([row.wkb for row in rows], dtype=object))
        tables[name] = Table(columns.astype(types), shapes)
    return tables


def stored_options(library: Library, identifier: str) -> RemedyOptions:
    """What a stored remedy was asked besides its question. Raises OneMapError run.unknown, run.kind."""
    said = run_record(library, identifier, KIND)["parameters"]
    names = ("keep_verdict", "min_part_m2", "min_width_m", "one_piece", "move_m", "turn_deg")
    return RemedyOptions(**{name: said[name] for name in names if name in said})
