"""Unions of many grounds, and their parts inside or outside another; refused where they are not proved."""

import numpy as np
import shapely

from onemap.rules.judge.overlay.overlay import parts_inside, parts_outside, refuse_failed, union_by
from onemap.rules.judge.overlay.threads import Threads


def union_of_all(grounds: np.ndarray, threads: Threads) -> shapely.Geometry:
    """The union of polygons (n,), or None; empty without any. Raises OneMapError overlay.union."""
    present = grounds[~shapely.is_missing(grounds) & ~shapely.is_empty(grounds)]
    (whole,) = union_by(np.zeros(len(present), dtype=np.int64), present, 1, threads)
    return shapely.MultiPolygon() if whole is None else whole


def grounds_inside(grounds: np.ndarray, other: shapely.Geometry, layer: str, threads: Threads) -> np.ndarray:
    """The part of each ground (n,) inside another, None where there is none. layer: named in a refusal.

    Raises OneMapError compare.arithmetic.
    """
    return _require_proved(parts_inside(grounds, other, threads), layer)


def grounds_outside(grounds: np.ndarray, other: shapely.Geometry, layer: str, threads: Threads) -> np.ndarray:
    """The part of each ground (n,) outside another, None where there is none. layer: named in a refusal.

    Raises OneMapError compare.arithmetic.
    """
    return _require_proved(parts_outside(grounds, other, threads), layer)


def _require_proved(proved_ground: tuple[np.ndarray, np.ndarray], layer: str) -> np.ndarray:
    ground, failed = proved_ground
    refuse_failed(layer, np.arange(1, len(ground) + 1).astype(str), np.flatnonzero(failed))
    return ground
