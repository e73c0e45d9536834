"""Checks of what stands in the fields: keys, missing values, lengths and types, codes and their names, areas."""

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.areas import ellipsoidal_areas_m2
from onemap.layers.catalogue import Field, LayerEntry
from onemap.layers.code_tables import CodeTable, code_table, plain_code
from onemap.layers.errors import Problem
from onemap.layers.fields import text_value
from onemap.layers.flaws import Flaws, flaws_of

_UNITS = {"hectares": 1e-4, "mu": 0.0015, "square_kilometres": 1e-6}


def key_flaws(attributes: pd.DataFrame, entry: LayerEntry, source_rows: np.ndarray) -> list[Flaws]:
    """Features without a key, and features whose key another has had before them.

    source_rows: (n,) each feature's 0-based row in its source.
    """
    if entry.key is None or entry.key not in attributes.columns:
        return []
    place, keys = _distinct(pd.Series([text_value(value) for value in attributes[entry.key]], dtype=object))
    named = np.flatnonzero(place >= 0)
    _, at = np.unique(place[named], return_index=True)
    first = named[at]  # distinct values are numbered as they come
    repeated = np.setdiff1d(named, first, assume_unique=True)
    facts = [
        {"field": entry.key, "value": keys[place[row]], "other": int(source_rows[first[place[row]]]) + 1}
        for row in repeated.tolist()
    ]
    return flaws_of("key.null", np.flatnonzero(place < 0), {"field": entry.key}) + flaws_of(
        "key.repeated", repeated, facts
    )


def missing_flaws(attributes: pd.DataFrame, entry: LayerEntry, required: Sequence[str]) -> list[Flaws]:
    """Features without a value in the class field or in a field that rules look at."""
    wanted = dict.fromkeys([*([entry.class_field] if entry.class_field else []), *required])
    flaws = []
    for name in wanted:
        if name != entry.key and name in attributes.columns:
            null = np.array([text_value(value) is None for value in attributes[name]], dtype=bool)
            flaws += flaws_of("value.missing", np.flatnonzero(null), {"field": name})
    return flaws


def value_flaws(attributes: pd.DataFrame, entry: LayerEntry) -> tuple[list[Flaws], dict[str, str]]:
    """Values that do not fit their field's schema, and the code table to which each field's codes belong."""
    flaws: list[Flaws] = []
    tables: dict[str, CodeTable] = {}
    for field in entry.fields:
        if field.name not in attributes.columns:
            continue
        place, values = _distinct(attributes[field.name])
        wrong = [not _fits(value, field) for value in values]
        flaws += _of_values("value.type", place, values, wrong, field, expected=Problem(f"kind.{field.type}"))
        if field.type == "text" and field.length is not None:
            length = field.length
            long = [isinstance(value, str) and len(value) > length for value in values]
            flaws += _of_values("value.length", place, values, long, field, length=length)
        codes = [text_value(value) for value in values]
        if field.values:
            allowed = {plain_code(value) for value in field.values}
            unknown = [code is not None and plain_code(code) not in allowed for code in codes]
            flaws += _of_values("value.code", place, values, unknown, field, known=field.values)
        elif field.codes:
            table = _best_table(field, place, codes)
            tables[field.name] = table
            unknown = [code is not None and table.class_of(code) is None for code in codes]
            flaws += _of_values("value.code", place, values, unknown, field, known=table.standard)
    flaws += [item for field in entry.fields for item in _of_names(attributes, field, tables)]
    return flaws, {name: f"{table.name} {table.version}" for name, table in tables.items()}


def _distinct(values: pd.Series) -> tuple[np.ndarray, list[Any]]:
    """For each row the place of its value among the distinct ones (-1 for null), and those."""
    place, distinct = pd.factorize(values.to_numpy(dtype=object))
    return place, list(distinct)


def _of_values(
    code: str, place: np.ndarray, values: list[Any], wrong: Sequence[bool], field: Field, **facts: Any
) -> list[Flaws]:
    is_wrong = np.array([*wrong, False], dtype=bool)  # the last stands for null, whose place is -1
    rows = np.flatnonzero(is_wrong[place])
    return flaws_of(
        code, rows, [{"field": field.name, "value": str(values[place[row]])[:80], **facts} for row in rows.tolist()]
    )


