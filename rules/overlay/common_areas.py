"""How much ground pairs of polygons have in common, without building it: what every overlay is held against."""

import numpy as np
import shapely

from onemap.layers.geometry.hilbert import places_on_curve
from onemap.rules.overlay.polygon_edges import Near, Polygons
from onemap.rules.overlay.threads import Threads
from onemap.rules.overlay.trapezoids import concatenate_tables, edge_table, pair_areas_m2

_PAIRS_AT_ONCE = 30_000  # of neighbours, whose edges are listed once
_BOXES_AT_ONCE = 4000
_MOST_EDGE_PAIRS = 60_000  # of one box; beyond, it is halved
_LEAST_BOX_M = 1e-3  # smaller ones are not halved: so many edges meet in a point
_ROUNDING = np.finfo(float).eps


def distinct(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different objects (m,) among geometries (n,), and for each of the n which of them it is."""
    _, first, which = np.unique(
        np.fromiter(map(id, geometries), dtype=np.int64, count=len(geometries)), return_index=True, return_inverse=True
    )
    return geometries[first], which


def common_areas(left: np.ndarray, right: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of polygons pair by pair, (k,) in m², and its rounding error, (k,).

    left, right: (k,) valid polygons; what stands in several pairs is looked at only once.
    """
    areas, errors = np.zeros(len(left)), np.zeros(len(left))
    one, other = shapely.bounds(left), shapely.bounds(right)
    pair = np.flatnonzero((one[:, :2] < other[:, 2:]).all(axis=1) & (other[:, :2] < one[:, 2:]).all(axis=1))
    mine, at_mine = distinct(left[pair])
    others, at_other = distinct(right[pair])
    areas[pair], errors[pair] = areas_of_pairs(Polygons(mine), at_mine, Polygons(others), at_other, threads)
    return areas, errors


def areas_of_pairs(
    left: Polygons, left_index: np.ndarray, right: Polygons, right_index: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of pairs of polygons, in m², and its rounding error, (k,) each.

    What a pair sums to, to the last digit, does not depend on the others.
    """
    areas, errors = np.zeros(len(left_index)), np.zeros(len(left_index))
    is_large = left.is_large[left_index] | right.is_large[right_index]
    for rows, how in ((np.flatnonzero(~is_large), _whole), (np.flatnonzero(is_large), _by_boxes)):
        if len(rows):
            areas[rows], errors[rows] = how(left, left_index[rows], right, right_index[rows], threads)
    return areas, errors


def _whole(
    left: Polygons, left_index: np.ndarray, right: Polygons, right_index: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """areas_of_pairs for small polygons: in blocks of neighbours."""
    order = _neighbours(left, left_index)

    def of_block(start: int) -> tuple[np.ndarray, np.ndarray]:
        block = order[start : start + _PAIRS_AT_ONCE]
        mine, at_mine = _occurring(left_index[block], len(left.geometries))
        others, at_other = _occurring(right_index[block], len(right.geometries))
        table = edge_table(np.concatenate([left.geometries[mine], right.geometries[others]]))
        return pair_areas_m2(table, at_mine, at_other + len(mine))

    blocks = threads.each(of_block, range(0, len(order), _PAIRS_AT_ONCE))
    areas, errors = np.empty(len(order)), np.empty(len(order))
    areas[order], errors[order] = (np.concatenate(column) for column in zip(*blocks, strict=True))
    return areas, errors


def _occurring(index: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of `count` numbers occur in index (k,), ascending (m,), and for each of the k which of the m it is."""
    is_there = np.zeros(count, dtype=bool)
    is_there[index] = True
    occurring = np.flatnonzero(is_there)
    place = np.empty(count, dtype=np.int64)
    place[occurring] = np.arange(len(occurring))
    return occurring, place[index]


def _neighbours(polygons: Polygons, index: np.ndarray) -> np.ndarray:
    """The order (k,) of pairs in which those of polygons that lie near each other stand together; index (k,)."""
    bounds = np.nan_to_num(polygons.bounds)
    along = places_on_curve((bounds[:, :2] + bounds[:, 2:]) / 2) >> np.uint64(16)
    return np.argsort(along.astype(np.uint16)[index], kind="stable")


def _by_boxes(
    left: Polygons, left_index: np.ndarray, right: Polygons, right_index: np.ndarray, threads: Threads
) -> tuple[np.ndarray, np.ndarray]:
    """areas_of_pairs where one of the two is large, or both: inside the box that they share, halved where need be."""
    one, other = left.bounds[left_index], right.bounds[right_index]
    boxes = np.column_stack([np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])])
    pair = np.flatnonzero((boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3]))
    for side in (left, right):
        side.make_ready()

    def of_block(start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        todo = pair[start : start + _BOXES_AT_ONCE]
        places, done = boxes[todo], []
        while len(todo):
            mine, others = left.near(left_index[todo], places), right.near(right_index[todo], places)
            size = np.maximum(places[:, 2] - places[:, 0], places[:, 3] - places[:, 1])
            few = (mine.edges * others.edges <= _MOST_EDGE_PAIRS) | (size < _LEAST_BOX_M)
            done.append((todo[few], *_in_boxes(mine, others, few, places[few])))
            todo, places = np.repeat(todo[~few], 2), _halves(places[~few])
        rows, area, error = (np.concatenate(column) for column in zip(*done, strict=True))
        return rows, area, error

    areas, errors = np.zeros(len(left_index)), np.zeros(len(left_index))
    for rows, area, error in threads.each(of_block, range(0, len(pair), _BOXES_AT_ONCE)):
        areas += np.bincount(rows, area, len(areas))
        errors += np.bincount(rows, error, len(areas))
    return areas, errors


def _in_boxes(mine: Near, others: Near, few: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of pairs, and its rounding error: those of which `few` (k,) is true, in the boxes (j, 4)."""
    first, at_first = mine.table(few)
    second, at_second = others.table(few)
    area, error = pair_areas_m2(concatenate_tables([first, second]), at_first, at_second + len(first.bounds))
    # Where segments cross the box's ceiling or floor is rounded too.
    height, far = places[:, 3] - places[:, 1], np.abs(places).max(axis=1, initial=0.0)
    crossings = first.level_edges()[at_first] + second.level_edges()[at_second]
    return area, error + _ROUNDING * height * far * crossings


def _halves(boxes: np.ndarray) -> np.ndarray:
    """Both halves of boxes (n, 4) across their longer side, (2n, 4), one after the other."""
    halves = np.repeat(boxes, 2, axis=0)
    axis = np.where((boxes[:, 2] - boxes[:, 0]) >= (boxes[:, 3] - boxes[:, 1]), 0, 1)
    at = np.arange(len(boxes))
    middle = (boxes[at, axis] + boxes[at, axis + 2]) / 2
    halves[2 * at, axis + 2] = middle
    halves[2 * at + 1, axis] = middle
    return halves
