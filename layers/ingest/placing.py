"""Where a frame lies: its CRS as declared, or a refusal with a suggestion; its coordinates in another plane."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyproj
import shapely

from onemap.layers.crs import systems
from onemap.layers.crs.axis_order import are_turned, words_on_turned
from onemap.layers.crs.systems import Transformation
from onemap.layers.crs.zone_prefixes import (
    PrefixPlaces,
    joined_places,
    places_by_prefix,
    words_on_prefixes,
    words_on_some,
)
from onemap.layers.crs.zones import DATUM_TITLES
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.frames.fields import fitting_sources
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.boxes import FARTHEST
from onemap.layers.geometry.proof_beside import NOBODY, ProofBeside, Provers
from onemap.layers.geometry.row_blocks import BLOCK, blocks, give_back_memory
from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn, all_of, boxes_of
from onemap.layers.geometry.wkb_rings import wkb_rings
from onemap.layers.ingest.datum_change import DatumChange, step_km
from onemap.layers.messages import wording
from onemap.layers.progress import SILENT

_FARTHEST_KM = 1.0  # between any two datums of one country
_MOST_BEND_M = 5.0  # 0.5 mm on a plan of 1:10,000, as plans are that come in degrees
_SAMPLES = 100
# A shorter edge is not looked at: of one along the parallel φ the middle lies L² tan φ / 8R beside, 0.14 m at 38° N.
_LONG_M = 3000.0


@dataclass(frozen=True)
class SourceOptions:
    """The user's options for a source: its CRS, a change of datum, fields, and whether to repair.

    of_several: the options are for several files at once, some of which may already use the layer's field names.
    """

    crs: str | None = None
    transform: DatumChange | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    repair: bool = False
    of_several: bool = False

    def fields_of(self, columns: Iterable[str]) -> Mapping[str, str]:
        """Return how fields of a file with these columns are renamed to fields of the layer."""
        return fitting_sources(self.fields, columns) if self.of_several else self.fields


def source_crs(raw: RawFrame, options: SourceOptions) -> pyproj.CRS:
    """Return the CRS that the user names, else the one that the file declares.

    Raises OneMapError crs.missing, crs.unknown, crs.contradicted.
    """
    return _source_crs(raw, options, bounds_of(raw.geometries))


def _source_crs(raw: RawFrame, options: SourceOptions, bounds: systems.Bounds | None) -> pyproj.CRS:
    place = raw.place
    declared_crs = systems.parse_crs(options.crs, field="--crs") if options.crs else raw.crs
    if declared_crs is None:
        raise OneMapError("crs.missing", suggestion=systems.suggestion(bounds), **place)
    problem = contradiction_of(declared_crs, bounds, raw.shapes)
    if problem is not None:
        raise OneMapError(problem.code, **problem.facts, **place)
    return declared_crs


def contradiction_of(crs: pyproj.CRS, bounds: systems.Bounds | None, shapes: AnyShapes) -> Problem | None:
    """Return the problem that numbers cannot belong to a system; where only some cannot, it says which.

    bounds: of all coordinates; shapes (n,): the features that are at hand.
    """
    problem, boxes = systems.contradiction(crs, bounds), boxes_of(shapes)
    if problem is None:
        some = words_on_prefixes(crs, places_by_prefix(boxes))
        return Problem("crs.contradicted", {"crs": systems.crs_name(crs), "suggestion": some}) if some else None
    some = words_on_some(crs, boxes)
    return replace(problem, facts={**problem.facts, "suggestion": some}) if some else problem


def _is_same_crs(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether two systems are the same, even under different names."""
    return systems.crs_name(one) == systems.crs_name(other) or one.equals(other, ignore_axis_order=True)


def undeclared_crs(box: Any, language: str) -> tuple[dict[str, Any], Problem]:
    """Return a guess and the problem that a source declares no CRS, from its coordinates. box: bounds, or None."""
    hint = systems.suggestion(box)
    epsg = hint.facts.get("epsg")
    guess: dict[str, Any] = {
        "code": f"EPSG:{epsg}" if epsg else None,
        "from": "guessed" if epsg else "none",
        "why": wording(hint, language)[0],
    }
    return guess, Problem("crs.missing", {"suggestion": hint})


