"""Columns of WKB as Arrow arrays, made from flat rings and from geometries, and interleaved by row."""

import struct
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.geometry.parts import have_one_ring, multi

_KINDS = ("point", "line", "polygon")
_POINT_BYTES = 16
_BEFORE = struct.pack("<BIIBII", 1, shapely.GeometryType.MULTIPOLYGON, 1, 1, shapely.GeometryType.POLYGON, 1)
_HEAD = np.dtype([("before", "u1", len(_BEFORE)), ("points", "<u4")])


def ring_heads(size: np.ndarray) -> pa.Array:
    """Return the WKB bytes before the points of one-ring polygons, each as a multipolygon of one part: (n,).

    size (n,): how many points each ring has.
    """
    heads = np.zeros(len(size), dtype=_HEAD)
    heads["before"], heads["points"] = np.frombuffer(_BEFORE, dtype=np.uint8), size
    return _column(np.full(len(size), _HEAD.itemsize), heads)


def with_points(heads: pa.Array, points: np.ndarray, size: np.ndarray) -> pa.Array:
    """Append points to each value (n,): points (m, 2), value by value; size (n,): how many for each."""
    after = _column(_POINT_BYTES * size, np.ascontiguousarray(points, dtype="<f8"))
    return pc.binary_join_element_wise(heads, after, pa.scalar(b"", pa.large_binary()))


def _column(size: np.ndarray, data: np.ndarray) -> pa.Array:
    """Return a column whose values have these numbers of bytes (n,), over `data` as it lies in memory."""
    offsets = np.zeros(len(size) + 1, dtype=np.int64)
    np.cumsum(size, out=offsets[1:])
    return pa.Array.from_buffers(pa.large_binary(), len(size), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def multi_bodies(geometries: np.ndarray) -> pa.Array:
    """Return geometries (n,), or None, as multis of their kind, as WKB: (n,)."""
    is_ring = have_one_ring(geometries)
    rings, others = np.flatnonzero(is_ring), np.flatnonzero(~is_ring)
    size = shapely.get_num_coordinates(geometries[rings])
    bodies = with_points(ring_heads(size), shapely.get_coordinates(geometries[rings]), size)
    return interleaved_column([(rings, bodies), (others, _written_bodies(geometries[others]))])


def _written_bodies(geometries: np.ndarray) -> pa.Array:
    """Return geometries as `multi_bodies` does, but written by GEOS, several times slower than laying out rings."""
    multis, dimension = geometries.copy(), shapely.get_dimensions(geometries)
    for at, kind in enumerate(_KINDS):
        rows = np.flatnonzero(dimension == at)
        if len(rows):
            multis[rows] = multi(geometries[rows], kind)
    return pa.array(shapely.to_wkb(multis, byte_order=1), pa.large_binary())


def interleaved_column(parts: Sequence[tuple[np.ndarray, pa.Array]]) -> pa.Array:
    """Merge parts of a column: each part has the rows (k,) of its values; every row occurs once."""
    parts = [part for part in parts if len(part[0])] or parts[:1]
    rows = np.concatenate([of for of, _ in parts])
    whole = pa.concat_arrays([values for _, values in parts]) if len(parts) > 1 else parts[0][1]
    if (rows[1:] > rows[:-1]).all():
        return whole
    place = np.empty(len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    return whole.take(pa.array(place))
