"""`onemap statistics`: a layer's areas, lengths, counts and sums by class and by area unit.

Areas are those of unions: ground under two features of one row counts once, and `overlap_m2` tells how much that was.
Unknown ground is given beside the known: ground under features for which the condition is unknown, ground without a
feature, ground outside the version's coverage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import Problem, require_value
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.rules.answers.compare.plans import version_named
from onemap.rules.answers.statistics.class_keys import key_titles
from onemap.rules.answers.statistics.counted_once import CountedOnce, UnitBlock
from onemap.rules.answers.statistics.layer_in_units import LayerInUnits, MeasuredRows, StatisticsOptions, unit_remarks
from onemap.rules.answers.statistics.outside_units import OutsideUnits
from onemap.rules.answers.statistics.unit_blocks import PartOfStatistics, joined_statistics, unit_blocks, units_of
from onemap.rules.answers.statistics.unit_pieces import POLYGON, UnitPieces
from onemap.rules.answers.statistics.units import AreaUnits, area_units, proved_ground, unit_titles, version_titles
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.kinds.attribute_json import attribute_json
from onemap.rules.judge.overlay.overlay import parts_inside, parts_outside, union_by
from onemap.rules.judge.overlay.threads import Threads

_Overlay = Callable[[np.ndarray, shapely.Geometry, Threads], tuple[np.ndarray, np.ndarray]]
_DECLARED, _NET = "declared_m2", "net_m2"
_CLOSING = 0.01  # how far from a unit's own scale that of its rest may be; within a unit it differs by thousandths
_NO_ROW, _NO_VALUE = "no_row", Reason.NO_VALUE  # why a unit's number of a table is unknown
_ON = ("", "_ellipsoidal")
_NOT_COUNTED = (Reason.NO_VALUE, "without_feature", Reason.OUTSIDE_COVERAGE)
_NESTED = ("unit", "keys", "titles", "sums", "without_value")  # what a table has in columns of its own


@dataclass(frozen=True)
class Statistics:
    """The answer: rows by unit and class, units, and the total, each as JSON; and the versions used."""

    rows: list[Record]
    units: list[Record]
    total: Record
    layer: Record
    within: Record | None
    problems: list[Problem]
    tables: Mapping[str, Table]


def statistics(library: Library, options: StatisticsOptions, threads: Threads) -> Statistics:
    """Measure a layer; a large layer of polygons is measured block by block of its units.

    Raises OneMapError statistics.…, compare.…, layer.unknown, version.unreadable.
    """
    moment = options.as_of, options.known_at
    version = version_named(library, options.layer, *moment, "CODE")
    units = None
    if options.within is not None:
        units = area_units(library, options.within, options.unit, options.units_where, *moment)
    if units is None:
        return _at_once(LayerInUnits(library, options, threads, units))
    outside = OutsideUnits(library, version, units)
    found = _in_units(library, options, units, threads, outside)
    return replace(found, problems=[*found.problems, *outside.problems([options.where])])


def _in_units(
    library: Library, options: StatisticsOptions, units: AreaUnits, threads: Threads, outside: OutsideUnits
) -> Statistics:
    """The statistics of units; what they count is added to `outside`."""
    version = outside.version
    blocks = unit_blocks(units, version.count)
    if len(blocks) < 2 or library.catalogue()[version.code].geometry == "table":
        asked = LayerInUnits(library, options, threads, units)
        found = _at_once(asked)
        outside.add(asked, asked.truth.possible)
        return found
    every = CountedOnce.of(units, threads)
    parts = []
    for at, block in enumerate(blocks):
        shares = at / len(blocks), (at + 1) / len(blocks)
        asked = LayerInUnits(library, options, threads.part(*shares), units_of(units, block), UnitBlock(every, block))
        parts.append(_part(asked))
        outside.add(asked, asked.truth.possible)
    rows, records, joined = joined_statistics(parts, units.names)
    total = _said_total(joined, options)
    return Statistics(
        rows=rows,
        units=records,
        total=total,
        layer=record_of(version),
        within=units.record,
        problems=list(unit_remarks(library, options, units, every.shared_m2, threads)),
        tables=_tables(options, units, rows, records),
    )


def _part(asked: LayerInUnits) -> PartOfStatistics:
    """The result for a block of the units."""
    found = _raw_statistics(asked)
    fids = asked.source.features.fids
    crosses = asked.crossing_features
    crossing = {name: frozenset(fids[chosen & crosses].tolist()) for name, chosen in _told_of(asked).items()}
    return PartOfStatistics(found.rows, found.units, found.total, crossing)


def _told_of(asked: LayerInUnits) -> dict[str, np.ndarray]:
    """Masks (n,) of the features that the total counts, by the key of each count."""
    certain = asked.truth.true
    no_number = {name: certain & np.isnan(values) for name, values in asked.numbers.items()}
    return {
        "features": certain,
        "no_value_features": asked.truth.unknown,
        **{f"missing.{n}": m for n, m in no_number.items()},
    }


def _at_once(asked: LayerInUnits) -> Statistics:
    """The statistics of all units at once."""
    found = _raw_statistics(asked)
    problems = [*asked.remarks(), *_row_problems(asked, found.rows)]
    is_open = asked.entry.geometry == "table" and not asked.entry.complete
    return replace(found, total=_said_total(found.total, asked.options, is_open), problems=problems)


def _raw_statistics(asked: LayerInUnits) -> Statistics:
    """The statistics of some units, with a total whose numbers can be added to those of other units."""
    pieces = asked.pieces.of_features(asked.truth.true)
    found = asked.measure(pieces, pieces.unit, asked.keys.of_feature[pieces.feature])
    grounds = _Grounds.of(asked)
    whole = asked.pieces_once.of_features(asked.truth.true)
    total = _total(asked, whole, grounds)
    names = asked.units.names if asked.units else np.array([None], dtype=object)
    rows = _rows(asked, found, grounds, total, names)
    units = _unit_records(asked, grounds, names)
    return Statistics(
        rows=rows,
        units=units,
        total=total,
        layer=record_of(asked.version),
        within=asked.units.record if asked.units else None,
        problems=[],
        tables=_tables(asked.options, asked.units, rows, units),
    )


@dataclass(frozen=True)
class _Grounds:
    """The areas of units: whole, under features that count, under features that may count, and unknown.

    Each (2, m), in m² in the plane and on the ellipsoid; NaN where undefined: for a layer without areas, or without
    units.
    """

    area: np.ndarray
    matched: np.ndarray
    overlap: np.ndarray
    no_value: np.ndarray
    without_feature: np.ndarray
    outside_coverage: np.ndarray

    def columns(self) -> dict[str, np.ndarray]:
        """The areas (m,) by the keys of the answer: `area_m2`, `area_ellipsoidal_m2`, `matched_m2` and so on."""
        names = _Grounds.__dataclass_fields__
        return {f"{name}{on}_m2": getattr(self, name)[at] for name in names for at, on in enumerate(_ON)}

    @classmethod
    def of(cls, asked: LayerInUnits) -> "_Grounds":
        """Measure the ground of the units, or of the coverage if no units are named.

        Raises OneMapError compare.arithmetic.
        """
        coverage = require_value(asked.source.coverage, "the coverage of a layer that has features")
        given = asked.grounds if asked.grounds is not None else np.array([coverage], dtype=object)
        count = len(given)
        unknown = np.full((2, count), np.nan)
        beyond = unknown if asked.grounds is None else _of_units_m2(asked, parts_outside, coverage)
        ground = _on_both_m2(asked, given)
        if asked.entry.geometry != POLYGON:
            return cls(ground, unknown, unknown, unknown, unknown, beyond)
        certain, overlap = _unions(asked, asked.pieces.of_features(asked.truth.true), count)
        possible, _ = _unions(asked, asked.pieces.of_features(asked.truth.possible), count)
        every, _ = _unions(asked, asked.pieces, count)
        covered = ground if asked.grounds is None else _of_units_m2(asked, parts_inside, coverage)
        filled = every - _stray(asked, coverage, count)
        bare = np.maximum(covered[0] - filled[0], 0.0)
        scale = _scale_of_rest(ground, bare + np.nan_to_num(beyond[0]), (ground - filled)[1])
        both = np.array([np.ones(count), scale])
        return cls(ground, certain, overlap, possible - certain, bare * both, beyond[0] * both)


def _scale_of_rest(ground: np.ndarray, rest_m2: np.ndarray, closing_m2: np.ndarray) -> np.ndarray:
    """By unit (m,) the ratio of ellipsoidal to planar m² for ground that no feature fills.

    ground: areas of the units in the plane and on the ellipsoid (2, m); rest_m2: the unfilled area in the plane;
    closing_m2: the ellipsoidal area that makes the unit whole. Edges count as straight in degrees, so a border with
    more vertices has another area. For a small rest this error exceeds the rest itself, so the unit's own scale is
    taken.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        own, closing = ground[1] / ground[0], closing_m2 / rest_m2
        return np.where(np.abs(closing / own - 1) <= _CLOSING, closing, own)


