"""From a raw frame to a clean one: fields by schema, the library's CRS, two dimensions, valid geometry."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers import crs as systems
from onemap.layers.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames import CleanFrame, RawFrame
from onemap.layers.parts import polygon_parts

_DIMENSIONS = {"polygon": 2, "line": 1, "point": 0}
_RESERVED = {"fid", "geom", "ogc_fid"}
_MAX_LISTED = 1000  # a report of a million rows helps nobody; the rest is counted


@dataclass(frozen=True)
class Wishes:
    """What the user said about a source: its CRS, a datum's pipeline, fields, and whether to repair."""

    crs: str | None = None
    transform: str | None = None
    fields: dict[str, str] = field(default_factory=dict)
    repair: bool = False


def text_value(value: Any) -> str | None:
    """A key as text: whole numbers without a point, None for null and blank."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT:
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return text or None


def renamed_fields(raw: RawFrame, entry: LayerEntry | None, wishes: Wishes) -> pd.DataFrame:
    """Attributes under the schema's names: by --fields, exactly, ignoring case, then by alias.

    Raises OneMapError field.ambiguous for two candidates, field.missing for a source field that is not there.
    """
    columns = list(raw.attributes.columns)
    place = {"file": raw.path.name, "layer": raw.layer}
    chosen: dict[str, str] = {}
    problems = []
    for target, source in wishes.fields.items():
        if source in columns:
            chosen[target] = source
        else:
            problems.append(Problem("field.missing", {**place, "field": source, "names": columns}))
    for schema_field in entry.fields if entry else ():
        if schema_field.name in chosen or schema_field.name in columns:
            continue
        free = [column for column in columns if column not in chosen.values()]
        candidates = [column for column in free if column.lower() == schema_field.name.lower()]
        if not candidates:
            aliases = {alias.lower() for alias in schema_field.aliases}
            candidates = [column for column in free if column.lower() in aliases]
        if len(candidates) > 1:
            problems.append(Problem("field.ambiguous", {**place, "field": schema_field.name, "names": candidates}))
        elif candidates:
            chosen[schema_field.name] = candidates[0]
    if entry and entry.key and entry.field_named(entry.key) is None and entry.key not in (*columns, *chosen):
        candidates = [column for column in columns if column.lower() == entry.key.lower()]
        if len(candidates) == 1:
            chosen[entry.key] = candidates[0]
    if problems:
        raise OneMapError.of(problems)
    attributes = raw.attributes.rename(columns={source: target for target, source in chosen.items()})
    return attributes.loc[:, ~attributes.columns.duplicated()]


def _storable(attributes: pd.DataFrame) -> pd.DataFrame:
    """Values as the library can keep them; a field that would clash with the table's own gets an underscore."""
    taken: set[str] = set(_RESERVED)
    names = {}
    for column in attributes.columns:
        name = str(column)
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        names[column] = name
    frame = attributes.rename(columns=names)
    return pd.DataFrame({name: plain_values(frame[name]) for name in frame.columns}, index=frame.index)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and value == value  # NaN, which is null here, is not itself


def _text_by_schema(attributes: pd.DataFrame, entry: LayerEntry) -> tuple[pd.DataFrame, list[str]]:
    """Codes that the schema holds as text but the source as numbers, as text; and which fields they are."""
    numeric = [
        schema_field.name
        for schema_field in entry.fields
        if schema_field.type == "text"
        and schema_field.name in attributes.columns
        and any(_is_number(value) for value in attributes[schema_field.name])
    ]
    texts = {
        name: pd.Series([text_value(v) for v in attributes[name]], index=attributes.index, dtype=object)
        for name in numeric
    }
    return attributes.assign(**texts), numeric


