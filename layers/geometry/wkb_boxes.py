"""Where geometries lie, and of which types they are, read from their WKB: of few of them a geometry is made."""

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.wkb_rings import plain_rings, shapes_of_wkb


def wkb_boxes(bodies: pa.Array) -> np.ndarray:
    """West, south, east, north (n, 4) of geometries as WKB (n,), NaN for null and empty ones.

    A polygon lies where its shells do, whose points are taken out of the bytes; all others are decoded.
    """
    rings, is_plain = plain_rings(bodies)
    boxes = rings.boxes()
    rest = np.flatnonzero(~is_plain & np.asarray(bodies.is_valid()))
    boxes[rest] = shapely.bounds(shapes_of_wkb(bodies.take(pa.array(rest)))).reshape(-1, 4)
    return boxes


def wkb_types(bodies: pa.Array) -> list[int]:
    """The types of the geometries that are there, each once, as shapely numbers them."""
    some = bodies.drop_null()
    data, start = _bytes_of(some)
    types = np.unique(_words(data, start[:-1] + 1)) if len(some) else np.empty(0, dtype=np.uint32)
    if len(some) and (data[start[:-1]] != 1).any() or (types > shapely.GeometryType.GEOMETRYCOLLECTION).any():
        types = np.unique(shapely.get_type_id(shapes_of_wkb(some)))
    return [int(kind) for kind in types]


def _bytes_of(bodies: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """All bytes of an array, and where each of the n begins and the last one ends: (n + 1,)."""
    _, offsets, data = bodies.buffers()
    width = np.int64 if pa.types.is_large_binary(bodies.type) else np.int32
    if offsets is None or data is None:
        return np.empty(0, dtype=np.uint8), np.zeros(len(bodies) + 1, dtype=np.int64)
    start = np.frombuffer(offsets, width, len(bodies) + 1, bodies.offset * np.dtype(width).itemsize)
    return np.frombuffer(data, np.uint8), start.astype(np.int64)


def _words(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Numbers of four bytes at some places (k,)."""
    words: np.ndarray = data[at[:, None] + np.arange(4)].view("<u4").ravel()
    return words
