"""The part of a large polygon around a box, cut out in steps that many boxes share.

Every overlay scans all of both polygons. The steps are tiles that overlap, halved again and again; which of them a box
is cut from depends on the polygon and the box alone, and so do the digits. What goes wrong here is proved wrong by the
area of the overlay, which is then done with the whole polygon.
"""

import numpy as np
import shapely

from onemap.rules.judge.overlay.subdivision import MOST_VERTICES, clip_polygon
from onemap.rules.judge.overlay.threads import Threads

_TILED = 1024  # vertices: below, a polygon is cut at once
_CLIPS_AT_ONCE = 16
_OVERLAP = 0.125  # of a tile's side, that it reaches into its neighbours on each side


def tiles_near(
    polygons: np.ndarray, polygon: np.ndarray, boxes: np.ndarray, margin_m: float, threads: Threads
) -> np.ndarray:
    """The parts of polygon (k,), of polygons (m,), in boxes (k, 4) and at least a margin around them: (k,).

    Cut in tiles, which may still be larger than need be; small polygons stay whole.
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
        at = active[first]
        west, south = (origin[at] + tile[first] * side[at, None] - _OVERLAP * side[at, None]).T
        around = side[at] + 2 * (_OVERLAP * side[at])
        tiles = _clip_polygons(result[at], np.column_stack([west, south, west + around, south + around]), threads)
        result[active] = tiles[which.ravel()]
        active = active[shapely.get_num_coordinates(result[active]) > _TILED]
    return result


def cut_around(polygons: np.ndarray, boxes: np.ndarray, margin_m: float) -> np.ndarray:
    """Cut large polygons (k,) down to what lies around boxes (k, 4): as far as the box is large, or a margin.

    The margin keeps cuts from the edges of what is in the box.
    """
    result: np.ndarray = polygons.copy()
    rows = np.flatnonzero(shapely.get_num_coordinates(polygons) > MOST_VERTICES)
    far = np.maximum((boxes[rows, 2:] - boxes[rows, :2]).max(axis=1, initial=0.0), margin_m)[:, None]
    result[rows] = _clip_polygons(polygons[rows], np.hstack([boxes[rows, :2] - far, boxes[rows, 2:] + far]), Threads())
    return result


def _clip_polygons(polygons: np.ndarray, boxes: np.ndarray, threads: Threads) -> np.ndarray:
    """The parts of polygons (k,) in boxes (k, 4): (k,)."""

    def of_some(start: int) -> list[shapely.Geometry]:
        some = slice(start, start + _CLIPS_AT_ONCE)
        pairs = zip(polygons[some].tolist(), boxes[some].tolist(), strict=True)
        return [clip_polygon(polygon, (west, south, east, north)) for polygon, (west, south, east, north) in pairs]

    result = np.empty(len(polygons), dtype=object)
    result[:] = [part for some in threads.each(of_some, range(0, len(polygons), _CLIPS_AT_ONCE)) for part in some]
    return result