def bounds_of(shapes: AnyShapes) -> systems.Bounds | None:
    """Return west, south, east, north of all shapes (n,), or None if there is no coordinate."""
    if len(shapes) == 0:
        return None
    if isinstance(shapes, ShapeColumn):
        bounds = np.r_[shapes.boxes[:, :2].min(axis=0), shapes.boxes[:, 2:].max(axis=0)]
    else:
        bounds = shapely.total_bounds(shapes)
    # Plain floats: what is too large for arithmetic becomes infinite in silence.
    return None if np.isnan(bounds).any() else (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3]))


@dataclass(frozen=True)
class Carriage:
    """The figures for remarks on the transformation of shapes into a plane.

    farthest_km: how far a given change of datum moved the farthest shape; bend_m: how far the worst long edge deviates
    from its true course in the source's system; turned, turned_at: how many shapes have their axes exchanged, and a
    corner of the first; prefixes: the shapes by the zone's number before their eastings, as `places_by_prefix`.
    """

    farthest_km: float = 0.0
    bend_m: float = 0.0
    turned: int = 0
    turned_at: tuple[float, float] | None = None
    prefixes: Sequence[PrefixPlaces] = ()

    def join(self, other: "Carriage") -> "Carriage":
        """Return the figures for the shapes of both."""
        farthest_km, bend_m = max(self.farthest_km, other.farthest_km), max(self.bend_m, other.bend_m)
        prefixes = joined_places((*self.prefixes, *other.prefixes))
        return Carriage(farthest_km, bend_m, self.turned + other.turned, self.turned_at or other.turned_at, prefixes)


@dataclass(frozen=True)
class PlacedShapes:
    """Shapes (n,) in the target's plane, which of them are valid there (n,) as in a RawFrame, and the figures."""

    shapes: AnyShapes
    valid: np.ndarray | None
    carriage: Carriage = Carriage()


def override_remarks(declared_crs: pyproj.CRS | None, source: pyproj.CRS, place: ProblemPlace) -> Iterator[Problem]:
    """Yield a remark if a source is read in another system than it declares."""
    if declared_crs is not None and not _is_same_crs(declared_crs, source):
        names = {"declared": systems.crs_name(declared_crs), "crs": systems.crs_name(source)}
        yield Problem("crs.overridden", {**place, **names})


def identity_remarks(source: pyproj.CRS, target: pyproj.CRS, place: ProblemPlace) -> Iterator[Problem]:
    """Yield a remark if two datums are taken for the same."""
    if systems.is_null_shift(source, target):
        names = {"crs": systems.crs_name(source), "target": systems.crs_name(target)}
        yield Problem("crs.identity", {**place, **names})


