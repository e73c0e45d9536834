"""`onemap transitions`: how the classes of one version became those of another, by area unit.

Every place counts once: where a version overlaps itself, the first row has the ground. A unit's rows therefore sum to
its compared ground, by class to the older version and by class to the newer one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, versions
from onemap.rules.answers.compare.plans import common_ground, remarks_on_pair, wanted_version
from onemap.rules.answers.statistics.counted_once import CountedOnce
from onemap.rules.answers.statistics.layer_in_units import StatisticsOptions, unit_remarks
from onemap.rules.answers.statistics.statistics import Record, record_columns, record_of
from onemap.rules.answers.statistics.transition_cells import VersionPair
from onemap.rules.answers.statistics.union_areas import Plane
from onemap.rules.answers.statistics.unit_blocks import unit_blocks
from onemap.rules.answers.statistics.units import (
    AreaUnits,
    area_units,
    beyond_m2,
    proved_ground,
    shared_m2,
    unit_titles,
)
from onemap.rules.judge.check.check import origin_of
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.layer_sources import Sources
from onemap.rules.judge.kinds.attribute_json import attribute_json
from onemap.rules.judge.overlay.overlay import parts_inside
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class TransitionOptions:
    """The options of `transitions`: two versions, each CODE or CODE@label, classes, units."""

    a: str
    b: str
    by: tuple[str, ...]
    within: str | None = None
    unit: str | None = None
    units_where: str | None = None
    as_of: date = date.min
    known_at: datetime | None = None


@dataclass(frozen=True)
class Transitions:
    """The answer, each part as JSON: rows by unit, class before and after; classes with their margins; units; total."""

    rows: list[Record]
    classes: list[Record]
    units: list[Record]
    total: Record
    layers: list[Record]
    within: Record | None
    problems: list[Problem]
    tables: Mapping[str, Table]


def transitions(library: Library, options: TransitionOptions, threads: Threads) -> Transitions:
    """Measure transitions; many features are measured block by block of the units.

    Raises OneMapError statistics.…, compare.…, layer.unknown, version.unreadable.
    """
    moment = options.as_of, options.known_at
    one, other = (wanted_version(library, name, *moment, where) for name, where in ((options.a, "A"), (options.b, "B")))
    units = area_units(library, options.within, options.unit, options.units_where, *moment) if options.within else None
    both = common_ground(library, one, other)
    names, grounds, uncompared_m2 = _grounds(units, both, threads)
    has_ground = ~shapely.is_missing(grounds)
    box = shapely.total_bounds(grounds)
    origin = origin_of(library, box)
    sources = Sources(library, versions(library, options.known_at), options.as_of, {}, {}, origin)
    pair = VersionPair(library, sources, (one, other), options.by, Plane(library.crs, origin))
    compared_units = AreaUnits(names[has_ground], grounds[has_ground], units.record if units else {})
    every = CountedOnce.of(compared_units, threads)
    blocks = unit_blocks(compared_units, one.count + other.count)
    rows, whole, lost_by_fid = _in_blocks(pair, every.from_origin(origin), blocks, threads.part(0.05, 0.95))
    rows = [{**row, "unit": compared_units.names[row["unit"]]} for row in rows]
    records = _unit_records(rows, names, grounds, uncompared_m2, unit_titles(units))
    classes = class_margins(rows)
    own_options = StatisticsOptions(options.a, within=options.within, units_where=options.units_where)
    return Transitions(
        rows=rows,
        classes=classes,
        units=records,
        total=_total(whole, _beyond_of_all(units, both, uncompared_m2, threads)),
        layers=[record_of(version) for version in pair.versions],
        within=units.record if units else None,
        problems=[
            *remarks_on_pair(one, other),
            *_overlaps(pair.versions, lost_by_fid),
            *unit_remarks(library, own_options, units, every.shared_m2, threads),
        ],
        tables=_tables(rows, classes, records, grounds),
    )


def _in_blocks(
    pair: VersionPair, every: CountedOnce, blocks: list[np.ndarray], threads: Threads
) -> tuple[list[Record], list[Record], tuple[dict[int, float], dict[int, float]]]:
    """Rows by unit (its position); rows that count ground of two units once; the areas that features lost, by fid."""
    rows: list[Record] = []
    whole: list[Record] = []
    lost_by_fid: tuple[dict[int, float], dict[int, float]] = {}, {}
    for block, part in threads.in_turn(blocks):
        cells = pair.cells(every.grounds[block], part)
        rows += [{**row, "unit": int(block[row["unit"]])} for row in cells.rows]
        if every.shared_m2:
            own = every.own[block]
            own = own[~shapely.is_missing(own)]
            if len(own) == 0:
                continue
            cells = pair.cells(own, part)
        whole += cells.rows
        for all_lost, here in zip(lost_by_fid, cells.lost, strict=True):
            for fid, area in here.items():
                all_lost[fid] = all_lost.get(fid, 0.0) + area
    return sorted(rows, key=lambda row: row["unit"]), whole, lost_by_fid


def _grounds(
    units: AreaUnits | None, both: shapely.Geometry, threads: Threads
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For all units (m,): names, compared ground (None if there is none), and the m² not compared.

    Raises OneMapError statistics.no_common_ground, compare.arithmetic.
    """
    if units is None:
        return np.array([None], dtype=object), np.array([both], dtype=object), np.zeros(1)
    compared_ground = proved_ground(parts_inside(units.grounds, both, threads), units.source, units.names)
    if shapely.is_missing(compared_ground).all():
        raise OneMapError("statistics.no_common_ground", layer=units.source)
    uncompared_m2 = shapely.area(units.grounds) - np.nan_to_num(shapely.area(compared_ground))
    return units.names, compared_ground, np.maximum(uncompared_m2, 0.0)


