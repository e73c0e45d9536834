"""How much ground pairs of polygons have in common, without building it: what every overlay is held against."""

import numpy as np
import shapely

from onemap.rules.crew import Crew
from onemap.rules.cutting import Pieces, subdivided
from onemap.rules.trapezoids import edge_table, pair_areas_m2

_PAIRS_AT_ONCE = 8000


def distinct(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different objects (m,) among geometries (n,), and for each of the n which of them it is."""
    _, first, which = np.unique(
        np.fromiter(map(id, geometries), dtype=np.int64, count=len(geometries)), return_index=True, return_inverse=True
    )
    return geometries[first], which


def piece_areas(
    left: np.ndarray, left_index: np.ndarray, right: np.ndarray, right_index: np.ndarray, crew: Crew
) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of pairs from two arrays of small polygons, in m², and its rounding error, (k,) each."""

    def of_block(start: int) -> tuple[np.ndarray, np.ndarray]:
        block = slice(start, start + _PAIRS_AT_ONCE)
        mine, at_mine = np.unique(left_index[block], return_inverse=True)
        others, at_other = np.unique(right_index[block], return_inverse=True)
        return pair_areas_m2(edge_table(left[mine]), at_mine, edge_table(right[others]), at_other)

    blocks = crew.each(of_block, range(0, len(left_index), _PAIRS_AT_ONCE))
    if not blocks:
        return np.empty(0), np.empty(0)
    return np.concatenate([block[0] for block in blocks]), np.concatenate([block[1] for block in blocks])


def common_areas(left: np.ndarray, right: np.ndarray, crew: Crew) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of polygons pair by pair, (k,) in m², and its rounding error, (k,).

    left, right: (k,) valid polygons; what stands in several pairs, and what is large, is cut only once.
    """
    mine, at_mine = distinct(left)
    others, at_other = distinct(right)
    mine_cut, others_cut = subdivided(mine), subdivided(others)
    one, two = shapely.bounds(mine)[at_mine], shapely.bounds(others)[at_other]
    pair = np.flatnonzero((one[:, :2] < two[:, 2:]).all(axis=1) & (two[:, :2] < one[:, 2:]).all(axis=1))
    pair, other = _with_pieces(pair, one[pair], at_other[pair], others_cut)
    at_piece = shapely.bounds(others_cut.geometries)[other]
    row, piece = _with_pieces(np.arange(len(pair)), at_piece, at_mine[pair], mine_cut)
    areas, errors = piece_areas(mine_cut.geometries, piece, others_cut.geometries, other[row], crew)
    pair = pair[row]
    return np.bincount(pair, areas, len(left)), np.bincount(pair, errors, len(left))


def _with_pieces(rows: np.ndarray, bounds: np.ndarray, owner: np.ndarray, cut: Pieces) -> tuple[np.ndarray, np.ndarray]:
    """Each row with the pieces of its owner whose boxes meet the row's: rows (j,) and pieces (j,).

    bounds: (k, 4) of the rows; owner: (k,) the polygon that the pieces are of.
    """
    order = np.argsort(cut.owner, kind="stable")
    count = np.bincount(cut.owner, minlength=int(owner.max(initial=-1)) + 1)
    first = np.cumsum(count) - count
    whole = count[owner] == 1
    if whole.all():
        return rows, order[first[owner]]
    split = np.flatnonzero(~whole)
    found_rows, found_pieces = [rows[whole]], [order[first[owner[whole]]]]
    boxes = shapely.box(*bounds[split].T)
    for one in np.unique(owner[split]):
        pieces = order[first[one] : first[one] + count[one]]
        mine = split[owner[split] == one]
        row, piece = shapely.STRtree(cut.geometries[pieces]).query(boxes[owner[split] == one])
        found_rows.append(rows[mine[row]])
        found_pieces.append(pieces[piece])
    return np.concatenate(found_rows), np.concatenate(found_pieces)
