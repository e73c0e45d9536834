"""The rings of many polygons as flat arrays, their areas and lengths, without a geometry for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import numpy as np
import shapely

from onemap.layers.geometry.group_ranges import ranges

_PROBES = 200


@dataclass(frozen=True)
class Rings:
    """Rings one after the other: points (m, 2); the size, the polygon, and is_hole of each ring, (r,) each."""

    points: np.ndarray
    size: np.ndarray
    polygon: np.ndarray
    is_hole: np.ndarray

    @classmethod
    def join(cls, parts: "Sequence[Rings]") -> Self:
        """Concatenate several groups of rings of the same polygons."""
        return cls(*(np.concatenate(column) for column in zip(*map(cls._columns, parts), strict=True)))

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.points, self.size, self.polygon, self.is_hole

    def move(self, by: tuple[float, float]) -> "Rings":
        """Move the rings east and north by metres."""
        return replace(self, points=self.points + by) if any(by) else self


def rings_of(polygons: np.ndarray) -> Rings:
    """Return the rings of polygons or multipolygons (n,), in order; None, empty and other geometries have none."""
    parts, owner = _parts(polygons)
    count, holes = shapely.get_num_coordinates(parts), shapely.get_num_interior_rings(parts)
    filled_parts = np.flatnonzero(count)
    if len(filled_parts) < len(parts):
        parts, owner, count, holes = parts[filled_parts], owner[filled_parts], count[filled_parts], holes[filled_parts]
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
    """Return the single polygons of (multi)polygons (n,) in order, and the row of each."""
    types = shapely.get_type_id(polygons)
    single, several = types == 3, np.flatnonzero(types == 6)
    if single.all():
        return polygons, np.arange(len(polygons))
    inner, of_several = shapely.get_parts(polygons[several], return_index=True)
    owner = np.r_[np.flatnonzero(single), several[of_several]]
    order = np.argsort(owner, kind="stable")
    return np.concatenate([polygons[single], inner])[order], owner[order]


def planar_areas_m2(rings: Rings, count: int) -> np.ndarray:
    """Return the areas (n,) of `count` polygons from their rings, none of them empty; 0 without any ring.

    It uses the shoelace formula from each ring's first point on, summed in GEOS's order: shells, less their holes, by
    part.
    """
    if len(rings.size) == 0:
        return np.zeros(count)
    first, (x, y) = np.cumsum(rings.size) - rings.size, rings.points.T
    terms = np.zeros(len(x))
    terms[1:-1] = (x - x.take(first).repeat(rings.size))[1:-1] * (y[:-2] - y[2:])
    terms[first], terms[first + rings.size - 1] = 0.0, 0.0
    # Sums by group go from one term to the next, as a loop does.
    of_rings = np.abs(np.bincount(np.arange(len(first)).repeat(rings.size), terms, len(first)) / 2.0)
    shells = np.flatnonzero(~rings.is_hole)
    of_parts = np.bincount(np.cumsum(~rings.is_hole) - 1, np.where(rings.is_hole, -of_rings, of_rings))
    return np.bincount(rings.polygon[shells], of_parts, count)


def planar_lengths_m(rings: Rings, count: int) -> np.ndarray:
    """Return the lengths (n,) of all rings of `count` polygons; 0 without any ring."""
    if len(rings.size) == 0:
        return np.zeros(count)
    steps = np.zeros(rings.points.shape)
    steps[1:] = rings.points[1:] - rings.points[:-1]
    steps[np.cumsum(rings.size) - rings.size] = 0.0
    x, y = steps.T
    terms = np.sqrt(x * x + y * y)
    of_rings = np.bincount(np.arange(len(rings.size)).repeat(rings.size), terms, len(rings.size))
    # GEOS sums the rings of each part first.
    of_parts = np.bincount(np.cumsum(~rings.is_hole) - 1, of_rings)
    return np.bincount(rings.polygon[~rings.is_hole], of_parts, count)


@cache
def is_like_geos() -> bool:
    """Whether GEOS multiplies and adds in separate steps; on some systems it fuses the two."""
    steps = np.modf(np.arange(1, 3 * _PROBES + 1) * 0.6180339887498949)[0].reshape(-1, 3)  # spread by the golden ratio
    middles = shapely.points(4e5 + 1e5 * steps[:, :2])
    shapes = shapely.buffer(middles, 3 + 297 * steps[:, 2], quad_segs=4)
    rings = rings_of(shapes)
    are_alike = planar_areas_m2(rings, _PROBES) == shapely.area(shapes)
    return bool((are_alike & (planar_lengths_m(rings, _PROBES) == shapely.length(shapes))).all())
