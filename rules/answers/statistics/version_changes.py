"""`onemap changes`: compare two versions of a layer feature by feature, with the changes of classes.

Features are matched by their key, if it is used once in both versions; the others by their geometry, to the last digit,
wherever a ring begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import feature_names, text_value
from onemap.layers.library.library import Library
from onemap.layers.library.versions import StoredFeatures, Version, read_version
from onemap.rules.answers.compare.plans import version_named
from onemap.rules.answers.statistics.transitions import TransitionOptions, transitions
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.kinds.attribute_json import attribute_json
from onemap.rules.judge.overlay.threads import Threads

CHANGES = ADDED, REMOVED, MOVED, CHANGED, UNCHANGED = "added", "removed", "moved", "changed", "unchanged"
_GEOMETRY_TYPES = {"polygon": "MultiPolygon", "line": "MultiLineString", "point": "MultiPoint"}
_READ = 0.3  # of the work, when both versions are read and their features paired


@dataclass(frozen=True)
class VersionChanges:
    """The answer: number of features by change, classes that changed with their ground in m², and the tables.

    class_field: the field of the classes, None if neither request nor catalogue names one.
    """

    counts: dict[str, int]
    transitions: list[dict[str, Any]]
    class_field: str | None
    layers: list[dict[str, Any]]
    problems: list[Problem]
    tables: Mapping[str, Table]


@dataclass(frozen=True)
class _Side:
    """One version: its features, their names (n,), and their geometries as bytes independent of where a ring starts.

    For a table without geometries, the bytes are those of the whole row.
    """

    version: Version
    features: StoredFeatures
    names: np.ndarray
    bodies: list[bytes]

    @classmethod
    def read(cls, library: Library, version: Version, key: str | None, is_placed: bool) -> "_Side":
        """Read a whole version. Raises OneMapError version.unreadable."""
        features = read_version(library, version, None)
        names = feature_names(features.attributes, key, len(features.fids))
        if not is_placed:
            values = features.attributes.itertuples(index=False, name=None)
            return cls(version, features, names, [repr(row).encode(errors="backslashreplace") for row in values])
        bodies = [body or b"" for body in shapely.to_wkb(shapely.normalize(features.geometries), byte_order=1)]
        return cls(version, features, names, bodies)


def version_changes(
    library: Library, code: str, old: str, new: str, by: str | None, as_of: date, threads: Threads
) -> VersionChanges:
    """Compare two versions. old, new: their labels; by: the field of the class, else the catalogue's class field.

    Raises OneMapError layer.unknown, compare.label, changes.raster, version.unreadable, statistics.….
    """
    versions = [
        version_named(library, f"{code}@{label}", as_of, None, field) for label, field in ((old, "OLD"), (new, "NEW"))
    ]
    entry = library.catalogue()[code]
    if entry.geometry == "raster":
        raise OneMapError("changes.raster", file=library.label, layer=code)
    is_placed = entry.geometry != "table"
    before, after = (_Side.read(library, version, entry.key, is_placed) for version in versions)
    pairs = _row_pairs(before, after, entry.key)
    rows = _rows(before, after, pairs, is_placed)
    threads.progress.at(_READ)
    classes, problems = _class_changes(library, entry, before, after, by, as_of, threads.part(_READ, 1.0))
    counts = {change: int((rows["change"] == change).sum()) for change in CHANGES}
    facts = [{"version": version.label, "hash": version.hash, "features": version.count} for version in versions]
    field = by or entry.class_field
    return VersionChanges(counts, classes, field, facts, problems, _tables(rows, before, after, entry, classes))


def _row_pairs(before: _Side, after: _Side, key: str | None) -> dict[int, int]:
    """Row before → row after for every feature that is matched."""
    pairs: dict[int, int] = {}
    if key is not None and key in before.features.attributes and key in after.features.attributes:
        pairs |= _matching_rows(_keys(before, key), _keys(after, key), set(), set())
    matched_rows = set(pairs.values())
    return pairs | _matching_rows(before.bodies, after.bodies, set(pairs), matched_rows)


def _keys(side: _Side, key: str) -> list[str]:
    return [text_value(value) or "" for value in side.features.attributes[key]]


def _matching_rows(one: list[Any], other: list[Any], matched_rows: set[int], other_matched: set[int]) -> dict[int, int]:
    """Match rows of two lists by values that neither list repeats; matched rows and empty values are ignored."""
    places = [_single_places(values, without) for values, without in ((one, matched_rows), (other, other_matched))]
    return {row: places[1][value] for value, row in places[0].items() if value in places[1]}


def _single_places(values: list[Any], without: set[int]) -> dict[Any, int]:
    places: dict[Any, int] = {}
    repeated = set()
    for row, value in enumerate(values):
        if row in without or not value:
            continue
        if value in places:
            repeated.add(value)
        places[value] = row
    return {value: row for value, row in places.items() if value not in repeated}


def _rows(before: _Side, after: _Side, pairs: Mapping[int, int], is_placed: bool) -> pd.DataFrame:
    """A row for each feature of either version: `change, feature, before, after, fields` and the rows of both."""
    olds, news = _records(before), _records(after)
    rows: list[tuple[Any, ...]] = []
    for one, other in sorted(pairs.items(), key=lambda pair: pair[1]):
        fields = sorted(name for name in {*olds[one], *news[other]} if olds[one].get(name) != news[other].get(name))
        is_same_place = not is_placed or before.bodies[one] == after.bodies[other]
        change = MOVED if not is_same_place else CHANGED if fields else UNCHANGED
        rows.append((change, after.names[other], one, other, fields, olds[one], news[other]))
    matched_rows = set(pairs.values())
    rows += [
        (ADDED, name, -1, row, [], None, news[row]) for row, name in enumerate(after.names) if row not in matched_rows
    ]
    rows += [(REMOVED, name, row, -1, [], olds[row], None) for row, name in enumerate(before.names) if row not in pairs]
    names = ["change", "feature", "row_before", "row_after", "fields", "before", "after"]
    return pd.DataFrame(rows, columns=names)


def _records(side: _Side) -> list[dict[str, Any]]:
    names = list(map(str, side.features.attributes.columns))
    values = side.features.attributes.itertuples(index=False, name=None)
    return [dict(zip(names, row, strict=True)) for row in values]


def _class_changes(
    library: Library,
    entry: LayerEntry,
    before: _Side,
    after: _Side,
    by: str | None,
    as_of: date,
    threads: Threads,
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Ground whose class changed, the largest first: `from, to` (null: no feature), and its areas."""
    field = by or entry.class_field
    if entry.geometry != "polygon" or field is None:
        return [], []
    names = [f"{entry.code}@{side.version.label}" for side in (before, after)]
    transition_answer = transitions(library, TransitionOptions(names[0], names[1], (field,), as_of=as_of), threads)
    rows = [
        {
            "from": _class(row["from"], field),
            "to": _class(row["to"], field),
            **{name: row[name] for name in ("area_m2", "area_ellipsoidal_m2")},
        }
        for row in transition_answer.rows
        if row["from"] != row["to"]
    ]
    return sorted(rows, key=lambda row: -row["area_m2"]), transition_answer.problems


