"""Whether area units share ground, which then counts twice, or leave some of the district out, which counts nowhere."""

from typing import Any

import numpy as np
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.rules.overlay.threads import Threads
from onemap.rules.statistics.union_areas import overlapping_pairs

_TOLD_M2 = 0.01  # less is how coordinates were rounded
_TOLD_GAP_M2 = 0.1  # less is how the borders of a district and of its units were rounded


def shared_m2(grounds: np.ndarray, threads: Threads) -> float:
    """How much ground lies in two units (m,)."""
    if len(grounds) < 2:
        return 0.0
    pairs = overlapping_pairs(grounds, threads)
    if pairs.shape[1] == 0:
        return 0.0
    shared = shapely.intersection(grounds[pairs[0]], grounds[pairs[1]])
    found = float(shapely.area(shapely.union_all(shared)))
    return found if found > _TOLD_M2 else 0.0


def proved_ground(found: tuple[np.ndarray, np.ndarray], layer: str | None, names: np.ndarray) -> np.ndarray:
    """Ground (n,) of features by their names (n,), if the overlay failed (n,) of none: a figure would be too small.

    layer: how a refusal names where they are of. Raises OneMapError compare.arithmetic.
    """
    ground, failed = found
    if failed.any():
        raise OneMapError("compare.arithmetic", layer=layer, feature=names[np.flatnonzero(failed)[0]])
    return ground


def _facts(library: Library, units: str | None, area_m2: float) -> dict[str, Any]:
    """Of which units, by the title of their layer where they are one of the library's; and how much ground."""
    code, _, label = (units or "").partition("@")
    entry = library.catalogue().get(code)
    title: Any = units if entry is None else version_titles(entry, label)
    return {"layer": units, "units": title, "area": f"{area_m2:,.2f}"}


def version_titles(entry: LayerEntry, label: str) -> dict[str, str]:
    """What a version is called, by language: its layer's title and its label, which may be empty."""
    return {language: f"{name} {label}".strip() for language, name in entry.title.items()}


def overlap_problems(library: Library, units: str | None, area_m2: float) -> list[Problem]:
    """Units that share ground, told."""
    facts = _facts(library, units, area_m2)
    return [Problem("statistics.units_overlap", facts)] if area_m2 else []


def gap_problems(library: Library, units: str | None, grounds: np.ndarray) -> list[Problem]:
    """What of the district lies in none of the units (m,); without a district, the holes that they leave."""
    whole = shapely.union_all(grounds)
    district = library.district()
    if district is None:
        parts = shapely.get_parts(whole)
        filled = shapely.polygons(shapely.get_exterior_ring(parts))
        gap = float(shapely.area(shapely.difference(shapely.union_all(filled), whole)))
    else:
        gap = float(shapely.area(shapely.difference(district, whole)))
    facts = _facts(library, units, gap)
    return [Problem("statistics.units_gap", facts)] if gap > _TOLD_GAP_M2 else []
