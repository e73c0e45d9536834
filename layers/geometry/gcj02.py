"""GCJ-02, the offset of public maps in China: how far it moves a position.

The formula is the publicly known one, accurate to a few metres. It serves to recognise such data, never to move them:
coordinates in GCJ-02 are no evidence.
"""

import math

import pyproj


def gcj02_step_m(x: float, y: float, crs: pyproj.CRS) -> tuple[float, float]:
    """Return the shift of GCJ-02 at a place (x, y) of a projected CRS: metres to the east and to the north."""
    longitude, latitude = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(x, y)
    east, north = longitude - 105.0, latitude - 35.0
    root, pi = math.sqrt(abs(east)), math.pi
    wave = (20 * math.sin(6 * east * pi) + 20 * math.sin(2 * east * pi)) * 2 / 3
    up = -100 + 2 * east + 3 * north + 0.2 * north * north + 0.1 * east * north + 0.2 * root + wave
    up += (20 * math.sin(north * pi) + 40 * math.sin(north / 3 * pi)) * 2 / 3
    up += (160 * math.sin(north / 12 * pi) + 320 * math.sin(north * pi / 30)) * 2 / 3
    right = 300 + east + 2 * north + 0.1 * east * east + 0.1 * east * north + 0.1 * root + wave
    right += (20 * math.sin(east * pi) + 40 * math.sin(east / 3 * pi)) * 2 / 3
    right += (150 * math.sin(east / 12 * pi) + 300 * math.sin(east / 30 * pi)) * 2 / 3
    return right, up
