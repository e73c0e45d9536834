"""Triage: measure each difference spot, and propose the cause that its figures suggest. A person decides."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.rules.answers.compare.matrix import Matrix
from onemap.rules.answers.compare.plans import Plan
from onemap.rules.answers.compare.spots import ARTEFACT, CONFLICTS, Spots
from onemap.rules.judge.overlay.candidate_pairs import shared_areas
from onemap.rules.judge.overlay.contacts import segments_of
from onemap.rules.judge.overlay.in_chunks import AT_ONCE, chunks, intersecting_pairs, nearest_distances_m
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2
from onemap.rules.judge.overlay.subdivision import Pieces, subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads

TRIAGED = (*CONFLICTS, ARTEFACT)
# Ribbons of 1 to 10 m along every edge are normal between a plan at 1:10 000 and one at 1:1000.
RIBBON_M = 10.0
ELONGATED = 4.0  # length by width from which a spot is a ribbon
SAME_PAIR_SHARE = 0.8  # of a class's ground that the other plan calls by one other class
SAME_PAIR_FEATURES = 3
AGREED_SHARE = 0.9  # of a spot on which an earlier version agreed with the other plan
_BESIDE_M = 0.005  # from an edge, to see what lies beyond it
_OWN_LINE_SHARE = 0.15  # of a spot's edge that a plan must have drawn to be said to have drawn a side of it


@dataclass(frozen=True)
class Triage:
    """The columns of triage for all spots (m,): empty for spots that are neither conflict nor artefact.

    steps: (m, 2) the step from a's line to b's, east and north in m, NaN where there is none.
    """

    columns: pd.DataFrame
    steps: np.ndarray


def triage_of(
    spots: Spots, plans: tuple[Plan, Plan], matrix: Matrix, earlier: tuple[Plan | None, Plan | None], threads: Threads
) -> Triage:
    """Measure the spots in conflict and the artefacts, and propose a cause for each.

    earlier: for each side the previous version, if it is older than the other side's; placed on the same ground.
    """
    types = spots.columns["type"].to_numpy(dtype=object)
    rows = np.flatnonzero(np.isin(types, TRIAGED))
    length_m = shapely.length(spots.geometries)
    columns = _columns_before_causes(spots.geometries, length_m, plans)
    steps = np.full((len(spots.geometries), 2), np.nan)
    if len(rows) == 0:
        return Triage(pd.DataFrame(columns), steps)
    pieces = _cut_small(spots.geometries, threads.part(0.0, 0.2))
    edges = edges_of(rows, spots.geometries, pieces, spots.columns, threads.part(0.2, 0.45))
    distance = line_distances_m(rows, spots.geometries, pieces, spots.columns, threads.part(0.45, 0.8))
    columns["line_distance_m"][rows] = np.where(np.isfinite(distance), distance, np.nan)
    columns["shift_m"][rows] = edges.shift_m
    steps[rows] = np.column_stack([edges.shift_east_m, edges.shift_north_m])
    shares = _pair_shares(spots)
    agreed = _earlier_agreement(spots, rows, matrix, earlier, threads.part(0.8, 0.9))
    last = threads.progress.part(0.9, 1.0)
    for at, row in enumerate(rows):
        if at % AT_ONCE == 0:
            last.at(at / len(rows))
        width = float(columns["mean_width_m"][row])
        facts = {
            "type": types[row],
            "mean_width_m": round(width, 3),
            "length_by_width": round(float(length_m[row]) / 2 / width, 2),
            "shift_m": _round_number(edges.shift_m[at]),
            "line_distance_m": _round_number(distance[at]),
            "edge_of_a": _round_number(edges.of_a_m[at] / edges.length_m[at]),
            "edge_of_b": _round_number(edges.of_b_m[at] / edges.length_m[at]),
            "pair_share": _round_number(shares[0][row]),
            "pair_spots": int(shares[1][row]),
            **{f"agreed_before_{side}": _round_number(share[at]) for side, share in agreed.items()},
        }
        columns["cause"][row] = cause_of(facts)
        columns["evidence"][row] = json.dumps(facts, ensure_ascii=False)
    return Triage(pd.DataFrame(columns), steps)


def _columns_before_causes(polygons: np.ndarray, length_m: np.ndarray, plans: tuple[Plan, Plan]) -> dict[str, Any]:
    """The columns of triage for all spots (n,): shape and both dates of each, and empty columns to fill later.

    length_m: (n,) of the polygons' outlines.
    """
    count, area_m2 = len(polygons), shapely.area(polygons)
    return {
        "mean_width_m": 2 * area_m2 / length_m if count else np.empty(0),
        "compactness": 4 * np.pi * area_m2 / length_m**2 if count else np.empty(0),
        "date_a": np.full(count, plans[0].version.valid_from, dtype=object),
        "date_b": np.full(count, plans[1].version.valid_from, dtype=object),
        "line_distance_m": np.full(count, np.nan),
        "shift_m": np.full(count, np.nan),
        "cause": np.full(count, None, dtype=object),
        "evidence": np.full(count, None, dtype=object),
    }


def _cut_small(polygons: np.ndarray, threads: Threads) -> Pieces:
    """Split polygons (n,) into small pieces, some thousand at a time; each is split independently."""
    parts = []
    for some, _ in threads.in_turn(chunks(len(polygons))):
        pieces = subdivide_polygons(polygons[some])
        parts.append(Pieces(pieces.geometries, pieces.owner + some.start))
    return Pieces.concatenate(parts)


def cause_of(facts: dict[str, Any]) -> str:
    """The cause that the figures suggest, the surest first; what nothing else explains is a conflict of policy."""
    if facts["type"] == ARTEFACT:
        return "digitising"
    if any((facts.get(f"agreed_before_{side}") or 0) >= AGREED_SHARE for side in ("a", "b")):
        return "outdated"
    if (facts["pair_share"] or 0) >= SAME_PAIR_SHARE and facts["pair_spots"] >= SAME_PAIR_FEATURES:
        return "classification"
    narrow = facts["mean_width_m"] <= RIBBON_M and facts["length_by_width"] >= ELONGATED
    if narrow and facts["shift_m"] is not None and facts["shift_m"] <= 2 * RIBBON_M:
        return "boundary_shift"
    return "policy"


def _round_number(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _pair_shares(spots: Spots) -> tuple[np.ndarray, np.ndarray]:
    """The share of each spot's class in one plan that has the spot's class in the other; and the number of such spots.

    The larger share of both directions is used: a renamed class may be one of several that were merged.
    """
    both = spots.columns[["class_a", "class_b", "area_m2"]].set_axis(["a", "b", "area_m2"], axis=1)
    both = both[both["a"].notna() & both["b"].notna()]
    shares, counts = np.full(len(spots.columns), np.nan), np.zeros(len(spots.columns), dtype=np.int64)
    if len(both):
        pair = both.groupby(["a", "b"])["area_m2"].transform("sum")
        share = np.maximum(
            pair / both.groupby("a")["area_m2"].transform("sum"), pair / both.groupby("b")["area_m2"].transform("sum")
        )
        shares[both.index] = share
        counts[both.index] = both.groupby(["a", "b"])["area_m2"].transform("size")
    return shares, counts


def _earlier_agreement(
    spots: Spots,
    rows: np.ndarray,
    matrix: Matrix,
    earlier: tuple[Plan | None, Plan | None],
    threads: Threads,
) -> dict[str, np.ndarray]:
    """The share of each spot on which a side's earlier version agreed with the other plan, for sides that have one."""
    result = {}
    mine = spots.geometries[rows]
    for side, before in zip(("a", "b"), earlier, strict=True):
        if before is None:
            continue
        then = before.polygons.geometries(np.arange(len(before.polygons)))
        pairs = shared_areas(mine, then, ARITHMETIC_M2, threads)
        use_there = spots.columns["use_b" if side == "a" else "use_a"].to_numpy(dtype=object)[rows]
        codes_there = spots.columns["class_b" if side == "a" else "class_a"].to_numpy(dtype=object)[rows]
        agreed_m2 = [
            area_m2 * (_type_then(matrix, side, before, feature, use_there[spot], codes_there[spot]) in ("01", "02"))
            for spot, feature, area_m2 in zip(*pairs, strict=True)
        ]
        area = np.bincount(pairs[0], agreed_m2, len(rows))
        result[side] = area / shapely.area(mine)
    return result


