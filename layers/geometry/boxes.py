"""Boxes along the axes: west, south, east, north."""

from collections.abc import Sequence

import numpy as np
import shapely

Bounds = tuple[float, float, float, float]
FARTHEST = 1e9  # metres or degrees: no system reaches so far, and what is asked of such numbers may never be answered


def box_around(boxes: np.ndarray | Sequence[Sequence[float]]) -> Bounds | None:
    """The box around boxes (n, 4), those of nothing are not a number; None if all are."""
    corners = np.asarray(boxes, dtype=float).reshape(-1, 4)
    corners = corners[~np.isnan(corners).any(axis=1)]
    if len(corners) == 0:
        return None
    (west, south), (east, north) = corners[:, :2].min(axis=0).tolist(), corners[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def meet_box(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Which boxes (n, 4) share a point with one, (n,); those of nothing never do."""
    return np.asarray(
        (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
    )


def lie_inside(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of boxes (n, 4) lie within the other one of the pair (n, 4), edges included: (n,)."""
    return np.asarray((boxes[:, :2] >= others[:, :2]).all(axis=1) & (boxes[:, 2:] <= others[:, 2:]).all(axis=1))


def boxes_that_meet(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The rows, ascending, of boxes (n, 4) that share a point with one of the others (m, 4)."""
    around = box_around(others)
    rows = np.flatnonzero(meet_box(boxes, np.array(around))) if around is not None else np.empty(0, dtype=np.int64)
    if len(rows) == 0:
        return rows
    tree = shapely.STRtree(shapely.box(*boxes[rows].T))
    return np.asarray(rows[np.unique(tree.query(shapely.box(*others.T))[1])])