def _unit_records(
    rows: list[Record], names: np.ndarray, grounds: np.ndarray, uncompared_m2: np.ndarray, titles: Mapping[Any, Record]
) -> list[Record]:
    """A record for each unit (m,): the area compared, the area whose class changed, the area not compared.

    The change is None for a unit without compared ground.
    """
    changed_m2 = dict.fromkeys(names.tolist(), 0.0)
    for row in rows:
        changed_m2[row["unit"]] += row["area_m2"] if row["from"] != row["to"] else 0.0
    areas = np.nan_to_num(shapely.area(grounds))
    sizes = zip(names.tolist(), areas.tolist(), uncompared_m2.tolist(), strict=True)
    return [
        {
            "unit": name,
            **titles.get(name, {}),
            "compared_m2": size,
            "changed_m2": changed_m2[name] if size else None,
            "outside_coverage_m2": out,
        }
        for name, size, out in sizes
    ]


def _beyond_of_all(
    units: AreaUnits | None, both: shapely.Geometry, uncompared_m2: np.ndarray, threads: Threads
) -> float:
    """The m² of all units that are not compared; ground in two units counts once.

    Raises OneMapError compare.arithmetic.
    """
    if units is None:
        return 0.0
    reaching = replace(units, names=units.names[uncompared_m2 > 0], grounds=units.grounds[uncompared_m2 > 0])
    if not shared_m2(reaching, threads):
        return float(uncompared_m2.sum())
    return beyond_m2(reaching, both, threads)


def _total(rows: list[Record], beyond_m2: float) -> Record:
    """The total of rows that count every place once."""
    changed_m2 = sum(row["area_m2"] for row in rows if row["from"] != row["to"])
    area = sum(row["area_m2"] for row in rows)
    return {
        "area_m2": float(area),
        "area_ellipsoidal_m2": float(sum(row["area_ellipsoidal_m2"] for row in rows)),
        "changed_m2": float(changed_m2),
        "unchanged_m2": float(area - changed_m2),
        "outside_coverage_m2": beyond_m2,
    }


def _overlaps(
    pair: tuple[Version, Version], lost_by_fid: tuple[Mapping[int, float], Mapping[int, float]]
) -> list[Problem]:
    """A problem for each version that overlaps itself in the units."""
    overlaps = [(version.table, areas) for version, areas in zip(pair, lost_by_fid, strict=True) if areas]
    return [
        Problem("compare.overlap", {"layer": table, "features": len(areas), "area": f"{sum(areas.values()):,.1f}"})
        for table, areas in overlaps
    ]


def class_margins(rows: list[Record]) -> list[Record]:
    """The balance of each unit and class: before, after, loss, gain, net change, and swapped ground.

    rows: with the `area_m2` to sum, planar or ellipsoidal.
    """
    margins: dict[tuple[Any, str], Record] = {}
    for row in rows:
        for side in ("from", "to"):
            keys = row[side]
            record = margins.setdefault(
                (row["unit"], _text(keys)),
                {"unit": row["unit"], "keys": keys, "before_m2": 0.0, "after_m2": 0.0, "unchanged_m2": 0.0},
            )
            record["before_m2" if side == "from" else "after_m2"] += row["area_m2"]
            if side == "from" and row["from"] == row["to"]:
                record["unchanged_m2"] += row["area_m2"]
    for record in margins.values():
        loss = record["before_m2"] - record["unchanged_m2"]
        gain = record["after_m2"] - record["unchanged_m2"]
        record |= {"loss_m2": loss, "gain_m2": gain, "net_m2": gain - loss, "swap_m2": 2 * min(gain, loss)}
    return list(margins.values())


def _text(keys: Record | None) -> str:
    return "" if keys is None else attribute_json(keys)


def _tables(rows: list[Record], classes: list[Record], units: list[Record], grounds: np.ndarray) -> dict[str, Table]:
    plain = [{**row, "from": _text(row["from"]) or None, "to": _text(row["to"]) or None} for row in rows]
    margins = [{**row, "keys": _text(row["keys"]) or None} for row in classes]
    return {
        "transitions": Table(record_columns(plain, ["unit", "from", "to", "area_m2", "area_ellipsoidal_m2"])),
        "classes": Table(record_columns(margins, ["unit", "keys", "before_m2", "after_m2"])),
        "units": Table(record_columns(units, ["unit", "compared_m2"]), grounds),
    }