def _type_then(matrix: Matrix, side: str, before: Plan, row: int, use: str | None, code: str | None) -> str:
    """The type that a spot would have had with the earlier version of one side."""
    own_use, own_code = before.uses[row], before.codes[row]
    return matrix.type_of(own_use, use, own_code, code) if side == "a" else matrix.type_of(use, own_use, code, own_code)


@dataclass(frozen=True)
class Edges:
    """Lengths along the edges of spots (k,), in m.

    of_a, of_b: of edges drawn by that plan alone; shift_m, shift_east_m, shift_north_m: the mean step from a's line to
    b's across the spot, NaN if one of them drew too little of the edge.
    """

    length_m: np.ndarray
    of_a_m: np.ndarray
    of_b_m: np.ndarray
    shift_m: np.ndarray
    shift_east_m: np.ndarray
    shift_north_m: np.ndarray


def edges_of(rows: np.ndarray, polygons: np.ndarray, pieces: Pieces, columns: pd.DataFrame, threads: Threads) -> Edges:
    """The edges of the spots `rows` (k,). polygons (m,): of all spots; pieces: the same, split; columns: use_a, use_b.

    An edge is a plan's own if that plan's use changes across it and the other's does not. Some thousand spots are
    processed at a time.
    """
    uses = [pd.factorize(columns[f"use_{side}"], use_na_sentinel=True)[0] for side in ("a", "b")]
    tree = shapely.STRtree(pieces.geometries)
    parts = [
        _edges(rows[some], polygons, tree, pieces.owner, uses, own) for some, own in threads.in_turn(chunks(len(rows)))
    ]
    return Edges(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Edges)))


