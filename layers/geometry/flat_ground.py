"""Ground of many rows in flat arrays: a polygon of one ring becomes a geometry only where one is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.ragged import ranges
from onemap.layers.geometry.wkb_column import interleaved_column, multi_bodies, ring_heads, with_points


@dataclass(frozen=True)
class FlatGround:
    """Ground of n rows: valid polygons of one ring each as flat arrays, all other ground as geometries.

    points (m, 2): ring after ring in the order of their rows, the first point of each again at its end.
    size (n,): how many points the ring of a row has, 0 where there is none.
    others (n,): the geometries of rows without a ring; None where there is no ground.
    known_m2 (n,): their areas, to the last digit those of GEOS, where someone has them.
    """

    points: np.ndarray
    size: np.ndarray
    others: np.ndarray
    known_m2: np.ndarray | None = None

    @classmethod
    def of(cls, geometries: np.ndarray) -> "FlatGround":
        """Geometries (n,) as they are."""
        return cls(np.empty((0, 2)), np.zeros(len(geometries), dtype=np.int64), geometries)

    def __len__(self) -> int:
        return len(self.size)

    @cached_property
    def geometries(self) -> np.ndarray:
        """The geometries (n,), None where there is no ground."""
        rows = np.flatnonzero(self.size)
        if len(rows) == 0:
            return self.others
        result = self.others.copy()
        ring = np.arange(len(rows)).repeat(self.size[rows])
        result[rows] = shapely.polygons(shapely.linearrings(self.points, indices=ring))
        return result

    @cached_property
    def area_m2(self) -> np.ndarray:
        """The areas (n,), not a number where there is no ground."""
        areas: np.ndarray = shapely.area(self.geometries) if self.known_m2 is None else self.known_m2
        return areas

    @property
    def dimension(self) -> np.ndarray:
        """0 to 2 for points, lines and polygons, -1 where there is no ground: (n,)."""
        dimension: np.ndarray = np.where(self.size > 0, 2, shapely.get_dimensions(self.others))
        return dimension

    @property
    def boxes(self) -> np.ndarray:
        """West, south, east, north (n, 4), not a number where there is no ground."""
        boxes: np.ndarray = shapely.bounds(self.others).reshape(-1, 4)
        rows = np.flatnonzero(self.size)
        if len(rows):
            first = (np.cumsum(self.size) - self.size)[rows]
            boxes[rows, :2] = np.minimum.reduceat(self.points, first, axis=0)
            boxes[rows, 2:] = np.maximum.reduceat(self.points, first, axis=0)
        return boxes

    def wkb(self, known: Sequence[tuple[np.ndarray, pa.Array]] = ()) -> pa.Array:
        """Multipolygons, multilines or multipoints as WKB (n,), null where there is no ground.

        known: rows without a ring (k,) of which someone has it already.
        """
        is_left = self.size == 0
        for rows, _ in known:
            is_left[rows] = False
        rings, left = np.flatnonzero(self.size), np.flatnonzero(is_left)
        parts = [(rings, ring_heads(self.size[rings])), *known, (left, multi_bodies(self.others[left]))]
        whole = interleaved_column([part for part in parts if len(part[0])] or parts)
        return with_points(whole, self.points, self.size) if len(rings) else whole

    def at(self, rows: np.ndarray) -> "FlatGround":
        """Some rows: a mask (n,) or positions (k,)."""
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        end = np.cumsum(self.size)
        first, size = (end - self.size)[rows], self.size[rows]
        if len(rows) and (first[1:] == end[rows[:-1]]).all():
            points = self.points[first[0] : end[rows[-1]]]
        else:
            points = self.points[ranges(first, size)]
        known = None if self.known_m2 is None else self.known_m2[rows]
        return FlatGround(points, size, self.others[rows], known)

    def among(self, geometries: np.ndarray, rows: np.ndarray) -> "FlatGround":
        """Geometries (k,), or None, with this ground in some rows (n,), ascending."""
        others, size, known = geometries.copy(), np.zeros(len(geometries), dtype=np.int64), None
        others[rows], size[rows] = self.others, self.size
        if self.known_m2 is not None:
            known = shapely.area(geometries)
            known[rows] = self.known_m2
        return FlatGround(self.points, size, others, known)

    def with_others(self, rows: np.ndarray, geometries: np.ndarray) -> "FlatGround":
        """The same with other geometries (k,) in some rows (k,)."""
        if len(rows) == 0:
            return self
        others, size, known, points = self.others.copy(), self.size.copy(), None, self.points
        others[rows], size[rows] = geometries, 0
        if self.size[rows].any():
            points = points[(size > 0).repeat(self.size)]
        if self.known_m2 is not None:
            known = self.known_m2.copy()
            known[rows] = shapely.area(geometries)
        return FlatGround(points, size, others, known)


def joined_ground(parts: Sequence[FlatGround]) -> FlatGround:
    """Ground of some rows after that of others; the areas are known if all are."""
    if len(parts) == 1:
        return parts[0]
    empty = FlatGround.of(np.empty(0, dtype=object))
    points, size, others = (
        np.concatenate([getattr(part, name) for part in (empty, *parts)]) for name in ("points", "size", "others")
    )
    known = [part.known_m2 for part in parts if part.known_m2 is not None]
    return FlatGround(points, size, others, np.concatenate(known) if parts and len(known) == len(parts) else None)