def _unions(asked: LayerInUnits, pieces: UnitPieces, units: int) -> tuple[np.ndarray, np.ndarray]:
    """By unit the area of the union of pieces, and the area that overlaps took from their sum.

    Both (2, m), in the plane and on the ellipsoid.
    """
    found = require_value(asked.areas_of(pieces, pieces.unit, units), "areas of polygons")
    areas = np.array([found.area_m2, found.ellipsoidal_m2])
    return areas, np.array([found.overlap_m2, found.overlap_ellipsoidal_m2])


def _of_units_m2(asked: LayerInUnits, overlay: _Overlay, coverage: shapely.Geometry) -> np.ndarray:
    """By unit the areas (2, m) inside or outside the coverage. Raises OneMapError compare.arithmetic."""
    units, grounds = asked.area_units, require_value(asked.grounds, "the units' ground, counted from the origin")
    found = overlay(grounds, coverage, asked.threads)
    return _on_both_m2(asked, proved_ground(found, units.source, units.names))


def _stray(asked: LayerInUnits, coverage: shapely.Geometry, units: int) -> np.ndarray:
    """By unit the areas (2, m) of features outside the coverage: they count, but fill none of it.

    Raises OneMapError compare.arithmetic.
    """
    shapely.prepare(coverage)
    pieces = asked.pieces
    rows = np.flatnonzero(~shapely.covers(coverage, shapely.box(*pieces.ground.boxes.T)))  # in a box lies what it has
    found = parts_outside(pieces.ground.at(rows).geometries, coverage, asked.threads)
    beyond = proved_ground(found, asked.version.table, asked.source.names[pieces.feature[rows]])
    present = ~shapely.is_missing(beyond)
    return _on_both_m2(asked, union_by(pieces.unit[rows][present], beyond[present], units, asked.threads))


