"""Make polygons of rings: open rings are closed; containment of rings tells shells from holes."""

from collections.abc import Sequence

import numpy as np
import shapely


def closed_parts(points: np.ndarray) -> list[np.ndarray]:
    """Split a sequence of points (k, 2) into closed rings; one that closes in the middle starts another.

    Raises ValueError if the remaining points do not form a ring.
    """
    parts: list[np.ndarray] = []
    start = 0
    for index in range(1, len(points)):
        if index > start + 2 and (points[index] == points[start]).all():
            parts.append(points[start : index + 1])
            start = index + 1
    rest = points[start:]
    if len(np.unique(rest, axis=0)) >= 3:
        parts.append(np.vstack([rest, rest[:1]]))
    elif len(rest) and not (parts and (rest == parts[-1][0]).all()):  # a closing point given twice says nothing new
        raise ValueError("points left over")
    return parts


def polygon_of_rings(rings: Sequence[np.ndarray]) -> shapely.Geometry:
    """Return closed rings (k, 2) as one polygon or multipolygon: a ring inside an odd number of others is a hole."""
    shells = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    if len(shells) == 1:
        return shells[0]
    if not shapely.is_valid(shells).all():
        # What lies in a crossing ring cannot be told; the frame's own check will name it.
        return shapely.multipolygons(shells)
    rank = np.empty(len(shells), dtype=int)
    rank[np.argsort(-shapely.area(shells), kind="stable")] = np.arange(len(shells))
    inner, outer = shapely.STRtree(shells).query(shells, predicate="covered_by")
    larger = rank[outer] < rank[inner]  # of two equal rings, the first is the outer one
    inner, outer = inner[larger], outer[larger]
    depth = np.bincount(inner, minlength=len(shells))
    nearest = np.full(len(shells), -1)
    np.maximum.at(nearest, inner, rank[outer])
    parent = np.append(np.argsort(rank), -1)[nearest]
    is_hole = depth % 2 == 1
    parts = [
        shapely.Polygon(rings[shell], [rings[hole] for hole in np.flatnonzero((parent == shell) & is_hole).tolist()])
        for shell in np.flatnonzero(~is_hole).tolist()
    ]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
