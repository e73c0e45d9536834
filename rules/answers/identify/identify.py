"""Every layer at a place: the version in force, whether it covers the place, and its features or cells there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.catalogue.bureau_profile import Names
from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.catalogue.coverage_names import EXTENT
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, UsageError
from onemap.layers.frames.fields import text_value
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import polygon_parts, shift_geometries
from onemap.layers.ingest.quality_report import GroundRemark
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import department_names
from onemap.layers.library.versions import versions, versions_in_force
from onemap.layers.messages import phrase, wording
from onemap.layers.rasters.raster_heights import height_unit
from onemap.layers.rasters.raster_reference import RasterReference
from onemap.layers.rasters.rasters import checked_raster, raster_crs
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.rules.answers.identify.class_words import in_language
from onemap.rules.answers.identify.feature_designation import feature_designation, own_name_field, plain_records
from onemap.rules.answers.identify.layer_fitness import layer_fitness
from onemap.rules.answers.identify.layer_grades import FARTHEST_M
from onemap.rules.answers.identify.nearest_feature import known_around_m, nearest_facts, nearest_features
from onemap.rules.answers.identify.place import Place
from onemap.rules.judge.findings.citations import citation
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources
from onemap.rules.judge.kinds.cell_reading import cell_values, changes_of_plane, read_cells
from onemap.rules.judge.kinds.foreseen_values import truth_of_rows
from onemap.rules.judge.kinds.raster_grids import in_cells
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.lines_inside import proved_pieces
from onemap.rules.judge.overlay.overlay import intersections
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.packs.library_packs import packs_of
from onemap.rules.judge.packs.pack import joined_rules
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.layer_remarks import problems_near
from onemap.rules.judge.runs.unwritten_sites import lacking_ground

_ON_THE_GROUND = ("polygon", "line", "point", "raster")
_ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class _Request:
    """One request: the place, the library's plane, the day, the language of titles, the sources of layers.

    Also the names of departments, and remarks on ground that versions lack.
    """

    place: Place
    plane: pyproj.CRS
    as_of: date
    language: str
    sources: Sources
    departments: Mapping[str, Names]
    remarks: Sequence[GroundRemark]


def identify(library: Library, place: Place, only: Sequence[str], as_of: date, language: str) -> Record:
    """Every layer of features or cells, in the catalogue's order, with what it has at the place.

    only: codes of the wanted layers, empty for all. A layer that says nothing about the place is included, with the
    reason. Raises UsageError layer.unknown, OneMapError pack.…, rule.….
    """
    catalogue = library.catalogue()
    for code in only:
        known_layer(catalogue, code, "--only", error=UsageError)
    # Counted from 0, so that a session keeps what it read for the next click, wherever that is.
    all_versions = versions(library)
    sources = Sources(library, all_versions, as_of, {}, {}, (0.0, 0.0))
    rules = [rule for rule in joined_rules(packs_of(library, ()), as_of) if rule.on_day(as_of).basis]
    entries = [
        entry for entry in catalogue.values() if entry.geometry in _ON_THE_GROUND and (not only or entry.code in only)
    ]
    versions_asked = versions_in_force(all_versions, (entry.code for entry in entries), as_of)
    used_versions = {version.table: (version.code, version.label) for version in versions_asked}
    remarks = lacking_ground(library, used_versions)
    request = _Request(place, library.crs, as_of, language, sources, department_names(library), remarks)
    sources.expect({entry.code: place.bounds for entry in entries})
    layers = [_layer(request, entry, [rule for rule in rules if entry.code in rule.layers_named]) for entry in entries]
    return {
        "x": place.x,
        "y": place.y,
        "crs": place.crs,
        "as_of": as_of.isoformat(),
        "shape": place.kind,
        "radius_m": place.radius_m,
        "wkt": shapely.to_wkt(place.shape, rounding_precision=3, trim=True),
        "length_m": float(shapely.length(place.shape)) if place.kind == "line" else None,
        "area_m2": float(shapely.area(place.shape)) if place.kind == "box" else None,
        "area_ellipsoidal_m2": _curved_m2(np.array([place.shape]), library.crs)[0] if place.kind == "box" else None,
        "layers": layers,
    }


def _layer(request: _Request, entry: LayerEntry, rules: Sequence[Rule]) -> dict[str, Any]:
    """One layer at the place."""
    source = request.sources.read(entry.code, request.place.bounds)
    reason, features, nearest = source.reason, [], None
    has_near = entry.geometry != "raster"  # which has no features
    is_covered = source.coverage is not None and bool(shapely.covers(source.coverage, request.place.shape))
    if source.stored is not None:
        try:
            features = _features(request, entry, source, rules)
            if is_covered and not features:
                nearest, reason = (_nearest(request, entry), reason) if has_near else (None, "nodata")
        except OneMapError as error:
            if error.code != "version.unreadable":
                raise
            reason, is_covered = Reason.UNREADABLE, False
    none_within_m = fitness = None
    if is_covered and not features and has_near and nearest is None:  # so far it certainly has none
        none_within_m = min(FARTHEST_M, known_around_m(source.coverage, request.place.shape))
    if source.stored is not None:
        fitness = layer_fitness(request.place.shape, source.read_version.accuracy_m, source.stored.geometries)
    return {
        "code": entry.code,
        "title": entry.title_in(request.language),
        "department": entry.department,
        "department_title": request.departments[entry.department][request.language],
        "library": entry.library,
        "kind": entry.kind,
        "version": source.version.label if source.version else None,
        "covered": is_covered,
        "features": features,
        "reason": reason or (None if is_covered else Reason.OUTSIDE_COVERAGE),
        "nearest": nearest,
        "none_within_m": none_within_m,
        "fitness": fitness,
        "remarks": _remarks(request, source, is_covered and has_near),
        "geometry": entry.geometry,
        "table": source.version.table if source.version else None,
        "fields": _field_titles(entry, request.language),
        "laws": [_law(rule, request) for rule in rules],
    }


def _nearest(request: _Request, entry: LayerEntry) -> dict[str, Any] | None:
    """The nearest feature of a layer that has none at the place. Raises OneMapError version.unreadable."""
    shape = np.array([request.place.shape], dtype=object)
    (nearest,) = nearest_features(request.sources, entry.code, shape, shapely.bounds(shape))
    return None if nearest is None else nearest_facts([nearest], entry, request.language)[0]


def _remarks(request: _Request, source: LayerSource, is_covered: bool) -> list[str]:
    """Remarks, in words, on a coverage that nobody stated, and on ground near the place that the version lacks."""
    version = source.version
    if version is None:
        return []
    ours = [remark for remark in request.remarks if remark.table == version.table]
    ground_problems = problems_near(ours, {version.table: (version.code, version.label)}, request.place.bounds)
    is_assumed = is_covered and version.coverage_kind == EXTENT
    assumed = [phrase("said.identify_assumed", request.language)] if is_assumed else []
    return assumed + [wording(problem, request.language)[0] for problem in ground_problems]


def _field_titles(entry: LayerEntry, language: str) -> dict[str, str]:
    if entry.geometry == "raster":
        return {name: phrase(f"rows.cells_{name}", language) for name in ("low", "mean", "high", "unit")}
    return {field.name: in_language(dict(field.title), language) for field in entry.fields if field.title}


def _law(rule: Rule, request: _Request) -> dict[str, Any]:
    """A rule on a layer, with the part of its basis that is in force on the day."""
    basis = [
        {
            "law": entry.law,
            "article": entry.article,
            "edition": entry.edition,
            "text": citation(entry.law, [*filter(None, [entry.article])], request.language),
        }
        for entry in rule.basis
        if entry.is_in_force(request.as_of)
    ]
    return {
        "rule": rule.id,
        "pack": rule.pack,
        "kind": rule.kind,
        "verdict": rule.verdict,
        "department": rule.department,
        "title": in_language(rule.title, request.language),
        "basis": basis,
    }


def _features(request: _Request, entry: LayerEntry, source: LayerSource, rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """The features at the place, the nearest first; equally near ones in the layer's order.

    Polygons that contain the point (edge included), or meet the line or the box; lines and points within the radius
    (included); for a raster its value.
    """
    stored_features, place = source.features, request.place
    if entry.geometry == "raster":
        return _cells(request, source, [rule.id for rule in rules])
    distance_m = shapely.distance(stored_features.geometries, place.shape)
    if entry.geometry == "polygon":
        distance_m, reach_m = np.where(distance_m <= place.rounding_m, 0.0, distance_m), 0.0
    else:
        reach_m = place.radius_m
    rows = np.flatnonzero(distance_m <= reach_m)  # never of one without a geometry: its distance is no number
    if len(rows) == 0:  # as in most layers: nothing to tell
        return []
    rows = rows[np.argsort(distance_m[rows], kind="stable")]
    shapes = stored_features.geometries[rows]
    attributes = stored_features.attributes.iloc[rows].reset_index(drop=True)
    records, features_by_rule = (
        plain_records(attributes),
        {rule.id: _speaks_of(rule, attributes, entry) for rule in rules},
    )
    is_ground = entry.geometry == "polygon"
    inside_m2, inside_m = _amounts_inside(shapes, place, entry)
    curved_m2 = _curved_m2(polygon_parts(shapes), request.plane) if is_ground else None
    curved_inside_m2 = _curved_inside_m2(shapes, place, request.plane) if inside_m2 is not None else None
    named_by, features = own_name_field(entry, attributes), []
    for at, (row, values) in enumerate(zip(rows.tolist(), records, strict=True)):
        feature: dict[str, Any] = {
            "feature": source.names[row],
            **feature_designation(entry, named_by, values, request.language),
            "area_m2": float(shapely.area(shapes[at])) if is_ground else None,
            "area_ellipsoidal_m2": curved_m2[at] if curved_m2 is not None else None,
            "distance_m": float(distance_m[row]),
            "attributes": values,
            "meanings": _meanings(entry, values, request.language),
            "length_m": float(shapely.length(shapes[at])) if entry.geometry == "line" else None,
            "fid": int(stored_features.fids[row]),
            "rules": [rule for rule, of_features in features_by_rule.items() if of_features[at]],
        }
        if place.kind != "point":
            feature["inside_m2"] = None if inside_m2 is None else float(inside_m2[at])
            feature["inside_ellipsoidal_m2"] = None if curved_inside_m2 is None else curved_inside_m2[at]
            feature["inside_m"] = None if inside_m is None else float(inside_m[at])
        features.append(feature)
    return features


def _curved_m2(ground: np.ndarray, plane: pyproj.CRS) -> list[float]:
    """The ellipsoidal areas of ground, which are shown to people; 0 for no ground."""
    areas: list[float] = ellipsoidal_areas_m2(ground, plane).tolist()
    return areas


def _curved_inside_m2(shapes: np.ndarray, place: Place, plane: pyproj.CRS) -> list[float | None]:
    """The ellipsoidal m² of polygons (n,) inside a box; None if an overlay cannot be proved."""
    ground, failed = intersections(shapes, np.full(len(shapes), place.shape, dtype=object), Threads())
    return [None if is_lost else area for area, is_lost in zip(_curved_m2(ground, plane), failed, strict=True)]


def _speaks_of(rule: Rule, attributes: pd.DataFrame, entry: LayerEntry) -> np.ndarray:
    """Which features (n,) a rule concerns: its condition holds for them, or cannot be decided."""
    if rule.where is None:
        return np.ones(len(attributes), dtype=bool)
    try:
        truth = truth_of_rows(rule.where, attributes, entry)
    except KeyError:  # a version without the field: nobody knows
        return np.ones(len(attributes), dtype=bool)
    speaks: np.ndarray = truth.possible
    return speaks


def _amounts_inside(shapes: np.ndarray, place: Place, entry: LayerEntry) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The m² of polygons (n,) inside a box; and the length of a drawn line on polygons, or of lines inside a box.

    None for other pairs, which have neither area nor length.
    """
    west, south, _, _ = np.floor(place.shape.bounds)
    near, own_shapes = (
        shift_geometries(some, (-west, -south)) for some in (shapes, np.full(len(shapes), place.shape, dtype=object))
    )
    pair = place.kind, entry.geometry
    if pair == ("box", "polygon"):
        return common_areas(near, own_shapes, Threads())[0], None
    if pair in (("line", "polygon"), ("box", "line")):
        lines, grounds = (own_shapes, near) if place.kind == "line" else (near, own_shapes)
        return None, shapely.length(proved_pieces(shapely.intersection, lines, grounds))
    return None, None