def _on_both_m2(asked: LayerInUnits, geometries: np.ndarray) -> np.ndarray:
    """The areas (2, n) of ground counted from the origin, in the plane and on the ellipsoid; 0 for None."""
    return np.array([np.nan_to_num(shapely.area(geometries)), asked.plane.ellipsoidal_m2(geometries)])


def _total(asked: LayerInUnits, whole: UnitPieces, grounds: _Grounds) -> Record:
    nothing = np.zeros(len(whole.unit), dtype=np.int64)
    found = asked.measure(whole, whole.unit, nothing)  # by unit, since unions are of what lies near each other
    ground = asked.own_m2 if asked.units_overlap_m2 else grounds.area[0].sum()
    present = np.unique(asked.pieces.feature)
    counts = {name: int(chosen[present].sum()) for name, chosen in _told_of(asked).items()}
    total: Record = {"features": counts.pop("features"), "area_m2": None, "area_ellipsoidal_m2": None}
    total["length_m"] = None
    if found.areas is not None:
        total["area_m2"] = float(found.areas.area_m2.sum())
        total["area_ellipsoidal_m2"] = float(found.areas.ellipsoidal_m2.sum())
    elif found.length_m is not None:
        total["length_m"] = float(found.length_m.sum())
    total["share"] = _total_share(asked, total, ground)
    total |= {**counts, **{f"sum.{name}": float(values.sum()) for name, (values, _) in found.sums.items()}}
    if asked.entry.geometry == POLYGON:
        total["overlap_m2"] = float(found.areas.overlap_m2.sum()) if found.areas else None
        total["overlap_ellipsoidal_m2"] = float(found.areas.overlap_ellipsoidal_m2.sum()) if found.areas else None
        for name, areas in grounds.columns().items():
            if name.startswith(_NOT_COUNTED):
                # What lies in two units cannot be added up.
                total[name] = None if asked.units_overlap_m2 else _number(areas.sum())
    if asked.units is not None:
        total["units"] = len(asked.units.names)
        total["units_m2"] = float(ground)
        total["units_ellipsoidal_m2"] = (
            asked.own_ellipsoidal_m2 if asked.units_overlap_m2 else float(grounds.area[1].sum())
        )
    total["declared"] = {_DECLARED: asked.declared_field, _NET: asked.net_field}
    return total


