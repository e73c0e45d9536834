"""Where a frame lies: its CRS by declaration or refusal, its coordinates in another plane."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers import crs as systems
from onemap.layers.blocks import blocks
from onemap.layers.datum_change import DatumChange, step_km
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames import RawFrame

_FARTHEST_KM = 1.0  # between any two datums of one country
_SAMPLES = 100


@dataclass(frozen=True)
class Wishes:
    """What the user said about a source: its CRS, a change of datum, fields, and whether to repair."""

    crs: str | None = None
    transform: DatumChange | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    repair: bool = False


def source_crs(raw: RawFrame, wishes: Wishes) -> pyproj.CRS:
    """The CRS that the user names, else the one that the file declares.

    Raises OneMapError crs.missing, crs.unknown, crs.contradicted.
    """
    place = {"file": raw.path.name, "layer": raw.layer}
    bounds = bounds_of(raw.geometries)
    declared = systems.parse_crs(wishes.crs, field="--crs") if wishes.crs else raw.crs
    if declared is None:
        raise OneMapError("crs.missing", suggestion=systems.suggestion(bounds), **place)
    problem = systems.contradiction(declared, bounds)
    if problem is not None:
        raise OneMapError(problem.code, **problem.facts, **place)
    return declared


def bounds_of(geometries: np.ndarray) -> systems.Bounds | None:
    """West, south, east, north of all geometries (n,), or None if there is no coordinate."""
    if len(geometries) == 0:
        return None
    found = shapely.total_bounds(geometries)
    # Plain floats: what is too large for arithmetic becomes infinite in silence.
    return None if np.isnan(found).any() else (float(found[0]), float(found[1]), float(found[2]), float(found[3]))


def in_crs(
    geometries: np.ndarray, raw: RawFrame, wishes: Wishes, target: pyproj.CRS
) -> tuple[np.ndarray, list[Problem]]:
    """The geometries in the target's plane, east before north, and what must be told about the way there.

    Coordinates that are no numbers are left as they are, for the check of geometries to name.
    Raises OneMapError crs.missing, crs.contradicted, crs.no_transformation, crs.transform, crs.parameters_other,
    crs.out_of_range.
    """
    place: dict[str, Any] = {"file": raw.path.name, "layer": raw.layer}
    source = source_crs(raw, wishes)
    named = {**place, "crs": systems.crs_name(source), "target": systems.crs_name(target)}
    remarks = []
    if wishes.transform is not None:
        change: systems.Transformation | None = wishes.transform.between(source, target, **place)
        remarks.append(Problem("crs.transformed", named))
    else:
        change = systems.transformation(source, target, **place)
        if systems.is_null_shift(source, target):
            remarks.append(Problem("crs.identity", named))
    if change is None:
        return geometries, remarks
    carried = geometries.copy()
    farthest = 0.0
    for block in blocks(len(geometries)):
        carried[block], before, after = _carried(geometries[block], change)
        if not np.isfinite(after).all():
            raise OneMapError("crs.out_of_range", **named)
        if wishes.transform is not None and len(before):
            some = np.linspace(0, len(before) - 1, min(len(before), _SAMPLES)).astype(int)
            farthest = max(farthest, step_km(source, target, before[some], after[some]))
    if farthest > _FARTHEST_KM:
        remarks.append(Problem("crs.far_change", {**named, "km": f"{farthest:.0f}"}))
    return carried, remarks


def _carried(geometries: np.ndarray, change: systems.Transformation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Geometries with changed coordinates; and those that are numbers before and after (k, 2)."""
    coordinates = shapely.get_coordinates(geometries)
    finite = np.isfinite(coordinates).all(axis=1)
    before = coordinates[finite]
    after = np.column_stack(change(before[:, 0], before[:, 1]))
    coordinates[finite] = after
    return shapely.set_coordinates(geometries.copy(), coordinates), before, after
