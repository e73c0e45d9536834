"""Where a frame lies: its CRS by declaration or refusal, its coordinates in another plane."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.crs import systems
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.boxes import FARTHEST
from onemap.layers.geometry.row_blocks import BLOCK, blocks, give_back_memory
from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn, all_of
from onemap.layers.ingest.datum_change import DatumChange, step_km

_FARTHEST_KM = 1.0  # between any two datums of one country
_SAMPLES = 100


@dataclass(frozen=True)
class SourceOptions:
    """What the user said about a source: its CRS, a change of datum, fields, and whether to repair."""

    crs: str | None = None
    transform: DatumChange | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    repair: bool = False


def source_crs(raw: RawFrame, options: SourceOptions) -> pyproj.CRS:
    """The CRS that the user names, else the one that the file declares.

    Raises OneMapError crs.missing, crs.unknown, crs.contradicted.
    """
    return _source_crs(raw, options, bounds_of(raw.geometries))


def _source_crs(raw: RawFrame, options: SourceOptions, bounds: systems.Bounds | None) -> pyproj.CRS:
    place = {"file": raw.path.name, "layer": raw.layer}
    declared = systems.parse_crs(options.crs, field="--crs") if options.crs else raw.crs
    if declared is None:
        raise OneMapError("crs.missing", suggestion=systems.suggestion(bounds), **place)
    problem = systems.contradiction(declared, bounds)
    if problem is not None:
        raise OneMapError(problem.code, **problem.facts, **place)
    return declared


def _is_same_crs(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether two systems are one, by whatever name."""
    return systems.crs_name(one) == systems.crs_name(other) or one.equals(other, ignore_axis_order=True)


def bounds_of(shapes: AnyShapes) -> systems.Bounds | None:
    """West, south, east, north of all shapes (n,), or None if there is no coordinate."""
    if len(shapes) == 0:
        return None
    if isinstance(shapes, ShapeColumn):
        found = np.r_[shapes.boxes[:, :2].min(axis=0), shapes.boxes[:, 2:].max(axis=0)]
    else:
        found = shapely.total_bounds(shapes)
    # Plain floats: what is too large for arithmetic becomes infinite in silence.
    return None if np.isnan(found).any() else (float(found[0]), float(found[1]), float(found[2]), float(found[3]))


class SourceTransform:
    """How a source's coordinates come into the target's plane, east before north. named: the two, as problems say it.

    Raises OneMapError crs.missing, crs.contradicted, crs.no_transformation, crs.transform, crs.parameters_other.
    """

    def __init__(
        self, raw: RawFrame, options: SourceOptions, target: pyproj.CRS, bounds: systems.Bounds | None
    ) -> None:
        """bounds: of all coordinates; None if they are not known yet, and then nothing can contradict them."""
        place: dict[str, Any] = {"file": raw.path.name, "layer": raw.layer}
        self._source = _source_crs(raw, options, bounds)
        self._target = target
        self._is_given = options.transform is not None
        self.named = {**place, "crs": systems.crs_name(self._source), "target": systems.crs_name(target)}
        self._remarks = []
        if options.crs and raw.crs is not None and not _is_same_crs(raw.crs, self._source):
            declared = {"declared": systems.crs_name(raw.crs), "crs": systems.crs_name(self._source)}
            self._remarks.append(Problem("crs.overridden", {**place, **declared}))
        if options.transform is not None:
            self._change: systems.Transformation | None = options.transform.transformation_between(
                self._source, target, **place
            )
            self._remarks.append(Problem("crs.transformed", self.named))
        else:
            self._change = systems.transformation(self._source, target, **place)
            if systems.is_null_shift(self._source, target):
                self._remarks.append(Problem("crs.identity", self.named))

    @property
    def is_needed(self) -> bool:
        """Whether any coordinate changes."""
        return self._change is not None

    def carry(self, geometries: np.ndarray, in_place: bool = False) -> tuple[np.ndarray, float]:
        """Geometries in the target's plane, and how far a given change has carried the farthest, in kilometres.

        Coordinates that are no numbers, or that no system has, are left as they are, for the check of geometries to
        name. in_place: nobody needs them as they were, so that they are not held twice.
        Raises OneMapError crs.out_of_range.
        """
        if self._change is None:
            return geometries, 0.0
        carried = geometries if in_place else geometries.copy()
        farthest = 0.0
        for block in blocks(len(geometries)):
            carried[block], before, after = _transform_geometries(geometries[block], self._change)
            if not np.isfinite(after).all():
                raise OneMapError("crs.out_of_range", **self.named)
            if self._is_given and len(before):
                some = np.linspace(0, len(before) - 1, min(len(before), _SAMPLES)).astype(int)
                farthest = max(farthest, step_km(self._source, self._target, before[some], after[some]))
            if in_place and len(geometries) > BLOCK:
                give_back_memory()
        return carried, farthest

    def remarks(self, farthest_km: float) -> list[Problem]:
        """What must be told about the way. farthest_km: from `carry`, of all geometries."""
        if farthest_km <= _FARTHEST_KM:
            return list(self._remarks)
        return [*self._remarks, Problem("crs.far_change", {**self.named, "km": f"{farthest_km:.0f}"})]


def in_crs(
    geometries: np.ndarray, raw: RawFrame, options: SourceOptions, target: pyproj.CRS, in_place: bool = False
) -> tuple[np.ndarray, list[Problem]]:
    """The geometries in the target's plane, and what must be told about the way there; in_place as `carry` has it.

    Raises OneMapError crs.….
    """
    transform = SourceTransform(raw, options, target, bounds_of(raw.geometries))
    carried, farthest_km = transform.carry(geometries, in_place)
    return carried, transform.remarks(farthest_km)


def shapes_in_crs(
    raw: RawFrame, options: SourceOptions, target: pyproj.CRS, in_place: bool = False
) -> tuple[AnyShapes, list[Problem]]:
    """A frame's shapes (n,) as `in_crs` has geometries; where nothing is to be carried they are the frame's own."""
    transform = SourceTransform(raw, options, target, bounds_of(raw.shapes))
    if not transform.is_needed:
        return raw.shapes, transform.remarks(0.0)
    own = all_of(raw.shapes)
    carried, farthest_km = transform.carry(own, in_place and own is raw.shapes)  # a column's are nobody's to change
    return carried, transform.remarks(farthest_km)


def _transform_geometries(
    geometries: np.ndarray, change: systems.Transformation
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Geometries with changed coordinates; and those that are carried before and after (k, 2)."""
    coordinates = shapely.get_coordinates(geometries)
    finite = (np.abs(coordinates) <= FARTHEST).all(axis=1)  # which what is no number is not, either
    before = coordinates[finite]
    after = np.column_stack(change(before[:, 0], before[:, 1]))
    coordinates[finite] = after
    return shapely.set_coordinates(geometries.copy(), coordinates), before, after
