"""Order along Hilbert's curve: what lies together in space stands together in a file, and in one block."""

import numpy as np

_ORDER = 16  # the curve passes 2^16 × 2^16 cells
_AT_ONCE = 1_000_000


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


def hilbert_order(boxes: np.ndarray) -> np.ndarray:
    """The order (n,) of boxes (n, 4) along the curve by their middles; those in one cell keep their order."""
    if len(boxes) == 0:
        return np.empty(0, dtype=np.int64)
    return np.argsort(places_on_curve((boxes[:, :2] + boxes[:, 2:]) / 2), kind="stable")
