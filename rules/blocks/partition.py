"""Parcels in blocks: neighbours together, along Hilbert's curve through the centres of their boxes."""

import os

import numpy as np
import shapely

from onemap.layers.errors import UsageError

MOST_PARCELS = 25_000
MOST_VERTICES = 1_000_000  # of a block: its geometries are then some dozens of megabytes
_ORDER = 16  # the curve passes 2^16 × 2^16 cells
_AT_ONCE = 1_000_000


def centres_of(geometries: np.ndarray) -> np.ndarray:
    """The centres of the boxes of geometries (n,), (n, 2)."""
    west, south, east, north = shapely.bounds(geometries).T
    return np.column_stack([(west + east) / 2, (south + north) / 2])


def most_parcels() -> int:
    """How many parcels a block has at most; ONEMAP_BLOCK in the environment says another number than 25,000.

    Raises UsageError usage.value.
    """
    given = os.environ.get("ONEMAP_BLOCK", str(MOST_PARCELS))
    if not given.isdecimal() or int(given) < 1:
        raise UsageError("usage.value", field="ONEMAP_BLOCK", value=given)
    return int(given)


def block_count(vertices: np.ndarray, most: int) -> int:
    """How many blocks parcels make that have so many vertices each (n,)."""
    return max(1, int(np.ceil(_weights(vertices, most).sum() - 1e-9)))


def _weights(vertices: np.ndarray, most: int) -> np.ndarray:
    """Which share of a block each parcel takes, (n,)."""
    share: np.ndarray = np.maximum(1 / most, vertices / (MOST_VERTICES * most / MOST_PARCELS))
    return share


def blocks_of(centres: np.ndarray, vertices: np.ndarray, most: int) -> np.ndarray:
    """The block (n,), counted from 0, to which each parcel belongs; together they are all of about one size.

    centres: (n, 2) in the library's plane; vertices: (n,) how many each parcel has; most: parcels of a block.
    """
    weight, count = _weights(vertices, most), block_count(vertices, most)
    order = np.argsort(places_on_curve(centres), kind="stable")
    reached = np.cumsum(weight[order])
    at = np.minimum((reached - weight[order]) / reached[-1] * count, count - 1).astype(np.int64)
    result = np.empty(len(order), dtype=np.int64)
    result[order] = np.unique(at, return_inverse=True)[1]  # a very large parcel may leave a number out
    return result


def places_on_curve(points: np.ndarray) -> np.ndarray:
    """How far along Hilbert's curve each point (n, 2) lies, (n,) unsigned integers: points nearby lie near on it."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 1e-9)
    most = 2**_ORDER - 1
    parts = [
        _along(((points[start : start + _AT_ONCE] - low) / extent * most).astype(np.int64))
        for start in range(0, len(points), _AT_ONCE)
    ]
    return np.concatenate(parts)


def _along(cells: np.ndarray) -> np.ndarray:
    """The number of each cell (n, 2) on the curve, square by quarter square from the whole down."""
    x, y = cells[:, 0].copy(), cells[:, 1].copy()
    along = np.zeros(len(cells), dtype=np.uint64)
    side = 2 ** (_ORDER - 1)
    while side:
        right, upper = (x & side) > 0, (y & side) > 0
        along += np.uint64(side * side) * ((3 * right) ^ upper).astype(np.uint64)
        # Each quarter has the curve turned, so that its ends meet those of the next.
        flipped = right & ~upper
        x[flipped], y[flipped] = side - 1 - (x[flipped] & (side - 1)), side - 1 - (y[flipped] & (side - 1))
        turned = ~upper
        x[turned], y[turned] = y[turned], x[turned]
        side //= 2
    return along
