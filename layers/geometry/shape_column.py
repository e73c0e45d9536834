"""A large column of polygons as WKB: a geometry is made only when somebody asks for it."""

import copy
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.geometry.rings import Rings, is_like_geos, planar_areas_m2, planar_lengths_m, rings_of
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.wkb_bodies import Bodies, as_multipolygons
from onemap.layers.geometry.wkb_rings import (
    WkbRings,
    geometries_and_boxes,
    geometries_from,
    plain_polygons,
    wkb_rings,
)

WORTH_ROWS = 5_000  # of fewer a geometry each is made at once, and kept for whoever asks next
_WORTH_VERTICES = 100_000
_POINT_BYTES = 16
_MEASURED_AT_ONCE = 10_000  # polygons, whose points stay near the cache
_MANY = 0.25  # of a column: for so many areas all are measured


@dataclass(frozen=True)
class PlainFacts:
    """Facts about plain polygons (n,), taken from their bytes before any geometry is made.

    boxes (n, 4): west, south, east, north; vertices, parts (n,): how many.
    """

    boxes: np.ndarray
    vertices: np.ndarray
    parts: np.ndarray

    @classmethod
    def of(cls, rings: WkbRings) -> Self:
        """Return the facts of all polygons that the rings form."""
        return cls(rings.boxes(), rings.vertices(), rings.parts())

    @classmethod
    def join(cls, facts: "list[PlainFacts]") -> Self:
        """Concatenate the facts of several groups of polygons."""
        columns = zip(*((some.boxes, some.vertices, some.parts) for some in facts), strict=True)
        return cls(*map(np.concatenate, columns))

    def at(self, rows: np.ndarray | slice) -> "PlainFacts":
        """The facts of some of the polygons."""
        return PlainFacts(self.boxes[rows], self.vertices[rows], self.parts[rows])

    def with_others(self, rows: np.ndarray, others: "PlainFacts") -> "PlainFacts":
        """Return the same facts with others (k,) in some rows (k,)."""
        boxes, vertices, parts = self.boxes.copy(), self.vertices.copy(), self.parts.copy()
        boxes[rows], vertices[rows], parts[rows] = others.boxes, others.vertices, others.parts
        return PlainFacts(boxes, vertices, parts)

    def move(self, by: tuple[float, float]) -> "PlainFacts":
        """Return the facts of the polygons moved east and north by metres."""
        return PlainFacts(self.boxes + (*by, *by), self.vertices, self.parts)


