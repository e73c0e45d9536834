"""The rings of many polygons as flat arrays, without making a geometry for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import shapely

from onemap.layers.geometry.ragged import ranges


@dataclass(frozen=True)
class Rings:
    """Rings one after the other: points (m, 2); of each its size, its polygon, and whether it is a hole, (r,) each."""

    points: np.ndarray
    size: np.ndarray
    polygon: np.ndarray
    is_hole: np.ndarray

    @classmethod
    def join(cls, parts: "Sequence[Rings]") -> Self:
        """Rings after those of others, of the same polygons."""
        return cls(*(np.concatenate(column) for column in zip(*map(cls._columns, parts), strict=True)))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.points, self.size, self.polygon, self.is_hole

    def move(self, by: tuple[float, float]) -> "Rings":
        """The same moved east and north by metres."""
        return replace(self, points=self.points + by) if any(by) else self

    def boxes(self) -> np.ndarray:
        """West, south, east, north of each ring (r, 4), all of which have points; not a number where a point is not."""
        first = np.cumsum(self.size) - self.size
        return np.column_stack([edge.reduceat(self.points, first, axis=0) for edge in (np.minimum, np.maximum)])


def rings_of(polygons: np.ndarray) -> Rings:
    """The rings of polygons or multipolygons (n,), in order; None, empty geometries and other types have no rings."""
    parts, owner = _parts(polygons)
    count, holes = shapely.get_num_coordinates(parts), shapely.get_num_interior_rings(parts)
    filled = np.flatnonzero(count)
    if len(filled) < len(parts):
        parts, owner, count, holes = parts[filled], owner[filled], count[filled], holes[filled]
    points, holed = shapely.get_coordinates(parts), np.flatnonzero(holes)
    if len(holed) == 0:
        return Rings(points, count.astype(np.int64), owner, np.zeros(len(parts), dtype=bool))
    part = np.repeat(np.arange(len(parts)), holes + 1)
    first = np.cumsum(holes + 1) - (holes + 1)
    is_hole = np.ones(len(part), dtype=bool)
    is_hole[first] = False
    size = np.zeros(len(part), dtype=np.int64)
    size[first] = count
    # Most polygons have no holes, and their rings need not be made one by one.
    rings, _ = shapely.get_rings(parts[holed], return_index=True)
    size[ranges(first[holed], holes[holed] + 1)] = shapely.get_num_coordinates(rings)
    return Rings(points, size, owner[part], is_hole)


def _parts(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The single polygons in (multi)polygons (n,), and which of the n each is of, in order."""
    types = shapely.get_type_id(polygons)
    single, several = types == 3, np.flatnonzero(types == 6)
    if single.all():
        return polygons, np.arange(len(polygons))
    inner, of_several = shapely.get_parts(polygons[several], return_index=True)
    owner = np.r_[np.flatnonzero(single), several[of_several]]
    order = np.argsort(owner, kind="stable")
    return np.concatenate([polygons[single], inner])[order], owner[order]