def _said_total(joined: Record, options: StatisticsOptions, is_open: bool = False) -> Record:
    """The total in the form of the answer; the sum of a field in which no feature has a number is unknown.

    is_open: without any feature a sum is unknown, too.
    """
    total = {name: value for name, value in joined.items() if "." not in name and name != "declared"}
    of = {name.removeprefix("sum."): value for name, value in joined.items() if name.startswith("sum.")}
    missing = {name: joined[f"missing.{name}"] for name in of}
    features = total["features"]
    sums = {n: None if is_open and not features else _sum_of(v, missing[n], features) for n, v in of.items()}
    total |= {key: sums[name] for key, name in joined["declared"].items() if name in sums}
    if options.sums:
        total["sums"] = {name: sums[name] for name in options.sums}
        total["without_value"] = {name: missing[name] for name in options.sums}
    return total


def _sum_of(value: float, missing: int, features: int) -> float | None:
    return None if features and missing == features else float(value)


def _total_share(asked: LayerInUnits, total: Record, ground: float) -> float | None:
    """The share of the total in the units' ground; 1 without units."""
    if asked.units is None or asked.entry.geometry != POLYGON:
        return 1.0 if total["features"] else None
    return float(total["area_m2"] / ground) if ground else None


def _rows(
    asked: LayerInUnits, found: MeasuredRows, grounds: _Grounds, total: Record, names: np.ndarray
) -> list[Record]:
    """A row for each unit and class that occurs; without classes one for each unit, even if it is empty."""
    rows = []
    share = _shares(asked, found, grounds, total)
    for at, (unit, group) in enumerate(zip(found.unit.tolist(), found.group.tolist(), strict=True)):
        keys = asked.keys.keys(group)
        row: Record = {"unit": names[unit], "keys": keys, "features": int(found.features[at])}
        row["titles"] = key_titles(keys, asked.entry, asked.options.language)
        row["area_m2"] = float(found.areas.area_m2[at]) if found.areas else None
        row["area_ellipsoidal_m2"] = float(found.areas.ellipsoidal_m2[at]) if found.areas else None
        row["length_m"] = float(found.length_m[at]) if found.length_m is not None else None
        row["share"] = _number(share[at])
        sums = {n: (v[at], int(m[at])) for n, (v, m) in found.sums.items()}
        rows.append(row | _sums_record(asked, sums, row["features"]))
    if not asked.options.by:
        rows = _with_empty_units(asked, rows, names)
    return rows


def _with_empty_units(asked: LayerInUnits, rows: list[Record], names: np.ndarray) -> list[Record]:
    """The rows in the order of units, with a row for each empty unit; a table's numbers may be unknown there."""
    known = {row["unit"]: row for row in rows}
    none = 0.0 if asked.entry.geometry == POLYGON else None
    empty: Record = {"keys": {}, "titles": {}, "features": 0, "area_m2": none, "area_ellipsoidal_m2": none}
    empty["length_m"] = 0.0 if asked.entry.geometry == "line" else None
    empty["share"] = none
    empty |= _sums_record(asked, dict.fromkeys(asked.numbers, (0.0, 0)), 0)
    return [known.get(name) or {"unit": name, **empty} for name in names.tolist()]


