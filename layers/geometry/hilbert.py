"""Order along Hilbert's curve: what lies together in space stands together in a file, and in one block."""

import numpy as np

from onemap.layers.geometry.row_blocks import blocks

_BITS = 16  # of each axis
_AT_ONCE = 20_000  # points, whose bits stay near the processor meanwhile
_ALL = np.uint32(2**32 - 1)


def places_on_curve(points: np.ndarray) -> np.ndarray:
    """How far along Hilbert's curve each point (n, 2) lies, (n,) unsigned integers: points nearby lie near on it."""
    low = points.min(axis=0)
    width = np.ptp(points, axis=0).max()
    cells = 2**_BITS - 1
    result = np.zeros(len(points), dtype=np.uint32)
    for rows in blocks(len(points), _AT_ONCE) if width else ():
        # Rounding may carry the far side a hair out of the square.
        cell = np.clip((points[rows] - low) * (cells / width), 0, cells).astype(np.uint32)
        result[rows] = _along(np.ascontiguousarray(cell[:, 0]), np.ascontiguousarray(cell[:, 1]))
    return result


def _along(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The number of each cell (n,) along the curve: bit by bit which quarter, and how the curve is turned in it."""
    number: np.ndarray = np.zeros(len(x), dtype=np.uint32)
    for bit in range(_BITS - 1, -1, -1):
        east, north = (x >> bit) & 1, (y >> bit) & 1
        number = (number << 2) | ((3 * east) ^ north)
        is_south = north == 0
        mirrored = np.where(is_south & (east == 1), _ALL, np.uint32(0))
        x, y = x ^ mirrored, y ^ mirrored
        x, y = np.where(is_south, y, x), np.where(is_south, x, y)
    return number


def hilbert_order(boxes: np.ndarray) -> np.ndarray:
    """The order (n,) of boxes (n, 4) along the curve by their middles; those in one cell keep their order."""
    if len(boxes) == 0:
        return np.empty(0, dtype=np.int64)
    return np.argsort(places_on_curve((boxes[:, :2] + boxes[:, 2:]) / 2), kind="stable")
