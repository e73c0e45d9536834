"""Polygons whose common ground is known to the last digit: each is a set of triangles of one mesh.

Every polygon is drawn separately: its corners differ by one or several last digits, its edges have more corners, and
its rings begin anywhere. So edges of neighbours coincide but are never quite equal, which is where overlays fail.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

_SHARES = (0.25, 1 / 3, 0.5, 0.7, 0.9)  # where on an edge more corners may lie


@dataclass(frozen=True)
class Mesh:
    """A mesh of size × size squares of `cell` metres, two triangles each, moved, turned and placed anywhere."""

    random: np.random.Generator
    size: int
    cell: float
    place: tuple[float, float]

    @cached_property
    def points(self) -> np.ndarray:
        """The corners (m, 2)."""
        x, y = (axis.ravel().astype(float) for axis in np.meshgrid(*[np.arange(self.size + 1)] * 2))
        inner = (x > 0) & (x < self.size) & (y > 0) & (y < self.size)
        points = np.column_stack([x, y])
        points[inner] += self.random.uniform(-0.2, 0.2, (int(inner.sum()), 2))
        turn = self.random.uniform(0, 3)
        turned = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        return self.cell * turned + self.place

    @cached_property
    def triangles(self) -> np.ndarray:
        """The corners of each triangle (t, 3)."""
        row, column = (axis.ravel() for axis in np.meshgrid(*[np.arange(self.size)] * 2))
        west = row * (self.size + 1) + column
        north = west + self.size + 1
        return np.concatenate([np.column_stack([west, west + 1, north + 1]), np.column_stack([west, north + 1, north])])

    @cached_property
    def areas_m2(self) -> np.ndarray:
        """The area of each triangle (t,), counted from a corner of the mesh."""
        a, b, c = np.moveaxis((self.points - self.points[0])[self.triangles], 1, 0)
        return ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2

    @cached_property
    def _neighbours(self) -> list[list[int]]:
        tree = shapely.STRtree(self._shapes)
        one, other = tree.query(self._shapes, predicate="intersects")
        common = shapely.get_num_coordinates(shapely.intersection(self._shapes[one], self._shapes[other])) == 2
        return [other[common & (one == at)].tolist() for at in range(len(self.triangles))]

    @cached_property
    def _shapes(self) -> np.ndarray:
        return shapely.polygons(self.points[self.triangles])

    def walk(self, count: int) -> np.ndarray:
        """A random walk over this many triangles: which of all (t,) are in it."""
        taken, ends = np.zeros(len(self.triangles), dtype=bool), [int(self.random.integers(len(self.triangles)))]
        taken[ends] = True
        while ends and taken.sum() < count:
            at = ends[int(self.random.integers(len(ends)))]
            free = [one for one in self._neighbours[at] if not taken[one]]
            if not free:
                ends.remove(at)
                continue
            ends.append(free[int(self.random.integers(len(free)))])
            taken[ends[-1]] = True
        return taken

    def partition(self, count: int) -> np.ndarray:
        """The number of the part (t,) to which each triangle belongs, out of this many."""
        part, ends = np.full(len(self.triangles), -1), self.random.permutation(len(self.triangles))[:count].tolist()
        part[ends] = np.arange(count)
        while ends:
            at = ends[int(self.random.integers(len(ends)))]
            free = [one for one in self._neighbours[at] if part[one] < 0]
            if not free:
                ends.remove(at)
                continue
            part[free[0]] = part[at]
            ends.append(free[0])
        return part

    def polygon(self, chosen: np.ndarray, digits: int = 1) -> shapely.Geometry:
        """Some triangles (t,) as one polygon, with corners this many last digits away from those of others."""
        whole = shapely.coverage_union_all(self._shapes[chosen])
        for apart in (digits, digits, 0):
            parts = [self._drawing_of(part, apart) for part in shapely.get_parts(whole).tolist()]
            drawn = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
            if drawn.is_valid:
                return drawn
        return whole

    def _drawing_of(self, part: shapely.Polygon, digits: int) -> shapely.Polygon:
        return shapely.Polygon(self._ring(part.exterior, digits), [self._ring(hole, digits) for hole in part.interiors])

    def _ring(self, ring: shapely.LinearRing, digits: int) -> np.ndarray:
        corners = shapely.get_coordinates(ring)
        more = [
            start + share * (end - start)
            for start, end in zip(corners[:-1], corners[1:], strict=True)
            for share in (0.0, *sorted(self.random.choice(_SHARES, self.random.integers(0, 3), replace=False)))
        ]
        points = np.array(more)
        steps = self.random.integers(-digits, digits + 1, points.shape) if digits else 0
        points = points + steps * np.spacing(points)
        return np.roll(points, self.random.integers(len(points)), axis=0)
