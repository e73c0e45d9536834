"""Area units: features of a layer's version or of a file, one unit for each value of a field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import area_to_hundredths, areas_apart
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.unit_codes import unit_stem
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, reads_ground
from onemap.layers.frames.fields import object_array, text_values
from onemap.layers.geometry.validity import sorted_geometries
from onemap.layers.ingest.placing import SourceOptions, in_crs
from onemap.layers.ingest.unit_keys import UNIT_LAYERS
from onemap.layers.library.district import district_at
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, read_version
from onemap.layers.messages import in_each_language
from onemap.layers.records import Record
from onemap.layers.sources.reading import read_source
from onemap.rules.answers.compare.plans import version_named
from onemap.rules.answers.statistics.conditions_of_layers import truth_of
from onemap.rules.answers.statistics.union_areas import overlapping_pairs
from onemap.rules.judge.inputs.parcels import id_field_of
from onemap.rules.judge.overlay.overlay import intersections, parts_outside, refuse_failed, union_by
from onemap.rules.judge.overlay.threads import Threads

_FIELD_OPTIONS = {"--within": "--unit", "--unit": "--unit-field"}  # which field names the units, by how they are named
_SHARED = 1e-3  # of a unit's ground: units that share less only have borders drawn twice
_TOLD_M2 = 0.01  # less is how coordinates were rounded
_TOLD_GAP_M2 = 0.1  # less is how the borders of a district and of its units were rounded
_APART, _LEAST_APART_M2 = 0.001, 1.0  # of declared and drawn areas: as much is told of a feature that is added
_NO_NAMES = np.array([None], dtype=object)  # of what is no feature


@dataclass(frozen=True)
class AreaUnits:
    """Units (n,) by name, their polygons in the library's plane, and their origin as JSON.

    titles (n,): their names for people, if the layer has a field for them, else None.
    is_part: whether only some of the layer's features were requested.
    """

    names: np.ndarray
    grounds: np.ndarray
    record: Record
    version: Version | None = None
    problems: tuple[Problem, ...] = ()
    titles: np.ndarray | None = None
    is_part: bool = False

    @property
    def are_all(self) -> bool:
        """Whether these are all units of a layer, so that what lies in none of them was forgotten, not left out."""
        return self.version is not None and not self.is_part

    @cached_property
    def whole(self) -> shapely.Geometry:
        """The union of all grounds."""
        return _union(self.grounds, Threads(1))[0]

    @property
    def source(self) -> str | None:
        """The layer or file of the units, as a refusal names it."""
        return self.record.get("code") or self.record.get("file")


def area_units(
    library: Library,
    within: str,
    field: str | None,
    where: str | None,
    as_of: date,
    known_at: datetime | None,
    option: str = "--within",
) -> AreaUnits:
    """The units that `CODE`, `CODE@label` or a file of polygons names; features with one value are one unit.

    field: by default a layer's key, or for a file the field that names parcels, else the row.
    where: which features are units; option: as a refusal names the option.
    Raises OneMapError statistics.…, layer.unknown, compare.… and a file's refusals.
    """
    code = within.partition("@")[0]
    if code in library.catalogue():
        version = version_named(library, within, as_of, known_at, option)
        return _of_version(library, version, field, where, option)
    return _of_file(library, within, field, where, _FIELD_OPTIONS[option])


def unit_titles(units: AreaUnits | None) -> dict[Any, dict[str, Any]]:
    """`unit_title` by the name of a unit; empty if the layer has no field for it."""
    if units is None or units.titles is None:
        return {}
    pairs = zip(units.names.tolist(), units.titles.tolist(), strict=True)
    return {name: {"unit_title": title} for name, title in pairs}


def _of_version(library: Library, version: Version, field: str | None, where: str | None, option: str) -> AreaUnits:
    entry = library.catalogue()[version.code]
    if entry.geometry != "polygon":
        raise OneMapError(
            "statistics.units",
            layer=version.code,
            field=option,
            geometry=in_each_language(f"layer_geometry.{entry.geometry}"),
        )
    features = read_version(library, version, None)
    place = entry.place_in(library.label)
    name = field or entry.key
    column = name and id_field_of(list(map(str, features.attributes.columns)), name, place, _FIELD_OPTIONS[option])
    values = (
        text_values(features.attributes[column].tolist()) if column else [str(fid) for fid in features.fids.tolist()]
    )
    names, grounds = _dissolve_units(values, features.geometries, features.attributes, where, {**place, "field": name})
    record: dict[str, Any] = {
        "code": version.code,
        "label": version.label,
        "table": version.table,
        "hash": version.hash,
    }
    record |= {"valid_from": version.valid_from, "unit": name}
    # A division that its key names is called what the division of its code is called.
    code_field = UNIT_LAYERS.get(version.code) if name == entry.key else name
    titles = _titles(names, values, features.attributes, code_field)
    return AreaUnits(names, grounds, record, version, titles=titles, is_part=where is not None)


def units_beside(library: Library, units: AreaUnits) -> AreaUnits:
    """The requested units together with the layer's other units of their level, in the layer's order.

    Other units are those of the same level, told by the length of a division's code, that share no ground with a
    requested unit: so anything lies in one unit only.
    """
    if not units.is_part or units.version is None:
        return units
    every = _of_version(library, units.version, units.record["unit"], None, "--unit")
    ground_by_unit = dict(zip(units.names.tolist(), units.grounds.tolist(), strict=True))
    names = every.names.tolist()
    is_asked = np.array([name in ground_by_unit for name in names], dtype=bool)
    stays = ~is_asked
    if units.record["unit"] in UNIT_LAYERS.values():
        levels = {len(unit_stem(str(name))) for name in ground_by_unit}
        stays &= np.array([len(unit_stem(str(name))) in levels for name in names], dtype=bool)
    other, own = shapely.STRtree(units.grounds).query(every.grounds, predicate="intersects")
    common = shapely.area(shapely.intersection(every.grounds[other], units.grounds[own]))
    stays[other[common > _SHARED * shapely.area(every.grounds[other])]] = False
    grounds = object_array(ground_by_unit.get(name, ground) for name, ground in zip(names, every.grounds, strict=True))
    rows = is_asked | stays
    return replace(units, names=every.names[rows], grounds=grounds[rows], titles=None, is_part=False)


def _titles(
    names: np.ndarray, values: Sequence[str | None], attributes: pd.DataFrame, field: str | None
) -> np.ndarray | None:
    """The titles of units whose field is a code, from the field beside it: XZQMC for XZQDM."""
    title = f"{field.removesuffix('DM')}MC" if field is not None and field.endswith("DM") else None
    if title is None or title not in attributes.columns:
        return None
    title_by_code = dict(zip(reversed(list(values)), reversed(text_values(attributes[title].tolist())), strict=True))
    return object_array(title_by_code.get(name) for name in names.tolist())


def _of_file(library: Library, file: str, field: str | None, where: str | None, option: str) -> AreaUnits:
    with reads_ground():
        raw = read_source(file, None, None)
        place = raw.place
        rows = np.array([str(row) for row in range(1, len(raw.geometries) + 1)], dtype=object)
        carried, remarks = in_crs(raw.geometries, raw, SourceOptions(), library.crs)
        sound = sorted_geometries(carried, "polygon", rows, False, place).require_sound(place)
    name = id_field_of(list(map(str, raw.attributes.columns)), field, place, option)
    values = rows.tolist() if name is None else text_values(raw.attributes[name].tolist())
    names, grounds = _dissolve_units(values, sound.geometries, raw.attributes, where, {**place, "field": name})
    record = {"file": raw.path.name, "hash": raw.source_hash, "unit": name}
    return AreaUnits(names, grounds, record, None, (*raw.problems, *remarks))


def _dissolve_units(
    values: Sequence[str | None],
    geometries: np.ndarray,
    attributes: pd.DataFrame,
    where: str | None,
    place: ProblemPlace,
) -> tuple[np.ndarray, np.ndarray]:
    """One unit for each value, in the order of first occurrence."""
    rows = list(range(len(values)))
    if where is not None:
        rows = np.flatnonzero(truth_of(where, attributes, {**place, "field": "--units-where"}).true).tolist()
    if len(rows) == 0:
        raise OneMapError("statistics.no_units", **place)
    nameless = [row + 1 for row in rows if values[row] is None]
    if nameless:
        raise OneMapError.of(
            Problem("statistics.unit_null", {**place, "feature": str(row), "row": row}) for row in nameless[:20]
        )
    codes, names = pd.factorize(pd.Series([values[row] for row in rows], dtype=object))
    grounds = union_by(codes, geometries[rows], len(names))
    keep = ~shapely.is_missing(grounds)
    return np.asarray(names, dtype=object)[keep], grounds[keep]


def shared_m2(units: AreaUnits, threads: Threads) -> float:
    """The ground that lies in two units. Raises OneMapError compare.arithmetic."""
    one, other = overlapping_pairs(units.grounds, threads)
    if len(one) == 0:
        return 0.0
    common = intersections(units.grounds[one], units.grounds[other], threads)
    common_ground = _union(proved_ground(common, units.source, units.names[one]), threads)
    area_m2 = float(shapely.area(common_ground)[0])
    return area_m2 if area_m2 > _TOLD_M2 else 0.0


def _union(grounds: np.ndarray, threads: Threads) -> np.ndarray:
    """The union of all grounds, as an array of one."""
    return union_by(np.zeros(len(grounds), dtype=np.int64), grounds, 1, threads)


def beyond_m2(units: AreaUnits, ground: shapely.Geometry, threads: Threads) -> float:
    """The area of all units that another ground does not cover; ground in two units counts once.

    Raises OneMapError compare.arithmetic.
    """
    outside = parts_outside(np.array([units.whole]), ground, threads)
    return float(np.nan_to_num(shapely.area(proved_ground(outside, units.source, _NO_NAMES)))[0])


def proved_ground(overlay_result: tuple[np.ndarray, np.ndarray], layer: str | None, names: np.ndarray) -> np.ndarray:
    """The ground (n,) of an overlay, refused if the overlay failed for any feature, since a figure would be too small.

    names (n,): of the features; layer: how a refusal names their layer. Raises OneMapError compare.arithmetic.
    """
    ground, failed = overlay_result
    refuse_failed(layer, names, np.flatnonzero(failed))
    return ground


def _facts(library: Library, units: str | None, area_m2: float) -> dict[str, Any]:
    """The facts of a remark on units: the title of their layer in the library, and an area."""
    code, _, label = (units or "").partition("@")
    entry = library.catalogue().get(code)
    title: Any = units if entry is None else version_titles(entry, label)
    return {"layer": units, "units": title, "area": area_to_hundredths(area_m2)}


def version_titles(entry: LayerEntry, label: str) -> dict[str, str]:
    """The name of a version, by language: its layer's title and its label, which may be empty."""
    return {language: f"{name} {label}".strip() for language, name in entry.title.items()}


