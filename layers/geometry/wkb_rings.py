"""Rings of polygons in their WKB: points are read and moved in the bytes, without making geometries."""

import struct
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.geometry.boxes import FARTHEST
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.rings import Rings, rings_of
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.wkb_reading import geometries_of_wkb

_POLYGON, _MULTIPOLYGON = int(shapely.GeometryType.POLYGON), int(shapely.GeometryType.MULTIPOLYGON)
_HEAD, _NUMBER, _POINT = 5, 4, 16  # bytes: order and type; how many follow; a point
_MOST_RINGS = 500  # of a polygon: each takes one look at all that have so many
_LEAST_POINTS = 4  # of a closed ring
_MADE_AT_ONCE = 20_000  # what is laid out for these is memory that the next ones take again
_BINARY = pa.large_binary()
_ONE_RING = struct.pack("<BII", 1, _POLYGON, 1)
_SINGLES = (_ONE_RING, struct.pack("<BII", 1, _MULTIPOLYGON, 1) + _ONE_RING)  # with what polygons of one ring begin


@dataclass(frozen=True)
class WkbRings:
    """Rings (r,) of polygons (n,) in two dimensions, in their order, none of them empty.

    polygon (r,): the polygon of each ring; first (r,): the byte at which its points begin; size (r,): how many points;
    is_hole (r,). offsets (n + 1,): where polygons begin among all bytes; data: these bytes; is_alone (n,): multis of
    one part.
    """

    polygon: np.ndarray
    first: np.ndarray
    size: np.ndarray
    is_hole: np.ndarray
    offsets: np.ndarray
    data: pa.Buffer
    is_alone: np.ndarray

    @cached_property
    def points(self) -> np.ndarray:
        """All points (m, 2), ring after ring."""
        # Every second value is a ring's points, and the one before it whatever lies between two of them.
        *_, data = self._in_turns.take(pa.array(np.arange(1, 2 * len(self.size), 2))).buffers()
        values = np.frombuffer(data, "<f8", 2 * int(self.size.sum())) if data else np.empty(0)
        return values.reshape(-1, 2)

    def rings(self) -> Rings:
        """Return the rings in the form that geometries give."""
        return Rings(self.points, self.size, self.polygon, self.is_hole)

    def boxes(self) -> np.ndarray:
        """West, south, east, north (n, 4) of the polygons' shells; NaN for a polygon without a shell."""
        shells, begin = np.flatnonzero(~self.is_hole), np.cumsum(self.size) - self.size
        whose = self.polygon[shells]
        boxes = np.full((len(self.offsets) - 1, 4), np.nan)
        if len(shells) == 0:
            return boxes
        is_first = np.r_[True, whose[1:] != whose[:-1]]
        for axis, values in enumerate(self.points.T):
            for side, extreme in ((axis, np.minimum), (2 + axis, np.maximum)):
                of_shells = extreme.reduceat(values, begin)[shells]
                boxes[whose[is_first], side] = extreme.reduceat(of_shells, np.flatnonzero(is_first))
        return boxes

    def vertices(self) -> np.ndarray:
        """How many points each polygon has (n,)."""
        return np.bincount(self.polygon, self.size, len(self.offsets) - 1).astype(np.int64)

    def parts(self) -> np.ndarray:
        """How many parts each polygon has (n,)."""
        return np.bincount(self.polygon[~self.is_hole], minlength=len(self.offsets) - 1)

    def move(self, by: tuple[float, float]) -> "WkbRings":
        """The same polygons with all points moved east and north by metres."""
        return self.with_points(self.points + by)

    def with_points(self, points: np.ndarray) -> "WkbRings":
        """The same polygons with other points (m, 2), ring after ring."""
        count, points = len(self.size), np.ascontiguousarray(points, dtype="<f8")
        ends = np.r_[0, np.cumsum(_POINT * self.size)]
        rings = pa.Array.from_buffers(_BINARY, count, [None, pa.py_buffer(ends), pa.py_buffer(points)])
        both = pa.concat_arrays([self._in_turns, rings])
        order = np.column_stack([2 * np.arange(count), 2 * count + np.arange(count)]).ravel()
        *_, data = both.take(pa.array(order)).buffers()
        start = self.offsets[0]
        polygons = WkbRings(
            self.polygon, self.first - start, self.size, self.is_hole, self.offsets - start, data, self.is_alone
        )
        polygons.__dict__["points"] = points
        return polygons

    def column(self) -> pa.Array:
        """The polygons as WKB (n,)."""
        return pa.Array.from_buffers(_BINARY, len(self.offsets) - 1, [None, pa.py_buffer(self.offsets), self.data])

    @property
    def _in_turns(self) -> pa.Array:
        """The bytes as values (2 r,): alternately those before a ring's points, and its points."""
        cuts = np.empty(2 * len(self.size) + 1, dtype=np.int64)
        cuts[0], cuts[1::2], cuts[2::2] = self.offsets[0], self.first, self.first + _POINT * self.size
        return pa.Array.from_buffers(_BINARY, 2 * len(self.size), [None, pa.py_buffer(cuts), self.data])


