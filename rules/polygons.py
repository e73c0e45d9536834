"""An array of polygons as the sums take them: small ones whole, of large ones only the edges near a box."""

from functools import cached_property

import numpy as np
import shapely

from onemap.rules.outlines import Outlines, outlines, parts_in_boxes
from onemap.rules.trapezoids import EdgeTable, edge_table, joined

LARGE = 128  # vertices: from here on a polygon is taken by its parts


class Polygons:
    """Valid polygons or multipolygons (n,) with what is found out of them only once.

    is_large (n,); bounds (n, 4); place (n,): where each large one stands among the outlines.
    """

    def __init__(self, geometries: np.ndarray) -> None:
        self.geometries = geometries
        self.vertices = shapely.get_num_coordinates(geometries).astype(np.int64)
        self.is_large = self.vertices >= LARGE
        self.large = np.flatnonzero(self.is_large)
        self.place = np.cumsum(self.is_large) - 1

    @cached_property
    def bounds(self) -> np.ndarray:
        """West, south, east, north of each polygon, (n, 4); NaN where it is empty."""
        bounds: np.ndarray = shapely.bounds(self.geometries)
        return bounds

    @cached_property
    def outlines(self) -> Outlines:
        """The outlines of the large ones, of which there must be some."""
        return outlines(self.geometries[self.large])

    def edges_in(self, polygon: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """About how many edges of polygon (k,) lie in boxes (k, 4)."""
        number = self.vertices[polygon]
        rows = np.flatnonzero(self.is_large[polygon])
        if len(rows):
            row, chunk = self.outlines.near(self.place[polygon[rows]], boxes[rows])
            number[rows] = np.bincount(row, self.outlines.count[chunk], len(rows))
        return number

    def edges(self, polygon: np.ndarray, boxes: np.ndarray) -> tuple[EdgeTable, np.ndarray]:
        """The edges of polygon (k,), of large ones those in boxes (k, 4); and each one's place in the table, (k,)."""
        is_large = self.is_large[polygon]
        rows = np.flatnonzero(is_large)
        small, at_small = np.unique(polygon[~is_large], return_inverse=True)
        tables = [edge_table(self.geometries[small])]
        place = np.empty(len(polygon), dtype=np.int64)
        place[~is_large] = at_small
        if len(rows):
            tables.append(parts_in_boxes(self.outlines, self.place[polygon[rows]], boxes[rows]))
            place[rows] = len(small) + np.arange(len(rows))
        return joined(tables), place
