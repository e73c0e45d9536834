"""Dissolve pieces of one kind that touch along their edges, and split the result into single polygons."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely

from onemap.layers.files.journal_folder import Journal
from onemap.layers.frames.feature_table import Features, FeatureTable
from onemap.layers.geometry.boxes import box_around, meet_box
from onemap.layers.geometry.parts import polygon_parts
from onemap.rules.answers.compare.pieces import ComparedGround
from onemap.rules.judge.distributed.partition import most_parcels
from onemap.rules.judge.overlay.contacts import SEAM_M, share_edges
from onemap.rules.judge.overlay.in_chunks import chunks
from onemap.rules.judge.overlay.overlay import ARITHMETIC_M2, union_by
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.uninterruptible import run_cancellable

_TOUCHING = 0.4  # of the work, before pieces are united
_SEAMS_M = np.array([-SEAM_M, -SEAM_M, SEAM_M, SEAM_M])
_LARGE = 3000  # pieces of one group, whose union takes long and hears of nothing meanwhile


@dataclass(frozen=True)
class SinglePolygons:
    """Single polygons (m,), the kind of each (m,), and which piece (k,) is part of which polygon (k,)."""

    polygons: np.ndarray
    kind: np.ndarray
    piece: np.ndarray
    polygon: np.ndarray


def dissolve_ground(
    ground: ComparedGround, kind: np.ndarray, threads: Threads, journal: Journal | None
) -> Iterator[tuple[SinglePolygons, Threads]]:
    """The single polygons of touching pieces of one kind, for some groups of pieces at a time, with threads for each.

    kind: (k,) numbers; journal: where polygons are kept, and found again if an earlier attempt left them. Raises
    OneMapError overlay.union, journal.failed.
    """
    group = touching_groups(ground, kind, threads.part(0.0, _TOUCHING))
    wholes = list(_whole_groups(group))

    def make(rows: np.ndarray, own: Threads) -> Features:
        # One group of touching pieces at a time: its union depends on nothing that lies elsewhere.
        singles = dissolve_groups(ground.geometries(rows), kind[rows], group[rows] - group[rows].min(), own)
        about = {"piece": rows[singles.piece].tolist(), "polygon": singles.polygon.tolist()}
        return Features(singles.polygons, {"kind": singles.kind}, about=about)

    for number, (rows, own) in enumerate(threads.part(_TOUCHING, 1.0).in_turn(wholes)):
        table = FeatureTable(journal)
        table.add(f"spots-{number:06d}", partial(make, rows, own))
        (about,), (kinds,) = table.abouts(), table.columns("kind")
        members = (np.array(about[name], dtype=np.int64) for name in ("piece", "polygon"))
        yield SinglePolygons(table.geometries(np.arange(len(table))), kinds, *members), own


def _whole_groups(group: np.ndarray) -> Iterator[np.ndarray]:
    """The pieces of some groups at a time, ascending; a group is never split, however many pieces it has."""
    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.r_[np.diff(group[order]) != 0, np.ones(min(len(order), 1), dtype=bool)]) + 1
    start, most = 0, most_parcels()
    while start < len(order):
        one, most_of_them = np.searchsorted(ends, [start, start + most], side="right")
        stop = int(ends[max(one, most_of_them - 1)])
        yield np.sort(order[start:stop])
        start = stop


def touching_groups(ground: ComparedGround, kind: np.ndarray, threads: Threads) -> np.ndarray:
    """The group (n,) of each piece: pieces of one kind that touch directly, or through others of the kind.

    Touching at a corner does not count: it does not join ground, and would chain the pieces of half a city.
    """
    blocks = ground.blocks(np.arange(len(kind)))
    extents = np.array([box_around(ground.boxes[rows]) for rows in blocks])
    pairs = [np.empty((2, 0), dtype=np.int64)]
    for number, (mine, own_threads) in enumerate(threads.in_turn(blocks)):
        rows = np.r_[mine, _pieces_near_block(number, blocks, extents, ground.boxes)]
        polygons = ground.geometries(rows)
        boxes = shapely.box(*(ground.boxes[rows] + _SEAMS_M).T)
        other, own = shapely.STRtree(polygons[: len(mine)]).query(boxes)
        first, second = mine[own], rows[other]
        once = (other >= len(mine)) | (first < second)
        neighbours = np.flatnonzero(once & (kind[first] == kind[second]))
        neighbours = neighbours[share_edges(polygons, own[neighbours], other[neighbours], own_threads)]
        pairs.append(np.stack([first[neighbours], second[neighbours]]))
    first, second = np.concatenate(pairs, axis=1)
    return joined_groups(len(kind), first, second, threads)


def _pieces_near_block(number: int, blocks: list[np.ndarray], extents: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The pieces of later blocks whose boxes meet the extent of this block; earlier blocks handle theirs themselves."""
    later = number + 1 + np.flatnonzero(meet_box(extents[number + 1 :], extents[number] + _SEAMS_M))
    near_pieces = [
        blocks[other][meet_box(boxes[blocks[other]], extents[number] + _SEAMS_M)] for other in later.tolist()
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *near_pieces])