class SourceTransform:
    """The transformation of a source's coordinates to the target's plane, east before north. named: both, for problems.

    Raises OneMapError crs.missing, crs.contradicted, crs.no_transformation, crs.transform, crs.parameters_other.
    """

    def __init__(
        self, raw: RawFrame, options: SourceOptions, target: pyproj.CRS, bounds: systems.Bounds | None
    ) -> None:
        """bounds: of all coordinates; None if they are not known yet, and then nothing can contradict the CRS."""
        place = raw.place
        self._source = _source_crs(raw, options, bounds)
        self._target = target
        self._is_given = options.transform is not None
        self.named = {**place, "crs": systems.crs_name(self._source), "target": systems.crs_name(target)}
        self._remarks = [*override_remarks(raw.crs if options.crs else None, self._source, place)]
        if raw.crs is None and raw.datum not in (None, systems.datum_family(self._source)):
            names = {"declared": DATUM_TITLES.get(str(raw.datum), "WGS 84"), "crs": systems.crs_name(self._source)}
            self._remarks.append(Problem("crs.overridden", {**place, **names}))
        if options.transform is not None:
            self._change: systems.Transformation | None = options.transform.transformation_between(
                self._source, target, **place
            )
            self._remarks.append(Problem("crs.transformed", self.named))
        else:
            self._change = systems.transformation(self._source, target, **place)
            self._remarks += identity_remarks(self._source, target, place)

    def carry(self, raw: RawFrame, provers: Provers = NOBODY, in_place: bool = False) -> PlacedShapes:
        """Return a frame's shapes in the target's plane; without a transformation these are the frame's own.

        A column of plain polygons stays a column: `provers` prove the transformed polygons. Coordinates that are not
        numbers, or that no system has, stay unchanged, and the check of geometries names them. in_place: the original
        geometries may be overwritten, so that they are not held twice. Raises OneMapError crs.out_of_range.
        """
        turned_carriage = self._turned(raw.shapes)
        placement = self._carried(raw, provers, in_place)
        return replace(placement, carriage=placement.carriage.join(turned_carriage))

    def _turned(self, shapes: AnyShapes) -> Carriage:
        """Return how many shapes have their axes exchanged, and the numbers before their eastings."""
        boxes = boxes_of(shapes)
        rows = np.flatnonzero(are_turned(self._source, self._target, boxes))
        prefixes = places_by_prefix(boxes)
        at = tuple(boxes[rows[0], :2].tolist()) if len(rows) else None
        return Carriage(turned=len(rows), turned_at=at, prefixes=prefixes)

    def _carried(self, raw: RawFrame, provers: Provers, in_place: bool) -> PlacedShapes:
        if self._change is None:
            return PlacedShapes(raw.shapes, raw.valid)
        if isinstance(raw.shapes, ShapeColumn) and provers.threads:
            placement = self._column(raw.shapes, self._change, provers)
            if placement is not None:
                return placement
        own = raw.geometries
        return self._geometries(own, self._change, in_place and own is raw.shapes)  # a column's are nobody's to change

    def _column(self, shapes: ShapeColumn, change: systems.Transformation, provers: Provers) -> PlacedShapes | None:
        """Return a transformed column; None if the shapes are no longer plain polygons."""
        bodies, carriage = [], Carriage()
        with ProofBeside(provers) as proof:
            for block in blocks(len(shapes)):
                rings = require_value(wkb_rings(shapes.bodies[block]), "the rings of plain polygons")
                points = np.column_stack(change(rings.points[:, 0], rings.points[:, 1]))
                farthest_km = self._step_km(rings.points, points)
                bend_m = bend_of_rings(rings.points, points, rings.size, change)
                carriage = carriage.join(Carriage(farthest_km, bend_m))
                bodies.append(rings.with_points(points).column())
                proof.add(bodies[-1])
            proved = proof.result(SILENT)
        return None if proved is None else PlacedShapes(proved.column(pa.concat_arrays(bodies)), proved.valid, carriage)

    def _geometries(self, geometries: np.ndarray, change: systems.Transformation, in_place: bool) -> PlacedShapes:
        carried, carriage = geometries if in_place else geometries.copy(), Carriage()
        for block in blocks(len(geometries)):
            own = geometries[block].copy()
            carried[block], before, after = _transform_geometries(own, change)
            farthest_km = self._step_km(before, after)
            bend_m = bend_of_geometries(own, carried[block], change) if has_long_edges(after) else 0.0
            carriage = carriage.join(Carriage(farthest_km, bend_m))
            if in_place and len(geometries) > BLOCK:
                give_back_memory()
        return PlacedShapes(carried, None, carriage)

    def _step_km(self, before: np.ndarray, after: np.ndarray) -> float:
        """Return how far a given change moved some of these points (k, 2). Raises OneMapError crs.out_of_range."""
        if not np.isfinite(after).all():
            raise OneMapError("crs.out_of_range", **self.named)
        if not self._is_given or len(before) == 0:
            return 0.0
        some = np.linspace(0, len(before) - 1, min(len(before), _SAMPLES)).astype(int)
        return step_km(self._source, self._target, before[some], after[some])

    def remarks(self, carriage: Carriage) -> list[Problem]:
        """Return remarks on the transformation. carriage: from `carry`, of all shapes.

        Raises OneMapError crs.contradicted if shapes have their axes exchanged, or some the number of another zone.
        """
        some = words_on_prefixes(self._source, joined_places(carriage.prefixes))
        if carriage.turned_at is not None:
            some = words_on_turned(carriage.turned, *carriage.turned_at)
        if some is not None:
            raise OneMapError("crs.contradicted", **{**self.named, "suggestion": some})
        remarks = list(self._remarks)
        if carriage.farthest_km > _FARTHEST_KM:
            remarks.append(Problem("crs.far_change", {**self.named, "km": f"{carriage.farthest_km:.0f}"}))
        if carriage.bend_m > _MOST_BEND_M:
            remarks.append(Problem("crs.long_edges", {**self.named, "metres": f"{carriage.bend_m:.1f}"}))
        return remarks


