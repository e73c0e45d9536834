"""Whether area units share ground, which then counts twice, or leave some of the district out, which counts nowhere."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from onemap.layers.area_units import area_to_hundredths, areas_apart
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import Problem
from onemap.layers.library.district import district_at
from onemap.layers.library.library import Library
from onemap.layers.messages import in_each_language
from onemap.layers.records import Record
from onemap.rules.answers.statistics.union_areas import overlapping_pairs
from onemap.rules.answers.statistics.units import AreaUnits
from onemap.rules.judge.overlay.overlay import intersections, outside, refuse_failed, union_by
from onemap.rules.judge.overlay.threads import Threads

_TOLD_M2 = 0.01  # less is how coordinates were rounded
_TOLD_GAP_M2 = 0.1  # less is how the borders of a district and of its units were rounded
_APART, _LEAST_APART_M2 = 0.001, 1.0  # of declared and drawn areas: as much is told of a feature that is added
_NO_NAMES = np.array([None], dtype=object)  # of what is no feature


def shared_m2(units: AreaUnits, threads: Threads) -> float:
    """How much ground lies in two units. Raises OneMapError compare.arithmetic."""
    one, other = overlapping_pairs(units.grounds, threads)
    if len(one) == 0:
        return 0.0
    common = intersections(units.grounds[one], units.grounds[other], threads)
    shared = _union(proved_ground(common, units.source, units.names[one]), threads)
    found = float(shapely.area(shared)[0])
    return found if found > _TOLD_M2 else 0.0


def _union(grounds: np.ndarray, threads: Threads) -> np.ndarray:
    """The union of all of them, as an array of one."""
    return union_by(np.zeros(len(grounds), dtype=np.int64), grounds, 1, threads)


def beyond_m2(units: AreaUnits, ground: shapely.Geometry, threads: Threads) -> float:
    """How much of the ground of all units another does not cover; what lies in two of them counts once.

    Raises OneMapError compare.arithmetic.
    """
    found = outside(_union(units.grounds, threads), ground, threads)
    return float(np.nan_to_num(shapely.area(proved_ground(found, units.source, _NO_NAMES)))[0])


def proved_ground(found: tuple[np.ndarray, np.ndarray], layer: str | None, names: np.ndarray) -> np.ndarray:
    """Ground (n,) of features by their names (n,), if the overlay failed (n,) of none: a figure would be too small.

    layer: how a refusal names where they are of. Raises OneMapError compare.arithmetic.
    """
    ground, failed = found
    refuse_failed(layer, names, np.flatnonzero(failed))
    return ground


def _facts(library: Library, units: str | None, area_m2: float) -> dict[str, Any]:
    """The facts of overlapping units: whose, by the title of their layer in the library; and how much ground."""
    code, _, label = (units or "").partition("@")
    entry = library.catalogue().get(code)
    title: Any = units if entry is None else version_titles(entry, label)
    return {"layer": units, "units": title, "area": area_to_hundredths(area_m2)}


def version_titles(entry: LayerEntry, label: str) -> dict[str, str]:
    """The name of a version, by language: its layer's title and its label, which may be empty."""
    return {language: f"{name} {label}".strip() for language, name in entry.title.items()}


def overlap_problems(library: Library, units: str | None, area_m2: float) -> list[Problem]:
    """Units that share ground, told."""
    facts = _facts(library, units, area_m2)
    return [Problem("statistics.units_overlap", facts)] if area_m2 else []


def gap_problems(
    library: Library, label: str | None, units: AreaUnits, known_at: datetime | None, threads: Threads
) -> list[Problem]:
    """The ground of the district in none of the units; without a district, the holes between them.

    label: how the units were asked for; known_at: of which moment the district is.
    Raises OneMapError compare.arithmetic.
    """
    whole, district = _union(units.grounds, threads), district_at(library, known_at)
    if district is None:
        filled = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(whole)))
        (district,) = _union(filled, threads)
    rest = proved_ground(outside(np.array([district]), whole[0], threads), units.source, _NO_NAMES)
    gap = float(np.nan_to_num(shapely.area(rest))[0])
    facts = _facts(library, label, gap)
    return [Problem("statistics.units_gap", facts)] if gap > _TOLD_GAP_M2 else []


def declared_problems(
    library: Library, units: AreaUnits, asked: Iterable[tuple[Record, Mapping[str, np.ndarray]]]
) -> list[Problem]:
    """Versions whose declared areas are not those drawn, each with the unit where they are furthest apart.

    asked: a version as JSON, and its `declared_m2` and `drawn_m2` by unit, of each question.
    """
    worst: dict[str, tuple[float, Problem]] = {}
    for version, areas in asked:
        declared, drawn = areas["declared_m2"], areas["drawn_m2"]
        apart_m2 = np.abs(declared - drawn)
        apart_m2[apart_m2 <= np.maximum(_APART * drawn, _LEAST_APART_M2)] = 0.0
        unit, table = int(apart_m2.argmax()), version["table"]
        if apart_m2[unit] > 0 and (table not in worst or apart_m2[unit] > worst[table][0]):
            title = None if units.titles is None else units.titles[unit]
            facts: Record = {"layer": table, **areas_apart(float(declared[unit]), float(drawn[unit]))}
            facts["table"] = version_titles(library.catalogue()[version["code"]], version["label"])
            facts["unit"] = title or units.names[unit] or in_each_language("said.district")
            worst[table] = float(apart_m2[unit]), Problem("indicators.declared", facts)
    return [problem for _, problem in worst.values()]
