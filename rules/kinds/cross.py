"""cross: what runs through the parcel: the length of lines and the number of points inside. No ground in conflict."""

from typing import Any

import numpy as np
import shapely

from onemap.rules.kinds.avoid import reach_m
from onemap.rules.kinds.ground import Ground, Judgement, Measures, Pairs, no_ground

KEYS: dict[str, str] = {}
GEOMETRIES = ("line", "point", "polygon")
_LEAST_M = 1e-6  # shorter is arithmetic: a line that touches the edge, not one that crosses

__all__ = ["GEOMETRIES", "KEYS", "fields", "judge", "outlines", "problems", "reach_m"]


def problems(item: dict[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the rule's own keys: nothing can be."""
    return []


def fields(options: dict[str, Any]) -> tuple[str, ...]:
    """The layer's fields that the rule reads: none of its own."""
    return ()


def outlines(geometries: np.ndarray) -> np.ndarray:
    """Lines and points as they are, polygons by their outline."""
    areal = shapely.get_dimensions(geometries) == 2
    result = geometries.copy()
    result[areal] = shapely.boundary(geometries[areal])
    return result


def judge(ground: Ground) -> Judgement:
    """Length of lines and number of points inside each parcel; along or on its edge is touching, not crossing."""
    count = len(ground.parcels)
    shapes = outlines(ground.features.geometries)
    feature, parcel = ground.tree.query(shapes, predicate="intersects")
    order = np.lexsort((feature, parcel))
    feature, parcel = feature[order], parcel[order]
    ground.threads.progress.check()
    edges = shapely.boundary(ground.parcels)
    inside = shapely.difference(shapely.intersection(shapes[feature], ground.parcels[parcel]), edges[parcel])
    inside = _same_dimension(inside, shapely.get_dimensions(shapes)[feature])
    length = shapely.length(inside)
    points = np.where(shapely.get_dimensions(inside) == 0, shapely.get_num_geometries(inside), 0)
    kept = (length > _LEAST_M) | (points > 0)
    parcel, feature, inside, length, points = (a[kept] for a in (parcel, feature, inside, length, points))
    found = np.bincount(parcel, minlength=count) > 0
    nothing = np.full(count, np.nan)
    is_line = shapely.get_dimensions(inside) == 1
    lines = np.bincount(parcel[is_line], length[is_line], minlength=count)
    has_line = np.bincount(parcel[is_line], minlength=count) > 0
    numbers = np.bincount(parcel, points, minlength=count)
    beyond, failed = ground.outside_coverage()
    judgement = Judgement(
        hit=no_ground(count),
        unknown=beyond,
        distance_m=np.where(found, 0.0, np.nan),
        pairs=Pairs(
            parcel,
            feature,
            inside,
            np.zeros(len(parcel)),
            ground.features.uncertain[feature],
            np.ones(len(parcel), dtype=bool),
        ),
        measures=Measures(
            found=found,
            counted=found.copy(),
            area_m2=nothing,
            length_m=np.where(has_line, lines, np.nan),
            value=np.where(numbers > 0, numbers, np.nan),
            share=nothing,
        ),
    )
    judgement.because("outside_coverage", ~shapely.is_missing(beyond))
    judgement.because("arithmetic", failed)
    return judgement


def _same_dimension(inside: np.ndarray, dimension: np.ndarray) -> np.ndarray:
    """Of each piece the parts of its feature's own dimension: of a line no points where it only touches."""
    result = no_ground(len(inside))
    parts, owner = shapely.get_parts(inside, return_index=True)
    while (shapely.get_type_id(parts) >= 4).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owner = owner[inner]
    kept = (shapely.get_dimensions(parts) == dimension[owner]) & ~shapely.is_empty(parts)
    for wanted, make in ((1, shapely.multilinestrings), (0, shapely.multipoints)):
        chosen = kept & (shapely.get_dimensions(parts) == wanted)
        if chosen.any():
            owners, position = np.unique(owner[chosen], return_inverse=True)
            result[owners] = make(parts[chosen], indices=position)
    return result