def _class(keys: Mapping[str, Any] | None, field: str) -> Any:
    return None if keys is None else keys.get(field)


def _tables(
    rows: pd.DataFrame, before: _Side, after: _Side, entry: LayerEntry, classes: list[dict[str, Any]]
) -> dict[str, Table]:
    """Every feature that changed, at its new or last place; and the classes."""
    differing = rows[rows["change"] != UNCHANGED].reset_index(drop=True)
    is_placed = entry.geometry != "table"
    geometries = np.array(
        [
            after.features.geometries[new] if new >= 0 else before.features.geometries[old]
            for old, new in zip(differing["row_before"], differing["row_after"], strict=True)
        ],
        dtype=object,
    )
    columns = pd.DataFrame(
        {
            "change": differing["change"],
            "feature": differing["feature"],
            "fields": [",".join(fields) for fields in differing["fields"]],
            "before": [None if values is None else attribute_json(values) for values in differing["before"]],
            "after": [None if values is None else attribute_json(values) for values in differing["after"]],
        },
        dtype=object,
    )
    areas = pd.DataFrame(classes, columns=["from", "to", "area_m2"]).astype({"from": object, "to": object})
    areas["area_m2"] = areas["area_m2"].astype(float)
    change_table = Table(columns, geometries, _GEOMETRY_TYPES[entry.geometry]) if is_placed else Table(columns)
    return {"changes": change_table, "transitions": Table(areas)}
