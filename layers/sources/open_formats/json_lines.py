"""GeoJSON by line: one feature a line, or a record after each separator (RFC 8142).

One broken record leaves the others whole. Polygons go straight to WKB, without text that GEOS would have to parse
again.
"""

import json
import struct
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from onemap.layers.crs.systems import parse_crs
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.full_size import VALUE_BYTES, check_full_size
from onemap.layers.files.text_encodings import text_of
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.proof_beside import ProofBeside, Provers
from onemap.layers.geometry.shape_column import WORTH_ROWS, AnyShapes, in_plane
from onemap.layers.geometry.wkb_rings import shapes_of_wkb
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.gdal.json_stream import check_depth
from onemap.layers.sources.open_formats.nested_values import plain_value

SUFFIXES = {".geojsonl", ".geojsons", ".geojsonseq", ".jsonl", ".ndjson"}
FORMAT = "GeoJSONSeq"
_SEPARATOR = "\x1e"
_WGS_84 = "EPSG:4326"  # RFC 7946 knows no other
_TYPES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
_AT_ONCE = 10_000
_POLYGON, _MULTIPOLYGON = int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON)
_LEAST_POINTS = 4  # of a closed ring
_NUMBERS = {int, float}


def read_json_lines(path: Path, encoding: str | None, progress: Progress, provers: Provers) -> RawFrame:
    """Read all records in the file's order; records that are not features are named.

    provers: they prove polygons valid; many plain ones are not made into geometries.
    Raises OneMapError source.damaged if no record is a feature, source.swollen, encoding.….
    """
    place = ProblemPlace(file=path.name, layer=path.stem)
    records, used_encoding = _records(path, encoding)
    with ProofBeside(provers) as proof:
        record_shapes = _Shapes(proof)
        properties, broken_rows = _features(records, record_shapes, progress)
        shapes, valid = record_shapes.result()
    if broken_rows and len(broken_rows) == len(properties):
        raise OneMapError("source.damaged", reason=broken_rows[0], **place)
    shapes, has_heights = in_plane(shapes)
    names = list(dict.fromkeys(name for record in properties for name in record))
    check_full_size(path, len(names) * len(properties) * VALUE_BYTES)
    columns = {name: [plain_value(record.get(name)) for record in properties] for name in names}
    problems = [Problem("geometry.z_dropped", dict(place))] if has_heights else []
    return RawFrame(
        path=path,
        layer=path.stem,
        format=FORMAT,
        shapes=shapes,
        attributes=pd.DataFrame(columns, index=range(len(shapes)), dtype=object),
        crs=parse_crs(_WGS_84),
        encoding=used_encoding,
        problems=tuple(problems),
        is_assumed=True,
        broken=broken_rows,
        valid=valid,
    )


def _features(records: list[str], shapes: "_Shapes", progress: Progress) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """Return the properties of all records (n,), and errors by row; add their shapes to `shapes`."""
    properties: list[dict[str, Any]] = []
    broken_rows: dict[int, str] = {}
    for row, record in enumerate(records):
        if row % _AT_ONCE == 0:
            progress.at(row / len(records))
        try:
            feature = _feature(record)
            shape = _shape(feature.get("geometry"))
            properties.append(feature.get("properties") or {})
        except (ValueError, TypeError, RecursionError, shapely.GEOSException) as error:
            broken_rows[row], shape = str(error)[:200] or type(error).__name__, None
            properties.append({})
        shapes.add(shape)
    return properties, broken_rows


def _records(path: Path, encoding: str | None) -> tuple[list[str], str]:
    """Return the texts of the non-empty records, and their encoding; the whole text is released."""
    text, used_encoding = text_of(path, encoding)
    separated = text.split(_SEPARATOR) if _SEPARATOR in text else text.split("\n")
    return [record for record in separated if record.strip()], used_encoding


def _feature(record: str) -> dict[str, Any]:
    """Return a record as a feature; a bare geometry becomes a feature without properties."""
    content = json.loads(record)
    kind = content.get("type") if isinstance(content, dict) else None
    if kind in _TYPES:
        return {"geometry": content}
    if kind != "Feature" or not isinstance(content.get("properties") or {}, dict):
        raise ValueError(f"type: {str(kind)[:40]}")
    return content


def _shape(geometry: Any) -> shapely.Geometry | bytes | None:
    """A geometry, or the WKB of a plain polygon. Raises TypeError, RecursionError, shapely.GEOSException."""
    if geometry is None:
        return None
    body = polygon_body(geometry)
    if body is not None:
        return body
    check_depth(geometry)
    return shapely.from_geojson(json.dumps(geometry))


class _Shapes:
    """The shapes of a file, part by part; many proved plain polygons are not made into geometries."""

    def __init__(self, proof: ProofBeside) -> None:
        self._proof = proof
        self._parts: list[np.ndarray | pa.Array] = []
        self._waiting_shapes: list[shapely.Geometry | bytes | None] = []

    def add(self, shape: shapely.Geometry | bytes | None) -> None:
        self._waiting_shapes.append(shape)
        if len(self._waiting_shapes) == _AT_ONCE:
            self._end_part()

    def _end_part(self) -> None:
        if (self._parts or len(self._waiting_shapes) >= WORTH_ROWS) and all(
            type(shape) is bytes for shape in self._waiting_shapes
        ):
            self._parts.append(pa.array(self._waiting_shapes, pa.large_binary()))
            self._proof.add(self._parts[-1])
        else:
            shapes = np.full(len(self._waiting_shapes), None, dtype=object)
            shapes[:] = [shapely.from_wkb(shape) if type(shape) is bytes else shape for shape in self._waiting_shapes]
            self._parts.append(shapes)
        self._waiting_shapes = []

    def result(self) -> tuple[AnyShapes, np.ndarray | None]:
        """Return all shapes (n,), and which are valid, if that is proved."""
        self._end_part()
        bodies = [part for part in self._parts if isinstance(part, pa.Array)]
        proved = self._proof.result(SILENT) if len(bodies) == len(self._parts) else None
        if proved is not None:
            return proved.column(pa.concat_arrays(bodies)), proved.valid
        return np.concatenate(
            [shapes_of_wkb(part) if isinstance(part, pa.Array) else part for part in self._parts]
        ), None


def polygon_body(geometry: dict[str, Any]) -> bytes | None:
    """Return the WKB of a (multi)polygon of closed rings of finite number pairs; None for anything else."""
    try:
        if geometry["type"] == "Polygon":
            return _polygon(geometry["coordinates"])
        if geometry["type"] == "MultiPolygon":
            parts = [_polygon(rings) for rings in geometry["coordinates"]]
            return struct.pack("<BII", 1, _MULTIPOLYGON, len(parts)) + b"".join(parts) if parts else None
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    return None


def _polygon(rings: list[list[Any]]) -> bytes:
    """Return the WKB of a polygon. Raises ValueError, TypeError, OverflowError."""
    if not rings:
        raise ValueError
    return struct.pack("<BII", 1, _POLYGON, len(rings)) + b"".join(map(_ring, rings))


def _ring(points: list[Any]) -> bytes:
    flat = list(chain.from_iterable(points))
    is_closed = len(points) >= _LEAST_POINTS and points[0] == points[-1] and {*map(len, points)} == {2}
    # What is infinite or no number makes the sum so.
    if not (is_closed and {*map(type, flat)} <= _NUMBERS and isfinite(sum(flat))):
        raise ValueError
    return struct.pack(f"<I{len(flat)}d", len(points), *flat)
