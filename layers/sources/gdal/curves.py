"""Arcs as polylines: curved WKB stroked until no chord is farther from its arc than a given sagitta."""

import contextlib
import math
import struct
from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from onemap.layers.geometry.wkb_reading import DEEPEST, TOO_DEEP

SAGITTA_M = 0.01
_CURVED = {8, 9, 10, 11, 12}
_COLLECTION = 7
_SURFACES = {15, 16, 17}
_HEAD_BYTES = 5
_MOST_PIECES = 1_000_000  # of one arc: a circle of two million kilometres


def kind_of(wkb: bytes) -> int:
    """The geometry type of WKB without its dimensions: 3 polygon, 8 a circular string, 10 a curve polygon."""
    (code,) = struct.unpack("<I" if wkb[0] == 1 else ">I", wkb[1:5])
    return int((code & 0x0FFFFFFF) % 1000)


def is_surface(wkb: bytes) -> bool:
    """Whether it is a polyhedral surface, a TIN or a triangle, which GEOS cannot read."""
    return len(wkb) >= _HEAD_BYTES and kind_of(wkb) in _SURFACES


def is_measured(head: bytes) -> bool:
    """Whether the points of WKB have measures. head: its first five bytes."""
    (code,) = struct.unpack("<I" if head[0] == 1 else ">I", head[1:5])
    return bool(code & 0x40000000) or (code & 0x0FFFFFFF) // 1000 in (2, 3)


def has_heights(head: bytes) -> bool:
    """Whether the points of WKB have heights. head: its first five bytes."""
    (code,) = struct.unpack("<I" if head[0] == 1 else ">I", head[1:5])
    return bool(code & 0x80000000) or (code & 0x0FFFFFFF) // 1000 in (1, 3)


def may_be_curved(wkb: bytes | None) -> bool:
    """Whether it may have arcs: a curved type, or a collection, which may hold one."""
    return wkb is not None and kind_of(wkb) in {*_CURVED, _COLLECTION}


def stroke_curve(wkb: bytes, sagitta: float) -> tuple[shapely.Geometry | None, int]:
    """Return WKB of curves or surfaces as a geometry without arcs, heights and measures, and the number of arcs.

    sagitta: the greatest distance between an arc and its chord, in the units of the coordinates. The points that
    define an arc are kept. The geometry is None if it cannot be read.
    """
    reader = _Reader(wkb, sagitta)
    try:
        return reader.geometry(), reader.arcs
    except (struct.error, ValueError, LookupError, shapely.GEOSException):
        return None, reader.arcs


