"""Where the edges of pairs of polygons cross, and which corners and edges both have: many pairs at once."""

from dataclasses import dataclass

import numpy as np

from onemap.layers.geometry.ragged import blocks_within, ranges
from onemap.rules.overlay.ring_edges import PairEdges, RingTable

_ORIENTATION = (3 + 16 * 2.0**-53) * 2.0**-53  # of what is subtracted: how wrong the difference may be, in doubles
_EDGE_PAIRS_AT_ONCE = 500_000
_MOST_EDGE_PAIRS = 60_000  # of one pair of polygons; beyond, GEOS, which sorts its edges, is quicker


@dataclass(frozen=True)
class Crossings:
    """Left and right edges that cross (c,): how far along each, where (x, y), whether the left one goes in."""

    left: np.ndarray
    right: np.ndarray
    at_left: np.ndarray
    at_right: np.ndarray
    x: np.ndarray
    y: np.ndarray
    enters: np.ndarray


@dataclass(frozen=True)
class Contacts:
    """Where the polygons of pairs meet: crossings; corners (2, s): left and right edges that begin at the same point.

    shared (2, j): edges that both have, and is_opposite (j,): in opposite directions; doubtful: pairs of which this
    does not tell all.
    """

    crossings: Crossings
    corners: np.ndarray
    shared: np.ndarray
    is_opposite: np.ndarray
    doubtful: np.ndarray


def sides(table: RingTable, one: np.ndarray, two: np.ndarray, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """On which side of the way from `one` to `two` a point lies: 1 left, -1 right, 0 in doubt, (n,).

    And twice the ground of the triangle that they make, in m², (n,).
    """
    x0, y0 = table.x.take(point), table.y.take(point)
    plus = (table.x.take(one) - x0) * (table.y.take(two) - y0)
    minus = (table.y.take(one) - y0) * (table.x.take(two) - x0)
    twice = plus - minus
    side = np.sign(twice)
    side[np.abs(twice) <= _ORIENTATION * (np.abs(plus) + np.abs(minus))] = 0
    return side, twice


def contacts(edges: PairEdges) -> Contacts:
    """Where the left polygon's edges meet the right one's, pair by pair."""
    x, y = edges.table.x, edges.table.y
    one, two, large = _near(edges)
    begin_one, end_one, begin_two, end_two = edges.begin(one), edges.goal(one), edges.begin(two), edges.goal(two)
    begins, back, meets, ends = (
        (x.take(a) == x.take(b)) & (y.take(a) == y.take(b))
        for a, b in ((begin_one, begin_two), (begin_one, end_two), (end_one, begin_two), (end_one, end_two))
    )
    common = begins.astype(np.int8) + back + meets + ends
    same, opposite = begins & ends, back & meets
    shared = same | opposite
    doubtful = [edges.repeated, large, edges.pair(one[(common > 1) & ~shared])]

    # Two edges at one corner: in the same direction they run along each other.
    row = np.flatnonzero(common == 1)
    at_begin, at_other = begins[row] | back[row], begins[row] | meets[row]
    corner = np.where(at_begin, begin_one[row], end_one[row])
    far_one = np.where(at_begin, end_one[row], begin_one[row])
    far_two = np.where(at_other, end_two[row], begin_two[row])
    side, _ = sides(edges.table, corner, far_one, far_two)
    forward = (x[far_one] - x[corner]) * (x[far_two] - x[corner]) + (y[far_one] - y[corner]) * (y[far_two] - y[corner])
    doubtful.append(edges.pair(one[row[(side == 0) & (forward > 0)]]))

    corners = np.stack([one[begins], two[begins]])
    # Where a polygon touches itself, more than two edges begin.
    doubtful += [edges.pair(rows[np.bincount(rows, minlength=1)[rows] > 1]) for rows in corners]
    row = np.flatnonzero(common == 0)
    crossings, others = _crossings(edges, one[row], two[row])
    return Contacts(
        crossings=crossings,
        corners=corners,
        shared=np.stack([one[shared], two[shared]]),
        is_opposite=opposite[shared],
        doubtful=np.unique(np.concatenate([*doubtful, others])),
    )


def _crossings(edges: PairEdges, one: np.ndarray, two: np.ndarray) -> tuple[Crossings, np.ndarray]:
    """Which of left and right edges (n,) without a common end cross; and the pairs of which that is in doubt."""
    table = edges.table
    begin_two, end_two = edges.begin(two), edges.goal(two)
    begin_side, begin_twice = sides(table, begin_two, end_two, edges.begin(one))
    end_side, end_twice = sides(table, begin_two, end_two, edges.goal(one))
    row = np.flatnonzero(begin_side * end_side <= 0)
    one, two, begin_side, end_side = one[row], two[row], begin_side[row], end_side[row]
    begin_one, end_one = edges.begin(one), edges.goal(one)
    near_side, near_twice = sides(table, begin_one, end_one, begin_two[row])
    far_side, far_twice = sides(table, begin_one, end_one, end_two[row])
    parted = near_side * far_side
    crosses = (begin_side * end_side < 0) & (parted < 0)
    cross = np.flatnonzero(crosses)
    at_left = begin_twice[row[cross]] / (begin_twice[row[cross]] - end_twice[row[cross]])
    at_right = near_twice[cross] / (near_twice[cross] - far_twice[cross])
    begin, end = begin_one[cross], end_one[cross]
    x = table.x[begin] + at_left * (table.x[end] - table.x[begin])
    y = table.y[begin] + at_left * (table.y[end] - table.y[begin])
    found = Crossings(one[cross], two[cross], at_left, at_right, x, y, end_side[cross] > 0)
    return found, edges.pair(one[~crosses & (parted <= 0)])


def _near(edges: PairEdges) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left and right edges (n,) of the same pair whose boxes meet; and pairs with too many edges to look at."""
    table, lefts = edges.table, edges.lefts
    end = table.next.take(edges.edge)
    x, y, next_x, next_y = table.x.take(edges.edge), table.y.take(edges.edge), table.x.take(end), table.y.take(end)
    west, east = np.minimum(x, next_x), np.maximum(x, next_x)
    south, north = np.minimum(y, next_y), np.maximum(y, next_y)
    count = np.bincount(edges.polygon[lefts:] - edges.pairs, minlength=edges.pairs)
    pair = edges.polygon[:lefts]
    is_large = count * np.bincount(pair, minlength=edges.pairs) > _MOST_EDGE_PAIRS
    first, partners = (lefts + np.cumsum(count) - count).take(pair), np.where(is_large, 0, count).take(pair)
    found = [(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))]
    for block in blocks_within(np.cumsum(partners), _EDGE_PAIRS_AT_ONCE):
        one = np.arange(block.start, block.stop).repeat(partners[block])
        two = ranges(first[block], partners[block])
        meet = np.flatnonzero((west.take(one) <= east.take(two)) & (south.take(one) <= north.take(two)))
        one, two = one.take(meet), two.take(meet)
        meet = np.flatnonzero((west.take(two) <= east.take(one)) & (south.take(two) <= north.take(one)))
        found.append((one.take(meet), two.take(meet)))
    left, right = (np.concatenate(side) for side in zip(*found, strict=True))
    return left, right, np.flatnonzero(is_large)
