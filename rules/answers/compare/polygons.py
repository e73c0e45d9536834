"""Polygons of a comparison: rows of a table that may be on disk, with facts that are known without reading them."""

from dataclasses import dataclass

import numpy as np

from onemap.layers.frames.feature_table import AREA, BOX, POINTS, Features, FeatureTable
from onemap.layers.geometry.boxes import boxes_that_meet
from onemap.rules.judge.distributed.partition import blocks_of, most_parcels


@dataclass(frozen=True)
class Polygons:
    """Polygons (n,) in memory or on disk, each with its box (n, 4), area_m2 (n,), points (n,), and row in the table."""

    boxes: np.ndarray
    area_m2: np.ndarray
    points: np.ndarray
    at: np.ndarray
    table: FeatureTable

    @staticmethod
    def in_memory(polygons: np.ndarray) -> "Polygons":
        """Polygons that stay in memory."""
        return Polygons.among(FeatureTable.of(Features(polygons)), np.arange(len(polygons)))

    @staticmethod
    def among(table: FeatureTable, at: np.ndarray) -> "Polygons":
        """The polygons of some rows of a table."""
        boxes, area_m2, points = table.columns(BOX, AREA, POINTS)
        return Polygons(boxes[at], area_m2[at], points[at], at, table)

    def __len__(self) -> int:
        return len(self.at)

    def geometries(self, rows: np.ndarray) -> np.ndarray:
        """Some of the polygons (k,)."""
        return self.table.geometries(self.at[rows])

    def meeting(self, boxes: np.ndarray) -> np.ndarray:
        """The rows whose boxes meet one of the boxes (k, 4), ascending; only rows near them are indexed."""
        return boxes_that_meet(self.boxes, boxes)

    def blocks(self, rows: np.ndarray) -> list[np.ndarray]:
        """Some rows in blocks of neighbours; each row belongs to one block as a whole."""
        return spatial_blocks(rows, self.boxes[rows], self.points[rows])


def spatial_blocks(rows: np.ndarray, boxes: np.ndarray, points: np.ndarray) -> list[np.ndarray]:
    """Rows (n,) in blocks of neighbours, ascending in each; boxes (n, 4), points (n,): of these rows."""
    if len(rows) == 0:
        return []
    block = blocks_of((boxes[:, :2] + boxes[:, 2:]) / 2, points, most_parcels())
    order = np.argsort(block, kind="stable")
    return np.split(rows[order], np.flatnonzero(np.diff(block[order])) + 1)
