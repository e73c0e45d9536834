"""Areas on the ellipsoid by the formula of the land survey rules (TD/T 1055), for many polygons at once."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyproj
import shapely

from onemap.layers.errors import require_value
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.rings import Rings, rings_of
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.wkb_rings import rings_of_wkb

_SAMPLES, _SAMPLE_M = 9, 100.0  # along each side; how wide and high each is
_RADIUS_M = 6_370_000.0


def _coefficients(squared_eccentricity: float) -> tuple[float, ...]:
    """Return A to E of TD/T 1055: the series of the meridian strip's area in odd multiples of half the latitude."""
    e2 = squared_eccentricity
    e4, e6, e8 = e2**2, e2**3, e2**4
    return (
        1 + 3 / 6 * e2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8,
        1 / 6 * e2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8,
        3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8,
        1 / 112 * e6 + 45 / 2304 * e8,
        5 / 2304 * e8,
    )


def ellipsoidal_areas_m2(geometries: np.ndarray, crs: pyproj.CRS) -> np.ndarray:
    """Return the area of each polygon on the ellipsoid of its CRS, in m².

    geometries: (n,) polygons, multipolygons, or None, in `crs` (projected); result (n,), 0 where empty or None.
    Formula: TD/T 1055, area of the strip between an edge and a fixed meridian, summed over the edges of each ring;
    holes are subtracted. Edges count as straight in latitude and longitude. The result differs from an integral along
    the edges by 1e-8 of the area up to ten square kilometres, and by 1e-6 at a thousand.
    """
    polygons = np.asarray(geometries, dtype=object)
    return _in_blocks(lambda block: rings_of(polygons[block]), len(polygons), crs)


def areas_of_ground_m2(ground: FlatGround, crs: pyproj.CRS, origin: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Return the areas (n,) on the ellipsoid in m² of ground in flat arrays, relative to `origin`.

    No ring is made. The areas equal those of `ellipsoidal_areas_m2` to the last digit.
    """
    every = np.arange(len(ground))
    return _in_blocks(lambda block: ground.at(every[block]).rings().move(origin), len(ground), crs)


def areas_of_wkb_m2(bodies: pa.Array, crs: pyproj.CRS) -> np.ndarray:
    """Return the areas on the ellipsoid in m² of polygons as WKB (n,), null for null.

    Plain polygons are not made into geometries. The areas equal those of `ellipsoidal_areas_m2` to the last digit.
    """
    return _in_blocks(lambda block: rings_of_wkb(bodies[block]), len(bodies), crs)


def _in_blocks(rings: Callable[[slice], Rings], count: int, crs: pyproj.CRS) -> np.ndarray:
    """Return the areas of `count` polygons, computed from the rings of some polygons at a time."""
    totals = [_areas_m2(rings(block), block.stop - block.start, crs) for block in blocks(count)]
    return np.concatenate(totals) if totals else np.zeros(0)


def areal_scale(crs: pyproj.CRS, bounds: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest area on the ellipsoid of a square metre of a projected CRS.

    bounds: west, south, east, north of the ground in question (4,). The result is NaN where the CRS does not reach.
    """
    west_east, south_north = (np.linspace(bounds[at], bounds[at + 2], _SAMPLES) for at in (0, 1))
    x, y = (axis.ravel() for axis in np.meshgrid(west_east, south_north))
    scales = ellipsoidal_areas_m2(shapely.box(x, y, x + _SAMPLE_M, y + _SAMPLE_M), crs) / _SAMPLE_M**2
    margin = (scales.max() - scales.min()) / _SAMPLES  # what lies between two samples differs from them by less
    return float(scales.min() - margin), float(scales.max() + margin)


def most_bent_m2(lengths_m: np.ndarray) -> np.ndarray:
    """Bound the area change of rings of these lengths (n,) if edges are straight in degrees and not in metres.

    The middle of an edge of length L moves by L² tan B / 8 R, so its area changes by L³ tan B / 12 R; B is at most 70°.
    """
    most: np.ndarray = lengths_m**3 / (4 * _RADIUS_M)
    return most


@lru_cache(maxsize=8)
def to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    """Return the transformation to longitude and latitude; making one takes longer than a few parcels.

    It gives infinity for a place that the plane does not reach.
    """
    return pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)


def _areas_m2(rings: Rings, count: int, crs: pyproj.CRS) -> np.ndarray:
    """The area of each of `count` polygons, in m² on the ellipsoid, from their rings: (n,)."""
    if len(rings.size) == 0:
        return np.zeros(count)
    inverse = to_degrees(crs)
    longitude, latitude = (np.radians(a) for a in inverse.transform(rings.points[:, 0], rings.points[:, 1]))
    ellipsoid = require_value(crs.ellipsoid, "the ellipsoid of a projected system")
    b2 = ellipsoid.semi_minor_metre**2
    strip = _strips(np.sin(latitude), 1 - b2 / ellipsoid.semi_major_metre**2)
    # Any fixed meridian serves. Each ring has that of its first point: what is near loses no digits, and depends on
    # nothing else that is measured.
    start = np.cumsum(rings.size) - rings.size
    width = longitude - np.repeat(longitude[start], rings.size)
    edge = np.zeros(len(width))
    edge[:-1] = (width[:-1] + width[1:]) * np.diff(strip)
    edge[start + rings.size - 1] = 0.0  # what would join two rings
    ring_area = b2 / 2 * np.abs(np.add.reduceat(edge, start))
    return np.bincount(rings.polygon, np.where(rings.is_hole, -ring_area, ring_area), count)


def _strips(sine: np.ndarray, squared_eccentricity: float) -> np.ndarray:
    """Return the area from the equator to latitudes of sine (k,), per radian of width and half the squared minor axis.

    It is the rule's sum of sines of odd multiples, A sin B - B sin 3B + C sin 5B …, written as powers of sin B.
    """
    a, b, c, d, e = _coefficients(squared_eccentricity)
    powers = (
        a - 3 * b + 5 * c - 7 * d + 9 * e,
        4 * b - 20 * c + 56 * d - 120 * e,
        16 * c - 112 * d + 432 * e,
        64 * d - 576 * e,
        256 * e,
    )
    square = sine * sine
    total = np.full(len(sine), powers[-1])
    for power in powers[-2::-1]:
        total = total * square + power
    strips: np.ndarray = total * sine
    return strips