def plain_values(values: pd.Series) -> pd.Series:
    """Each value as int, float, str, bytes or None; dates as ISO text."""

    def plain(value: Any) -> Any:
        if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and math.isnan(value)):
            return None
        if isinstance(value, np.datetime64):
            return None if np.isnat(value) else str(value).removesuffix("T00:00:00.000")
        if isinstance(value, (np.bool_, bool)):
            return int(value)
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, (list, np.ndarray)):
            return ", ".join(map(str, value))
        return value if isinstance(value, (int, float, str, bytes)) else str(value)

    return pd.Series([plain(value) for value in values], index=values.index, dtype=object)


def feature_names(attributes: pd.DataFrame, key: str | None, rows: int) -> np.ndarray:
    """Each feature's name: its key as text, else its 1-based row."""
    numbers = [str(row) for row in range(1, rows + 1)]
    if key is None or key not in attributes.columns:
        return np.array(numbers, dtype=object)
    keys = (text_value(value) for value in attributes[key])
    return np.array([key or number for key, number in zip(keys, numbers, strict=True)], dtype=object)


def _source_crs(raw: RawFrame, wishes: Wishes) -> pyproj.CRS:
    place = {"file": raw.path.name, "layer": raw.layer}
    bounds = _bounds(raw.geometries)
    declared = systems.parse_crs(wishes.crs, field="--crs") if wishes.crs else raw.crs
    if declared is None:
        raise OneMapError("crs.missing", suggestion=systems.suggestion(bounds), **place)
    problem = systems.contradiction(declared, bounds)
    if problem is not None:
        raise OneMapError(problem.code, **problem.facts, **place)
    return declared


def _bounds(geometries: np.ndarray) -> systems.Bounds | None:
    found = shapely.total_bounds(geometries)
    return None if np.isnan(found).any() else (found[0], found[1], found[2], found[3])


def in_crs(geometries: np.ndarray, raw: RawFrame, wishes: Wishes, target: pyproj.CRS) -> np.ndarray:
    """The geometries in the target's plane, east before north.

    Raises OneMapError crs.missing, crs.contradicted, crs.no_transformation, crs.out_of_range.
    """
    place = {"file": raw.path.name, "layer": raw.layer}
    source = _source_crs(raw, wishes)
    change = systems.transformation(source, target, wishes.transform, **place)
    if change is None:
        return geometries
    coordinates = shapely.get_coordinates(geometries)
    east, north = change(coordinates[:, 0], coordinates[:, 1])
    if not (np.isfinite(east).all() and np.isfinite(north).all()):
        raise OneMapError("crs.out_of_range", crs=systems.crs_name(source), target=systems.crs_name(target), **place)
    return shapely.set_coordinates(geometries.copy(), np.column_stack([east, north]))


def checked_geometries(
    geometries: np.ndarray, geometry: str, names: np.ndarray, repair: bool, place: dict[str, Any]
) -> tuple[np.ndarray, list[Problem], int, float]:
    """Geometries of the expected kind, present and valid; with `repair` invalid polygons are made valid.

    Returns geometries, the repairs as problems, their number, and the sum of |area change| in m².
    Raises OneMapError geometry.null, .empty, .type, .invalid, .not_finite, each feature named.
    """
    missing = shapely.is_missing(geometries)
    empty = shapely.is_empty(geometries) & ~missing
    wrong = ~missing & ~empty & (_dimension(geometries) != _DIMENSIONS[geometry])
    finite = np.isfinite(shapely.bounds(geometries)).all(axis=1)
    endless = ~missing & ~empty & ~wrong & ~finite
    good = ~(missing | empty | wrong | endless)
    invalid = np.zeros(len(geometries), dtype=bool)
    if geometry == "polygon":
        invalid[good] = ~shapely.is_valid(geometries[good])
    refused: list[Problem] = []
    kinds = shapely.get_type_id(geometries)
    for code, rows in (
        ("geometry.null", missing),
        ("geometry.empty", empty),
        ("geometry.type", wrong),
        ("geometry.not_finite", endless),
        ("geometry.invalid", invalid & (not repair)),
    ):
        for row in np.flatnonzero(rows):
            facts: dict[str, Any] = {
                **place,
                "feature": names[row],
                "row": int(row) + 1,
                "expected": geometry,
            }
            if code == "geometry.type":
                facts["found"] = shapely.GeometryType(kinds[row]).name.title()
            if code == "geometry.invalid":
                facts["reason"] = shapely.is_valid_reason(geometries[row])
            refused.append(Problem(code, facts))
    if refused:
        raise OneMapError.of(_listed(refused, place))
    if not invalid.any():
        return geometries, [], 0, 0.0
    return _repaired(geometries, invalid, names, place)


