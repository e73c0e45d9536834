"""What of a large polygon lies around a box, cut out of it in steps that many boxes share.

Every overlay scans all of both polygons. The steps are tiles that overlap, halved again and again; which of them a box
is cut from depends on the polygon and the box alone, and so do the digits. What goes wrong here is proved wrong by the
area of the overlay, which is then done with the whole polygon.
"""

import numpy as np
import shapely

from onemap.rules.cutting import MOST_VERTICES, clipped

_TILED = 1024  # vertices: below, a polygon is cut at once
_OVERLAP = 0.125  # of a tile's side, that it reaches into its neighbours on each side


def parts_near(polygons: np.ndarray, polygon: np.ndarray, boxes: np.ndarray, margin_m: float) -> np.ndarray:
    """What of polygon (k,), of polygons (m,), lies in boxes (k, 4) and at least a margin around them: (k,).

    Small polygons stay whole. The margin keeps cuts from the edges of what is in the box.
    """
    result: np.ndarray = polygons[polygon]
    bounds = shapely.bounds(polygons)
    side = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])[polygon]
    origin = bounds[polygon, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    active = np.flatnonzero(shapely.get_num_coordinates(result) > _TILED)
    while len(active):
        side[active] /= 2
        active = active[size[active] / 2 + margin_m <= _OVERLAP * side[active]]
        tile = np.floor((middle[active] - origin[active]) / side[active, None])
        keys = np.column_stack([polygon[active], tile])
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        cut = np.empty(len(first), dtype=object)
        for place, at in enumerate(active[first]):
            reach = _OVERLAP * side[at]
            west, south = origin[at] + tile[first[place]] * side[at] - reach
            around = side[at] + 2 * reach
            cut[place] = clipped(result[at], (west, south, west + around, south + around))
        result[active] = cut[which.ravel()]
        active = active[shapely.get_num_coordinates(result[active]) > _TILED]
    for row in np.flatnonzero(shapely.get_num_coordinates(result) > MOST_VERTICES):
        far = max(size[row], margin_m)
        west, south, east, north = boxes[row]
        result[row] = clipped(result[row], (west - far, south - far, east + far, north + far))
    return result
