"""Rings of polygons as they lie in WKB: points are read and moved where they are, and no geometry is made for it."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.ragged import ranges

_POLYGON, _MULTIPOLYGON = int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON)
_HEAD, _NUMBER, _POINT = 5, 4, 16  # bytes: order and type; how many follow; a point
_COORDINATE = 8  # bytes
_MOST_RINGS = 500  # of a polygon: each takes one look at all that have so many


@dataclass(frozen=True)
class WkbRings:
    """Rings (r,) of polygons (n,) in two dimensions, in their order.

    polygon (r,): whose; first (r,): the byte at which their points begin; size (r,): how many points.
    offsets (n + 1,): where polygons begin among all bytes; data: these bytes; is_alone (n,): multis of one part.
    """

    polygon: np.ndarray
    first: np.ndarray
    size: np.ndarray
    offsets: np.ndarray
    data: np.ndarray
    is_alone: np.ndarray

    def move(self, by: tuple[float, float]) -> tuple[np.ndarray, pa.Array]:
        """All points (m, 2), and the WKB (n,) of the polygons with these moved east and north by metres."""
        bytes_of, points = self.data.copy(), np.empty(2 * int(self.size.sum()))
        place = 2 * (np.cumsum(self.size) - self.size)
        for start in range(_COORDINATE):  # numbers begin anywhere, so all bytes are looked at in eight ways
            rings = np.flatnonzero(self.first % _COORDINATE == start)
            numbers = bytes_of[start : start + (len(bytes_of) - start) // _COORDINATE * _COORDINATE].view("<f8")
            count = 2 * self.size[rings]
            within = ranges(self.first[rings] // _COORDINATE, count)
            values = numbers[within]
            points[ranges(place[rings], count)] = values
            numbers[within] = (values.reshape(-1, 2) + by).ravel()
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(bytes_of)]
        return points.reshape(-1, 2), pa.Array.from_buffers(pa.large_binary(), len(self.offsets) - 1, buffers)


def wkb_rings(bodies: pa.Array) -> WkbRings | None:
    """The rings of WKB (n,), as large binaries; None where some is no polygon or multipolygon of plain form."""
    if bodies.null_count or len(bodies) == 0:
        return None
    _, offsets, data = bodies.buffers()
    offsets = np.frombuffer(offsets, dtype=np.int64)[bodies.offset : bodies.offset + len(bodies) + 1]
    data = np.frombuffer(data, dtype=np.uint8)
    end = offsets[1:]
    if (np.diff(offsets) < _HEAD + _NUMBER).any():
        return None
    kind = _kinds(data, offsets[:-1])
    if not np.isin(kind, (_POLYGON, _MULTIPOLYGON)).all():
        return None
    is_multi = kind == _MULTIPOLYGON
    count = _numbers(data, offsets[:-1] + _HEAD)
    if (count == 0).any():
        return None
    # Ring after ring of every polygon at once: where each is, and how many parts and rings are still to come.
    row, place = np.arange(len(bodies)), offsets[:-1] + _HEAD + _NUMBER
    parts, rings = np.where(is_multi, count, 0), np.where(is_multi, 0, count)
    found: list[tuple[np.ndarray, ...]] = []
    while True:
        left = np.flatnonzero((parts > 0) | (rings > 0))
        if len(left) < len(row):
            done = np.setdiff1d(np.arange(len(row)), left, assume_unique=True)
            if (place[done] != end[row[done]]).any():
                return None
            row, place, parts, rings = row[left], place[left], parts[left], rings[left]
        if len(row) == 0:
            break
        if len(found) == _MOST_RINGS:
            return None
        new = np.flatnonzero(rings == 0)
        if (place[new] + _HEAD + _NUMBER > end[row[new]]).any() or (_kinds(data, place[new]) != _POLYGON).any():
            return None
        rings[new] = _numbers(data, place[new] + _HEAD)
        parts[new] -= 1
        place[new] += _HEAD + _NUMBER
        if (rings == 0).any() or (place + _NUMBER > end[row]).any():  # a part without a ring is left to GEOS
            return None
        size = _numbers(data, place)
        found.append((row, place + _NUMBER, size))
        place = place + _NUMBER + _POINT * size
        rings = rings - 1
        if (size == 0).any() or (place > end[row]).any():
            return None
    polygon, first, size = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(polygon, kind="stable") if len(found) > 1 else slice(None)
    return WkbRings(polygon[order], first[order], size[order], offsets, data, is_multi & (count == 1))


def as_written(wkb: pa.Array) -> pa.Array | None:
    """WKB (n,) as large binaries, if the polygons that are read from it would be written so; None if they might not."""
    bodies = wkb.cast(pa.large_binary())
    return bodies if wkb_rings(bodies) is not None else None


def geometries_from(bodies: pa.Array, origin: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Geometries (n,) of WKB, as large binaries, counted from `origin`; and their boxes (n, 4) where WKB has them.

    Polygons are moved as bytes before they are made, one-part multis as that part; every digit is that of
    `shift_geometries`. Raises GEOSException.
    """
    rings, by = wkb_rings(bodies) if any(origin) else None, (-origin[0], -origin[1])
    if rings is not None:
        points, moved = rings.move(by)
        if np.isfinite(points).all():
            first = (np.cumsum(rings.size) - rings.size)[np.searchsorted(rings.polygon, np.arange(len(bodies)))]
            boxes = np.hstack([extreme.reduceat(points, first, axis=0) for extreme in (np.minimum, np.maximum)])
            if rings.is_alone.any():
                inner = pc.binary_slice(moved, _HEAD + _NUMBER, int(np.diff(rings.offsets).max()))
                moved = inner if rings.is_alone.all() else pc.if_else(pa.array(rings.is_alone), inner, moved)
            return shapely.from_wkb(moved.to_numpy(zero_copy_only=False)), boxes
    geometries = np.asarray(shapely.from_wkb(bodies.to_numpy(zero_copy_only=False)), dtype=object)
    return shift_geometries(geometries, by) if any(origin) else geometries, shapely.bounds(geometries).reshape(-1, 4)


def _kinds(data: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The types of geometries that begin at bytes (k,); -1 where the greatest byte comes first."""
    return np.where(data[place] == 1, _numbers(data, place + 1), -1)


def _numbers(data: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The whole numbers of four bytes, least byte first, at bytes (k,)."""
    four: np.ndarray = data[place[:, None] + np.arange(_NUMBER)]
    return four.view("<u4")[:, 0].astype(np.int64)
