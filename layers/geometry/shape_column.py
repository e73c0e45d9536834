"""A large column of polygons as WKB: of those that somebody asks for a geometry is made, of all others none."""

import copy
import threading
from functools import cached_property

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.rings import Rings, rings_of
from onemap.layers.geometry.validity import plain_polygons
from onemap.layers.geometry.wkb_rings import geometries_from, wkb_rings

_WORTH_VERTICES = 100_000  # of less a geometry each is made at once, and kept for whoever asks next
_WORTH_ROWS = 5_000
_POINT_BYTES = 16


class ShapeColumn:
    """Polygons (n,) of plain form, counted from an origin, which nobody can change; `shapes[rows]` are geometries.

    boxes (n, 4): west, south, east, north of each; vertices: of all together.
    """

    def __init__(self, bodies: pa.Array, origin: tuple[float, float], boxes: np.ndarray, vertices: int) -> None:
        """bodies: as WKB (n,), large binaries, as they are stored; boxes: of these as they are stored."""
        self.boxes = boxes - (*origin, *origin)
        self.vertices = vertices
        self._bodies = bodies
        self._origin = origin
        self._made = np.full(len(bodies), None, dtype=object)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._bodies)

    def __getitem__(self, rows: np.ndarray | int | np.integer) -> np.ndarray:
        """The geometries of some rows (k,), positions or a mask, or of one; each is made only once."""
        if isinstance(rows, int | np.integer):
            geometry: np.ndarray = self[np.array([rows])][0]
            return geometry
        with self._lock:
            missing = np.zeros(len(self), dtype=bool)
            missing[rows] = True
            wanted = np.flatnonzero(missing & shapely.is_missing(self._made))
            if len(wanted):
                bodies = self._bodies if len(wanted) == len(self) else self._bodies.take(pa.array(wanted))
                self._made[wanted], _ = geometries_from(bodies, self._origin)
            found: np.ndarray = self._made[rows]
        return found

    @cached_property
    def geometries(self) -> np.ndarray:
        """All of them, an array that nobody may change."""
        found = self[np.arange(len(self))]
        found.flags.writeable = False
        return found

    def rings(self, part: slice) -> Rings:
        """The rings of some that follow each other, made of the bytes."""
        found = wkb_rings(self._bodies[part])
        if found is None:  # an empty part
            return rings_of(np.empty(0, dtype=object))
        return Rings(found.points - self._origin, found.size, found.polygon, found.is_hole)

    def at(self, rows: np.ndarray) -> "ShapeColumn":
        """Some of them: positions (k,)."""
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return self
        some = copy.copy(self)
        some.__dict__.pop("geometries", None)
        some.boxes, some._bodies = self.boxes[rows], self._bodies.take(pa.array(rows))
        some._made, some._lock = self._made[rows], threading.Lock()
        return some

    def copy(self) -> "ShapeColumn":
        """Another one that holds the same, and what is made of it."""
        return copy.copy(self)

    def pick_rows(self, rows: np.ndarray) -> "PickedShapes":
        """Some of them, in any order and more than once: positions (k,)."""
        return PickedShapes(self, rows)


class PickedShapes:
    """Geometries (k,) out of a column, made when they are asked for."""

    def __init__(self, shapes: ShapeColumn, rows: np.ndarray) -> None:
        self._shapes = shapes
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, places: np.ndarray | int | np.integer) -> np.ndarray:
        """The geometries of some places (j,), positions or a mask, or of one."""
        return self._shapes[self._rows[places]]

    def pick_rows(self, places: np.ndarray) -> "PickedShapes":
        """Some of these."""
        return PickedShapes(self._shapes, self._rows[places])


AnyShapes = np.ndarray | ShapeColumn
Picked = np.ndarray | PickedShapes


def shapes_from(parts: list[pa.Array], origin: tuple[float, float]) -> tuple[AnyShapes, np.ndarray]:
    """WKB (n,), as large binaries and part by part, counted from `origin`; and their boxes (n, 4) as they are stored.

    Many polygons of plain form that are counted from somewhere else become a column. Raises GEOSException.
    """
    is_much = sum(len(part) for part in parts) >= _WORTH_ROWS and sum(map(_vertices, parts)) >= _WORTH_VERTICES
    if is_much and any(origin):
        boxes, vertices = [], 0
        for part in parts:
            rings = plain_polygons(part)
            if rings is None:
                break
            boxes.append(rings.boxes())
            vertices += len(rings.points)
        if len(boxes) == len(parts):
            of_all = np.concatenate(boxes)
            return ShapeColumn(pa.concat_arrays(parts), origin, of_all, vertices), of_all
    return geometries_from(pa.concat_arrays(parts) if parts else pa.array([], pa.large_binary()), origin)


def _vertices(bodies: pa.Array) -> float:
    """About how many vertices WKB (n,) has."""
    return float(bodies.nbytes / _POINT_BYTES)


def all_of(shapes: AnyShapes) -> np.ndarray:
    """All as geometries (n,)."""
    return shapes.geometries if isinstance(shapes, ShapeColumn) else shapes


def some_of(shapes: AnyShapes, rows: np.ndarray) -> AnyShapes:
    """Some of them: positions (k,); of a column no geometry is made for it."""
    return shapes.at(rows) if isinstance(shapes, ShapeColumn) else shapes[rows]


def picked_of(shapes: AnyShapes | Picked, rows: np.ndarray) -> Picked:
    """Some of them, in any order and more than once, still without geometries: positions (k,)."""
    return shapes[rows] if isinstance(shapes, np.ndarray) else shapes.pick_rows(rows)


def vertices_of(shapes: AnyShapes) -> int:
    """How many vertices all have together."""
    return shapes.vertices if isinstance(shapes, ShapeColumn) else int(shapely.get_num_coordinates(shapes).sum())


def boxes_of(shapes: AnyShapes) -> np.ndarray:
    """West, south, east, north of each (n, 4)."""
    boxes: np.ndarray = shapes.boxes if isinstance(shapes, ShapeColumn) else shapely.bounds(shapes).reshape(-1, 4)
    return boxes
