"""Compute how much of a polygon lies in a convex one, half-plane by half-plane, without an overlay."""

import numpy as np
import shapely


def area_in_convex_m2(polygon: shapely.Geometry, convex: shapely.Polygon) -> float:
    """Return the area in m² that a valid polygon or multipolygon shares with a convex polygon.

    Rings are clipped by the method of Sutherland and Hodgman. Edges that then run back and forth enclose no ground, so
    the areas of rings sum to the shared area; the result does not depend on how lines intersect, and nothing can be
    lost.
    """
    west, south, east, north = convex.bounds
    middle = np.array([(west + east) / 2, (south + north) / 2])
    corners = shapely.get_coordinates(shapely.orient_polygons(convex).exterior) - middle
    total = 0.0
    parts = shapely.get_parts(polygon)
    for part in parts[~shapely.is_empty(parts)].tolist():
        rings = shapely.get_rings(part)
        areas = [_clipped_m2(shapely.get_coordinates(ring)[:-1] - middle, corners) for ring in rings.tolist()]
        total += areas[0] - sum(areas[1:])
    return total


def _clipped_m2(ring: np.ndarray, corners: np.ndarray) -> float:
    """Return the area that a ring (n, 2), not closed, shares with a convex ring (m, 2), closed, counterclockwise."""
    for start, end in zip(corners[:-1], corners[1:], strict=True):
        side = end - start
        height = side[0] * (ring[:, 1] - start[1]) - side[1] * (ring[:, 0] - start[0])
        following, its_height = np.roll(ring, -1, axis=0), np.roll(height, -1)
        is_inside, crosses = height >= 0, (height >= 0) != (its_height >= 0)
        share = np.divide(height, height - its_height, out=np.zeros(len(ring)), where=crosses)
        crossing_points = ring + share[:, None] * (following - ring)
        points = np.stack([ring, crossing_points], axis=1).reshape(-1, 2)
        ring = points[np.column_stack([is_inside, crosses]).ravel()]
        if len(ring) == 0:
            return 0.0
    x, y = ring.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
