"""Long edges that are straight in one coordinate system and bent in another, and are carried over by their ends."""

import numpy as np
import shapely

from onemap.layers.crs.systems import Transformation

# A shorter edge is not looked at: of one along the parallel φ the middle lies L² tan φ / 8R beside, 0.14 m at 38° N.
_LONG_M = 3000.0


def has_long_edges(points: np.ndarray) -> bool:
    """Whether some of the points (k, 2), in metres, is far from the one before it, whichever ring that belongs to."""
    return len(_long_edges(points)) > 0


def bend_of_rings(before: np.ndarray, after: np.ndarray, sizes: np.ndarray, change: Transformation) -> float:
    """How far the worst edge's middle lies from where its own system has it, in metres of the target's plane.

    before, after (k, 2): the points of rings or lines in the two systems, one after the other; sizes: how many of each.
    """
    starts = _long_edges(after)
    if len(starts) == 0:
        return 0.0
    is_last = np.zeros(len(before), dtype=bool)
    is_last[np.cumsum(sizes) - 1] = True
    starts = starts[~is_last[starts]]
    middle = np.column_stack(change(*((before[starts] + before[starts + 1]) / 2).T))
    apart = np.hypot(*(middle - (after[starts] + after[starts + 1]) / 2).T)
    return float(np.max(apart, initial=0.0, where=np.isfinite(apart)))


@np.errstate(invalid="ignore", over="ignore")  # coordinates that are no numbers are named by the check of geometries
def bend_of_geometries(before: np.ndarray, after: np.ndarray, change: Transformation) -> float:
    """As `bend_of_rings`, of the lines and polygons among geometries (n,), before and after they are carried."""
    points, whose = shapely.get_coordinates(after, return_index=True)
    rows = np.unique(whose[_long_edges(points)])
    own, carried = _rings(before[rows]), _rings(after[rows])
    sizes = shapely.get_num_coordinates(own)
    return bend_of_rings(shapely.get_coordinates(own), shapely.get_coordinates(carried), sizes[sizes > 0], change)


def _long_edges(points: np.ndarray) -> np.ndarray:
    """From which of the points (k, 2) it is far to the next one, whichever ring that belongs to."""
    if len(points) < 2:
        return np.empty(0, dtype=np.int64)
    east, north = np.diff(points, axis=0).T
    return np.flatnonzero(east * east + north * north > _LONG_M**2)


def _rings(geometries: np.ndarray) -> np.ndarray:
    """The lines of geometries, and the rings of their polygons; points have none."""
    parts = shapely.get_parts(geometries)
    kinds = shapely.get_type_id(parts)
    lines, polygons = np.isin(kinds, (1, 2)), kinds == 3
    return np.concatenate([parts[lines], shapely.get_rings(parts[polygons])])
