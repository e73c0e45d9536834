"""The tables of a stored check as `check --out` writes them, titled in the language that is asked for."""

import numpy as np
import pandas as pd
import pyarrow as pa

from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.rules.judge.findings.land_classes import with_class_titles
from onemap.rules.judge.findings.run_tables import class_tables, parcel_table, row_tables
from onemap.rules.judge.findings.table import Table, typed_columns
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.packs.pack import joined_rules
from onemap.rules.judge.runs.run_store import stored_packs, stored_rows


def stored_tables(library: Library, identifier: str, language: str) -> dict[str, Table]:
    """Every table of a stored check but `run`, in the order of a check. Raises OneMapError run.unknown, run.damaged."""
    nothing = np.empty(0, dtype=object)
    no_bodies = pa.array([], pa.large_binary())
    nobody = ParcelRows(nothing, np.empty((0, 4)), lambda: no_bodies, nothing, (0.0, 0.0), library.crs)
    empty = {**row_tables(nobody, []), **class_tables(nobody, [], language)}
    empty = {"parcels": parcel_table(nobody, [empty["findings"].columns]), **empty}
    tables = {name: _stored_table(library, identifier, name, table) for name, table in empty.items()}
    titles = {rule.id: rule.title for rule in joined_rules(stored_packs(library, identifier))}
    findings = tables["findings"].columns
    findings["title"] = [
        titles[rule].get(language, title) for rule, title in zip(findings["rule"], findings["title"], strict=True)
    ]
    classes = tables["land_classes"]
    return {**tables, "land_classes": Table(typed_columns(with_class_titles(classes.columns, language)))}


def _stored_table(library: Library, identifier: str, name: str, empty: Table) -> Table:
    """A stored table in the shape of the empty one."""
    rows = stored_rows(library, identifier, name)
    columns = typed_columns(pd.DataFrame([row.values for row in rows], columns=empty.columns.columns))
    if empty.geometries is None:
        return Table(columns)
    return Table(columns, geometries_of_wkb(np.array([row.wkb for row in rows], dtype=object)), empty.geometry_type)