def wkb_rings(bodies: pa.Array) -> WkbRings | None:
    """Return the rings of WKB (n,), as binaries; None if any is not a plain polygon or multipolygon."""
    if len(bodies) == 0:
        return None
    rings, is_plain = plain_rings(bodies)
    return rings if is_plain.all() else None


def plain_polygons(bodies: pa.Array) -> WkbRings | None:
    """Return the rings of polygons as WKB (n,); None unless all are plain and closed, with points within FARTHEST.

    None of these polygons is missing or empty or has an empty ring: only their validity is left to prove.
    """
    rings = wkb_rings(bodies)
    if rings is None or (rings.size < _LEAST_POINTS).any() or not (np.abs(rings.points) <= FARTHEST).all():
        return None
    end = np.cumsum(rings.size)
    return rings if (rings.points[end - rings.size] == rings.points[end - 1]).all() else None


def rings_of_wkb(bodies: pa.Array) -> Rings:
    """Return rings as `rings_of` does, for polygons as WKB (n,); plain polygons come first."""
    plain, is_plain = plain_rings(bodies)
    if is_plain.all():
        return plain.rings()
    rows = np.flatnonzero(~is_plain)
    rest = rings_of(shapes_of_wkb(bodies.take(pa.array(rows))))
    return Rings.join([plain.rings(), replace(rest, polygon=rows[rest.polygon])])


def are_single_rings(bodies: pa.Array) -> bool:
    """Whether all WKB (n,) are two-dimensional polygons of one ring of the same type, or null."""
    return any(pc.all(pc.starts_with(bodies, head)).as_py() is True for head in _SINGLES)


def as_written(wkb: pa.Array) -> pa.Array | None:
    """Return WKB (n,) as large binaries if polygons read from it would be written the same; None if they might not."""
    bodies = wkb.cast(_BINARY)
    return bodies if wkb_rings(bodies) is not None else None


def geometries_from(bodies: pa.Array, origin: tuple[float, float]) -> np.ndarray:
    """Return geometries (n,) of WKB, large binaries, relative to `origin`.

    Polygons are moved as bytes before they are made, and a one-part multi becomes its part; every digit equals that of
    `shift_geometries`. Raises GEOSException.
    """
    return _geometries_and_boxes(bodies, origin, with_boxes=False)[0]


