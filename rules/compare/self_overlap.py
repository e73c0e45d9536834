"""Where a plan overlaps itself: the first row wins, and what the others lost is told."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from onemap.rules.compare.in_chunks import insides_meet, intersecting
from onemap.rules.crew import Crew
from onemap.rules.overlay import ARITHMETIC_M2, differences, union_by


@dataclass(frozen=True)
class SelfOverlap:
    """How many features lost ground to an earlier one of the same plan, and how much, in m²."""

    features: int
    area_m2: float

    def record(self) -> dict[str, Any]:
        """The overlap as JSON."""
        return {"features": self.features, "area_m2": self.area_m2}


def first_row_wins(geometries: np.ndarray, crew: Crew) -> tuple[np.ndarray, SelfOverlap, np.ndarray]:
    """Polygons (n,) without the ground that an earlier one has, None where nothing is left; what was lost; failures.

    Each is taken from its own geometry and not from a rounded common ground, so that no slit opens between them.
    """
    result = geometries.copy()
    later, earlier = _meeting(geometries, crew)
    if len(later) == 0:
        return result, SelfOverlap(0, 0.0), np.empty(0, dtype=np.int64)
    rows, group = np.unique(later, return_inverse=True)
    taken = union_by(group, geometries[earlier], len(rows))
    rest, failed = differences(geometries[rows], taken, crew)
    lost = shapely.area(geometries[rows]) - np.nan_to_num(shapely.area(rest))
    real = lost >= ARITHMETIC_M2
    result[rows[real]] = rest[real]
    return result, SelfOverlap(int(real.sum()), float(lost[real].sum())), rows[failed]


def _meeting(geometries: np.ndarray, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """Pairs whose insides meet: the later row (k,) and the earlier one (k,)."""
    first, second = intersecting(shapely.STRtree(geometries), geometries, crew)
    later, earlier = first[second < first], second[second < first]
    # Neighbours of one coverage touch all along their edges; only their insides matter.
    inner = insides_meet(geometries[later], geometries[earlier], crew)
    return later[inner], earlier[inner]
