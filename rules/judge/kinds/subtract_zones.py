"""The remainder of parcels after zones are subtracted, and how a parcel with a broken overlay is treated."""

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround, flat_of
from onemap.layers.geometry.parts import polygon_parts
from onemap.layers.geometry.shape_column import areas_at
from onemap.layers.reason import Reason
from onemap.rules.judge.kinds.ground import Ground, Judgement
from onemap.rules.judge.overlay.overlay import (
    ARITHMETIC_M2,
    BALANCE_M2,
    BALANCE_SHARE,
    MARGIN_M,
    RETRY_GRIDS_M,
    differences,
    unions_near,
)
from onemap.rules.judge.overlay.subdivision import Cut


def subtract_zones(
    grounds: np.ndarray, shared_grounds: np.ndarray | FlatGround, ground: Ground, zones: Cut
) -> tuple[np.ndarray, np.ndarray]:
    """The grounds minus the zones, (n,) polygons or None; and where the overlay is broken, (n,).

    No more may be subtracted than the parcel shares with the zones, and from a whole parcel no less: an overlay that
    loses a piece agrees with its own counterpart, but not with the areas of the pieces.

    grounds: (n,) of the parcels, None without.
    shared_grounds: (n,) what each whole parcel shares with the zones, none without.
    ground: the parcels themselves.
    zones: keeps the pieces of the zones.
    """
    result, is_broken = grounds.copy(), np.zeros(len(grounds), dtype=bool)
    flat = flat_of(shared_grounds)
    both = np.flatnonzero(~shapely.is_missing(grounds) & (flat.dimension >= 0))
    if len(both) == 0:
        return result, is_broken
    is_all_shared = flat.at(both).is_all_of(ground.shapes, both)
    result[both[is_all_shared]] = None
    rows = both[~is_all_shared]
    if len(rows) == 0:
        return result, is_broken
    near = unions_near(grounds[rows], zones(), MARGIN_M, ground.threads)
    result[rows], is_broken[rows] = differences(grounds[rows], near, ground.threads)
    before, shared_m2 = shapely.area(grounds[rows]), flat.area_m2[rows]
    is_whole = before >= areas_at(ground.shapes, rows)
    allowed = BALANCE_M2 + BALANCE_SHARE * before

    def is_wrong(rest: np.ndarray) -> np.ndarray:
        lost_m2 = before - np.nan_to_num(shapely.area(rest))
        wrong: np.ndarray = (lost_m2 > shared_m2 + allowed) | (is_whole & (lost_m2 < shared_m2 - allowed))
        return wrong

    for grid in RETRY_GRIDS_M:
        again = np.flatnonzero(is_wrong(result[rows]))
        if len(again) == 0:
            return result, is_broken
        rest = shapely.difference(grounds[rows[again]], near[again], grid_size=grid)
        result[rows[again]] = polygon_parts(rest, ARITHMETIC_M2)
    is_broken[rows[is_wrong(result[rows])]] = True
    return result, is_broken


def mark_broken(judgement: Judgement, ground: Ground, *broken_rows: np.ndarray) -> Judgement:
    """Make a parcel wholly unknown where an overlay failed even on a fine grid.

    broken_rows: rows of parcels, as indices or as masks (n,).
    """
    for rows in broken_rows:
        indices = np.flatnonzero(rows) if rows.dtype == bool else rows
        if len(indices):
            judgement.unknown[indices] = ground.shapes[indices]
            judgement.because(Reason.ARITHMETIC, indices)
    return judgement