def _meanings(entry: LayerEntry, values: dict[str, Any], language: str) -> dict[str, str]:
    """The titles of the codes in a feature's fields, by field name; only codes that a table knows."""
    by_name = {field.name.lower(): field for field in entry.fields if field.codes}
    titles_by_field = {}
    for name, value in values.items():
        field, code = by_name.get(name.lower()), text_value(value)
        titles = class_titles(field.codes, code) if field and code else None
        if titles:
            titles_by_field[name] = in_language(titles, language)
    return titles_by_field


def _cells(request: _Request, source: LayerSource, rules: list[str]) -> list[dict[str, Any]]:
    """The value of each raster of a layer at the place: of a point's cell, or the range over the cells of a shape."""
    samples = cell_sample(request.place.shape, source.rasters, request.sources.library.crs)
    features = []
    for name, sample, fid in zip(source.names, samples, source.features.fids.tolist(), strict=True):
        if sample is None:
            continue
        features.append(
            {
                "feature": name,
                "name": None,
                "class": sample.get("value"),
                "class_title": None,
                "area_m2": None,
                "area_ellipsoidal_m2": None,
                "distance_m": 0.0,
                "attributes": {key: value for key, value in sample.items() if key != "value"},
                "meanings": {},
                "length_m": None,
                "fid": int(fid),
                "rules": rules,
            }
        )
    return features


