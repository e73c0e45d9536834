"""Order along a Hilbert curve: what lies together in space stands together in a file, and in one block."""

import numpy as np

_BITS = 16


def hilbert_keys(points: np.ndarray) -> np.ndarray:
    """Where each point (n, 2) lies along a Hilbert curve through the box of all of them: whole numbers (n,).

    The curve has 65,536 cells a side; points in one cell have the same key.
    """
    if len(points) == 0:
        return np.zeros(0, dtype=np.uint64)
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    side = 1 << _BITS
    scaled = (points - low) / np.maximum(float((high - low).max()), 1e-300) * (side - 1)
    x, y = (np.nan_to_num(scaled[:, axis]).astype(np.uint64) for axis in (0, 1))
    keys = np.zeros(len(points), dtype=np.uint64)
    last = np.uint64(side - 1)
    for bit in range(_BITS - 1, -1, -1):
        half = np.uint64(1 << bit)
        is_east, is_north = (x & half) > 0, (y & half) > 0
        quarter = np.where(is_east, np.where(is_north, 2, 3), np.where(is_north, 1, 0)).astype(np.uint64)
        keys += quarter * half * half
        turned = ~is_north & is_east
        x, y = np.where(turned, last - x, x), np.where(turned, last - y, y)
        x, y = np.where(is_north, x, y), np.where(is_north, y, x)
    return keys


def hilbert_order(boxes: np.ndarray) -> np.ndarray:
    """The order (n,) of boxes (n, 4) along the curve by their middles; those of one key keep their order."""
    return np.argsort(hilbert_keys((boxes[:, :2] + boxes[:, 2:]) / 2), kind="stable")