def geometries_and_boxes(bodies: pa.Array, origin: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return geometries (n,) as `geometries_from` does, and their boxes (n, 4) as stored in the WKB.

    Raises GEOSException.
    """
    return _geometries_and_boxes(bodies, origin, with_boxes=True)


def _geometries_and_boxes(
    bodies: pa.Array, origin: tuple[float, float], *, with_boxes: bool
) -> tuple[np.ndarray, np.ndarray]:
    boxes = np.full((len(bodies), 4), np.nan)
    if len(bodies) > _MADE_AT_ONCE:
        geometries = np.full(len(bodies), None, dtype=object)
        for part in blocks(len(bodies), _MADE_AT_ONCE):
            geometries[part], boxes[part] = _geometries_and_boxes(bodies[part], origin, with_boxes=with_boxes)
        return geometries, boxes
    rings, by = wkb_rings(bodies) if any(origin) else None, (-origin[0], -origin[1])
    if rings is not None and np.isfinite(rings.points).all():
        return _without_multi(rings.move(by)), rings.boxes() if with_boxes else boxes
    geometries = np.asarray(geometries_of_wkb(bodies.to_numpy(zero_copy_only=False)), dtype=object)
    if with_boxes:
        boxes = shapely.bounds(geometries).reshape(-1, 4)
    return shift_geometries(geometries, by) if any(origin) else geometries, boxes


def _without_multi(rings: WkbRings) -> np.ndarray:
    """Return the polygons (n,) as geometries, with one-part multis replaced by their part."""
    bodies = rings.column()
    if rings.is_alone.any():
        inner = pc.binary_slice(bodies, _HEAD + _NUMBER, int(np.diff(rings.offsets).max()))
        bodies = inner if rings.is_alone.all() else pc.if_else(pa.array(rings.is_alone), inner, bodies)
    geometries: np.ndarray = shapely.from_wkb(bodies.to_numpy(zero_copy_only=False))
    return geometries


def shapes_of_wkb(bodies: pa.Array) -> np.ndarray:
    """WKB (n,) as geometries."""
    geometries: np.ndarray = geometries_of_wkb(np.array(bodies.to_numpy(zero_copy_only=False), dtype=object))
    return geometries


def plain_rings(bodies: pa.Array) -> tuple[WkbRings, np.ndarray]:
    """Return the rings of the plain polygons among WKB (n,), and which are plain (n,)."""
    bodies, count = bodies.cast(_BINARY), len(bodies)
    _, ends, content = bodies.buffers()
    offsets = np.frombuffer(ends, np.int64, count + 1, 8 * bodies.offset) if count else np.zeros(1, dtype=np.int64)
    content = content or pa.py_buffer(b"")
    data = np.frombuffer(content, dtype=np.uint8)
    if (alike := _single_rings(bodies, offsets, content, data)) is not None:
        return alike, np.ones(count, dtype=bool)
    long = np.flatnonzero(np.asarray(bodies.is_valid()) & (np.diff(offsets) >= _HEAD + _NUMBER))
    kind = _kinds(data, offsets[long])
    is_area = (kind == _POLYGON) | (kind == _MULTIPOLYGON)
    row, is_multi = long[is_area], kind[is_area] == _MULTIPOLYGON
    number = _numbers(data, offsets[row] + _HEAD)
    is_plain, is_alone = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    is_alone[row] = is_multi & (number == 1)
    steps: list[tuple[np.ndarray, ...]] = []
    at = _Places(row, offsets[row] + _HEAD + _NUMBER, np.where(is_multi, number, 0), np.where(is_multi, 0, number))
    while len(at.row) and len(steps) < _MOST_RINGS:
        *ring, at = at.with_next_rings(data, offsets[1:], is_first=not steps)
        steps.append((at.row, *ring))
        is_done = (at.parts == 0) & (at.rings == 0)
        is_plain[at.row[is_done]] = at.place[is_done] == offsets[1:][at.row[is_done]]
        at = at.only(~is_done)
    polygon, first, size, is_hole = (
        np.concatenate(column) for column in zip(*(steps or [(row[:0], row[:0], row[:0], is_multi[:0])]), strict=True)
    )
    ring_order: np.ndarray | slice = slice(None)
    if len(steps) > 1 or not is_plain.all():
        ring_order = np.argsort(polygon, kind="stable")
        ring_order = ring_order[is_plain[polygon[ring_order]]]
    rings = polygon[ring_order], first[ring_order], size[ring_order], is_hole[ring_order]
    return WkbRings(*rings, offsets, content, is_alone), is_plain


def _single_rings(bodies: pa.Array, offsets: np.ndarray, content: pa.Buffer, data: np.ndarray) -> WkbRings | None:
    """Return the rings of WKB (n,) if each is a polygon of one ring, and all are of one type; else None."""
    for head in _SINGLES if len(bodies) else ():
        if pc.all(pc.starts_with(bodies, head), skip_nulls=False).as_py():
            first, length = offsets[:-1] + len(head) + _NUMBER, np.diff(offsets) - len(head) - _NUMBER
            if (length > 0).all() and ((size := _numbers(data, first - _NUMBER)) * _POINT == length).all():
                kinds = np.zeros(len(size), dtype=bool), np.full(len(size), head is not _ONE_RING)
                return WkbRings(np.arange(len(size)), first, size, kinds[0], offsets, content, kinds[1])
    return None


class _Places(NamedTuple):
    """The reading positions in polygons (k,): the row (k,), the byte (k,), parts and rings still to come (k,)."""

    row: np.ndarray
    place: np.ndarray
    parts: np.ndarray
    rings: np.ndarray

    def only(self, mask: np.ndarray) -> "_Places":
        """Return some of the positions: a mask (k,)."""
        return self if mask.all() else _Places._make(column[mask] for column in self)

    def with_next_rings(
        self, data: np.ndarray, end: np.ndarray, *, is_first: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, "_Places"]:
        """Read the next ring of each: its first byte, its size, whether it is a hole, and the place after it, (j,).

        Polygons that are not plain are left out. end (n,): where rows end.
        """
        begins = self.rings == 0  # a part
        at = self.only(~begins | (self.place + _HEAD + _NUMBER <= end[self.row]))
        begins = at.rings == 0
        new = at.place[begins]
        is_polygon = np.ones(len(at.row), dtype=bool)
        is_polygon[begins] = _kinds(data, new) == _POLYGON
        place, rings = at.place.copy(), at.rings.copy()
        rings[begins], place[begins] = _numbers(data, new + _HEAD), new + _HEAD + _NUMBER
        is_hole = np.zeros(len(begins), dtype=bool) if is_first else ~begins
        fits = is_polygon & (rings > 0) & (place + _NUMBER <= end[at.row])  # a part without a ring is left to GEOS
        row, place, parts, rings = at.row[fits], place[fits], (at.parts - begins)[fits], rings[fits] - 1
        size = _numbers(data, place)
        first, place = place + _NUMBER, place + _NUMBER + _POINT * size
        fits, is_hole = (size > 0) & (place <= end[row]), is_hole[fits]
        return first[fits], size[fits], is_hole[fits], _Places(row, place, parts, rings).only(fits)


def _kinds(data: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the types of geometries that begin at bytes (k,); -1 if they are big-endian."""
    return np.where(data[place] == 1, _numbers(data, place + 1), -1)


def _numbers(data: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the little-endian four-byte integers at bytes (k,)."""
    four: np.ndarray = data[place[:, None] + np.arange(_NUMBER)]
    return four.view("<u4")[:, 0].astype(np.int64)
