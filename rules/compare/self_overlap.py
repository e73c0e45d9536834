"""Where a plan overlaps itself: the first row wins, and what the others lost is told."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from onemap.rules.overlay.common_areas import common_areas
from onemap.rules.overlay.in_chunks import chunks, insides_meet
from onemap.rules.overlay.overlay import ARITHMETIC_M2, differences, union_by
from onemap.rules.overlay.threads import Threads


@dataclass(frozen=True)
class SelfOverlap:
    """How many features lost ground to an earlier one of the same plan, and how much, in m²."""

    features: int
    area_m2: float

    def record(self) -> dict[str, Any]:
        """The overlap as JSON."""
        return {"features": self.features, "area_m2": self.area_m2}


def first_row_wins(geometries: np.ndarray, threads: Threads) -> tuple[np.ndarray, SelfOverlap, np.ndarray]:
    """Polygons (n,) without the ground that an earlier one has, None where nothing is left; what was lost; failures."""
    grounds, lost_m2, failed = without_earlier(geometries, np.arange(len(geometries)), threads)
    return grounds, overlap_of(lost_m2), failed


def overlap_of(lost_m2: np.ndarray) -> SelfOverlap:
    """What a plan's features (n,) lost, in their order."""
    real = lost_m2[lost_m2 > 0]
    return SelfOverlap(len(real), float(real.sum()))


def without_earlier(
    geometries: np.ndarray, wanted: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The polygons at `wanted` (k,) without the ground that an earlier one of all (n,) has, None where nothing is left.

    Second what each lost in m² (k,), 0 for what arithmetic leaves of nothing; third those of `geometries` that failed.
    Each is taken from its own geometry and not from a rounded common ground, so that no slit opens between them.
    """
    result, lost_m2 = geometries[wanted], np.zeros(len(wanted))
    later, earlier = _meeting(geometries, wanted, threads)
    if len(later) == 0:
        return result, lost_m2, np.empty(0, dtype=np.int64)
    places, group = np.unique(later, return_inverse=True)
    taken = union_by(group, geometries[earlier], len(places))
    rest, failed = differences(result[places], taken, threads)
    lost = shapely.area(result[places]) - np.nan_to_num(shapely.area(rest))
    real = lost >= ARITHMETIC_M2
    result[places[real]], lost_m2[places[real]] = rest[real], lost[real]
    return result, lost_m2, wanted[places[failed]]


def _meeting(geometries: np.ndarray, wanted: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose insides meet: the place among `wanted` (k,) of the later one, and which one the earlier is (k,)."""
    tree, alone = shapely.STRtree(geometries), Threads(1, threads.progress)

    def meeting_of(part: slice) -> np.ndarray:
        found: np.ndarray = tree.query(geometries[wanted[part]])  # by their boxes
        found[0] += part.start
        found = found[:, found[1] < wanted[found[0]]]
        # Neighbours of one coverage touch all along their edges: that they share no ground the kernel tells.
        areas, _ = common_areas(geometries[wanted[found[0]]], geometries[found[1]], alone)
        found = found[:, areas > 0]
        return found[:, insides_meet(geometries[wanted[found[0]]], geometries[found[1]], alone)]

    parts = threads.each(meeting_of, chunks(len(wanted)))
    place, other = np.concatenate(parts, axis=1) if parts else np.empty((2, 0), dtype=np.int64)
    order = np.lexsort((other, place))  # the tree's own order depends on polygons that are far away
    return place[order], other[order]