def _fits(value: Any, field: Field) -> bool:
    """Whether a value is of its field's type; a blank text is no value, and fits all."""
    if field.type == "text" or (isinstance(value, str) and not value.strip()):
        return True
    if field.type == "date":
        return _is_date(value)
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return False
    return field.type == "number" or float(value).is_integer()


def _is_date(value: Any) -> bool:
    match = re.match(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[T ].*)?$", (text_value(value) or "").strip())
    if not match:
        return False
    try:
        date(*(int(part) for part in match.groups()))
    except ValueError:
        return False
    return True


def _best_table(field: Field, place: np.ndarray, codes: Sequence[str | None]) -> CodeTable:
    """Of the code tables that a field names the one that knows most rows; of equals the first."""
    counts = np.bincount(place[place >= 0], minlength=len(codes))
    tables = [code_table(name) for name in field.codes]

    def known(table: CodeTable) -> int:
        return int(sum(count for code, count in zip(codes, counts, strict=True) if code and table.class_of(code)))

    return max(tables, key=known)


def _of_names(attributes: pd.DataFrame, field: Field, tables: dict[str, CodeTable]) -> list[Flaws]:
    """Names that do not agree with the code beside them."""
    table = tables.get(field.name_of or "")
    if table is None or field.name not in attributes.columns:
        return []
    assert field.name_of is not None, "or there would be no table"  # noqa: S101 - for the type checker
    code_place, codes = _distinct(attributes[field.name_of])
    name_place, names = _distinct(attributes[field.name])
    both = np.flatnonzero((code_place >= 0) & (name_place >= 0))
    pairs, pair = np.unique(code_place[both] * max(len(names), 1) + name_place[both], return_inverse=True)
    wrong = np.zeros(len(pairs), dtype=bool)
    for at, joined in enumerate(pairs.tolist()):
        code, name = text_value(codes[joined // len(names)]), text_value(names[joined % len(names)])
        wrong[at] = code is not None and name is not None and not table.agrees(code, name)
    rows = both[wrong[pair]]
    facts = []
    for row in rows.tolist():
        code = str(codes[code_place[row]])
        known = table.classes[table.class_of(code) or ""]
        facts.append({"field": field.name, "value": str(names[name_place[row]])[:80], "key": code, "name": known["zh"]})
    return flaws_of("value.name", rows, facts)


def area_flaws(
    geometries: np.ndarray, attributes: pd.DataFrame, entry: LayerEntry, crs: pyproj.CRS, share: float, least_m2: float
) -> list[Flaws]:
    """Declared areas that are not the feature's area on the ellipsoid, or that are all in another unit.

    share: by which part of the computed area a declared one may differ; least_m2: by how much in any case.
    """
    stated = [field.name for field in entry.fields if field.area and field.name in attributes.columns]
    if not stated or entry.geometry != "polygon":
        return []
    computed = ellipsoidal_areas_m2(geometries, crs)
    flaws: list[Flaws] = []
    for name in stated:
        declared = pd.to_numeric(attributes[name], errors="coerce").to_numpy(dtype=float)
        told = np.isfinite(declared) & (computed > 0)
        apart = told & (np.abs(declared - computed) > np.maximum(share * computed, least_m2))
        unit = _unit(declared[apart] / computed[apart])
        if unit is not None and apart.sum() > told.sum() / 2:
            facts = {"field": name, "unit": Problem(f"suggest.{unit}"), "count": int(apart.sum())}
            flaws.append(Flaws("area.unit", np.array([-1]), [facts]))
            continue
        rows = np.flatnonzero(apart)
        flaws += flaws_of(
            "area.declared",
            rows,
            [
                {
                    "field": name,
                    "declared": f"{declared[row]:.2f}",
                    "computed": f"{computed[row]:.2f}",
                    "difference": f"{declared[row] - computed[row]:+.2f}",
                }
                for row in rows.tolist()
            ],
        )
    return flaws


def _unit(ratios: np.ndarray) -> str | None:
    """The unit that would explain nearly all of the declared areas."""
    for name, factor in _UNITS.items():
        if len(ratios) and (np.abs(ratios / factor - 1) < 0.05).mean() > 0.9:
            return name
    return None