def cell_sample(
    place: shapely.Geometry, rasters: Sequence[RasterReference], plane: pyproj.CRS
) -> list[dict[str, Any] | None]:
    """The value of each raster at a place in the plane; None where it has none.

    For a point `value`, of its cell; on an edge of the cell to the right or below. For a line or a polygon `low`,
    `mean` and `high` of the cells that it touches, each counted once. `unit` if the raster or its system names one.
    Raises OneMapError version.unreadable if a raster is gone or differs from what was added.
    """
    samples = []
    for reference in rasters:
        with checked_raster(reference) as grid:
            crs = raster_crs(grid, reference.given_crs)
            to_grid, _ = changes_of_plane(grid, crs, plane, (0.0, 0.0))
            shape = in_cells(to_grid(np.array([place], dtype=object)), grid)[0]
            sample = _of_point(shape, grid) if place.geom_type == "Point" else _of_shape(shape, grid)
            unit = height_unit(grid, crs)
            samples.append(sample if sample is None or unit is None else {**sample, "unit": unit})
    return samples


def _of_point(point: shapely.Geometry, grid: Any) -> dict[str, Any] | None:
    from rasterio.windows import Window

    column, row = np.floor([shapely.get_x(point), shapely.get_y(point)])
    if not (0 <= column < grid.width and 0 <= row < grid.height):
        return None
    (value,) = cell_values(*read_cells(grid, Window(int(column), int(row), 1, 1))).ravel()
    return None if np.isnan(value) else {"value": float(value)}


def _of_shape(shape: shapely.Geometry, grid: Any) -> dict[str, Any] | None:
    from rasterio.windows import Window

    west, south, east, north = np.floor(shapely.bounds(shape)).astype(int).tolist()
    west, east, south, north = max(west, 0), min(east, grid.width - 1), max(south, 0), min(north, grid.height - 1)
    shapely.prepare(shape)
    low, high, total, count = np.inf, -np.inf, 0.0, 0
    for top in range(south, north + 1, _ROWS_AT_ONCE):
        rows = min(_ROWS_AT_ONCE, north + 1 - top)
        values = cell_values(*read_cells(grid, Window(west, top, max(east + 1 - west, 0), rows)))
        row, column = np.nonzero(~np.isnan(values))
        squares = shapely.box(column + west, row + top, column + west + 1, row + top + 1)
        touched = values[row, column][shapely.intersects(shape, squares)]
        if len(touched):
            low, high = min(low, float(touched.min())), max(high, float(touched.max()))
            total, count = total + float(touched.sum()), count + len(touched)
    return {"low": low, "mean": total / count, "high": high} if count else None
