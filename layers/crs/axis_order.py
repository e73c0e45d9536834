"""Whether features have their axes exchanged, as nobody's system says: such lie in China only once they are turned."""

import math

import numpy as np
import pyproj
from pyproj.exceptions import CRSError, ProjError

from onemap.layers.crs.plane_scale import longitudes_latitudes
from onemap.layers.crs.systems import CHINA, CHINESE_DATUMS, datum_family, plane_of, two_dimensional
from onemap.layers.errors import Problem

# South of Hainan China is the South China Sea alone; and what is turned does not lie there: a sketch about 0, 0 might.
_SEA_NORTH, _SEA_WEST, _SEA_EAST = 17.0, 105.0, 122.0
# Of a zone in the west, ground with its axes exchanged lies in that sea: so far south, and so far from the meridian.
_TURNED_NORTH, _TURNED_APART = 8.5, 12.0


def are_turned(source: pyproj.CRS, target: pyproj.CRS, boxes: np.ndarray) -> np.ndarray:
    """Which features, by their boxes (n, 4) in `source`, lie outside China, and would lie inside with axes exchanged.

    None do where the target's datum is not one of China, or PROJ cannot work with the source's system. Of nearly all
    files the corners of the box around them show that they lie there.
    """
    try:
        return _are_turned(source, target, boxes)
    except (ProjError, CRSError):  # who transforms them refuses that system
        return np.zeros(len(boxes), dtype=bool)


def _are_turned(source: pyproj.CRS, target: pyproj.CRS, boxes: np.ndarray) -> np.ndarray:
    result = np.zeros(len(boxes), dtype=bool)
    plane = two_dimensional(source)
    if datum_family(target) not in CHINESE_DATUMS or plane.geodetic_crs is None or len(boxes) == 0:
        return result
    finite = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    near, far = boxes[finite, :2].min(axis=0, initial=np.inf), boxes[finite, 2:].max(axis=0, initial=-np.inf)
    corners = np.array([near, far, [near[0], far[1]], [far[0], near[1]]])
    if len(finite) == 0 or _are_in_china(plane, corners).all():
        return result
    middles = boxes[finite, :2] / 2 + boxes[finite, 2:] / 2
    are_outside = ~_are_in_china(plane, middles)
    result[finite[are_outside]] = _are_in_china(plane, middles[are_outside, ::-1], is_sea=False)
    return result


def words_on_turned(count: int | None, x: float, y: float) -> Problem:
    """The words on so many features with exchanged axes, of which the first has this corner; None for a raster."""
    place = {"x": f"{x:.10g}", "y": f"{y:.10g}"}
    if count is None:
        return Problem("suggest.raster_swapped", place)
    return Problem("suggest.some_swapped", {"count": count, **place})


def _are_in_china(plane: pyproj.CRS, places: np.ndarray, is_sea: bool = True) -> np.ndarray:
    """Which places (n, 2) lie in the box around China, with or without its sea in the south."""
    longitude, latitude = longitudes_latitudes(plane, places).T
    west, south, east, north = CHINA
    are_in: np.ndarray = (west <= longitude) & (longitude <= east) & (latitude >= _SEA_NORTH) & (latitude <= north)
    if is_sea:
        at_sea = (longitude >= _SEA_WEST) & (longitude <= _SEA_EAST) & (south <= latitude) & (latitude < _SEA_NORTH)
        meridian = _meridian(plane)
        if meridian is not None:
            at_sea &= (latitude > _TURNED_NORTH) | (np.abs(longitude - meridian) < _TURNED_APART)
        are_in |= at_sea
    return are_in


def _meridian(plane: pyproj.CRS) -> float | None:
    """The central meridian of a zone, in degrees; None of other systems."""
    shape = (plane_of(plane) or [None])[0]
    if shape is None or shape[0] != "transverse mercator":
        return None
    return math.degrees(dict(shape[1]).get("longitude of natural origin", 0.0))