def _edges(
    rows: np.ndarray,
    polygons: np.ndarray,
    tree: shapely.STRtree,
    owner: np.ndarray,
    uses: Sequence[np.ndarray],
    threads: Threads,
) -> Edges:
    """The edges of some spots (k,).

    tree: of the pieces of all spots; owner: each piece's spot; uses (m,): of both plans.
    """
    start, end, spot = segments_of(polygons[rows])
    spots_across = _spot_across(start, end, rows[spot], tree, owner, threads)
    is_known = spots_across >= 0
    changes = []
    for use in uses:
        there = np.where(is_known, use[spots_across], -2)  # the end of the compared ground is nobody's line
        changes.append(is_known & (there != use[rows[spot]]))
    own = {"a": changes[0] & ~changes[1], "b": changes[1] & ~changes[0]}
    length = np.hypot(*(end - start).T)
    total, of_a, of_b = (
        np.bincount(spot, weights, minlength=len(rows)) for weights in (length, length * own["a"], length * own["b"])
    )
    east, north = _steps(start, end, spot, own, length, len(rows))
    both = np.minimum(of_a, of_b) >= _OWN_LINE_SHARE * total
    east[~both], north[~both] = np.nan, np.nan
    return Edges(total, of_a, of_b, np.hypot(east, north), east, north)


def _spot_across(
    start: np.ndarray, end: np.ndarray, own: np.ndarray, tree: shapely.STRtree, owner: np.ndarray, threads: Threads
) -> np.ndarray:
    """The spot (s,) on the other side of each edge of the spots `own` (s,); -1 if there is none."""
    step = end - start
    length = np.hypot(*step.T)[:, None]
    across = np.column_stack([-step[:, 1], step[:, 0]]) / np.where(length > 0, length, 1) * _BESIDE_M
    middle = (start + end) / 2
    result = np.full(len(own), -1)
    for side in (middle + across, middle - across):
        edge, piece = intersecting_pairs(tree, shapely.points(side), threads)
        other = owner[piece] != own[edge]
        result[edge[other]] = owner[piece[other]]
    return result


def _steps(
    start: np.ndarray, end: np.ndarray, spot: np.ndarray, own: dict[str, np.ndarray], length: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The mean step from a's line to b's of each spot, east and north in m, weighted by the length of a's edges."""
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
    rows: np.ndarray, polygons: np.ndarray, pieces: Pieces, columns: pd.DataFrame, threads: Threads
) -> np.ndarray:
    """The distance of each spot of `rows` (k,) to the nearest line of the plan that draws none around the spot.

    0 if both plans drew some of its edge; infinite if a plan has no line at all on the compared ground.
    """
    farthest = np.zeros(len(rows))
    for side, half in threads.in_turn(("a", "b")):
        use = pd.factorize(columns[f"use_{side}"], use_na_sentinel=True)[0]
        distance = np.full(len(rows), np.inf)
        for value, own in half.in_turn(np.unique(use[rows]).tolist()):
            mine = np.flatnonzero(use[rows] == value)
            others = pieces.geometries[use[pieces.owner] != value]
            if len(others) == 0:
                continue
            distance[mine] = nearest_distances_m(shapely.STRtree(others), polygons[rows[mine]], own)
        farthest = np.maximum(farthest, distance)
    return farthest