def joined_groups(count: int, first: np.ndarray, second: np.ndarray, threads: Threads) -> np.ndarray:
    """Groups (count,) of everything joined by the pairs (first, second), numbered 0, 1, … by their first member."""
    label = np.arange(count)
    while True:
        threads.progress.check()
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


def dissolve_groups(pieces: np.ndarray, kind: np.ndarray, group: np.ndarray, threads: Threads) -> SinglePolygons:
    """The single polygons of whole groups of touching pieces.

    pieces: (k,) single polygons that share no ground; group: (k,) numbered 0, 1, …, each of one kind. Raises
    OneMapError overlay.union.
    """
    count = int(group.max()) + 1
    if int(np.bincount(group).max()) > _LARGE:
        unions = run_cancellable(lambda: _without_seams(union_by(group, pieces, count)), threads.progress)
    else:
        unions = union_by(group, pieces, count, threads)
        parts = chunks(count)
        unions = np.concatenate(threads.each(lambda part: _without_seams(unions[part]), parts))
    polygons, of_group = shapely.get_parts(unions, return_index=True)
    polygons = shapely.normalize(polygons)
    kind_of_group = np.zeros(len(unions), dtype=kind.dtype)
    kind_of_group[group] = kind
    piece, polygon = _members(polygons, of_group, pieces, group)
    return SinglePolygons(polygons, kind_of_group[of_group], piece, polygon)


def _without_seams(unions: np.ndarray) -> np.ndarray:
    """Unions (n,) without seams, slits and gaps narrower than SEAM_M, which come from rounding one line in two ways.

    Only unions that have one are snapped to a grid of SEAM_M.
    """
    rows_with_seams = np.flatnonzero(shapely.minimum_clearance(unions) < SEAM_M)
    seamless = unions.copy()
    seamless[rows_with_seams] = polygon_parts(shapely.set_precision(unions[rows_with_seams], SEAM_M), ARITHMETIC_M2)
    return seamless


def _members(
    polygons: np.ndarray, of_group: np.ndarray, pieces: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which piece (k,) is part of which polygon (k,): by the group, or by points if the group has several polygons."""
    parts = np.bincount(of_group, minlength=int(group.max()) + 1)
    first = np.searchsorted(of_group, np.arange(len(parts)))
    alone, several = np.flatnonzero(parts[group] == 1), np.flatnonzero(parts[group] > 1)
    memberships = [(alone, first[group[alone]]), _containing_polygons(pieces, several, group, polygons, of_group)]
    # A piece that touches itself in a point is two polygons once it is united: each looks for its piece, too.
    left = np.setdiff1d(np.arange(len(polygons)), np.concatenate([polygon for _, polygon in memberships]))
    orphan, piece = _containing_polygons(polygons, left, of_group, pieces, group)
    memberships.append((piece, orphan))
    return np.concatenate([pair[0] for pair in memberships]), np.concatenate([pair[1] for pair in memberships])


def _containing_polygons(
    polygons: np.ndarray, rows: np.ndarray, group: np.ndarray, others: np.ndarray, of_others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each of the polygons `rows`, which polygon of its group among the others contains a point of its inside."""
    points = shapely.point_on_surface(polygons[rows])
    at, other = shapely.STRtree(others).query(points, predicate="intersects")
    own = of_others[other] == group[rows[at]]
    return rows[at[own]], other[own]
