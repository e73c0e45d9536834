"""Pieces of one kind that touch become one ground, and that ground single polygons."""

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.rules.crew import Crew
from onemap.rules.overlay import BALANCE_M2, BALANCE_SHARE, RETRY_GRIDS_M, union_by


def dissolved(pieces: np.ndarray, kind: np.ndarray, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """Single polygons (m,) of touching pieces of one kind, and for each piece (k,) the polygon that it is part of.

    pieces: (k,) single polygons that share no ground; kind: (k,) numbers. A piece belongs to -1 if nothing of it is
    left. Raises OneMapError compare.balance.
    """
    if len(pieces) == 0:
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    # One group of touching pieces at a time: its union depends on nothing that lies elsewhere.
    group = touching(pieces, kind, crew)
    crew.check()
    unions = _proved(union_by(group, pieces, int(group.max()) + 1), group, pieces)
    polygons, of_group = shapely.get_parts(unions, return_index=True)
    polygons = shapely.normalize(polygons)
    return polygons, _member_of(polygons, of_group, pieces, group)


def touching(polygons: np.ndarray, kind: np.ndarray, crew: Crew) -> np.ndarray:
    """The group (n,) of each polygon: those of one kind that touch, directly or through others of the kind."""
    tree = shapely.STRtree(polygons)
    first, second = tree.query(polygons, predicate="intersects")
    kept = (first < second) & (kind[first] == kind[second])
    return joined_groups(len(polygons), first[kept], second[kept], crew)


def joined_groups(count: int, first: np.ndarray, second: np.ndarray, crew: Crew) -> np.ndarray:
    """Groups (count,) of what the pairs (first, second) join, numbered 0, 1, … by their first member."""
    label = np.arange(count)
    while True:
        crew.check()
        least = np.minimum(label[first], label[second])
        before = label.copy()
        np.minimum.at(label, label[first], least)
        np.minimum.at(label, label[second], least)
        while True:  # each points to the root of its root
            shorter = label[label]
            if np.array_equal(shorter, label):
                break
            label = shorter
        if np.array_equal(before, label):
            break
    groups: np.ndarray = np.unique(label, return_inverse=True)[1].ravel()
    return groups


def _proved(unions: np.ndarray, group: np.ndarray, pieces: np.ndarray) -> np.ndarray:
    """Unions whose areas are those of their pieces, which share no ground; once more on a fine grid if they are not."""
    expected = np.bincount(group, shapely.area(pieces), minlength=len(unions))
    allowed = BALANCE_M2 + BALANCE_SHARE * expected

    def wrong() -> np.ndarray:
        return np.flatnonzero(np.abs(np.nan_to_num(shapely.area(unions)) - expected) > allowed)

    for grid in RETRY_GRIDS_M:
        for index in wrong():
            unions[index] = shapely.union_all(pieces[group == index], grid_size=grid)
    if len(wrong()):
        raise OneMapError("compare.balance", field="dissolve")
    return unions


def _member_of(polygons: np.ndarray, of_group: np.ndarray, pieces: np.ndarray, group: np.ndarray) -> np.ndarray:
    """For each piece the polygon in which it lies: known by its group, or where a group has several, by a point."""
    result = np.full(len(pieces), -1)
    parts = np.bincount(of_group, minlength=int(group.max()) + 1)
    first = np.searchsorted(of_group, np.arange(len(parts)))
    alone = parts[group] == 1
    result[alone] = first[group[alone]]
    several = np.flatnonzero(parts[group] > 1)
    points = shapely.point_on_surface(pieces[several])
    at, polygon = shapely.STRtree(polygons).query(points, predicate="intersects")
    own = of_group[polygon] == group[several[at]]
    result[several[at[own]]] = polygon[own]
    return result
