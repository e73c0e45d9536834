"""Red-line coordinate TXT from and to vector files: the work of the verb `redline`."""

import contextlib
import hashlib
import sqlite3
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataSourceError

from onemap.layers.crs import systems
from onemap.layers.crs.zones import GEOGRAPHIC_CODES, Zone, zone_crs, zone_of, zone_of_longitude
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.invalid_reasons import invalid_reasons
from onemap.layers.geometry.validity import first_problems, refuse_beyond, sorted_geometries
from onemap.layers.ingest.placing import SourceOptions, bounds_of, in_crs, source_crs
from onemap.layers.messages import problem_record
from onemap.layers.provenance import provenance
from onemap.layers.records import Record
from onemap.layers.sources.gdal.gdal_name import gdal_name, gdal_target, open_options
from onemap.layers.sources.reading import open_source, read_source, shown_source, source_name
from onemap.layers.sources.redline.redline_reading import frame_of
from onemap.layers.sources.redline.redline_text import RedlineText, looks_like_redline, read_text
from onemap.layers.sources.redline.redline_writing import (
    Frame,
    changes,
    header_lines,
    kept_header,
    redline_bytes,
    redline_text,
    with_zone,
)
from onemap.layers.stores.geopackage import keep_provenance

WRITABLE = {
    ".shp": "ESRI Shapefile",
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gdb": "OpenFileGDB",
    ".fgb": "FlatGeobuf",
    ".gml": "GML",
    ".kml": "LIBKML",
}
_HEADER_KEY = "onemap_redline"
_KINDS = {0: "point", 1: "line", 2: "polygon"}


@dataclass(frozen=True)
class ExchangeOptions:
    """The user's options: the layer of the source, the source's CRS, its encoding, and whether to replace."""

    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    overwrite: bool = False


@dataclass(frozen=True)
class _ExchangeResult:
    """The result of an exchange: features and points written, the CRS, and remarks."""

    features: int
    points: int
    crs: pyproj.CRS | None
    problems: Sequence[Problem]


def exchange(source: str, target: str, options: ExchangeOptions, language: str) -> Record:
    """Turn a coordinate TXT into a vector file, a vector file into a TXT, or a TXT into our own form.

    Raises OneMapError redline.target, redline.neither, out.…, crs.…, geometry.…, and whatever reading refuses.
    """
    place = Path(target)
    suffix = place.suffix.lower()
    if suffix != ".txt" and suffix not in WRITABLE:
        raise OneMapError("redline.target", file=place.name, known=[".txt", *WRITABLE])
    check_place(place, options.overwrite, "TARGET")
    text = _text_of(source, options)
    if text is not None and suffix == ".txt":
        result = _rewrite(text, Path(source), place, options)
    elif text is not None:
        result = _to_vector(text, Path(source), place, options)
    elif suffix == ".txt":
        result = _to_text(source, place, options)
    elif Path(source).suffix.lower() == ".txt":
        frame = read_source(source, options.layer, options.encoding)
        crs = source_crs(frame, SourceOptions(crs=options.crs))
        result = _write_frame(frame, Path(source), place, crs=crs, overwrite=options.overwrite)
    else:
        raise OneMapError("redline.neither", file=source_name(source), target=place.name)
    return {
        "ok": True,
        "source": shown_source(source),
        "target": str(target),
        "features": result.features,
        "points": result.points,
        "crs": systems.crs_name(result.crs) if result.crs is not None else None,
        "problems": [problem_record(problem, language) for problem in result.problems],
    }


def _text_of(source: str, options: ExchangeOptions) -> RedlineText | None:
    """Return the source's text, token by token, if it is a coordinate TXT."""
    with open_source(source) as path:
        if (
            not isinstance(path, Path)
            or not path.is_file()
            or path.suffix.lower() != ".txt"
            or not looks_like_redline(path)
        ):
            return None
        if options.layer is not None and options.layer != path.stem:
            raise OneMapError("source.layer_unknown", file=path.name, layer=options.layer, names=[path.stem])
        return read_text(path, options.encoding)


