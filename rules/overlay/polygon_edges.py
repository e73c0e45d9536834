"""An array of polygons as the sums take them: small ones whole, of large ones only the edges near a box."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from onemap.rules.overlay.edge_index import Outlines, outlines, parts_in_boxes
from onemap.rules.overlay.trapezoids import EdgeTable, concatenate_tables, edge_table

LARGE = 128  # vertices: from here on a polygon is taken by its parts


class Polygons:
    """Valid polygons or multipolygons (n,) with what is found out of them only once.

    is_large (n,); bounds (n, 4); place (n,): where each large one stands among the outlines. between: a west and an
    east, if only few boxes between the two will be asked about.
    """

    def __init__(self, geometries: np.ndarray, between: tuple[float, float] | None = None) -> None:
        self.geometries = geometries
        self.between = between
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
        return outlines(self.geometries[self.large], self.between)

    def make_ready(self) -> None:
        """Make what all threads will share."""
        if len(self.large):
            _ = self.outlines

    def near(self, polygon: np.ndarray, boxes: np.ndarray) -> "Near":
        """What of polygon (k,) is near boxes (k, 4): small ones whole, of large ones some of their edges."""
        rows = np.flatnonzero(self.is_large[polygon])
        number = self.vertices[polygon]
        row = chunk = np.empty(0, dtype=np.int64)
        if len(rows):
            row, chunk = self.outlines.near(self.place[polygon[rows]], boxes[rows])
            number[rows] = np.bincount(row, self.outlines.count[chunk], len(rows))
            row = rows[row]
        return Near(self, polygon, boxes, number, row, chunk)


@dataclass(frozen=True)
class Near:
    """Polygon (k,), box (k, 4), about how many edges are near (k,), and which chunks of outlines: row, chunk (j,)."""

    polygons: Polygons
    polygon: np.ndarray
    boxes: np.ndarray
    edges: np.ndarray
    row: np.ndarray
    chunk: np.ndarray

    def table(self, wanted: np.ndarray) -> tuple[EdgeTable, np.ndarray]:
        """The edges of the rows that are wanted, a mask (k,); and each wanted one's place in the table."""
        polygons, polygon = self.polygons, self.polygon[wanted]
        is_large = polygons.is_large[polygon]
        small, at_small = np.unique(polygon[~is_large], return_inverse=True)
        tables = [edge_table(polygons.geometries[small])]
        place = np.empty(len(polygon), dtype=np.int64)
        place[~is_large] = at_small
        if is_large.any():
            place[is_large] = len(small) + np.arange(int(is_large.sum()))
            chosen = wanted & polygons.is_large[self.polygon]
            number = np.cumsum(chosen) - 1
            hits = np.flatnonzero(chosen[self.row])
            whose, boxes = polygons.place[polygon[is_large]], self.boxes[chosen]
            tables.append(parts_in_boxes(polygons.outlines, whose, boxes, number[self.row[hits]], self.chunk[hits]))
        return concatenate_tables(tables), place
