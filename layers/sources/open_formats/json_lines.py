"""GeoJSON by the line: one feature a line, or a record after each separator (RFC 8142), so that one broken record
leaves the others whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.crs.systems import parse_crs
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.text_encodings import text_of
from onemap.layers.frames.frames import RawFrame
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.open_formats.nested_values import plain_value

SUFFIXES = {".geojsonl", ".geojsons", ".geojsonseq", ".jsonl", ".ndjson"}
FORMAT = "GeoJSONSeq"
_SEPARATOR = "\x1e"
_WGS_84 = "EPSG:4326"  # RFC 7946 knows no other
_TYPES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
_AT_ONCE = 10_000


def read_json_lines(path: Path, encoding: str | None, progress: Progress = SILENT) -> RawFrame:
    """All records, in the file's order; what is no feature is named by its record.

    Raises OneMapError source.damaged where no record is a feature, encoding.….
    """
    place = {"file": path.name, "layer": path.stem}
    text, found = text_of(path, encoding)
    shapes: list[Any] = []
    properties: list[dict[str, Any]] = []
    broken: dict[int, str] = {}
    length = max(1, len(text))
    read = 0
    for row, record in enumerate(_records(text)):
        read += len(record)
        if row % _AT_ONCE == 0:
            progress.at(min(1.0, read / length))
        try:
            feature = _feature(record)
            shapes.append(_shape(feature.get("geometry")))
            properties.append(feature.get("properties") or {})
        except (ValueError, TypeError, RecursionError, shapely.GEOSException) as error:
            broken[row] = str(error)[:200] or type(error).__name__
            shapes.append(None)
            properties.append({})
    if broken and len(broken) == len(shapes):
        raise OneMapError("source.damaged", reason=broken[0], **place)
    geometries = np.full(len(shapes), None, dtype=object)
    geometries[:] = shapes
    names = list(dict.fromkeys(name for record in properties for name in record))
    columns = {
        name: pd.Series([plain_value(record.get(name)) for record in properties], dtype=object) for name in names
    }
    problems = [Problem("geometry.z_dropped", dict(place))] if shapely.has_z(geometries).any() else []
    return RawFrame(
        path=path,
        layer=path.stem,
        format=FORMAT,
        shapes=shapely.force_2d(geometries),
        attributes=pd.DataFrame(columns, index=range(len(shapes))),
        crs=parse_crs(_WGS_84),
        encoding=found,
        problems=tuple(problems),
        is_assumed=True,
        broken=broken,
    )


def _records(text: str) -> Iterator[str]:
    """The texts of the records; empty ones are none."""
    separated = text.split(_SEPARATOR) if _SEPARATOR in text else text.split("\n")
    return (record for record in separated if record.strip())


def _feature(record: str) -> dict[str, Any]:
    """A record as a feature; a bare geometry is one without properties."""
    content = json.loads(record)
    kind = content.get("type") if isinstance(content, dict) else None
    if kind in _TYPES:
        return {"geometry": content}
    if kind != "Feature" or not isinstance(content.get("properties") or {}, dict):
        raise ValueError(f"type: {str(kind)[:40]}")
    return content


def _shape(geometry: Any) -> shapely.Geometry | None:
    return None if geometry is None else shapely.from_geojson(json.dumps(geometry))
