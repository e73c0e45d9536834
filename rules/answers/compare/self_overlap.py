"""Overlaps inside one plan: the first row keeps the ground, and the loss of later rows is reported."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.shape_column import AnyShapes
from onemap.rules.judge.overlay.in_chunks import insides_meet
from onemap.rules.judge.overlay.mutual_overlaps import earlier_neighbours
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, differences, union_by
from onemap.rules.judge.overlay.threads import Threads


@dataclass(frozen=True)
class SelfOverlap:
    """How many features lost ground to an earlier feature of the same plan, and how much in m²."""

    features: int
    area_m2: float

    def record(self) -> dict[str, Any]:
        """The overlap as JSON."""
        return {"features": self.features, "area_m2": self.area_m2}


def first_row_wins(geometries: np.ndarray, threads: Threads) -> tuple[np.ndarray, SelfOverlap, np.ndarray]:
    """Polygons (n,) without the ground of earlier ones, None if nothing is left; the overlap; rows that failed."""
    grounds, lost_m2, failed = without_earlier(geometries, np.arange(len(geometries)), threads)
    return grounds, overlap_of(lost_m2), failed


def overlap_of(lost_m2: np.ndarray) -> SelfOverlap:
    """The overlap of a plan with itself, from the areas that its features (n,) lost, in their order."""
    real = lost_m2[lost_m2 > 0]
    return SelfOverlap(len(real), float(real.sum()))


def without_earlier(
    geometries: np.ndarray, rows: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The polygons at `rows` (k,) without the ground of earlier ones among all (n,), None if nothing is left.

    Also returns the m² that each lost (k,), 0 for rounding errors, and the positions in `geometries` that failed.
    """
    result, lost_m2 = geometries[rows], np.zeros(len(rows))
    places, rest, lost_of_places, failed = lost_to_earlier(geometries, rows, threads)
    result[places], lost_m2[places] = rest, lost_of_places
    return result, lost_m2, failed


def lost_to_earlier(
    shapes: AnyShapes, rows: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The positions (j,) in `rows` (k,) of polygons that lost ground to an earlier one among all (n,).

    Also returns the rest of each (j,), None if nothing is left, the m² lost (j,), and the positions in `shapes` that
    failed. Each rest is cut from the polygon itself, not from a rounded common ground, so that no slit opens between
    them.
    """
    later, earlier = _overlapping_pairs(shapes, rows, threads)
    if len(later) == 0:
        nobody = np.empty(0, dtype=np.int64)
        return nobody, np.empty(0, dtype=object), np.empty(0), nobody
    places, group = np.unique(later, return_inverse=True)
    own, earlier_ground = shapes[rows[places]], union_by(group, shapes[earlier], len(places))
    rest, failed = differences(own, earlier_ground, threads)
    lost_m2 = shapely.area(own) - np.nan_to_num(shapely.area(rest))
    real = lost_m2 >= ARITHMETIC_M2
    return places[real], rest[real], lost_m2[real], rows[places[failed]]


def _overlapping_pairs(shapes: AnyShapes, rows: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose insides meet: the later polygon's position in `rows`, and the earlier one's in `shapes` (k,)."""

    def may_lose(place: np.ndarray, areas: np.ndarray, errors: np.ndarray) -> np.ndarray:
        # Neighbours of one coverage touch all along their edges: that they share no ground the kernel tells.
        first = place.min(initial=len(rows))
        most = np.bincount(place - first, areas + errors)
        return (areas > 0) & (most[place - first] >= ARITHMETIC_M2)

    place, other = earlier_neighbours(shapes, rows, threads, may_lose)
    meet = insides_meet(shapes[rows[place]], shapes[other], threads)
    place, other = place[meet], other[meet]
    order = np.lexsort((other, place))  # the tree's own order depends on polygons that are far away
    return place[order], other[order]