def _shares(asked: LayerInUnits, found: MeasuredRows, grounds: _Grounds, total: Record) -> np.ndarray:
    """The share of each row in its unit's ground; for lines and points, or without units, in the total."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if found.areas is not None:
            of = grounds.area[0][found.unit] if asked.units is not None else total["area_m2"]
            return np.asarray(found.areas.area_m2 / of, dtype=float)
        measure = found.length_m if found.length_m is not None else found.features.astype(float)
        return np.asarray(measure / np.bincount(found.unit, measure)[found.unit], dtype=float)


def _sums_record(asked: LayerInUnits, sums: Mapping[str, tuple[Any, int]], features: int) -> Record:
    """The sums of a row: declared and net area, the requested sums, and how many features had no number.

    For a table also why a sum is unknown; in a complete table a missing row means 0.
    """
    is_table = asked.entry.geometry == "table"
    has_row = features > 0 or not is_table or asked.entry.complete
    values = {name: _sum_of(value, lost, features) if has_row else None for name, (value, lost) in sums.items()}
    declared = {_DECLARED: asked.declared_field, _NET: asked.net_field}
    record: Record = {key: values[name] for key, name in declared.items() if name in values}
    if asked.options.sums:
        record["sums"] = {name: values[name] for name in asked.options.sums}
        record["without_value"] = {name: sums[name][1] for name in asked.options.sums}
    if is_table:
        lost = any(value is None for value in values.values())
        record["reason"] = _NO_ROW if not has_row else _NO_VALUE if lost else None
    return record


def _row_problems(asked: LayerInUnits, rows: list[Record]) -> list[Problem]:
    """A problem that names the units without a row in a table."""
    if asked.units is None or asked.entry.geometry != "table" or asked.entry.complete:
        return []
    present = {row["unit"] for row in rows if row["features"]}
    without = [str(name) for name in asked.units.names.tolist() if name not in present]
    title = version_titles(asked.entry, asked.version.label)
    facts = {"layer": asked.version.code, "table": title, "count": len(without), "units": without[:10]}
    return [Problem("statistics.no_row", facts)] if without else []


def _unit_records(asked: LayerInUnits, grounds: _Grounds, names: np.ndarray) -> list[Record]:
    if asked.units is None:
        return []
    columns = grounds.columns()
    titles = unit_titles(asked.units)
    return [
        {
            "unit": name,
            **titles.get(name, {}),
            **{field: _number(areas[at]) for field, areas in columns.items()},
        }
        for at, name in enumerate(names.tolist())
    ]


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _tables(
    options: StatisticsOptions, units: AreaUnits | None, rows: list[Record], records: list[Record]
) -> dict[str, Table]:
    """The table `statistics` and, if there are units, `units` with their geometries."""
    flat = []
    for row in rows:
        keys = {f"key_{name}" if name in row else name: value for name, value in row["keys"].items()}
        sums = {f"sum_{name}": value for name, value in row.get("sums", {}).items()}
        plain = {name: value for name, value in row.items() if name not in _NESTED}
        class_name = {"class_name": " · ".join(row["titles"].values()) or None} if options.by else {}
        flat.append({"unit": row["unit"], "keys": attribute_json(row["keys"]), **keys, **plain, **class_name, **sums})
    tables = {"statistics": Table(record_columns(flat, ["unit", "keys", *options.by, "features", "area_m2"]))}
    if units is not None:
        tables["units"] = Table(record_columns(records, ["unit"]), units.grounds)
    return tables


def record_columns(records: list[Record], names: list[str]) -> pd.DataFrame:
    """Rows as columns: numbers as numbers, everything else as text."""
    columns = pd.DataFrame(records, columns=None if records else names, dtype=object)
    for name in columns.columns:
        values = columns[name]
        known = [value for value in values.tolist() if value is not None]
        measured = str(name).endswith(("_m2", "_m", "share")) or str(name).startswith("sum_")
        if name == "features":
            columns[name] = values.astype("int64")
        elif (measured or known) and all(type(value) in (int, float) for value in known):  # a class may be called so
            columns[name] = values.astype(float)
        else:
            columns[name] = pd.Series([None if v is None else str(v) for v in values], dtype=object)
    return columns


def record_of(version: Version) -> Record:
    """A version as an answer names it."""
    return {
        "code": version.code,
        "label": version.label,
        "table": version.table,
        "hash": version.hash,
        "valid_from": version.valid_from,
        "coverage": version.coverage_kind,
    }
