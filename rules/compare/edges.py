"""The edges of difference spots: which plan drew them, and how far the two plans' lines lie from one another."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
import shapely

from onemap.rules.compare.stage import in_turn
from onemap.rules.overlay.contacts import segments_of
from onemap.rules.overlay.in_chunks import chunks, intersecting, nearest_distances_m
from onemap.rules.overlay.subdivision import Pieces
from onemap.rules.overlay.threads import Crew

_BESIDE_M = 0.005  # from an edge, to see what lies beyond it
_OWN_LINE_SHARE = 0.15  # of a spot's edge that a plan must have drawn to be said to have drawn a side of it


@dataclass(frozen=True)
class Edges:
    """What the edges of spots (k,) tell, each a length in m.

    of_a, of_b: drawn by that plan alone; shift_m, shift_east_m, shift_north_m: from a's line to b's across the spot,
    on the mean, NaN where one of them drew too little of the edge.
    """

    length_m: np.ndarray
    of_a_m: np.ndarray
    of_b_m: np.ndarray
    shift_m: np.ndarray
    shift_east_m: np.ndarray
    shift_north_m: np.ndarray


def edges_of(rows: np.ndarray, polygons: np.ndarray, pieces: Pieces, columns: pd.DataFrame, crew: Crew) -> Edges:
    """The edges of the spots `rows` (k,); polygons (m,): all spots, `pieces` the same cut small; columns: use_a, use_b.

    An edge is a plan's own where that plan's use changes across it and the other's does not. Only those of some
    thousand spots are looked at together.
    """
    uses = [pd.factorize(columns[f"use_{side}"], use_na_sentinel=True)[0] for side in ("a", "b")]
    tree = shapely.STRtree(pieces.geometries)
    parts = [
        _edges(rows[some], polygons, tree, pieces.owner, uses, own) for some, own in in_turn(chunks(len(rows)), crew)
    ]
    return Edges(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Edges)))


def _edges(
    rows: np.ndarray,
    polygons: np.ndarray,
    tree: shapely.STRtree,
    owner: np.ndarray,
    uses: Sequence[np.ndarray],
    crew: Crew,
) -> Edges:
    """The same of some spots (k,). tree: of the pieces of all spots, owner: whose each is; uses (m,) of both plans."""
    start, end, spot = segments_of(polygons[rows])
    beyond = _beyond(start, end, rows[spot], tree, owner, crew)
    known = beyond >= 0
    changes = []
    for use in uses:
        there = np.where(known, use[beyond], -2)  # the end of the compared ground is nobody's line
        changes.append(known & (there != use[rows[spot]]))
    own = {"a": changes[0] & ~changes[1], "b": changes[1] & ~changes[0]}
    length = np.hypot(*(end - start).T)
    total, of_a, of_b = (
        np.bincount(spot, weights, minlength=len(rows)) for weights in (length, length * own["a"], length * own["b"])
    )
    east, north = _steps(start, end, spot, own, length, len(rows))
    both = np.minimum(of_a, of_b) >= _OWN_LINE_SHARE * total
    east[~both], north[~both] = np.nan, np.nan
    return Edges(total, of_a, of_b, np.hypot(east, north), east, north)


def _beyond(
    start: np.ndarray, end: np.ndarray, own: np.ndarray, tree: shapely.STRtree, owner: np.ndarray, crew: Crew
) -> np.ndarray:
    """The spot (s,) on the other side of each edge of the spots `own` (s,); -1 where there is none."""
    step = end - start
    length = np.hypot(*step.T)[:, None]
    across = np.column_stack([-step[:, 1], step[:, 0]]) / np.where(length > 0, length, 1) * _BESIDE_M
    middle = (start + end) / 2
    result = np.full(len(own), -1)
    for side in (middle + across, middle - across):
        edge, piece = intersecting(tree, shapely.points(side), crew)
        other = owner[piece] != own[edge]
        result[edge[other]] = owner[piece[other]]
    return result


def _steps(
    start: np.ndarray, end: np.ndarray, spot: np.ndarray, own: dict[str, np.ndarray], length: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The mean step from a's line to b's of each spot, east and north in m; weighed by the length of a's edges."""
    line_b = np.full(count, None, dtype=object)
    of_b = np.flatnonzero(own["b"])
    if len(of_b):
        lines = shapely.linestrings(np.stack([start[of_b], end[of_b]], axis=1))
        spots, position = np.unique(spot[of_b], return_inverse=True)
        line_b[spots] = shapely.multilinestrings(lines, indices=position)
    of_a = np.flatnonzero(own["a"])
    of_a = of_a[~shapely.is_missing(line_b[spot[of_a]])]
    middle = (start[of_a] + end[of_a]) / 2
    shortest = shapely.shortest_line(shapely.points(middle), line_b[spot[of_a]])
    step = shapely.get_coordinates(shapely.get_point(shortest, 1)) - middle if len(of_a) else np.empty((0, 2))
    weight = np.bincount(spot[of_a], length[of_a], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        east, north = (
            np.bincount(spot[of_a], length[of_a] * step[:, axis], minlength=count) / weight for axis in (0, 1)
        )
    return east, north


def line_distances_m(
    rows: np.ndarray, polygons: np.ndarray, pieces: Pieces, columns: pd.DataFrame, crew: Crew
) -> np.ndarray:
    """How far each of the spots `rows` (k,) lies from the nearest line of the plan that draws none around it.

    0 where both plans drew some of its edge; infinite where a plan has no line at all on the compared ground.
    """
    farthest = np.zeros(len(rows))
    for side, half in in_turn(("a", "b"), crew):
        use = pd.factorize(columns[f"use_{side}"], use_na_sentinel=True)[0]
        distance = np.full(len(rows), np.inf)
        for value, own in in_turn(np.unique(use[rows]).tolist(), half):
            mine = np.flatnonzero(use[rows] == value)
            others = pieces.geometries[use[pieces.owner] != value]
            if len(others) == 0:
                continue
            distance[mine] = nearest_distances_m(shapely.STRtree(others), polygons[rows[mine]], own)
        farthest = np.maximum(farthest, distance)
    return farthest