class _Reader:
    """A walk through one WKB."""

    def __init__(self, wkb: bytes, sagitta: float) -> None:
        self.wkb = wkb
        self.sagitta = sagitta
        self.at = 0
        self.depth = 0
        self.arcs = 0

    def geometry(self) -> shapely.Geometry:
        kind, order, dimensions = self._head()
        if kind in (1, 2, 8):
            points = self._points(order, dimensions, 1 if kind == 1 else None)
            if kind == 1:
                return shapely.Point(points[0])
            return shapely.LineString(self._stroke_points(points, kind))
        if kind == 9:
            return shapely.LineString(self._join_curves(self._count(order)))
        if kind in (3, 17):
            rings = [self._points(order, dimensions) for _ in range(self._count(order))]
            return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()
        if kind == 10:
            rings = [self._curve() for _ in range(self._count(order))]
            return shapely.Polygon(rings[0], rings[1:]) if rings else shapely.Polygon()
        return self._several(kind, [self._part() for _ in range(self._count(order))])

    def _several(self, kind: int, parts: list[shapely.Geometry]) -> shapely.Geometry:
        makers = {
            4: shapely.MultiPoint,
            5: shapely.MultiLineString,
            6: shapely.MultiPolygon,
            7: shapely.GeometryCollection,
            11: shapely.MultiLineString,
            12: shapely.MultiPolygon,
            15: shapely.MultiPolygon,
            16: shapely.MultiPolygon,
        }
        if kind not in makers:
            raise ValueError(kind)
        return makers[kind](parts)

    def _part(self) -> shapely.Geometry:
        with self._one_deeper():
            return self.geometry()

    @contextlib.contextmanager
    def _one_deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError(TOO_DEEP)
        yield
        self.depth -= 1

    def _curve(self) -> np.ndarray:
        """Return the points of one ring or of one part of a compound curve."""
        kind, order, dimensions = self._head()
        if kind == 9:
            return self._join_curves(self._count(order))
        if kind not in (2, 8):
            raise ValueError(kind)
        return self._stroke_points(self._points(order, dimensions), kind)

    def _stroke_points(self, points: np.ndarray, kind: int) -> np.ndarray:
        if kind == 2:
            return points
        self.arcs += len(points) // 2
        return stroked_points(points, self.sagitta)

    def _join_curves(self, parts: int) -> np.ndarray:
        with self._one_deeper():
            pieces = [self._curve() for _ in range(parts)]
        # A compound curve's parts share their ends.
        return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])

    def _head(self) -> tuple[int, str, int]:
        order = "<" if self.wkb[self.at] == 1 else ">"
        (code,) = struct.unpack_from(order + "I", self.wkb, self.at + 1)
        self.at += 5 + (4 if code & 0x20000000 else 0)
        plain = code & 0x0FFFFFFF
        more = {0: 0, 1: 1, 2: 1, 3: 2}[plain // 1000]
        flagged = bool(code & 0x80000000) + bool(code & 0x40000000)
        return plain % 1000, order, 2 + max(more, flagged)

    def _count(self, order: str) -> int:
        (count,) = struct.unpack_from(order + "I", self.wkb, self.at)
        self.at += 4
        return int(count)

    def _points(self, order: str, dimensions: int, count: int | None = None) -> np.ndarray:
        number = self._count(order) if count is None else count
        values = np.frombuffer(self.wkb, order + "f8", number * dimensions, self.at)
        self.at += values.nbytes
        return values.reshape(number, dimensions)[:, :2].astype(float)


def stroked_points(points: np.ndarray, sagitta: float) -> np.ndarray:
    """Return a circular string (start, middle, end, middle, end …) as points (k, 2) of a line. Raises ValueError."""
    if len(points) < 3 or len(points) % 2 == 0:
        raise ValueError("a circular string has an odd number of points, at least three")
    pieces = [points[:1]]
    for at in range(0, len(points) - 2, 2):
        pieces.append(_arc(points[at : at + 3], sagitta))
    return np.concatenate(pieces)


def _arc(points: np.ndarray, sagitta: float) -> np.ndarray:
    """Return the points after the first of an arc through three points; a full circle if start and end are equal."""
    start, middle, end = points
    (bx, by), (cx, cy) = (middle - start).tolist(), (end - start).tolist()
    if cx == cy == 0:
        ux, uy, turn = bx / 2, by / 2, 1.0
    else:
        turn = 2 * (bx * cy - by * cx)
        # Closer to a straight line than doubles can tell: the arc is its chord.
        if abs(turn) <= 1e-14 * max(bx * bx + by * by, cx * cx + cy * cy):
            return points[1:]
        ux = (cy * (bx * bx + by * by) - by * (cx * cx + cy * cy)) / turn
        uy = (bx * (cx * cx + cy * cy) - cx * (bx * bx + by * by)) / turn
    radius = math.hypot(ux, uy)
    if radius == 0:
        return points[1:]
    angles = [math.atan2(-uy, -ux), math.atan2(by - uy, bx - ux), math.atan2(cy - uy, cx - ux)]
    full = 2 * math.pi
    for at in (1, 2):
        ahead = (angles[at] - angles[at - 1]) % full if turn > 0 else -((angles[at - 1] - angles[at]) % full)
        angles[at] = angles[at - 1] + ahead
    if not is_measurable(radius, abs(angles[2] - angles[0]), sagitta):
        raise ValueError(f"an arc with a radius of {radius:.6g}")
    # 1 − cos(a/2) = sagitta / radius, solved for a without losing the digits of a small one.
    step = min(4 * math.asin(min(1.0, math.sqrt(sagitta / (2 * radius)))), math.pi / 2)
    centre = start + (ux, uy)
    first = _steps_between(angles[0], angles[1], step)
    second = _steps_between(angles[1], angles[2], step)
    return np.concatenate(
        [_points_on_circle(centre, radius, first), [middle], _points_on_circle(centre, radius, second), [end]]
    )


def is_measurable(radius: float, angle: float, sagitta: float) -> bool:
    """Whether an arc can be stroked: False if it would take all memory, or its radius is not a number."""
    return angle * math.sqrt(2 * radius / sagitta) <= 4 * _MOST_PIECES


def _steps_between(start: float, end: float, step: float) -> np.ndarray:
    pieces = max(1, math.ceil(abs(end - start) / step))
    return np.linspace(start, end, pieces + 1)[1:-1]


def _points_on_circle(centre: np.ndarray, radius: float, angles: Sequence[float] | np.ndarray) -> np.ndarray:
    return centre + radius * np.column_stack([np.cos(angles), np.sin(angles)])
