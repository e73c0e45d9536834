"""Areas on the ellipsoid by the formula of the land survey rules (TD/T 1055), for many polygons at once."""

import numpy as np
import pyproj
import shapely

from onemap.layers.blocks import blocks


def _coefficients(squared_eccentricity: float) -> tuple[float, ...]:
    """A to E of TD/T 1055: the series of the meridian strip's area in odd multiples of half the latitude."""
    e2 = squared_eccentricity
    e4, e6, e8 = e2**2, e2**3, e2**4
    return (
        1 + 3 / 6 * e2 + 30 / 80 * e4 + 35 / 112 * e6 + 630 / 2304 * e8,
        1 / 6 * e2 + 15 / 80 * e4 + 21 / 112 * e6 + 420 / 2304 * e8,
        3 / 80 * e4 + 7 / 112 * e6 + 180 / 2304 * e8,
        1 / 112 * e6 + 45 / 2304 * e8,
        5 / 2304 * e8,
    )


def _origin(crs: pyproj.CRS) -> tuple[float, float]:
    """A point on the projection's central meridian."""
    parameters = crs.coordinate_operation.params if crs.coordinate_operation else []
    given = {parameter.name.lower().replace("_", " "): parameter.value for parameter in parameters}
    return float(given.get("false easting", 0.0)), float(given.get("false northing", 0.0))


def ellipsoidal_areas_m2(geometries: np.ndarray, crs: pyproj.CRS) -> np.ndarray:
    """Area of each polygon on the ellipsoid of its CRS, in m².

    geometries: (n,) polygons, multipolygons, or None, in `crs` (projected); result (n,), 0 where empty or None.
    Formula: TD/T 1055, area of the strip between an edge and a fixed meridian, summed over the edges of each
    ring; holes are subtracted. Edges count as straight in latitude and longitude.
    """
    polygons = np.asarray(geometries, dtype=object)
    inverse = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    totals = [_areas_m2(polygons[block], crs, inverse) for block in blocks(len(polygons))]
    return np.concatenate(totals) if totals else np.zeros(0)


def _areas_m2(geometries: np.ndarray, crs: pyproj.CRS, inverse: pyproj.Transformer) -> np.ndarray:
    totals = np.zeros(len(geometries))
    polygons, owner = shapely.get_parts(geometries, return_index=True)
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    if len(rings) == 0:
        return totals
    coordinates, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    longitude, latitude = (np.radians(a) for a in inverse.transform(coordinates[:, 0], coordinates[:, 1]))
    ellipsoid = crs.ellipsoid
    assert ellipsoid is not None, "a projected CRS has an ellipsoid"  # noqa: S101 - for the type checker
    b2 = ellipsoid.semi_minor_metre**2
    e2 = 1 - b2 / ellipsoid.semi_major_metre**2
    # Ring after ring lies in one array; an edge that would join two rings is left out.
    edge = np.flatnonzero(ring_of_vertex[:-1] == ring_of_vertex[1:])
    # Any fixed meridian serves; the projection's own is near, and the same whatever else is measured.
    reference = np.radians(inverse.transform(*_origin(crs))[0])
    middle = (latitude[edge] + latitude[edge + 1]) / 2
    half_difference = (latitude[edge + 1] - latitude[edge]) / 2
    width = (longitude[edge] + longitude[edge + 1]) / 2 - reference
    strip = np.zeros(len(edge))
    for order, coefficient in enumerate(_coefficients(e2)):
        odd, sign = 2 * order + 1, 1 if order % 2 == 0 else -1
        strip += sign * coefficient * np.sin(odd * half_difference) * np.cos(odd * middle)
    ring_area = np.abs(np.bincount(ring_of_vertex[edge], 2 * b2 * width * strip, minlength=len(rings)))
    is_hole = np.r_[False, polygon_of_ring[1:] == polygon_of_ring[:-1]]  # the first ring of each is the shell
    np.add.at(totals, owner[polygon_of_ring], np.where(is_hole, -ring_area, ring_area))
    return totals