def overlap_problems(library: Library, units: str | None, area_m2: float) -> list[Problem]:
    """A problem if units share ground."""
    facts = _facts(library, units, area_m2)
    return [Problem("statistics.units_overlap", facts)] if area_m2 else []


def gap_problems(
    library: Library, label: str | None, units: AreaUnits, known_at: datetime | None, threads: Threads
) -> list[Problem]:
    """A problem if the units leave ground of the district out; without a district, if there are holes between them.

    label: how the units were named; known_at: moment as of which the district is read.
    Raises OneMapError compare.arithmetic.
    """
    whole, district = units.whole, district_at(library, known_at)
    if district is None:
        filled_ground = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(whole)))
        (district,) = _union(filled_ground, threads)
    rest = proved_ground(parts_outside(np.array([district]), whole, threads), units.source, _NO_NAMES)
    gap = float(np.nan_to_num(shapely.area(rest))[0])
    facts = _facts(library, label, gap)
    return [Problem("statistics.units_gap", facts)] if gap > _TOLD_GAP_M2 else []


def declared_problems(
    library: Library, units: AreaUnits, versions_and_areas: Iterable[tuple[Record, Mapping[str, np.ndarray]]]
) -> list[Problem]:
    """A problem for each version whose declared areas differ from the drawn ones, with the unit where they differ most.

    versions_and_areas: for each question a version as JSON, and its `declared_m2` and `drawn_m2` by unit.
    """
    worst: dict[str, tuple[float, Problem]] = {}
    for version, areas in versions_and_areas:
        declared_m2, drawn_m2 = areas["declared_m2"], areas["drawn_m2"]
        apart_m2 = np.abs(declared_m2 - drawn_m2)
        apart_m2[apart_m2 <= np.maximum(_APART * drawn_m2, _LEAST_APART_M2)] = 0.0
        unit, table = int(apart_m2.argmax()), version["table"]
        if apart_m2[unit] > 0 and (table not in worst or apart_m2[unit] > worst[table][0]):
            title = None if units.titles is None else units.titles[unit]
            facts: Record = {"layer": table, **areas_apart(float(declared_m2[unit]), float(drawn_m2[unit]))}
            facts["table"] = version_titles(library.catalogue()[version["code"]], version["label"])
            facts["unit"] = title or units.names[unit] or in_each_language("said.district")
            worst[table] = float(apart_m2[unit]), Problem("indicators.declared", facts)
    return [problem for _, problem in worst.values()]
