"""Boxes along the axes: west, south, east, north."""

from collections.abc import Sequence

import numpy as np

Bounds = tuple[float, float, float, float]


def box_around(boxes: np.ndarray | Sequence[Sequence[float]]) -> Bounds | None:
    """The box around boxes (n, 4), those of nothing are not a number; None if all are."""
    corners = np.asarray(boxes, dtype=float).reshape(-1, 4)
    corners = corners[~np.isnan(corners).any(axis=1)]
    if len(corners) == 0:
        return None
    (west, south), (east, north) = corners[:, :2].min(axis=0).tolist(), corners[:, 2:].max(axis=0).tolist()
    return west, south, east, north
