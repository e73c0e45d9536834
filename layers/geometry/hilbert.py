"""Order along a Hilbert curve: what lies close together in space stands together in a file, and in one block."""

import geopandas as gpd
import numpy as np
import shapely

_AT_ONCE = 1_000_000  # points, which are some hundred megabytes as shapes


def places_on_curve(points: np.ndarray) -> np.ndarray:
    """Return the distance of points (n, 2) along a Hilbert curve, (n,) unsigned integers: near points get near ones."""
    low = points.min(axis=0)
    square = (*low, *(low + np.ptp(points, axis=0).max()))
    parts = np.split(points, range(_AT_ONCE, len(points), _AT_ONCE))
    return np.concatenate([gpd.GeoSeries(shapely.points(part)).hilbert_distance(square) for part in parts])


def hilbert_order(boxes: np.ndarray) -> np.ndarray:
    """Return the order (n,) of boxes (n, 4) along the curve by their middles; boxes in one cell keep their order."""
    if len(boxes) == 0:
        return np.empty(0, dtype=np.int64)
    return np.argsort(places_on_curve((boxes[:, :2] + boxes[:, 2:]) / 2), kind="stable")
