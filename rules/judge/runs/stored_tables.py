"""The tables of a stored check as `check --out` writes them, with titles in any language."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from onemap.layers.crs.systems import transformation
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import Library
from onemap.layers.records import Record
from onemap.rules.judge.findings.land_classes import with_class_titles
from onemap.rules.judge.findings.run_tables import class_tables, parcel_table, row_tables
from onemap.rules.judge.findings.table import Table, typed_columns
from onemap.rules.judge.inputs.parcel_rows import ParcelRows
from onemap.rules.judge.runs.arrow_blocks import plain_columns
from onemap.rules.judge.runs.run_store import stored_blocks, stored_rows, stored_rules, stored_values
from onemap.rules.judge.runs.stored_rows import check_blocks

_TOLD = ("parcel", "rule", "title", "verdict", "area_ellipsoidal_m2", "reason", "counted", "assumed", "basis")
_OF_PARCELS, _OF_FINDINGS = ("parcel", "verdict"), ("parcel", "verdict", "rule", "title", "counted")


def stored_tables(library: Library, identifier: str, language: str) -> dict[str, Table]:
    """Every table of a stored check except `run`, in a check's order.

    Raises OneMapError run.unknown, run.damaged, library.altered.
    """
    check_blocks(library, identifier)
    nothing = np.empty(0, dtype=object)
    no_bodies = pa.array([], pa.large_binary())
    nobody = ParcelRows(nothing, np.empty((0, 4)), lambda: no_bodies, nothing, (0.0, 0.0), library.crs)
    empty = {**row_tables(nobody, []), **class_tables(nobody, [], language)}
    empty = {"parcels": parcel_table(nobody, [empty["findings"].columns]), **empty}
    tables = {name: _stored_table(library, identifier, name, table) for name, table in empty.items()}
    findings = tables["findings"].columns
    pairs = zip(findings["rule"], findings["title"], strict=True)
    findings["title"] = _titles_in(library, identifier, pairs, language)
    classes = tables["land_classes"]
    return {**tables, "land_classes": Table(typed_columns(with_class_titles(classes.columns, language)))}


def finding_records(library: Library, identifier: str, department: str, language: str) -> list[Record]:
    """A department's findings in a stored check: some columns of that table, in its order.

    Raises OneMapError run.unknown, run.damaged, library.altered.
    """
    check_blocks(library, identifier)
    rows = stored_values(library, identifier, "findings", (*_TOLD, "department"))
    own = [dict(zip(_TOLD, values, strict=True)) for *values, whose in rows if whose == department]
    titles = _titles_in(library, identifier, ((one["rule"], one["title"]) for one in own), language)
    return [{**one, "title": title} for one, title in zip(own, titles, strict=True)]


def ground_records(library: Library, identifier: str, language: str) -> dict[str, list[Record]]:
    """Findings and parcels of a stored check for a map: verdict, title, and geometry as GeoJSON in degrees (WGS 84).

    Rows without ground are left out. Raises OneMapError run.unknown, run.damaged, library.altered.
    """
    check_blocks(library, identifier)
    findings = list(_ground_rows(library, identifier, "findings", _OF_FINDINGS))
    titles = _titles_in(library, identifier, ((one["rule"], one["title"]) for one in findings), language)
    finding_records = [{**one, "title": title} for one, title in zip(findings, titles, strict=True)]
    return {"findings": finding_records, "parcels": list(_ground_rows(library, identifier, "parcels", _OF_PARCELS))}


def _ground_rows(library: Library, identifier: str, table: str, names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    change = transformation(library.crs, pyproj.CRS.from_epsg(4326))
    for rows in stored_blocks(library, identifier, table):
        shapes = geometries_of_wkb(rows.bodies())
        if change is not None:
            shapes = shapely.transform(shapes, lambda points: np.column_stack(change(points[:, 0], points[:, 1])))
        values = zip(*plain_columns(rows.columns.select(names)).values(), strict=True)
        for one, shape in zip(values, shapes, strict=True):
            if shape is not None and not shapely.is_empty(shape):
                yield {**dict(zip(names, one, strict=True)), "geometry": json.loads(shapely.to_geojson(shape))}


def _titles_in(library: Library, identifier: str, pairs: Iterable[tuple[str, str]], language: str) -> list[str]:
    """The titles of rules in a language. pairs: each rule, and the title that was stored with its finding."""
    titles = {rule.id: rule.title for rule in stored_rules(library, identifier)}
    return [titles[rule].get(language, title) for rule, title in pairs]


def _stored_table(library: Library, identifier: str, name: str, empty: Table) -> Table:
    """A stored table with the columns and types of the empty one."""
    rows = stored_rows(library, identifier, name)
    columns = typed_columns(pd.DataFrame([row.values for row in rows], columns=empty.columns.columns))
    if empty.geometries is None:
        return Table(columns)
    return Table(columns, geometries_of_wkb(np.array([row.wkb for row in rows], dtype=object)), empty.geometry_type)
