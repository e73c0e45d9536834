"""Pieces of one kind that touch become one ground, and that ground single polygons."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.errors import OneMapError
from onemap.rules.compare.in_chunks import intersecting
from onemap.rules.crew import Crew
from onemap.rules.overlay import BALANCE_M2, BALANCE_SHARE, RETRY_GRIDS_M, union_by


@dataclass(frozen=True)
class Dissolved:
    """Single polygons (m,), for each the kind (m,), and which pieces are part of it: piece (k,), polygon (k,)."""

    polygons: np.ndarray
    kind: np.ndarray
    piece: np.ndarray
    polygon: np.ndarray


def dissolved(pieces: np.ndarray, kind: np.ndarray, crew: Crew) -> Dissolved:
    """The single polygons of touching pieces of one kind.

    pieces: (k,) single polygons that share no ground; kind: (k,) numbers. Raises OneMapError compare.balance.
    """
    if len(pieces) == 0:
        nothing = np.empty(0, dtype=np.int64)
        return Dissolved(np.empty(0, dtype=object), nothing, nothing, nothing)
    # One group of touching pieces at a time: its union depends on nothing that lies elsewhere.
    group = touching(pieces, kind, crew)
    unions = _proved(union_by(group, pieces, int(group.max()) + 1, crew), group, pieces)
    polygons, of_group = shapely.get_parts(unions, return_index=True)
    polygons = shapely.normalize(polygons)
    kind_of_group = np.zeros(len(unions), dtype=kind.dtype)
    kind_of_group[group] = kind
    piece, polygon = _members(polygons, of_group, pieces, group)
    return Dissolved(polygons, kind_of_group[of_group], piece, polygon)


def touching(polygons: np.ndarray, kind: np.ndarray, crew: Crew) -> np.ndarray:
    """The group (n,) of each polygon: those of one kind that touch, directly or through others of the kind."""
    first, second = intersecting(shapely.STRtree(polygons), polygons, crew)
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


def _members(
    polygons: np.ndarray, of_group: np.ndarray, pieces: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which piece (k,) is part of which polygon (k,): told by the group, or where a group has several, by points."""
    parts = np.bincount(of_group, minlength=int(group.max()) + 1)
    first = np.searchsorted(of_group, np.arange(len(parts)))
    alone, several = np.flatnonzero(parts[group] == 1), np.flatnonzero(parts[group] > 1)
    found = [(alone, first[group[alone]]), _within(pieces, several, group, polygons, of_group)]
    # A piece that touches itself in a point is two polygons once it is united: each looks for its piece, too.
    left = np.setdiff1d(np.arange(len(polygons)), np.concatenate([polygon for _, polygon in found]))
    orphan, piece = _within(polygons, left, of_group, pieces, group)
    found.append((piece, orphan))
    return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])


def _within(
    polygons: np.ndarray, rows: np.ndarray, group: np.ndarray, others: np.ndarray, of_others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of the polygons `rows` lies with a point of its inside in which of the others of its group."""
    points = shapely.point_on_surface(polygons[rows])
    at, other = shapely.STRtree(others).query(points, predicate="intersects")
    own = of_others[other] == group[rows[at]]
    return rows[at[own]], other[own]