def in_crs(
    geometries: np.ndarray, raw: RawFrame, options: SourceOptions, target: pyproj.CRS
) -> tuple[np.ndarray, list[Problem]]:
    """Geometries of a frame transformed to the target's plane, with remarks on the transformation.

    Raises OneMapError crs.….
    """
    transform = SourceTransform(raw, options, target, bounds_of(raw.geometries))
    placement = transform.carry(replace(raw, shapes=geometries, valid=None))
    return all_of(placement.shapes), transform.remarks(placement.carriage)


def placed_in_crs(
    raw: RawFrame, options: SourceOptions, target: pyproj.CRS, provers: Provers, in_place: bool = False
) -> tuple[PlacedShapes, list[Problem]]:
    """A frame's shapes (n,) as transformed by `SourceTransform.carry`, with remarks on the transformation.

    Raises OneMapError crs.….
    """
    transform = SourceTransform(raw, options, target, bounds_of(raw.shapes))
    placement = transform.carry(raw, provers, in_place)
    return placement, transform.remarks(placement.carriage)


def _transform_geometries(
    geometries: np.ndarray, change: systems.Transformation
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return geometries with changed coordinates, and the changed points before and after (k, 2)."""
    coordinates = shapely.get_coordinates(geometries)
    finite = (np.abs(coordinates) <= FARTHEST).all(axis=1)  # which what is no number is not, either
    before = coordinates[finite]
    after = np.column_stack(change(before[:, 0], before[:, 1]))
    coordinates[finite] = after
    return shapely.set_coordinates(geometries.copy(), coordinates), before, after


def has_long_edges(points: np.ndarray) -> bool:
    """Whether any of the points (k, 2), in metres, is far from the one before it, even of another ring."""
    return len(_long_edges(points)) > 0


def bend_of_rings(before: np.ndarray, after: np.ndarray, sizes: np.ndarray, change: Transformation) -> float:
    """Return how far the middle of the worst edge deviates from its transformed middle, in metres of the target.

    before, after (k, 2): the points of rings or lines in the two systems, one after the other; sizes: points of each.
    """
    starts = _long_edges(after)
    if len(starts) == 0:
        return 0.0
    is_last = np.zeros(len(before), dtype=bool)
    is_last[np.cumsum(sizes) - 1] = True
    starts = starts[~is_last[starts]]
    middle = np.column_stack(change(*((before[starts] + before[starts + 1]) / 2).T))
    apart = np.hypot(*(middle - (after[starts] + after[starts + 1]) / 2).T)
    return float(np.max(apart, initial=0.0, where=np.isfinite(apart)))


@np.errstate(invalid="ignore", over="ignore")  # coordinates that are no numbers are named by the check of geometries
def bend_of_geometries(before: np.ndarray, after: np.ndarray, change: Transformation) -> float:
    """Do as `bend_of_rings` for the lines and polygons among geometries (n,), before and after the transformation."""
    points, whose = shapely.get_coordinates(after, return_index=True)
    rows = np.unique(whose[_long_edges(points)])
    own, carried = _rings(before[rows]), _rings(after[rows])
    sizes = shapely.get_num_coordinates(own)
    return bend_of_rings(shapely.get_coordinates(own), shapely.get_coordinates(carried), sizes[sizes > 0], change)


def _long_edges(points: np.ndarray) -> np.ndarray:
    """Return the indices of points (k, 2) that are far from the next one, even if it belongs to another ring."""
    if len(points) < 2:
        return np.empty(0, dtype=np.int64)
    east, north = np.diff(points, axis=0).T
    return np.flatnonzero(east * east + north * north > _LONG_M**2)


def _rings(geometries: np.ndarray) -> np.ndarray:
    """Return the lines of geometries, and the rings of their polygons; points have none."""
    parts = shapely.get_parts(geometries)
    kinds = shapely.get_type_id(parts)
    lines, polygons = np.isin(kinds, (1, 2)), kinds == 3
    return np.concatenate([parts[lines], shapely.get_rings(parts[polygons])])