def _rewrite(text: RedlineText, source: Path, target: Path, options: ExchangeOptions) -> _ExchangeResult:
    """Write the same points, names and sections in our form; the header gets the CRS that the user names."""
    frame = frame_of(text, source)
    crs = frame.crs
    if options.crs:
        crs = source_crs(frame, SourceOptions(crs=options.crs))
        zone = zone_of(crs)
        if zone is None:
            raise OneMapError("redline.no_zone", file=source.name, crs=systems.crs_name(crs), field="--crs")
        text = with_zone(text, zone)
    _write_text(text, target, options)
    return _ExchangeResult(len(text.parcels), _count(text), crs, frame.problems)


def _write_text(text: RedlineText, target: Path, options: ExchangeOptions) -> None:
    content = redline_bytes(text, target.name)
    with atomic_output(target, options.overwrite, "TARGET") as path:
        path.write_bytes(content)


def _count(text: RedlineText) -> int:
    return sum(len(parcel.points) for parcel in text.parcels)


def _to_vector(text: RedlineText, source: Path, target: Path, options: ExchangeOptions) -> _ExchangeResult:
    frame = frame_of(text, source)
    crs = source_crs(frame, SourceOptions(crs=options.crs))
    zone = zone_of(crs)
    header = header_lines(with_zone(text, zone) if zone is not None else text)
    result = _write_frame(frame, source, target, crs=crs, overwrite=options.overwrite, header=header)
    return replace(result, points=_count(text))


def _write_frame(
    frame: RawFrame, source: Path, target: Path, *, crs: pyproj.CRS, overwrite: bool, header: str = ""
) -> _ExchangeResult:
    """Write the parcels of a text as a vector file. header: the text's lines about all of them, for a GeoPackage.

    Raises OneMapError geometry.… for a KML of rings that cross.
    """
    crossing_rings = _crossing_rings(frame)
    problems = [*frame.problems, *crossing_rings]
    # A KML has degrees of WGS 84 alone, to which the driver would shift an old datum by guess.
    if target.suffix.lower() == ".kml":
        if crossing_rings:  # the driver writes no such ring
            raise OneMapError.of(crossing_rings)
        frame, crs = replace(frame, crs=crs), pyproj.CRS(4326)
        geometries, remarks = in_crs(frame.geometries, frame, SourceOptions(), crs)
        # The last digit of a degree may have rings cross that touched; nor does the driver write such.
        valid = shapely.make_valid(geometries, method="structure", keep_collapsed=False)
        frame, problems = replace(frame, shapes=valid, valid=None), [*problems, *remarks]
    with atomic_output(target, overwrite, "TARGET") as path:
        _write_vector(frame, crs, path, header)
        if path.suffix.lower() == ".gpkg":
            _keep_origin(path, source)
    corners = int(shapely.get_num_coordinates(frame.geometries).sum())
    return _ExchangeResult(len(frame.geometries), corners, crs, problems)


def _keep_origin(path: Path, source: Path) -> None:
    """Record in a new GeoPackage from which text it was made."""
    parameters = {"parcels": source.name, "parcels_hash": hashlib.sha256(source.read_bytes()).hexdigest()}
    origin = provenance({"kind": "redline", "parameters": parameters})
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        keep_provenance(file, origin)


def _crossing_rings(frame: RawFrame) -> list[Problem]:
    """Report parcels whose rings cross; other formats than KML hold them unchanged, for someone to see and mend.

    Raises OneMapError geometry.beyond.
    """
    place = ProblemPlace(file=frame.path.name)
    numbers = [number or row for row, number in enumerate(frame.attributes["DKBH"], start=1)]
    refuse_beyond(frame.geometries, numbers, place)
    rows = np.flatnonzero(~shapely.is_valid(frame.geometries))
    reasons = invalid_reasons(frame.geometries[rows])
    names = [numbers[row] for row in rows]
    return [
        Problem("geometry.invalid", {**place, "feature": name, "row": int(row) + 1, "reason": reason})
        for name, row, reason in zip(names, rows, reasons, strict=True)
    ]


