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
    figures = _in_units(library, options, units, threads, outside)
    return replace(figures, problems=[*figures.problems, *outside.problems([options.where])])


def _in_units(
    library: Library, options: StatisticsOptions, units: AreaUnits, threads: Threads, outside: OutsideUnits
) -> Statistics:
    """The statistics of units; what they count is added to `outside`."""
    version = outside.version
    blocks = unit_blocks(units, version.count)
    if len(blocks) < 2 or library.catalogue()[version.code].geometry == "table":
        layer = LayerInUnits(library, options, threads, units)
        figures = _at_once(layer)
        outside.add(layer, layer.truth.possible)
        return figures
    every = CountedOnce.of(units, threads)
    parts = []
    for at, block in enumerate(blocks):
        shares = at / len(blocks), (at + 1) / len(blocks)
        layer = LayerInUnits(library, options, threads.part(*shares), units_of(units, block), UnitBlock(every, block))
        parts.append(_part(layer))
        outside.add(layer, layer.truth.possible)
    rows, records, joined_total = joined_statistics(parts, units.names)
    total = _said_total(joined_total, options)
    return Statistics(
        rows=rows,
        units=records,
        total=total,
        layer=record_of(version),
        within=units.record,
        problems=list(unit_remarks(library, options, units, every.shared_m2, threads)),
        tables=_tables(options, units, rows, records),
    )


def _part(layer: LayerInUnits) -> PartOfStatistics:
    """The result for a block of the units."""
    figures = _raw_statistics(layer)
    fids = layer.source.features.fids
    crosses = layer.crossing_features
    crossing_fids = {
        name: frozenset(fids[is_counted & crosses].tolist()) for name, is_counted in _told_of(layer).items()
    }
    return PartOfStatistics(figures.rows, figures.units, figures.total, crossing_fids)


def _told_of(layer: LayerInUnits) -> dict[str, np.ndarray]:
    """Masks (n,) of the features that the total counts, by the key of each count."""
    certain = layer.truth.true
    no_number = {name: certain & np.isnan(values) for name, values in layer.numbers.items()}
    return {
        "features": certain,
        "no_value_features": layer.truth.unknown,
        **{f"missing.{n}": m for n, m in no_number.items()},
    }


def _at_once(layer: LayerInUnits) -> Statistics:
    """The statistics of all units at once."""
    figures = _raw_statistics(layer)
    problems = [*layer.remarks(), *_row_problems(layer, figures.rows)]
    is_open = layer.entry.geometry == "table" and not layer.entry.complete
    return replace(figures, total=_said_total(figures.total, layer.options, is_open), problems=problems)


