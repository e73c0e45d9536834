"""Ground of many rows in flat arrays: a polygon of one ring, or a whole shape, is made only on demand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import is_

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.group_ranges import ranges
from onemap.layers.geometry.rings import Rings, rings_of
from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn, made_of, parts_of_each, rings_at
from onemap.layers.geometry.wkb_column import interleaved_column, multi_bodies, ring_heads, with_points


@dataclass(frozen=True)
class WholeShapes:
    """Ground that consists of whole shapes of a column. row (n,): the position of the shape, -1 for other ground."""

    shapes: ShapeColumn
    row: np.ndarray

    @cached_property
    def places(self) -> np.ndarray:
        """The rows whose ground is a whole shape: (k,)."""
        return np.flatnonzero(self.row >= 0)

    def positions(self) -> np.ndarray:
        """The positions of the shapes: (k,)."""
        rows: np.ndarray = self.row[self.places]
        return rows

    def at(self, rows: np.ndarray) -> "WholeShapes | None":
        """Return the whole shapes of some rows, by position; None if no row has one."""
        some = self.row[rows]
        return WholeShapes(self.shapes, some) if (some >= 0).any() else None


@dataclass(frozen=True)
class FlatGround:
    """Ground of n rows: valid polygons of one ring each as flat arrays, all other ground as geometries.

    points (m, 2): ring after ring in row order; the first point of each ring is repeated at its end.
    size (n,): how many points the ring of a row has, 0 if there is none.
    others (n,): the geometries of rows without a ring; None if there is no ground, or it is a whole shape.
    known_m2 (n,): the areas, equal to GEOS's to the last digit, if known.
    whole: which rows are whole shapes, if any.
    """

    points: np.ndarray
    size: np.ndarray
    others: np.ndarray
    known_m2: np.ndarray | None = None
    whole: WholeShapes | None = None

    @classmethod
    def of(cls, geometries: np.ndarray) -> "FlatGround":
        """Make ground of geometries (n,) unchanged."""
        return cls(np.empty((0, 2)), np.zeros(len(geometries), dtype=np.int64), geometries)

    @classmethod
    def empty(cls, count: int) -> "FlatGround":
        """Make rows without ground, whose areas count as known."""
        none = np.full(count, None, dtype=object)
        return cls(np.empty((0, 2)), np.zeros(count, dtype=np.int64), none, np.full(count, np.nan))

    @classmethod
    def all_of(cls, shapes: AnyShapes) -> "FlatGround":
        """Make ground of whole shapes (n,), with known areas; no geometry of a column is made."""
        every = np.arange(len(shapes))
        return cls.empty(len(shapes)).with_whole(every, shapes, every)

    def __len__(self) -> int:
        return len(self.size)

    @cached_property
    def _ends(self) -> np.ndarray:
        """The end of each row's points (n,); kept, since rows are taken out block by block."""
        return np.cumsum(self.size)

    @cached_property
    def geometries(self) -> np.ndarray:
        """The geometries (n,), None where there is no ground."""
        rows = np.flatnonzero(self.size)
        if len(rows) == 0 and self.whole is None:
            return self.others
        result = self.others.copy()
        if len(rows):
            ring = np.arange(len(rows)).repeat(self.size[rows])
            result[rows] = shapely.polygons(shapely.linearrings(self.points, indices=ring))
        if self.whole is not None:
            result[self.whole.places] = self.whole.shapes[self.whole.positions()]
        return result

    @cached_property
    def area_m2(self) -> np.ndarray:
        """The areas (n,), NaN where there is no ground."""
        if self.known_m2 is not None:
            return self.known_m2
        areas: np.ndarray = shapely.area(replace(self, whole=None).geometries)
        if self.whole is not None:
            areas[self.whole.places] = self.whole.shapes.areas_m2(self.whole.positions())
        return areas

    @property
    def dimension(self) -> np.ndarray:
        """0 to 2 for points, lines and polygons, -1 where there is no ground: (n,)."""
        dimension: np.ndarray = np.where(self.size > 0, 2, shapely.get_dimensions(self.others))
        if self.whole is not None:
            dimension[self.whole.places] = 2
        return dimension

    @property
    def boxes(self) -> np.ndarray:
        """West, south, east, north (n, 4), NaN where there is no ground."""
        boxes: np.ndarray = shapely.bounds(self.others).reshape(-1, 4)
        rows = np.flatnonzero(self.size)
        if len(rows):
            first = (self._ends - self.size)[rows]
            boxes[rows, :2] = np.minimum.reduceat(self.points, first, axis=0)
            boxes[rows, 2:] = np.maximum.reduceat(self.points, first, axis=0)
        if self.whole is not None:
            boxes[self.whole.places] = self.whole.shapes.boxes[self.whole.positions()]
        return boxes

    @property
    def parts(self) -> np.ndarray:
        """The number of parts of each polygon, 0 where there is no ground: (n,)."""
        parts: np.ndarray = np.where(self.size > 0, 1, shapely.get_num_geometries(self.others))
        if self.whole is not None:
            parts[self.whole.places] = parts_of_each(self.whole.shapes)[self.whole.positions()]
        return parts

    def shapes(self) -> AnyShapes:
        """Return the geometries (n,); if all rows are whole shapes of a column, no geometry is made."""
        if self.whole is not None and len(self.whole.places) == len(self):
            return self.whole.shapes.at(self.whole.row)
        return self.geometries

    def rings(self) -> Rings:
        """Return the rings of all polygons: of rings, of geometries, and of whole shapes, which are not made."""
        rows = np.flatnonzero(self.size)
        ring_groups = [
            Rings(self.points, self.size[rows], rows, np.zeros(len(rows), dtype=bool)),
            rings_of(self.others),
        ]
        if self.whole is not None:
            own = rings_at(self.whole.shapes, self.whole.positions())
            ring_groups.append(replace(own, polygon=self.whole.places[own.polygon]))
        return Rings.join(ring_groups)

    def made_whole(self) -> "FlatGround":
        """Return the same ground with whole shapes made into geometries."""
        if self.whole is None:
            return self
        others = self.others.copy()
        others[self.whole.places] = self.whole.shapes[self.whole.positions()]
        return FlatGround(self.points, self.size, others, self.known_m2)

    def wkb(self, known_bodies: Sequence[tuple[np.ndarray, pa.Array]] = ()) -> pa.Array:
        """Return multipolygons, multilines or multipoints as WKB (n,), null where there is no ground.

        known_bodies: rows without a ring (k,) whose WKB is known already, with it.
        """
        is_left, others = self.size == 0, self.made_whole().others
        for rows, _ in known_bodies:
            is_left[rows] = False
        rings, left = np.flatnonzero(self.size), np.flatnonzero(is_left)
        parts = [(rings, ring_heads(self.size[rings])), *known_bodies, (left, multi_bodies(others[left]))]
        whole = interleaved_column(parts)
        return with_points(whole, self.points, self.size) if len(rings) else whole

    def at(self, rows: np.ndarray) -> "FlatGround":
        """Return the ground of some rows: a mask (n,) or positions (k,)."""
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        size = self.size[rows]
        areas_m2 = None if self.known_m2 is None else self.known_m2[rows]
        whole = None if self.whole is None else self.whole.at(rows)
        return FlatGround(self._points_of(rows, size), size, self.others[rows], areas_m2, whole)

    def _points_of(self, rows: np.ndarray, size: np.ndarray) -> np.ndarray:
        """Return the points of rows (k,) with sizes (k,); consecutive rows are copied at once."""
        if len(rows) == 0:
            return self.points[:0]
        end = self._ends[rows]
        first = end - size
        begins = np.flatnonzero(first[1:] != end[:-1]) + 1
        if len(begins) == 0:
            return self.points[first[0] : end[-1]]
        if 2 * len(begins) > len(rows):
            return self.points[ranges(first, size)]
        stretches = zip(first[np.r_[0, begins]].tolist(), end[np.r_[begins - 1, -1]].tolist(), strict=True)
        return np.concatenate([self.points[start:stop] for start, stop in stretches])

    def among(self, geometries: np.ndarray, rows: np.ndarray) -> "FlatGround":
        """Return geometries (k,), or None, with this ground put into some rows (n,), ascending."""
        others, size, areas_m2 = geometries.copy(), np.zeros(len(geometries), dtype=np.int64), None
        others[rows], size[rows] = self.others, self.size
        if self.known_m2 is not None:
            areas_m2 = shapely.area(geometries)
            areas_m2[rows] = self.known_m2
        ground = FlatGround(self.points, size, others, areas_m2)
        if self.whole is None:
            return ground
        return ground.with_whole(rows[self.whole.places], self.whole.shapes, self.whole.positions())

    def with_others(self, rows: np.ndarray, geometries: np.ndarray) -> "FlatGround":
        """Return the same ground with other geometries (k,) in some rows (k,)."""
        if len(rows) == 0:
            return self
        others, size, areas_m2, points = self.others.copy(), self.size.copy(), None, self.points
        others[rows], size[rows] = geometries, 0
        if self.size[rows].any():
            points = points[(size > 0).repeat(self.size)]
        if self.known_m2 is not None:
            areas_m2 = self.known_m2.copy()
            areas_m2[rows] = shapely.area(geometries)
        whole = self.whole
        if whole is not None:
            row = whole.row.copy()
            row[rows] = -1
            whole = WholeShapes(whole.shapes, row)
        return FlatGround(points, size, others, areas_m2, whole)

    def with_ground(self, rows: np.ndarray, ground: "FlatGround") -> "FlatGround":
        """Return the same ground with other ground (k,) in some rows (k,)."""
        place = np.arange(len(self))
        place[rows] = len(self) + np.arange(len(ground))
        return joined_ground([self, ground]).at(place)

    def with_whole(self, rows: np.ndarray, shapes: AnyShapes, positions: np.ndarray) -> "FlatGround":
        """Return the same ground with whole shapes, at positions (k,), in some rows (k,) without a ring.

        No geometry of a column is made. Whole shapes that are marked already must be of the same column.
        """
        if isinstance(shapes, np.ndarray):
            return self.with_others(rows, shapes[positions])
        if len(rows) == 0:
            return self
        row = np.full(len(self), -1) if self.whole is None else self.whole.row.copy()
        row[rows] = positions
        areas_m2 = self.known_m2
        if areas_m2 is not None:
            areas_m2 = areas_m2.copy()
            areas_m2[rows] = shapes.areas_m2(positions)
        return FlatGround(self.points, self.size, self.others, areas_m2, WholeShapes(shapes, row))

    def is_all_of(self, shapes: AnyShapes, positions: np.ndarray) -> np.ndarray:
        """Which rows (n,) are known to be the whole shape at a position (n,): by the mark, or as the same geometry."""
        if self.whole is not None and self.whole.shapes is shapes:
            is_whole: np.ndarray = self.whole.row == positions
        else:
            is_whole = np.zeros(len(self), dtype=bool)
        rows = np.flatnonzero(~shapely.is_missing(self.others))
        pairs = map(is_, self.others[rows].tolist(), made_of(shapes, positions[rows]).tolist())
        is_whole[rows] = np.fromiter(pairs, dtype=bool, count=len(rows))
        return is_whole


def flat_of(ground: np.ndarray | FlatGround) -> FlatGround:
    """Convert geometries (n,) to flat arrays; flat arrays are returned unchanged."""
    return ground if isinstance(ground, FlatGround) else FlatGround.of(ground)


def joined_ground(parts: Sequence[FlatGround]) -> FlatGround:
    """Concatenate the rows of several grounds; the areas are known if all are."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    shapes = next((part.whole.shapes for part in parts if part.whole is not None), None)
    # Only shapes of one column are marked together.
    parts = [part if part.whole is None or part.whole.shapes is shapes else part.made_whole() for part in parts]
    empty = FlatGround.of(np.empty(0, dtype=object))
    points, size, others = (
        np.concatenate([getattr(part, name) for part in (empty, *parts)]) for name in ("points", "size", "others")
    )
    part_areas_m2 = [part.known_m2 for part in parts if part.known_m2 is not None]
    areas = np.concatenate(part_areas_m2) if parts and len(part_areas_m2) == len(parts) else None
    if shapes is None:
        return FlatGround(points, size, others, areas)
    row = np.concatenate([np.full(len(part), -1) if part.whole is None else part.whole.row for part in parts])
    return FlatGround(points, size, others, areas, WholeShapes(shapes, row))
