"""Columns of WKB as Arrow arrays: written from flat rings, put together row by row; no geometry is made for it."""

import struct
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.parts import multi

_KINDS = ("point", "line", "polygon")
_POINT_BYTES = 16


def ring_bodies(points: np.ndarray, size: np.ndarray) -> pa.Array:
    """Polygons of one ring each as WKB of multipolygons of one part: (n,).

    points (m, 2): ring after ring, closed; size (n,): how many points each has.
    """
    sizes, start = np.unique(size).tolist(), np.cumsum(size) - size
    # All rings of one size are written at once, and brought back into their order.
    rows = [np.flatnonzero(size == count) for count in sizes]
    parts = [points[start[of][:, None] + np.arange(count)] for of, count in zip(rows, sizes, strict=True)]
    return interleaved([(of, _bodies(part)) for of, part in zip(rows, parts, strict=True)] or [(size, _nothing())])


def _bodies(rings: np.ndarray) -> pa.Array:
    """Rings (n, k, 2) as multipolygons."""
    number, count, _ = rings.shape
    one, polygon, several = 1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON
    head = struct.pack("<BIIBIII", 1, several, one, 1, polygon, one, count)
    data = np.empty((number, len(head) + _POINT_BYTES * count), dtype=np.uint8)
    data[:, : len(head)] = np.frombuffer(head, dtype=np.uint8)
    data[:, len(head) :] = rings.astype("<f8", copy=False).reshape(number, -1).view(np.uint8)
    offsets = np.arange(number + 1) * data.shape[1]
    return pa.Array.from_buffers(pa.large_binary(), number, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def multi_bodies(geometries: np.ndarray) -> pa.Array:
    """Geometries (n,), or None, as multis of their kind, as WKB: (n,)."""
    multis, dimension = geometries.copy(), shapely.get_dimensions(geometries)
    for at, kind in enumerate(_KINDS):
        rows = np.flatnonzero(dimension == at)
        if len(rows):
            multis[rows] = multi(geometries[rows], kind)
    return pa.array(shapely.to_wkb(multis, byte_order=1), pa.large_binary())


def interleaved(parts: Sequence[tuple[np.ndarray, pa.Array]]) -> pa.Array:
    """Parts of a column as one column: each with the rows (k,) in which its values stand; every row stands once."""
    rows = np.concatenate([of for of, _ in parts])
    whole = pa.concat_arrays([values for _, values in parts]) if len(parts) > 1 else parts[0][1]
    if (rows[1:] > rows[:-1]).all():
        return whole
    place = np.empty(len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return whole.take(pa.array(place))


def _nothing() -> pa.Array:
    return pa.array([], pa.large_binary())
