"""How much longer or shorter lengths are in a plane than on the ground; some planes are unfit to measure in.

In Web Mercator (EPSG:3857), the plane of maps on the web, a metre on the ground is 1.27 m long at 38° N: a feature 90 m
away is 114 m away in the plane, and a rule of 100 m would not find it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyproj

from onemap.layers.crs.systems import crs_name
from onemap.layers.crs.zones import zone_of, zone_of_longitude
from onemap.layers.errors import OneMapError, Problem, ProblemPlace, require_value
from onemap.layers.geometry.areas import to_degrees

# The zones of the land survey keep to 0.14 %, UTM to 0.1 %, and a city beyond its zone's edge to little more.
MOST_STRETCH = 0.005
_STEP_M = 100.0
_BEYOND_DEGREES = 0.25  # the edge of a zone, over which a city may reach


def refuse_stretched_plane(crs: pyproj.CRS, bounds: Sequence[float] | np.ndarray, place: ProblemPlace) -> None:
    """Refuse to measure ground for which `stretched_plane` finds a problem. Raises OneMapError crs.stretched."""
    problem = stretched_plane(crs, bounds, place)
    if problem is not None:
        raise OneMapError.of([problem])


def stretched_plane(crs: pyproj.CRS, bounds: Sequence[float] | np.ndarray, place: ProblemPlace) -> Problem | None:
    """The problem that a plane stretches lengths by more than `MOST_STRETCH` all over some ground; else None.

    The ground's middle and corners are looked at, as far as the plane reaches them. crs: projected, in metres; bounds:
    west, south, east, north of the ground in it (4,).
    """
    west, south, east, north = map(float, bounds)
    middle = (west + east) / 2, (south + north) / 2
    places = np.array([middle, (west, south), (west, north), (east, south), (east, north)])
    stretches = _stretches(crs, places)
    if not np.isfinite(stretches).any() or np.nanmin(np.abs(stretches)) <= MOST_STRETCH:
        return None
    at = 0 if np.isfinite(stretches[0]) else int(np.nanargmin(np.abs(stretches)))
    facts = {"crs": crs_name(crs), "percent": f"{100 * abs(stretches[at]):.1f}"}
    return Problem("crs.stretched", {**place, **facts, "fitting": _fitting_system(crs, places[at])})


def remarks_on_zone(crs: pyproj.CRS, bounds: Sequence[float] | np.ndarray) -> list[Problem]:
    """A remark if the middle of some ground lies in another zone than a CRS. bounds: as of `stretched_plane`."""
    west, south, east, north = map(float, bounds)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    longitude, zone = longitudes_latitudes(crs, middle[None, :])[0][0], zone_of(crs)
    if zone is None or not abs(longitude - zone.meridian) > zone.width / 2 + _BEYOND_DEGREES:
        return []
    facts = {"crs": crs_name(crs), "meridian": zone.meridian, "degrees": f"{abs(longitude - zone.meridian):.1f}"}
    return [Problem("crs.other_zone", {**facts, "fitting": _fitting_system(crs, middle), "field": "--crs"})]


def stretch_at(crs: pyproj.CRS, x: float, y: float) -> float:
    """The share by which a plane lengthens lengths at a place, compared to the ellipsoid; NaN outside the plane.

    If the plane is not in metres, its unit counts as stretch: in feet lengths are longer by 2.28.
    """
    return float(_stretches(crs, np.array([[x, y]], dtype=float))[0])


def _stretches(crs: pyproj.CRS, places: np.ndarray) -> np.ndarray:
    """The share (n,) by which the plane lengthens lengths at places (n, 2), east or north, whichever is larger.

    It is NaN outside the plane.
    """
    ellipsoid = require_value(crs.ellipsoid, "the ellipsoid of a projected system")
    globe = pyproj.Geod(a=ellipsoid.semi_major_metre, b=ellipsoid.semi_minor_metre)
    steps = np.array([(0.0, 0.0), (_STEP_M, 0.0), (0.0, _STEP_M)])
    at = longitudes_latitudes(crs, (places[None] + steps[:, None]).reshape(-1, 2)).reshape(3, -1, 2)
    is_there = np.isfinite(at).all(axis=(0, 2))
    result = np.full(len(places), np.nan)
    start, *ends = at[:, is_there]
    east, north = (_STEP_M / globe.inv(*start.T, *end.T)[2] - 1 for end in ends)
    result[is_there] = np.where(np.abs(east) >= np.abs(north), east, north)
    return result


def longitudes_latitudes(crs: pyproj.CRS, places: np.ndarray) -> np.ndarray:
    """Longitudes and latitudes of places (n, 2), in degrees, whatever the unit of the geographic system."""
    unit = require_value(crs.geodetic_crs, "the geographic system of a plane").axis_info[0].unit_conversion_factor
    return np.column_stack(to_degrees(crs).transform(*places.T)) * math.degrees(unit)


def _fitting_system(crs: pyproj.CRS, place: np.ndarray) -> str:
    """The EPSG code of a plane without stretch at a place: the 3° zone in China, UTM elsewhere."""
    longitude, latitude = longitudes_latitudes(crs, place[None, :])[0]
    zone = zone_of_longitude("cgcs2000", longitude)
    if zone is not None and 3 < latitude < 54:
        return f"EPSG:{replace(zone, prefixed=False).epsg}"
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + int((longitude + 180) // 6) % 60 + 1}"
