"""Areas and lengths of polygons in the plane by their rings: every digit is GEOS's, and no geometry is made."""

from functools import cache

import numpy as np
import shapely

from onemap.layers.geometry.rings import Rings, rings_of

_PROBES = 200


def planar_areas_m2(rings: Rings, count: int) -> np.ndarray:
    """The areas (n,) of `count` polygons, in the order of their rings, each of which has points; 0 without any.

    The shoelace formula from each ring's first point on, summed in GEOS's order: shells, less their holes, by part.
    """
    if len(rings.size) == 0:
        return np.zeros(count)
    first, (x, y) = np.cumsum(rings.size) - rings.size, rings.points.T
    terms = np.zeros(len(x))
    terms[1:-1] = (x - x.take(first).repeat(rings.size))[1:-1] * (y[:-2] - y[2:])
    terms[first], terms[first + rings.size - 1] = 0.0, 0.0
    # Sums by group go from one term to the next, as a loop does.
    of_rings = np.abs(np.bincount(np.arange(len(first)).repeat(rings.size), terms, len(first)) / 2.0)
    shells = np.flatnonzero(~rings.is_hole)
    of_parts = np.bincount(np.cumsum(~rings.is_hole) - 1, np.where(rings.is_hole, -of_rings, of_rings))
    return np.bincount(rings.polygon[shells], of_parts, count)


def planar_lengths_m(rings: Rings, count: int) -> np.ndarray:
    """The lengths (n,) of all rings of `count` polygons, in the order of their rings; 0 without any."""
    if len(rings.size) == 0:
        return np.zeros(count)
    steps = np.zeros(rings.points.shape)
    steps[1:] = rings.points[1:] - rings.points[:-1]
    steps[np.cumsum(rings.size) - rings.size] = 0.0
    x, y = steps.T
    terms = np.sqrt(x * x + y * y)
    of_rings = np.bincount(np.arange(len(rings.size)).repeat(rings.size), terms, len(rings.size))
    # GEOS sums the rings of each part first.
    of_parts = np.bincount(np.cumsum(~rings.is_hole) - 1, of_rings)
    return np.bincount(rings.polygon[~rings.is_hole], of_parts, count)


@cache
def is_like_geos() -> bool:
    """Whether GEOS multiplies and adds as the processor does one by one; on some systems it fuses the two."""
    steps = np.modf(np.arange(1, 3 * _PROBES + 1) * 0.6180339887498949)[0].reshape(-1, 3)  # spread by the golden ratio
    middles = shapely.points(4e5 + 1e5 * steps[:, :2])
    shapes = shapely.buffer(middles, 3 + 297 * steps[:, 2], quad_segs=4)
    rings = rings_of(shapes)
    are_alike = planar_areas_m2(rings, _PROBES) == shapely.area(shapes)
    return bool((are_alike & (planar_lengths_m(rings, _PROBES) == shapely.length(shapes))).all())
