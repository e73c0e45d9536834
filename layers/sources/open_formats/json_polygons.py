"""Polygons of GeoJSON straight to WKB, without the text that GEOS would have to read again."""

import struct
from itertools import chain
from math import isfinite
from typing import Any

import shapely

_POLYGON, _MULTIPOLYGON = int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON)
_LEAST_POINTS = 4  # of a closed ring
_NUMBERS = {int, float}


def polygon_body(geometry: dict[str, Any]) -> bytes | None:
    """The WKB of a polygon or multipolygon of closed rings of pairs of finite numbers; None of anything else."""
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
    """Raises ValueError, TypeError, OverflowError."""
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
