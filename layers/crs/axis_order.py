"""Whether features have their axes exchanged, as nobody's system says: such lie in China only once they are turned."""

import numpy as np
import pyproj

from onemap.layers.crs.plane_scale import longitudes_latitudes
from onemap.layers.crs.systems import CHINA, CHINESE_DATUMS, datum_family, two_dimensional
from onemap.layers.errors import Problem

# South of Hainan China is the South China Sea alone; and what is turned does not lie there: a sketch about 0, 0 might.
_SEA_NORTH, _SEA_WEST, _SEA_EAST = 17.0, 105.0, 122.0


def are_turned(source: pyproj.CRS, target: pyproj.CRS, boxes: np.ndarray) -> np.ndarray:
    """Which features, by their boxes (n, 4) in `source`, lie outside China, and would lie inside with axes exchanged.

    None do where the target's datum is not one of China. Of nearly all files the corners of the box around them show
    that they lie there.
    """
    result = np.zeros(len(boxes), dtype=bool)
    plane = two_dimensional(source)
    if datum_family(target) not in CHINESE_DATUMS or plane.geodetic_crs is None or len(boxes) == 0:
        return result
    finite = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    near, far = boxes[finite, :2].min(axis=0, initial=np.inf), boxes[finite, 2:].max(axis=0, initial=-np.inf)
    corners = np.array([near, far, [near[0], far[1]], [far[0], near[1]]])
    if len(finite) == 0 or _are_in_china(plane, corners).all():
        return result
    middles = (boxes[finite, :2] + boxes[finite, 2:]) / 2
    outside = finite[~_are_in_china(plane, middles)]
    turned = (boxes[outside, 1::-1] + boxes[outside, :1:-1]) / 2
    result[outside] = _are_in_china(plane, turned, is_sea=False)
    return result


def words_on_turned(count: int, x: float, y: float) -> Problem:
    """The words on so many features with their axes exchanged, the first of which has this corner."""
    return Problem("suggest.some_swapped", {"count": count, "x": f"{x:.10g}", "y": f"{y:.10g}"})


def _are_in_china(plane: pyproj.CRS, places: np.ndarray, is_sea: bool = True) -> np.ndarray:
    """Which places (n, 2) lie in the box around China, with or without its sea in the south."""
    longitude, latitude = longitudes_latitudes(plane, places).T
    west, south, east, north = CHINA
    are_in: np.ndarray = (west <= longitude) & (longitude <= east) & (latitude >= _SEA_NORTH) & (latitude <= north)
    if is_sea:
        are_in |= (longitude >= _SEA_WEST) & (longitude <= _SEA_EAST) & (south <= latitude) & (latitude < _SEA_NORTH)
    return are_in