def _repaired(
    geometries: np.ndarray, invalid: np.ndarray, names: np.ndarray, place: dict[str, Any]
) -> tuple[np.ndarray, list[Problem], int, float]:
    rows = np.flatnonzero(invalid)
    before = shapely.area(geometries[rows])
    reasons = shapely.is_valid_reason(geometries[rows])
    mended = polygon_parts(shapely.make_valid(geometries[rows]))
    lost = shapely.is_missing(mended)
    if lost.any():
        raise OneMapError.of(
            Problem("geometry.collapsed", {**place, "feature": names[row], "row": int(row) + 1}) for row in rows[lost]
        )
    changed = shapely.area(mended) - before
    problems = [
        Problem(
            "geometry.repaired",
            {
                **place,
                "feature": names[row],
                "row": int(row) + 1,
                "reason": reason,
                "area_changed_m2": float(change),
                "change": f"{change:+.3f}",
            },
        )
        for row, reason, change in zip(rows, reasons, changed, strict=True)
    ]
    result = geometries.copy()
    result[rows] = mended
    return result, problems, len(rows), float(np.abs(changed).sum())


def _dimension(geometries: np.ndarray) -> np.ndarray:
    """0 to 2 for points, lines, polygons and their multis; -1 for collections, which mix them."""
    dimension = shapely.get_dimensions(geometries)
    return np.where(shapely.get_type_id(geometries) == 7, -1, dimension)


def _listed(problems: Sequence[Problem], place: dict[str, Any]) -> list[Problem]:
    if len(problems) <= _MAX_LISTED:
        return list(problems)
    more = Problem("problems.more", {**place, "count": len(problems) - _MAX_LISTED})
    return [*problems[:_MAX_LISTED], more]


def normalise(
    raw: RawFrame, entry: LayerEntry, target: pyproj.CRS, wishes: Wishes, required: Sequence[str] = ()
) -> CleanFrame:
    """A raw frame as the layer's clean frame, or a refusal that names every problem.

    required: further fields that must be there because rules use them. Schema fields that are absent are warned of.
    Raises OneMapError field.…, crs.…, geometry.….
    """
    place = {"file": raw.path.name, "layer": raw.layer}
    attributes = renamed_fields(raw, entry, wishes)
    needed = list(dict.fromkeys([*([entry.key] if entry.key else []), *required]))
    absent = [name for name in needed if name not in attributes.columns]
    if absent:
        raise OneMapError.of(
            Problem("field.missing", {**place, "field": name, "names": list(raw.attributes.columns)}) for name in absent
        )
    problems = list(raw.problems)
    problems += [
        Problem("field.absent", {**place, "field": schema_field.name})
        for schema_field in entry.fields
        if schema_field.name not in attributes.columns
    ]
    attributes, as_text = _text_by_schema(attributes, entry)
    problems += [Problem("field.type", {**place, "field": name}) for name in as_text]
    names = feature_names(attributes, entry.key, len(raw.geometries))
    geometries = in_crs(raw.geometries, raw, wishes, target)
    geometries, repairs, repaired, changed = checked_geometries(geometries, entry.geometry, names, wishes.repair, place)
    return CleanFrame(
        geometries=geometries,
        attributes=_storable(attributes),
        names=names,
        problems=(*problems, *repairs),
        repaired=repaired,
        area_changed_m2=changed,
    )
