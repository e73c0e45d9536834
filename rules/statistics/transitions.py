"""`onemap transitions`: what of each class became what, between two versions, by area unit.

Every place counts once: where a version overlaps itself the first row has the ground. So a unit's rows sum to its
compared ground, by class to the older version and by class to the newer one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, versions
from onemap.rules.compare.plans import common_ground, wanted_version
from onemap.rules.compare.self_overlap import SelfOverlap, first_row_wins
from onemap.rules.findings.table import Table
from onemap.rules.inputs.layer_sources import LayerSource, Sources
from onemap.rules.kinds.attribute_json import attribute_json
from onemap.rules.overlay.overlay import inside, overlaps
from onemap.rules.overlay.threads import Threads
from onemap.rules.statistics.class_keys import ClassKeys, class_keys
from onemap.rules.statistics.statistics import Record, record_columns, record_of
from onemap.rules.statistics.union_areas import Plane
from onemap.rules.statistics.unit_pieces import POLYGON, UnitPieces, unit_pieces
from onemap.rules.statistics.units import AreaUnits, area_units

_NO_FEATURE = -1  # the class of ground on which a version has no feature
_LEAST_M2 = 0.01  # of such ground; less is what rounding leaves between what was measured


@dataclass(frozen=True)
class TransitionOptions:
    """What is asked: from which version to which, each CODE or CODE@label, by which classes, in which units."""

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


@dataclass(frozen=True)
class _Side:
    """One version on the compared ground: its pieces, and the class of each of its features."""

    version: Version
    pieces: UnitPieces
    keys: ClassKeys
    overlap: SelfOverlap
    area_m2: np.ndarray = field(repr=False)
    ellipsoidal_m2: np.ndarray = field(repr=False)

    @property
    def of_piece(self) -> np.ndarray:
        """The class of each piece (k,)."""
        return self.keys.of_feature[self.pieces.feature]

    def name(self, at: int) -> Record | None:
        """A class as JSON; None for ground without a feature."""
        return None if at == _NO_FEATURE else self.keys.keys(at)


def transitions(library: Library, options: TransitionOptions, threads: Threads) -> Transitions:
    """Measure. Raises OneMapError statistics.…, compare.…, layer.unknown, version.unreadable."""
    moment = options.as_of, options.known_at
    pair = [wanted_version(library, name, *moment, where) for name, where in ((options.a, "A"), (options.b, "B"))]
    units = area_units(library, options.within, options.unit, options.units_where, *moment) if options.within else None
    both = common_ground(library, *pair)
    names, grounds, beyond = _grounds(units, both, threads)
    box = shapely.total_bounds(grounds)
    origin = float(np.floor((box[0] + box[2]) / 2)), float(np.floor((box[1] + box[3]) / 2))
    plane = Plane(library.crs, origin)
    local = shift_geometries(grounds, (-origin[0], -origin[1]))
    sources = Sources(library, versions(library, options.known_at), options.as_of, {}, {}, origin)
    sides = [
        _side(library, sources, version, options.by, local, plane, box.tolist(), threads.part(begin, begin + 0.2))
        for begin, version in zip((0.05, 0.25), pair, strict=True)
    ]
    cells = _cells(sides[0], sides[1], local, plane, threads.part(0.5, 0.95))
    return _answer(units, names, grounds, beyond, sides, cells)


def _grounds(
    units: AreaUnits | None, both: shapely.Geometry, threads: Threads
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units with compared ground: names and that ground (m,), and how much of each is not compared, in m²."""
    if units is None:
        return np.array([None], dtype=object), np.array([both], dtype=object), np.zeros(1)
    compared, _ = inside(units.grounds, both, threads)
    keep = ~shapely.is_missing(compared)
    if not keep.any():
        raise OneMapError("statistics.no_common_ground", layer=units.record.get("code") or units.record.get("file"))
    beyond = shapely.area(units.grounds) - np.nan_to_num(shapely.area(compared))
    return units.names[keep], compared[keep], np.maximum(beyond[keep], 0.0)


def _side(
    library: Library,
    sources: Sources,
    version: Version,
    by: tuple[str, ...],
    grounds: np.ndarray,
    plane: Plane,
    box: list[float],
    threads: Threads,
) -> _Side:
    source: LayerSource = sources.of_version(version, box)
    if source.stored is None:
        raise OneMapError("version.unreadable", file=library.label, layer=version.table)
    place = {"file": library.label, "layer": version.table, "field": "--by"}
    keys = class_keys(by, source.stored.attributes, library.catalogue()[version.code], place)
    geometries, overlap, broken = first_row_wins(source.stored.geometries, threads)
    if len(broken):
        raise OneMapError("compare.arithmetic", layer=version.table, feature=source.names[broken[0]])
    present = np.flatnonzero(~shapely.is_missing(geometries))
    found = unit_pieces(grounds, geometries[present], POLYGON, source.names[present], version.table, threads)
    pieces = UnitPieces(found.unit, present[found.feature], found.geometry, found.share)
    return _Side(version, pieces, keys, overlap, shapely.area(pieces.geometry), plane.ellipsoidal_m2(pieces.geometry))