def _write_vector(frame: RawFrame, crs: pyproj.CRS, path: Path, header: str) -> None:
    """Write a frame as a vector file. Raises OneMapError out.failed, also if the format would truncate text."""
    suffix = path.suffix.lower()
    table = gpd.GeoDataFrame(frame.attributes, geometry=gpd.GeoSeries(frame.geometries, crs=crs))
    options: dict[str, Any] = {}
    if suffix == ".gpkg":
        options |= {
            "layer_metadata": {_HEADER_KEY: header},
            "dataset_options": {"VERSION": "1.3"},
        }  # older ones read it
    if suffix == ".shp":
        options["encoding"] = "UTF-8"
    is_mixed = len(np.unique(shapely.get_type_id(frame.geometries))) > 1
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            pyogrio.write_dataframe(
                table,
                gdal_target(path),
                layer=frame.layer,
                driver=WRITABLE[suffix],
                promote_to_multi=is_mixed or None,
                **options,
            )
    except (DataSourceError, ValueError, RuntimeError) as error:
        raise OneMapError("out.failed", file=path.name, field="TARGET", reason=str(error)[:200]) from error
    truncated_texts = [str(warning.message) for warning in caught if "truncated" in str(warning.message)]
    if truncated_texts:
        raise OneMapError("out.failed", file=path.name, field="TARGET", reason=truncated_texts[0][-200:])


def _to_text(source: str, target: Path, options: ExchangeOptions) -> _ExchangeResult:
    raw = read_source(source, options.layer, options.encoding)
    problems = list(raw.problems)
    source_options = SourceOptions(crs=options.crs)
    crs = source_crs(raw, source_options)
    zone = zone_of(crs)
    geometries = _valid_geometries(raw)
    if zone is None:
        zone = _zone_for(raw, crs)
        geometries, remarks = in_crs(geometries, raw, source_options, zone_crs(zone))
        facts = {"file": raw.path.name, "layer": raw.layer, "crs": systems.crs_name(crs)}
        problems += [*remarks, Problem("redline.projected", {**facts, "target": f"EPSG:{zone.epsg}"})]
    attributes = raw.attributes.reset_index(drop=True)
    attributes = attributes.loc[:, ~attributes.columns.duplicated()].rename(columns=str)
    frame = Frame(geometries, attributes, zone, _header(source, raw.layer))
    place = raw.place
    problems += first_problems(changes(frame, place), place)
    text = redline_text(frame)
    _write_text(text, target, options)
    text_zone = replace(zone, prefixed=True)
    return _ExchangeResult(len(geometries), _count(text), zone_crs(text_zone), problems)


def _valid_geometries(raw: RawFrame) -> np.ndarray:
    """Return the geometries if all are present, valid and of the first one's kind. Raises OneMapError geometry.…."""
    place = raw.place
    dimensions = shapely.get_dimensions(raw.geometries)
    kind = _KINDS[int(max(dimensions, default=2))] if (dimensions >= 0).any() else "polygon"
    names = np.array([str(row) for row in range(1, len(raw.geometries) + 1)], dtype=object)
    return sorted_geometries(raw.geometries, kind, names, False, place).require_sound(place).geometries


def _zone_for(raw: RawFrame, crs: pyproj.CRS) -> Zone:
    """Return the 3° zone of the frame's middle, in the CRS's datum if it is one of China's, else in CGCS2000.

    Raises OneMapError redline.outside, crs.no_transformation.
    """
    family = systems.datum_family(crs)
    datum = family if family is not None and family in GEOGRAPHIC_CODES else "cgcs2000"
    degrees = pyproj.CRS.from_epsg(GEOGRAPHIC_CODES[datum])
    bounds = bounds_of(raw.geometries)
    change = systems.transformation(crs, degrees, file=raw.path.name)
    longitude = np.array([(bounds[0] + bounds[2]) / 2]) if bounds else np.array([np.nan])
    latitude = np.array([(bounds[1] + bounds[3]) / 2]) if bounds else np.array([np.nan])
    if change is not None:
        longitude, latitude = change(longitude, latitude)
    zone = zone_of_longitude(datum, float(longitude[0])) if np.isfinite(longitude[0]) else None
    if zone is None:
        raise OneMapError("redline.outside", file=raw.path.name, crs=systems.crs_name(crs))
    return zone


def _header(source: str, layer: str) -> RedlineText | None:
    """Return the header of the text from which a GeoPackage was made, if it carries one."""
    with open_source(source) as path:
        if not isinstance(path, Path) or path.suffix.lower() != ".gpkg":
            return None
        try:
            metadata = pyogrio.read_info(gdal_name(path), layer=layer, **open_options(path)).get("layer_metadata") or {}
        except (DataSourceError, ValueError):
            return None
    return kept_header(metadata[_HEADER_KEY]) if _HEADER_KEY in metadata else None
