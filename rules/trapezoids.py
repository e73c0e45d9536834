"""A second, independent way to the area of an intersection: signed trapezoids over pairs of edges.

No topology is built and nothing is noded, so it cannot fail as an overlay can; it needs valid polygons, as it counts
how often ground is wound around. Method: the area under each edge is a signed trapezoid, a polygon is their sum, and
the intersection of two polygons is the sum over all pairs of edges of the integral of the lower of the two.
"""

import numpy as np
import shapely


def _edges(polygon: shapely.Geometry, origin: np.ndarray) -> np.ndarray:
    """Edges (k, 5) as x from west to east, heights at both ends, and the sign of the ground under them."""
    rings = shapely.get_rings(shapely.get_parts(shapely.normalize(polygon)))
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    xy = coordinates - origin
    here = np.flatnonzero(ring[:-1] == ring[1:])
    (x0, y0), (x1, y1) = xy[here].T, xy[here + 1].T
    east = x1 > x0
    sign = np.where(east, 1.0, -1.0)
    edges = np.column_stack(
        [np.where(east, x0, x1), np.where(east, x1, x0), np.where(east, y0, y1), np.where(east, y1, y0), sign]
    )
    return edges[x0 != x1]


def intersection_area_m2(left: shapely.Geometry, right: shapely.Geometry) -> float:
    """Area of left ∩ right in m²; both valid (multi)polygons in one plane."""
    bounds = np.array([left.bounds, right.bounds])
    west, east = bounds[:, 0].max(), bounds[:, 2].min()
    if west >= east or bounds[:, 1].max() >= bounds[:, 3].min():
        return 0.0
    origin = np.array([west, bounds[:, 1].min()])
    a, b = _edges(left, origin), _edges(right, origin)
    # Only what lies between the common west and east can have ground in common.
    a, b = (edges[(edges[:, 1] > 0) & (edges[:, 0] < east - west)] for edges in (a, b))
    total = 0.0
    step = max(1, 2_000_000 // max(len(b), 1))
    for start in range(0, len(a), step):
        total += _pair_areas(a[start : start + step], b)
    return abs(total)


def _pair_areas(a: np.ndarray, b: np.ndarray) -> float:
    x0 = np.maximum(a[:, None, 0], b[None, :, 0])
    x1 = np.minimum(a[:, None, 1], b[None, :, 1])
    one, two = np.nonzero(x1 > x0)
    x0, x1 = x0[one, two], x1[one, two]
    (ea, eb), (fa, fb) = (_heights(edges, x0, x1) for edges in (a[one], b[two]))
    da, db = np.abs(ea - fa), np.abs(eb - fb)
    crossing = (ea - fa) * (eb - fb) < 0
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(crossing, (da**2 + db**2) / (2 * (da + db)), (da + db) / 2)
    lower = (ea + eb + fa + fb) / 4 - apart / 2
    return float(np.sum(a[one, 4] * b[two, 4] * lower * (x1 - x0)))


def _heights(edges: np.ndarray, x0: np.ndarray, x1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slope = (edges[:, 3] - edges[:, 2]) / (edges[:, 1] - edges[:, 0])
    return edges[:, 2] + slope * (x0 - edges[:, 0]), edges[:, 2] + slope * (x1 - edges[:, 0])
