"""Large polygons cut small, since every overlay and every sum scans all of both polygons."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.parts import polygon_parts

MOST_VERTICES = 256  # of a piece


@dataclass(frozen=True)
class Pieces:
    """Polygons cut small: geometries (m,) and for each the index of the polygon it is part of."""

    geometries: np.ndarray
    owner: np.ndarray


def subdivided(polygons: np.ndarray) -> Pieces:
    """Polygons (n,) cut in halves until each piece has at most MOST_VERTICES vertices; small ones stay whole."""
    done: list[np.ndarray] = []
    owners: list[np.ndarray] = []
    geometries, owner = polygons, np.arange(len(polygons))
    while len(geometries):
        large = shapely.get_num_coordinates(geometries) > MOST_VERTICES
        done.append(geometries[~large])
        owners.append(owner[~large])
        geometries, owner = geometries[large], owner[large]
        halves = [_halves(geometry) for geometry in geometries]
        stuck = [len(half) == 1 for half in halves]
        done.append(geometries[stuck])
        owners.append(owner[stuck])
        parts = [(part, own) for half, own in zip(halves, owner, strict=True) if len(half) > 1 for part in half]
        geometries = np.array([part for part, _ in parts], dtype=object)
        owner = np.array([own for _, own in parts], dtype=np.int64)
    return Pieces(np.concatenate(done), np.concatenate(owners)) if done else Pieces(polygons, owner)


def _halves(geometry: shapely.Geometry) -> list[shapely.Geometry]:
    """The two halves of a polygon across its longer side, or itself if it cannot be cut cleanly."""
    west, south, east, north = geometry.bounds
    if east - west >= north - south:
        middle = (west + east) / 2
        boxes = ((west - 1, south - 1, middle, north + 1), (middle, south - 1, east + 1, north + 1))
    else:
        middle = (south + north) / 2
        boxes = ((west - 1, south - 1, east + 1, middle), (west - 1, middle, east + 1, north + 1))
    area = shapely.area(geometry)
    for cut in (lambda box: shapely.clip_by_rect(geometry, *box), lambda box: geometry & shapely.box(*box)):
        halves = polygon_parts(np.array([cut(box) for box in boxes], dtype=object))
        halves = halves[~shapely.is_missing(halves)]
        # A fast cut may be wrong on degenerate input: its areas tell.
        if shapely.is_valid(halves).all() and abs(shapely.area(halves).sum() - area) <= 1e-9 * area:
            fewest = shapely.get_num_coordinates(geometry)
            return list(halves) if (shapely.get_num_coordinates(halves) < fewest).all() else [geometry]
    return [geometry]
