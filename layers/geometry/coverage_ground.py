"""Union, intersection and difference of coverages, refused if the result could be too large.

Ground that a coverage lacks is unknown; ground that it has wrongly could be called clear although it is not.
"""

import contextlib
from collections.abc import Callable

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.convex_clip import area_in_convex_m2
from onemap.layers.geometry.parts import polygon_part

_GRIDS_M = (None, 1e-8, 1e-4)
_ALLOWED_M2, _ALLOWED_SHARE = 1e-3, 1e-6


def united_ground(grounds: np.ndarray) -> shapely.Geometry:
    """Return the union of polygons (n,), or None; empty if there are none; never larger than their sum.

    Raises OneMapError overlay.union.
    """
    area_m2 = shapely.area(grounds[~shapely.is_missing(grounds)])
    least, most = float(area_m2.max(initial=0.0)), float(area_m2.sum())

    def unite(grid_size: float | None) -> shapely.Geometry:
        return shapely.union_all(grounds, grid_size=grid_size)

    def is_proved(united: shapely.Geometry) -> bool:
        allowed = _allowed_m2(most)
        return bool(least - allowed <= shapely.area(united) <= most + allowed)

    return _proved_result(unite, is_proved, len(grounds))


def without_convex(coverage: shapely.Geometry, grounds: np.ndarray) -> shapely.Geometry:
    """Return a coverage minus convex polygons (n,), with no part of them left. Raises OneMapError overlay.union."""
    whole_m2 = shapely.area(coverage)
    gone_m2 = [area_in_convex_m2(coverage, ground) for ground in grounds.tolist()]
    least_gone_m2 = max(gone_m2, default=0.0)

    def subtract(grid_size: float | None) -> shapely.Geometry:
        taken_ground = shapely.union_all(grounds, grid_size=grid_size)
        rest = polygon_part(shapely.difference(coverage, taken_ground, grid_size=grid_size))
        return shapely.Polygon() if rest is None else rest

    def is_proved(rest: shapely.Geometry) -> bool:
        if shapely.area(rest) > whole_m2 - least_gone_m2 + _allowed_m2(whole_m2):
            return False
        return all(
            area_in_convex_m2(rest, ground) <= _allowed_m2(shapely.area(ground))
            for ground, lost_m2 in zip(grounds.tolist(), gone_m2, strict=True)
            if lost_m2 > 0
        )

    return _proved_result(subtract, is_proved, len(grounds) + 1)


def common_ground(coverage: shapely.Geometry, ground: shapely.Geometry) -> shapely.Geometry:
    """Return the part of a coverage that lies in a ground; with the rest of the coverage it makes up the coverage.

    Raises OneMapError overlay.union.
    """
    whole_m2, most_m2 = shapely.area(coverage), min(shapely.area(coverage), shapely.area(ground))
    allowed = _allowed_m2(whole_m2)

    def is_proved(common: shapely.Geometry) -> bool:
        rest_m2 = shapely.area(shapely.difference(coverage, ground))
        common_m2 = shapely.area(common)
        return bool(common_m2 <= most_m2 + allowed and abs(common_m2 + rest_m2 - whole_m2) <= allowed)

    return _proved_result(lambda grid: shapely.intersection(coverage, ground, grid_size=grid), is_proved, 2)


def _proved_result(
    work: Callable[[float | None], shapely.Geometry], is_proved: Callable[[shapely.Geometry], bool], count: int
) -> shapely.Geometry:
    """Return the first proved result of `work` on ever coarser grids."""
    for grid in _GRIDS_M:
        with contextlib.suppress(shapely.GEOSException):
            result = work(grid)
            if is_proved(result):
                return result
    raise OneMapError("overlay.union", count=count)


def _allowed_m2(area_m2: float) -> float:
    return float(_ALLOWED_M2 + _ALLOWED_SHARE * area_m2)