def _raw_statistics(layer: LayerInUnits) -> Statistics:
    """The statistics of some units, with a total whose numbers can be added to those of other units."""
    pieces = layer.pieces.of_features(layer.truth.true)
    measured_rows = layer.measure(pieces, pieces.unit, layer.keys.of_feature[pieces.feature])
    grounds = _Grounds.of(layer)
    whole = layer.pieces_once.of_features(layer.truth.true)
    total = _total(layer, whole, grounds)
    names = layer.units.names if layer.units else np.array([None], dtype=object)
    rows = _rows(layer, measured_rows, grounds, total, names)
    units = _unit_records(layer, grounds, names)
    return Statistics(
        rows=rows,
        units=units,
        total=total,
        layer=record_of(layer.version),
        within=layer.units.record if layer.units else None,
        problems=[],
        tables=_tables(layer.options, layer.units, rows, units),
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
    def of(cls, layer: LayerInUnits) -> "_Grounds":
        """Measure the ground of the units, or of the coverage if no units are named.

        Raises OneMapError compare.arithmetic.
        """
        coverage = require_value(layer.source.coverage, "the coverage of a layer that has features")
        unit_grounds = layer.grounds if layer.grounds is not None else np.array([coverage], dtype=object)
        count = len(unit_grounds)
        unknown = np.full((2, count), np.nan)
        uncovered_m2 = unknown if layer.grounds is None else _of_units_m2(layer, parts_outside, coverage)
        ground = _on_both_m2(layer, unit_grounds)
        if layer.entry.geometry != POLYGON:
            return cls(ground, unknown, unknown, unknown, unknown, uncovered_m2)
        certain, overlap = _unions(layer, layer.pieces.of_features(layer.truth.true), count)
        possible, _ = _unions(layer, layer.pieces.of_features(layer.truth.possible), count)
        every, _ = _unions(layer, layer.pieces, count)
        covered_m2 = ground if layer.grounds is None else _of_units_m2(layer, parts_inside, coverage)
        filled_m2 = every - _stray(layer, coverage, count)
        bare = np.maximum(covered_m2[0] - filled_m2[0], 0.0)
        scale = _scale_of_rest(ground, bare + np.nan_to_num(uncovered_m2[0]), (ground - filled_m2)[1])
        both = np.array([np.ones(count), scale])
        return cls(ground, certain, overlap, possible - certain, bare * both, uncovered_m2[0] * both)


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


def _unions(layer: LayerInUnits, pieces: UnitPieces, units: int) -> tuple[np.ndarray, np.ndarray]:
    """By unit the area of the union of pieces, and the area that overlaps took from their sum.

    Both (2, m), in the plane and on the ellipsoid.
    """
    union_areas = require_value(layer.areas_of(pieces, pieces.unit, units), "areas of polygons")
    areas = np.array([union_areas.area_m2, union_areas.ellipsoidal_m2])
    return areas, np.array([union_areas.overlap_m2, union_areas.overlap_ellipsoidal_m2])


def _of_units_m2(layer: LayerInUnits, overlay: _Overlay, coverage: shapely.Geometry) -> np.ndarray:
    """By unit the areas (2, m) inside or outside the coverage. Raises OneMapError compare.arithmetic."""
    units, grounds = layer.area_units, require_value(layer.grounds, "the units' ground, counted from the origin")
    overlay_result = overlay(grounds, coverage, layer.threads)
    return _on_both_m2(layer, proved_ground(overlay_result, units.source, units.names))


def _stray(layer: LayerInUnits, coverage: shapely.Geometry, units: int) -> np.ndarray:
    """By unit the areas (2, m) of features outside the coverage: they count, but fill none of it.

    Raises OneMapError compare.arithmetic.
    """
    shapely.prepare(coverage)
    pieces = layer.pieces
    rows = np.flatnonzero(~shapely.covers(coverage, shapely.box(*pieces.ground.boxes.T)))  # in a box lies what it has
    overlay_result = parts_outside(pieces.ground.at(rows).geometries, coverage, layer.threads)
    outer_ground = proved_ground(overlay_result, layer.version.table, layer.source.names[pieces.feature[rows]])
    present = ~shapely.is_missing(outer_ground)
    return _on_both_m2(layer, union_by(pieces.unit[rows][present], outer_ground[present], units, layer.threads))


def _on_both_m2(layer: LayerInUnits, geometries: np.ndarray) -> np.ndarray:
    """The areas (2, n) of ground counted from the origin, in the plane and on the ellipsoid; 0 for None."""
    return np.array([np.nan_to_num(shapely.area(geometries)), layer.plane.ellipsoidal_m2(geometries)])


def _total(layer: LayerInUnits, whole: UnitPieces, grounds: _Grounds) -> Record:
    nothing = np.zeros(len(whole.unit), dtype=np.int64)
    measured_rows = layer.measure(whole, whole.unit, nothing)  # by unit, since unions are of what lies near each other
    ground = layer.own_m2 if layer.units_overlap_m2 else grounds.area[0].sum()
    present = np.unique(layer.pieces.feature)
    counts = {name: int(is_counted[present].sum()) for name, is_counted in _told_of(layer).items()}
    total: Record = {"features": counts.pop("features"), "area_m2": None, "area_ellipsoidal_m2": None}
    total["length_m"] = None
    if measured_rows.areas is not None:
        total["area_m2"] = float(measured_rows.areas.area_m2.sum())
        total["area_ellipsoidal_m2"] = float(measured_rows.areas.ellipsoidal_m2.sum())
    elif measured_rows.length_m is not None:
        total["length_m"] = float(measured_rows.length_m.sum())
    total["share"] = _total_share(layer, total, ground)
    total |= {**counts, **{f"sum.{name}": float(values.sum()) for name, (values, _) in measured_rows.sums.items()}}
    if layer.entry.geometry == POLYGON:
        total["overlap_m2"] = float(measured_rows.areas.overlap_m2.sum()) if measured_rows.areas else None
        total["overlap_ellipsoidal_m2"] = (
            float(measured_rows.areas.overlap_ellipsoidal_m2.sum()) if measured_rows.areas else None
        )
        for name, areas in grounds.columns().items():
            if name.startswith(_NOT_COUNTED):
                # What lies in two units cannot be added up.
                total[name] = None if layer.units_overlap_m2 else _number(areas.sum())
    if layer.units is not None:
        total["units"] = len(layer.units.names)
        total["units_m2"] = float(ground)
        total["units_ellipsoidal_m2"] = (
            layer.own_ellipsoidal_m2 if layer.units_overlap_m2 else float(grounds.area[1].sum())
        )
    total["declared"] = {_DECLARED: layer.declared_field, _NET: layer.net_field}
    return total


def _said_total(raw_total: Record, options: StatisticsOptions, is_open: bool = False) -> Record:
    """The total in the form of the answer; the sum of a field in which no feature has a number is unknown.

    is_open: without any feature a sum is unknown, too.
    """
    total = {name: value for name, value in raw_total.items() if "." not in name and name != "declared"}
    of = {name.removeprefix("sum."): value for name, value in raw_total.items() if name.startswith("sum.")}
    missing = {name: raw_total[f"missing.{name}"] for name in of}
    features = total["features"]
    sums = {n: None if is_open and not features else _sum_of(v, missing[n], features) for n, v in of.items()}
    total |= {key: sums[name] for key, name in raw_total["declared"].items() if name in sums}
    if options.sums:
        total["sums"] = {name: sums[name] for name in options.sums}
        total["without_value"] = {name: missing[name] for name in options.sums}
    return total


def _sum_of(value: float, missing: int, features: int) -> float | None:
    return None if features and missing == features else float(value)


def _total_share(layer: LayerInUnits, total: Record, ground: float) -> float | None:
    """The share of the total in the units' ground; 1 without units."""
    if layer.units is None or layer.entry.geometry != POLYGON:
        return 1.0 if total["features"] else None
    return float(total["area_m2"] / ground) if ground else None


def _rows(
    layer: LayerInUnits, measured_rows: MeasuredRows, grounds: _Grounds, total: Record, names: np.ndarray
) -> list[Record]:
    """A row for each unit and class that occurs; without classes one for each unit, even if it is empty."""
    rows = []
    share = _shares(layer, measured_rows, grounds, total)
    for at, (unit, group) in enumerate(zip(measured_rows.unit.tolist(), measured_rows.group.tolist(), strict=True)):
        keys = layer.keys.keys(group)
        row: Record = {"unit": names[unit], "keys": keys, "features": int(measured_rows.features[at])}
        row["titles"] = key_titles(keys, layer.entry, layer.options.language)
        row["area_m2"] = float(measured_rows.areas.area_m2[at]) if measured_rows.areas else None
        row["area_ellipsoidal_m2"] = float(measured_rows.areas.ellipsoidal_m2[at]) if measured_rows.areas else None
        row["length_m"] = float(measured_rows.length_m[at]) if measured_rows.length_m is not None else None
        row["share"] = _number(share[at])
        sums = {n: (v[at], int(m[at])) for n, (v, m) in measured_rows.sums.items()}
        rows.append(row | _sums_record(layer, sums, row["features"]))
    if not layer.options.by:
        rows = _with_empty_units(layer, rows, names)
    return rows


def _with_empty_units(layer: LayerInUnits, rows: list[Record], names: np.ndarray) -> list[Record]:
    """The rows in the order of units, with a row for each empty unit; a table's numbers may be unknown there."""
    row_by_unit = {row["unit"]: row for row in rows}
    none = 0.0 if layer.entry.geometry == POLYGON else None
    empty: Record = {"keys": {}, "titles": {}, "features": 0, "area_m2": none, "area_ellipsoidal_m2": none}
    empty["length_m"] = 0.0 if layer.entry.geometry == "line" else None
    empty["share"] = none
    empty |= _sums_record(layer, dict.fromkeys(layer.numbers, (0.0, 0)), 0)
    return [row_by_unit.get(name) or {"unit": name, **empty} for name in names.tolist()]


def _shares(layer: LayerInUnits, measured_rows: MeasuredRows, grounds: _Grounds, total: Record) -> np.ndarray:
    """The share of each row in its unit's ground; for lines and points, or without units, in the total."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if measured_rows.areas is not None:
            of = grounds.area[0][measured_rows.unit] if layer.units is not None else total["area_m2"]
            return np.asarray(measured_rows.areas.area_m2 / of, dtype=float)
        measure = measured_rows.length_m if measured_rows.length_m is not None else measured_rows.features.astype(float)
        return np.asarray(measure / np.bincount(measured_rows.unit, measure)[measured_rows.unit], dtype=float)


def _sums_record(layer: LayerInUnits, sums: Mapping[str, tuple[Any, int]], features: int) -> Record:
    """The sums of a row: declared and net area, the requested sums, and how many features had no number.

    For a table also why a sum is unknown; in a complete table a missing row means 0.
    """
    is_table = layer.entry.geometry == "table"
    has_row = features > 0 or not is_table or layer.entry.complete
    values = {
        name: _sum_of(value, without_number, features) if has_row else None
        for name, (value, without_number) in sums.items()
    }
    declared_fields = {_DECLARED: layer.declared_field, _NET: layer.net_field}
    record: Record = {key: values[name] for key, name in declared_fields.items() if name in values}
    if layer.options.sums:
        record["sums"] = {name: values[name] for name in layer.options.sums}
        record["without_value"] = {name: sums[name][1] for name in layer.options.sums}
    if is_table:
        without_number = any(value is None for value in values.values())
        record["reason"] = _NO_ROW if not has_row else _NO_VALUE if without_number else None
    return record


def _row_problems(layer: LayerInUnits, rows: list[Record]) -> list[Problem]:
    """A problem that names the units without a row in a table."""
    if layer.units is None or layer.entry.geometry != "table" or layer.entry.complete:
        return []
    present = {row["unit"] for row in rows if row["features"]}
    without = [str(name) for name in layer.units.names.tolist() if name not in present]
    title = version_titles(layer.entry, layer.version.label)
    facts = {"layer": layer.version.code, "table": title, "count": len(without), "units": without[:10]}
    return [Problem("statistics.no_row", facts)] if without else []


def _unit_records(layer: LayerInUnits, grounds: _Grounds, names: np.ndarray) -> list[Record]:
    if layer.units is None:
        return []
    columns = grounds.columns()
    titles = unit_titles(layer.units)
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
        known_values = [value for value in values.tolist() if value is not None]
        is_measure = str(name).endswith(("_m2", "_m", "share")) or str(name).startswith("sum_")
        if name == "features":
            columns[name] = values.astype("int64")
        elif (is_measure or known_values) and all(
            type(value) in (int, float) for value in known_values
        ):  # a class may be called so
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