def _cells(a: _Side, b: _Side, grounds: np.ndarray, plane: Plane, threads: Threads) -> pd.DataFrame:
    """Rows `unit, a, b` (classes), `area_m2, ellipsoidal_m2`: what both say, what only one says, what neither says."""
    tree = shapely.STRtree(a.pieces.geometry)
    found = overlaps(a.pieces.geometry, tree, b.pieces.geometry, threads)
    if len(found.failed):
        raise OneMapError("compare.arithmetic", layer=a.version.table, feature=int(found.failed[0, 0]) + 1)
    one, other, ground = found.parcel, found.feature, found.geometry
    same = a.pieces.unit[one] == b.pieces.unit[other]
    one, other, ground = one[same], other[same], ground[same]
    area, curved = shapely.area(ground), plane.ellipsoidal_m2(ground)
    parts = [_frame(a.pieces.unit[one], a.of_piece[one], b.of_piece[other], area, curved)]
    for side, index, is_a in ((a, one, True), (b, other, False)):
        count = len(side.pieces.unit)
        rest = side.area_m2 - np.bincount(index, area, count)
        rest_curved = side.ellipsoidal_m2 - np.bincount(index, curved, count)
        nothing = np.full(count, _NO_FEATURE)
        before, after = (side.of_piece, nothing) if is_a else (nothing, side.of_piece)
        parts.append(_frame(side.pieces.unit, before, after, rest, rest_curved))
    units = len(grounds)
    bare, bare_curved = shapely.area(grounds), plane.ellipsoidal_m2(grounds)
    for side in (a, b):
        bare = bare - np.bincount(side.pieces.unit, side.area_m2, units)
        bare_curved = bare_curved - np.bincount(side.pieces.unit, side.ellipsoidal_m2, units)
    bare = bare + np.bincount(a.pieces.unit[one], area, units)
    bare_curved = bare_curved + np.bincount(a.pieces.unit[one], curved, units)
    nothing = np.full(units, _NO_FEATURE)
    parts.append(_frame(np.arange(units), nothing, nothing, bare, bare_curved))
    cells = pd.concat(parts, ignore_index=True).groupby(["unit", "a", "b"], sort=True).sum().reset_index()
    real = (cells["area_m2"] >= _LEAST_M2) | ((cells["a"] != _NO_FEATURE) & (cells["b"] != _NO_FEATURE))
    return pd.DataFrame(cells[real]).reset_index(drop=True)


def _frame(unit: np.ndarray, a: np.ndarray, b: np.ndarray, area: np.ndarray, curved: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"unit": unit, "a": a, "b": b, "area_m2": area, "ellipsoidal_m2": curved})


def _answer(
    units: AreaUnits | None,
    names: np.ndarray,
    grounds: np.ndarray,
    beyond: np.ndarray,
    sides: list[_Side],
    cells: pd.DataFrame,
) -> Transitions:
    a, b = sides
    class_a = [a.name(at) for at in cells["a"]]
    class_b = [b.name(at) for at in cells["b"]]
    changed = np.array([one != other for one, other in zip(class_a, class_b, strict=True)], dtype=bool)
    rows = [
        {"unit": names[unit], "from": one, "to": other, "area_m2": area, "area_ellipsoidal_m2": curved}
        for unit, one, other, area, curved in zip(
            cells["unit"], class_a, class_b, cells["area_m2"].tolist(), cells["ellipsoidal_m2"].tolist(), strict=True
        )
    ]
    moved = np.bincount(cells["unit"][changed], cells["area_m2"][changed], len(names))
    records = [
        {"unit": name, "compared_m2": ground, "changed_m2": change, "outside_coverage_m2": out}
        for name, ground, change, out in zip(
            names.tolist(), shapely.area(grounds).tolist(), moved.tolist(), beyond.tolist(), strict=True
        )
    ]
    classes = _classes(rows)
    area = cells["area_m2"].sum()
    total = {
        "area_m2": float(area),
        "area_ellipsoidal_m2": float(cells["ellipsoidal_m2"].sum()),
        "changed_m2": float(moved.sum()),
        "unchanged_m2": float(area - moved.sum()),
        "outside_coverage_m2": float(beyond.sum()),
    }
    return Transitions(
        rows=rows,
        classes=classes,
        units=records,
        total=total,
        layers=[record_of(side.version) for side in sides],
        within=units.record if units else None,
        problems=[*_overlaps(sides), *(units.problems if units else ())],
        tables=_tables(rows, classes, records, grounds),
    )


def _overlaps(sides: list[_Side]) -> list[Problem]:
    """Where a version overlaps itself."""
    lost = [(side.version.table, side.overlap) for side in sides if side.overlap.features]
    return [
        Problem("compare.overlap", {"layer": table, "features": one.features, "area": f"{one.area_m2:,.1f}"})
        for table, one in lost
    ]


def _classes(rows: list[Record]) -> list[Record]:
    """Of each unit and class what it had and has: both margins, loss, gain, net change, and what was swapped."""
    found: dict[tuple[Any, str], Record] = {}
    for row in rows:
        for side in ("from", "to"):
            keys = row[side]
            record = found.setdefault(
                (row["unit"], _text(keys)),
                {"unit": row["unit"], "keys": keys, "before_m2": 0.0, "after_m2": 0.0, "unchanged_m2": 0.0},
            )
            record["before_m2" if side == "from" else "after_m2"] += row["area_m2"]
            if side == "from" and row["from"] == row["to"]:
                record["unchanged_m2"] += row["area_m2"]
    for record in found.values():
        loss = record["before_m2"] - record["unchanged_m2"]
        gain = record["after_m2"] - record["unchanged_m2"]
        record |= {"loss_m2": loss, "gain_m2": gain, "net_m2": gain - loss, "swap_m2": 2 * min(gain, loss)}
    return list(found.values())


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
