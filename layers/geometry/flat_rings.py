"""The rings of many polygons out of their WKB: of what has one ring no geometry is made."""

import struct

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.geometry.rings import Rings, rings_of
from onemap.layers.geometry.wkb_boxes import bytes_of, decoded

_POINT_BYTES = 16
_COUNT_BYTES = 4  # of a ring's points, before these
_ONE_RING = struct.pack("<BII", 1, shapely.GeometryType.POLYGON, 1)
_OF_ONE_PART = struct.pack("<BII", 1, shapely.GeometryType.MULTIPOLYGON, 1)
_HEADS = (_ONE_RING, _OF_ONE_PART + _ONE_RING)


def rings_of_wkb(bodies: pa.Array) -> Rings:
    """What `rings_of` says of polygons as WKB (n,), but that a polygon of one ring may come before its turn."""
    found: list[Rings] = []
    rest = np.ones(len(bodies), dtype=bool)
    for head in _HEADS:
        is_such = np.asarray(pc.fill_null(pc.starts_with(bodies, head), fill_value=False))
        rows = np.flatnonzero(is_such)
        if len(rows):
            found.append(_single_rings(bodies if len(rows) == len(bodies) else bodies.take(pa.array(rows)), rows, head))
            rest &= ~is_such
    if rest.any():
        rows = np.flatnonzero(rest)
        rings = rings_of(decoded(bodies.take(pa.array(rows))))
        found.append(Rings(rings.points, rings.size, rows[rings.polygon], rings.is_hole))
    if len(found) == 1:
        return found[0]
    none = Rings(np.empty((0, 2)), *(np.empty(0, dtype=kind) for kind in (np.int64, np.int64, bool)))
    parts = [none, *found]
    return Rings(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.polygon for part in parts]),
        np.concatenate([part.is_hole for part in parts]),
    )


def are_single_rings(bodies: pa.Array) -> bool:
    """Whether WKB (n,) says of each that it is a polygon of one ring, in two dimensions, or that none is there."""
    return any(pc.all(pc.starts_with(bodies, head)).as_py() is True for head in _HEADS)


def single_rings(bodies: pa.Array) -> Rings | None:
    """The rings of WKB (n,) in its order, if each is a polygon of one ring with points, and nothing else; else None."""
    for head in _HEADS if bodies.null_count == 0 and len(bodies) else ():
        if pc.all(pc.starts_with(bodies, head)).as_py():
            counts, _ = bytes_of(pc.binary_slice(bodies, len(head), len(head) + _COUNT_BYTES))
            size = pc.binary_length(bodies).to_numpy() - len(head) - _COUNT_BYTES
            points = np.frombuffer(counts, "<u4") if (size > 0).all() else np.empty(0)
            if len(points) == len(size) and (points * np.int64(_POINT_BYTES) == size).all():
                return _single_rings(bodies, np.arange(len(bodies)), head)
    return None


def _single_rings(bodies: pa.Array, rows: np.ndarray, head: bytes) -> Rings:
    """The only ring of each polygon (k,); rows (k,): their places; head: with what their WKB begins."""
    longest = int(pc.max(pc.binary_length(bodies)).as_py())  # Arrow miscounts what it is to keep without an end
    data, start = bytes_of(pc.binary_slice(bodies, len(head) + _COUNT_BYTES, longest))
    points = np.frombuffer(data, "<f8", int(start[-1] - start[0]) // 8, int(start[0])).reshape(-1, 2)
    return Rings(points, np.diff(start) // _POINT_BYTES, rows, np.zeros(len(rows), dtype=bool))
