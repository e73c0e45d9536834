"""Boxes and types of geometries, read from their WKB; only a few geometries are made."""

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.wkb_rings import plain_rings, shapes_of_wkb


def wkb_boxes(bodies: pa.Array) -> np.ndarray:
    """Return west, south, east, north (n, 4) of geometries as WKB (n,), NaN for null and empty ones.

    A polygon's box is that of its shells, whose points are read from the bytes; all other geometries are decoded.
    """
    rings, is_plain = plain_rings(bodies)
    boxes = rings.boxes()
    rest = np.flatnonzero(~is_plain & np.asarray(bodies.is_valid()))
    boxes[rest] = shapely.bounds(shapes_of_wkb(bodies.take(pa.array(rest)))).reshape(-1, 4)
    return boxes


def wkb_types(bodies: pa.Array) -> list[int]:
    """Return the types that occur among the geometries, each once, as shapely numbers them."""
    some = bodies.drop_null()
    data, start = _bytes_of(some)
    types = np.unique(_words(data, start[:-1] + 1)) if len(some) else np.empty(0, dtype=np.uint32)
    if len(some) and (data[start[:-1]] != 1).any() or (types > shapely.GeometryType.GEOMETRYCOLLECTION).any():
        types = np.unique(shapely.get_type_id(shapes_of_wkb(some)))
    return [int(kind) for kind in types]


def _bytes_of(bodies: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Return all bytes of an array, and where each value begins and the last one ends: (n + 1,)."""
    _, offsets, data = bodies.buffers()
    width = np.int64 if pa.types.is_large_binary(bodies.type) else np.int32
    if offsets is None or data is None:
        return np.empty(0, dtype=np.uint8), np.zeros(len(bodies) + 1, dtype=np.int64)
    start = np.frombuffer(offsets, width, len(bodies) + 1, bodies.offset * np.dtype(width).itemsize)
    return np.frombuffer(data, np.uint8), start.astype(np.int64)


def _words(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the four-byte numbers at some places (k,)."""
    words: np.ndarray = data[at[:, None] + np.arange(4)].view("<u4").ravel()
    return words