class ShapeColumn:
    """An immutable column of plain polygons (n,), relative to an origin; `shapes[rows]` are geometries.

    bodies: the WKB (n,) as it is stored, large binaries, whatever the origin; facts: of the shapes.
    """

    def __init__(
        self, bodies: pa.Array, origin: tuple[float, float], facts: PlainFacts, areas_m2: np.ndarray | None = None
    ) -> None:
        """facts: of the polygons as they are stored; areas_m2: of the shapes (n,), if known."""
        self.bodies = bodies
        self.facts = facts.move((-origin[0], -origin[1])) if any(origin) else facts
        self._stored_facts = facts
        self.origin = origin
        if areas_m2 is not None:
            self.all_areas_m2 = areas_m2
        self._geometries = np.full(len(bodies), None, dtype=object)
        self._lock = threading.Lock()

    @classmethod
    def join(cls, columns: "Sequence[ShapeColumn]") -> Self:
        """Concatenate columns as they are stored; areas are known if those of all columns are."""
        areas = [of.__dict__["all_areas_m2"] for of in columns if "all_areas_m2" in of.__dict__ and not any(of.origin)]
        areas_m2 = np.concatenate(areas) if len(areas) == len(columns) else None
        bodies = pa.concat_arrays([column.bodies for column in columns])
        return cls(bodies, (0.0, 0.0), PlainFacts.join([column._stored_facts for column in columns]), areas_m2)

    def __len__(self) -> int:
        return len(self.bodies)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the column for another process, without the lock."""
        return type(self), (self.bodies, self.origin, self._stored_facts, self.__dict__.get("all_areas_m2"))

    def __copy__(self) -> Self:
        """Copy the column within this process, without rebuilding it as `__reduce__` does."""
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        return copied

    @property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of each (n, 4)."""
        return self.facts.boxes

    def __getitem__(self, rows: np.ndarray | int | np.integer) -> np.ndarray:
        """Return the geometries of some rows (k,), positions or a mask, or of one row; each is made only once."""
        if isinstance(rows, int | np.integer):
            geometry: np.ndarray = self[np.array([rows])][0]
            return geometry
        with self._lock:
            positions = np.flatnonzero(rows) if rows.dtype == bool else rows
            unmade_rows = np.unique(positions[shapely.is_missing(self._geometries[positions])])
            if len(unmade_rows):
                bodies = self.bodies if len(unmade_rows) == len(self) else self.bodies.take(pa.array(unmade_rows))
                self._geometries[unmade_rows] = geometries_from(bodies, self.origin)
            geometries_of_rows: np.ndarray = self._geometries[rows]
        return geometries_of_rows

    @cached_property
    def geometries(self) -> np.ndarray:
        """All geometries, as a read-only array."""
        shapes = self[np.arange(len(self))]
        shapes.flags.writeable = False
        return shapes

    @cached_property
    def all_areas_m2(self) -> np.ndarray:
        """The areas of all shapes (n,), equal to those of the geometries to the last digit."""
        return self._by_rings(planar_areas_m2) if is_like_geos() else shapely.area(self.geometries)

    @cached_property
    def all_lengths_m(self) -> np.ndarray:
        """The lengths of all rings of each shape (n,), equal to those of the geometries to the last digit."""
        return self._by_rings(planar_lengths_m) if is_like_geos() else shapely.length(self.geometries)

    def _by_rings(self, measure: Callable[[Rings, int], np.ndarray]) -> np.ndarray:
        parts = [measure(self.rings(part), part.stop - part.start) for part in blocks(len(self), _MEASURED_AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty(0)

    def areas_m2(self, rows: np.ndarray) -> np.ndarray:
        """Return the areas of some shapes: positions (k,)."""
        if "all_areas_m2" in self.__dict__ or len(rows) > _MANY * len(self):
            areas: np.ndarray = self.all_areas_m2[rows]
        else:
            areas = self.at(rows).all_areas_m2
        return areas

    def known_geometries(self, rows: np.ndarray) -> np.ndarray:
        """Return the geometries that were made already: positions (k,); None for the others."""
        geometries: np.ndarray = self._geometries[rows]
        return geometries

    def rings(self, part: slice) -> Rings:
        """Return the rings of consecutive shapes, read from the bytes."""
        rings = wkb_rings(self.bodies[part])
        if rings is None:  # an empty part
            return rings_of(np.empty(0, dtype=object))
        points = rings.points - self.origin if any(self.origin) else rings.points
        return Rings(points, rings.size, rings.polygon, rings.is_hole)

    def at(self, rows: np.ndarray) -> "ShapeColumn":
        """Return some shapes: positions (k,)."""
        if len(rows) == len(self) and (rows == np.arange(len(self))).all():
            return self
        some = self._part(rows, self.bodies.take(pa.array(rows)))
        some._lock = threading.Lock()
        return some

    def between(self, positions: slice) -> "ShapeColumn":
        """Return consecutive shapes; geometries that are made of them are made for this column, too."""
        return self._part(positions, self.bodies[positions])

    def _part(self, rows: np.ndarray | slice, bodies: pa.Array) -> "ShapeColumn":
        some = copy.copy(self)
        for name in ("geometries", "all_lengths_m"):
            some.__dict__.pop(name, None)
        areas = some.__dict__.pop("all_areas_m2", None)
        if areas is not None:
            some.__dict__["all_areas_m2"] = areas[rows]
        some.bodies, some._geometries = bodies, self._geometries[rows]
        some.facts, some._stored_facts = self.facts.at(rows), self._stored_facts.at(rows)
        return some

    def with_others(self, rows: np.ndarray, bodies: pa.Array, rings: WkbRings) -> "ShapeColumn":
        """Return the column as stored, with others in some rows, ascending (k,): their WKB (k,), and their rings."""
        is_other = np.zeros(len(self), dtype=bool)
        is_other[rows] = True
        whole = pc.replace_with_mask(self.bodies, pa.array(is_other), bodies)
        areas = self.__dict__.get("all_areas_m2")
        if areas is not None:
            areas = areas.copy()
            areas[rows] = planar_areas_m2(rings.rings(), len(rows))
        return ShapeColumn(whole, (0.0, 0.0), self._stored_facts.with_others(rows, PlainFacts.of(rings)), areas)

    def counted_from(self, origin: tuple[float, float]) -> "ShapeColumn":
        """Return the stored polygons relative to another origin."""
        from_east, from_north = self._stored_facts.boxes[:, :2].min(axis=0, initial=np.inf)
        # What whole metres are taken off of, without leaving less than nothing, loses no digit, nor do its areas.
        is_exact = not any(self.origin) and 0 <= origin[0] <= from_east and 0 <= origin[1] <= from_north
        is_whole = float(origin[0]).is_integer() and float(origin[1]).is_integer()
        areas = self.__dict__.get("all_areas_m2") if is_exact and is_whole else None
        return ShapeColumn(self.bodies, origin, self._stored_facts, areas)

    def copy(self) -> "ShapeColumn":
        """A copy, including the geometries that were already made."""
        return copy.copy(self)

    def pick_rows(self, rows: np.ndarray) -> "PickedShapes":
        """Return some shapes, in any order and with repetition: positions (k,)."""
        return PickedShapes(self, rows)


class PickedShapes:
    """Geometries (k,) of a column, made on demand."""

    def __init__(self, shapes: ShapeColumn, rows: np.ndarray) -> None:
        self._shapes = shapes
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, places: np.ndarray | int | np.integer) -> np.ndarray:
        """Return the geometries of some places (j,), positions or a mask, or of one place."""
        return self._shapes[self._rows[places]]

    def areas_m2(self, places: np.ndarray) -> np.ndarray:
        """The areas of some places: positions (j,)."""
        return self._shapes.areas_m2(self._rows[places])

    def pick_rows(self, places: np.ndarray) -> "PickedShapes":
        """Some of these."""
        return PickedShapes(self._shapes, self._rows[places])


AnyShapes = np.ndarray | ShapeColumn
Picked = np.ndarray | PickedShapes


def shapes_from(parts: list[pa.Array], origin: tuple[float, float]) -> tuple[AnyShapes, np.ndarray]:
    """Return WKB (n,), large binaries in parts, as shapes relative to `origin`, and the stored boxes (n, 4).

    Many plain polygons with another origin become a column. Raises GEOSException.
    """
    is_much = sum(len(part) for part in parts) >= WORTH_ROWS and sum(map(_vertices, parts)) >= _WORTH_VERTICES
    if is_much and any(origin):
        part_facts: list[PlainFacts] = []
        for part in parts:
            rings = plain_polygons(part)
            if rings is None:
                break
            part_facts.append(PlainFacts.of(rings))
        if len(part_facts) == len(parts):
            facts = PlainFacts.join(part_facts)
            return ShapeColumn(pa.concat_arrays(parts), origin, facts), facts.boxes
    return geometries_and_boxes(pa.concat_arrays(parts) if parts else pa.array([], pa.large_binary()), origin)


def _vertices(bodies: pa.Array) -> float:
    """Estimate how many vertices WKB (n,) has."""
    return float(bodies.nbytes / _POINT_BYTES)


def all_of(shapes: AnyShapes) -> np.ndarray:
    """All as geometries (n,)."""
    return shapes.geometries if isinstance(shapes, ShapeColumn) else shapes


def some_of(shapes: AnyShapes, rows: np.ndarray) -> AnyShapes:
    """Return some shapes: positions (k,); no geometry of a column is made."""
    return shapes.at(rows) if isinstance(shapes, ShapeColumn) else shapes[rows]


def picked_of(shapes: AnyShapes | Picked, rows: np.ndarray) -> Picked:
    """Return some shapes, in any order and with repetition, without making geometries: positions (k,)."""
    return shapes[rows] if isinstance(shapes, np.ndarray) else shapes.pick_rows(rows)


def made_of(shapes: AnyShapes, rows: np.ndarray) -> np.ndarray:
    """Return the geometries that are made already: positions (k,); None for the others."""
    return shapes.known_geometries(rows) if isinstance(shapes, ShapeColumn) else shapes[rows]


def vertices_of(shapes: AnyShapes) -> int:
    """How many vertices all have together."""
    return int(vertices_of_each(shapes).sum())


def vertices_of_each(shapes: AnyShapes) -> np.ndarray:
    """How many vertices each has (n,)."""
    counts: np.ndarray = (
        shapes.facts.vertices if isinstance(shapes, ShapeColumn) else shapely.get_num_coordinates(shapes)
    )
    return counts


def parts_of_each(shapes: AnyShapes) -> np.ndarray:
    """How many parts each has (n,)."""
    counts: np.ndarray = shapes.facts.parts if isinstance(shapes, ShapeColumn) else shapely.get_num_geometries(shapes)
    return counts


def areas_of(shapes: AnyShapes) -> np.ndarray:
    """The area of each (n,)."""
    areas: np.ndarray = shapes.all_areas_m2 if isinstance(shapes, ShapeColumn) else shapely.area(shapes)
    return areas


def lengths_of(shapes: AnyShapes) -> np.ndarray:
    """Return the length of each shape (n,), for polygons the length of their rings."""
    lengths: np.ndarray = shapes.all_lengths_m if isinstance(shapes, ShapeColumn) else shapely.length(shapes)
    return lengths


def are_equal(shapes: AnyShapes, others: AnyShapes) -> np.ndarray:
    """Which shapes (n,) equal the others (n,) point by point."""
    if isinstance(shapes, ShapeColumn) and isinstance(others, ShapeColumn) and shapes.origin == others.origin:
        return np.asarray(pc.equal(as_multipolygons(shapes.bodies), as_multipolygons(others.bodies)))
    equal = (boxes_of(shapes) == boxes_of(others)).all(axis=1)
    rows = np.flatnonzero(equal)
    equal[rows] = shapely.equals_exact(shapes[rows], others[rows])
    return equal


def bodies_at(shapes: AnyShapes, rows: np.ndarray) -> Bodies:
    """Return some shapes as WKB with their boxes, unchanged: positions (k,)."""
    if isinstance(shapes, ShapeColumn):
        return Bodies(shapes.bodies.take(pa.array(rows)), shapes.boxes[rows])
    return Bodies.of(shapes[rows])


def rings_at(shapes: AnyShapes, rows: np.ndarray) -> Rings:
    """The rings of some polygons: positions (k,)."""
    return shapes.at(rows).rings(slice(0, len(rows))) if isinstance(shapes, ShapeColumn) else rings_of(shapes[rows])


def areas_at(shapes: AnyShapes | Picked, rows: np.ndarray) -> np.ndarray:
    """The areas of some of them: positions (k,)."""
    areas: np.ndarray = shapely.area(shapes[rows]) if isinstance(shapes, np.ndarray) else shapes.areas_m2(rows)
    return areas


def boxes_of(shapes: AnyShapes) -> np.ndarray:
    """West, south, east, north of each (n, 4)."""
    boxes: np.ndarray = shapes.boxes if isinstance(shapes, ShapeColumn) else shapely.bounds(shapes).reshape(-1, 4)
    return boxes


def in_plane(shapes: AnyShapes) -> tuple[AnyShapes, bool]:
    """Return shapes in two dimensions, and whether any had heights."""
    if isinstance(shapes, ShapeColumn):
        return shapes, False
    has_heights = shapely.has_z(shapes)
    flat = shapely.force_2d(shapes) if (has_heights | shapely.has_m(shapes)).any() else shapes
    return flat, bool(has_heights.any())
