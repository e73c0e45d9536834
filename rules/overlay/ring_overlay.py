"""Common ground of two polygons, and what one leaves of the other, by following their rings: many pairs at once.

Edges are split where they cross; those bits are kept that bound the result, and each is followed by the one that begins
where it ends (Weiler and Atherton 1977). On which side of an edge a point lies is said only where rounding cannot have
turned it (Shewchuk 1997, the bound of orient2d). Edges and corners that both polygons have in common are understood;
where a corner lies on the other's edge, an edge runs along part of another, or anything is in doubt, the pair gets no
answer here. Pairs have no influence on each other.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.ragged import ranges
from onemap.rules.overlay.ring_contacts import Contacts, contacts, sides
from onemap.rules.overlay.ring_edges import PairEdges, pair_edges

_OUTSIDE, _INSIDE, _ALONG, _AGAINST = 0, 1, 2, 3  # where a bit lies: along or against an edge of the other polygon
_UNTOLD = -1


@dataclass(frozen=True)
class _Bits:
    """Bits of edges: the nodes where they begin and end, (n,) each, and of which pair they are, (n,)."""

    start: np.ndarray
    end: np.ndarray
    pair: np.ndarray

    def only(self, chosen: np.ndarray) -> "_Bits":
        return _Bits(self.start[chosen], self.end[chosen], self.pair[chosen])


def common_ground(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left ∩ right of valid polygons pair by pair: (k,), empty where they share nothing, None where it is not told."""
    return _followed(left, right, is_common=True)


def remaining_ground(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left − right of valid polygons pair by pair: (k,), empty where nothing is left, None where it is not told."""
    return _followed(left, right, is_common=False)


def _followed(left: np.ndarray, right: np.ndarray, *, is_common: bool) -> np.ndarray:
    edges = pair_edges(left, right, whole_left=not is_common)
    met = contacts(edges)
    is_known = np.ones(len(left), dtype=bool)
    is_known[met.doubtful] = False
    bits = _bounding(edges, met, is_known, is_common=is_common)
    # Nodes are the beginnings of edges, and then the crossings.
    crossed = met.crossings
    nodes = len(edges.edge) + 1 + len(crossed.x)
    # Where more than one bit begins, rings touch each other: which of them goes on is not told here.
    begins, ends = np.bincount(bits.start, minlength=nodes), np.bincount(bits.end, minlength=nodes)
    for node in (bits.start, bits.end):
        is_known[bits.pair[(begins.take(node) != 1) | (ends.take(node) != 1)]] = False
    bits = bits.only(np.flatnonzero(is_known.take(bits.pair)))
    begun = np.empty(nodes, dtype=np.int64)
    begun[bits.start] = np.arange(len(bits.start))
    x = np.r_[edges.table.x.take(edges.edge), np.nan, crossed.x]
    y = np.r_[edges.table.y.take(edges.edge), np.nan, crossed.y]
    return _polygons(x.take(bits.start), y.take(bits.start), begun.take(bits.end), bits.pair, is_known)


def _bounding(edges: PairEdges, met: Contacts, is_known: np.ndarray, *, is_common: bool) -> _Bits:
    """The bits that bound the result, ground on their left; pairs in which bits contradict each other are not told."""
    count, crossed = len(edges.edge), met.crossings
    crossing = np.tile(np.arange(len(crossed.x)), 2)
    edge, along = np.r_[crossed.left, crossed.right], np.r_[crossed.at_left, crossed.at_right]
    order = np.lexsort((along, edge))
    edge, crossing = edge[order], crossing[order]
    goes_in = np.r_[crossed.enters, ~crossed.enters][order]
    # Each edge gives one bit, and one more for each crossing on it: those stand behind the edge's first.
    later = edge + np.arange(len(edge)) + 1
    is_first = np.ones(count + len(edge), dtype=bool)
    is_first[later] = False
    first_bit = np.flatnonzero(is_first)
    of_edge = np.arange(count).repeat(np.diff(np.r_[first_bit, len(is_first)]))
    node = np.arange(count + 1)
    node[met.corners[1]] = met.corners[0]
    start = np.empty(len(of_edge), dtype=np.int64)
    start[first_bit] = node[:count]
    start[later] = count + 1 + crossing
    end = np.r_[start[1:], 0][: len(start)]
    end[np.r_[first_bit[1:], len(of_edge)][:count] - 1] = node.take(edges.follower)

    place = np.full(len(of_edge), _UNTOLD, dtype=np.int8)
    place[first_bit[edges.begins_away]] = _OUTSIDE
    place[later] = np.where(goes_in, _INSIDE, _OUTSIDE)
    for mine, others in (met.corners, met.corners[::-1]):
        place[first_bit[mine]] = _at_corners(edges, mine, others)
    place[first_bit[met.shared]] = np.where(met.is_opposite, _AGAINST, _ALONG)
    place = _filled(edges, place, first_bit)
    pair = edges.pair(of_edge)
    contradicts = place[later - 1] != np.where(goes_in, _OUTSIDE, _INSIDE)
    is_known[pair[later[contradicts]]] = False
    is_known[pair[place == _UNTOLD]] = False

    bits, is_left = _Bits(start, end, pair), of_edge < edges.lefts
    if is_common:
        return bits.only(np.flatnonzero((place == _INSIDE) | (is_left & (place == _ALONG))))
    mine = bits.only(np.flatnonzero(is_left & ((place == _OUTSIDE) | (place == _AGAINST))))
    others = bits.only(np.flatnonzero(~is_left & (place == _INSIDE)))
    return _Bits(np.r_[mine.start, others.end], np.r_[mine.end, others.start], np.r_[mine.pair, others.pair])


def _at_corners(edges: PairEdges, mine: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Where edges `mine` (s,) go from corners at which `others` (s,), edges of the other polygon, begin as well."""
    goal, corner = edges.goal(mine), edges.begin(others)
    before, after = edges.table.previous.take(corner), edges.table.next.take(corner)
    turn, _ = sides(edges.table, before, corner, after)
    one, _ = sides(edges.table, before, corner, goal)
    two, _ = sides(edges.table, corner, after, goal)
    # At a corner that bulges ground lies left of both edges, at one that is bent in, left of either.
    inside = np.where(turn > 0, (one > 0) & (two > 0), (one > 0) | (two > 0)) & ((turn != 0) | (one == two))
    outside = np.where(turn < 0, (one < 0) & (two < 0), (one < 0) | (two < 0)) & ((turn != 0) | (one == two))
    return np.where(inside, _INSIDE, np.where(outside, _OUTSIDE, _UNTOLD)).astype(np.int8)


def _filled(edges: PairEdges, place: np.ndarray, first_bit: np.ndarray) -> np.ndarray:
    """Where all bits lie (n,): as the one before them on the ring, if nothing is said of them themselves."""
    begin = first_bit[edges.first_of_ring]
    size = np.diff(np.r_[begin, len(place)])
    last_told = np.maximum.accumulate(np.where(place == _UNTOLD, -1, np.arange(len(place))))
    # What lies before the first of which it is said lies as the ring's last.
    at_last = last_told.take(begin + size - 1)
    last_told = np.where(last_told < begin.repeat(size), at_last.repeat(size), last_told)
    result = place.take(last_told)
    # A ring that meets nothing lies inside or outside as a whole.
    alone = np.flatnonzero(at_last < begin)
    if len(alone):
        result[ranges(begin[alone], size[alone])] = _whole(edges, edges.first_of_ring[alone]).repeat(size[alone])
    return result


def _whole(edges: PairEdges, rows: np.ndarray) -> np.ndarray:
    """Where corners at which edges (n,) begin lie, which are on no edge of the pair's other polygon: (n,).

    By how many of its edges lie east of them; GEOS is not asked, for threads must not ask it of one polygon together.
    """
    table, other = edges.table, np.roll(edges.which, edges.pairs)[edges.polygon[rows]]
    count = table.first[other + 1] - table.first[other]
    edge, corner = ranges(table.first[other], count), np.arange(len(rows)).repeat(count)
    point = edges.begin(rows)[corner]
    end = table.next[edge]
    upward = (table.y[end] > table.y[point]).astype(np.int8) - (table.y[edge] > table.y[point])
    beside = np.flatnonzero(upward)
    corner, upward = corner[beside], upward[beside]
    side, _ = sides(table, edge[beside], end[beside], point[beside])
    east = np.bincount(corner, side * upward > 0, len(rows)).astype(np.int64)
    in_doubt = np.bincount(corner, side == 0, len(rows)) > 0
    return np.where(in_doubt, _UNTOLD, np.where(east % 2 == 1, _INSIDE, _OUTSIDE)).astype(np.int8)


def _polygons(x: np.ndarray, y: np.ndarray, follower: np.ndarray, pair: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """The polygons of rings that go from point (n,) to its follower (n,), all on one's pair (n,): (k,).

    None where it is not told, or where they are no valid polygons.
    """
    result = np.full(len(is_known), None, dtype=object)
    result[is_known] = shapely.Polygon()
    if len(x) == 0:
        return result
    place, size, of_pair = _ordered(follower, pair)
    ends = np.cumsum(size)
    first = ends - size
    order = np.empty(len(x), dtype=np.int64)
    order[place] = np.arange(len(x))
    x, y = x[order], y[order]
    ring = np.repeat(np.arange(len(size)), size)
    next_x, next_y = np.r_[x[1:], 0], np.r_[y[1:], 0]
    next_x[ends - 1], next_y[ends - 1] = x[first], y[first]
    from_x, from_y = x - x[first][ring], y - y[first][ring]
    twice = np.bincount(ring, from_x * (next_y - y) - from_y * (next_x - x), len(size))
    shells = np.bincount(of_pair, twice > 0, len(is_known))
    holes = np.bincount(of_pair, twice <= 0, len(is_known))
    # Of several shells and holes it is not told which hole lies in which.
    made = (shells > 0) & ((holes == 0) | (shells == 1)) & (np.bincount(of_pair, size < 3, len(is_known)) == 0)
    result[(shells + holes > 0) & ~made] = None
    wanted = made[of_pair]
    rows = wanted[ring]
    numbers = np.cumsum(wanted) - 1
    rings = shapely.linearrings(np.column_stack([x[rows], y[rows]]), indices=numbers[ring[rows]])
    twice, of_pair = twice[wanted], of_pair[wanted]
    shell, hole = np.flatnonzero(twice > 0), np.flatnonzero(twice <= 0)
    parts = shapely.polygons(rings[shell])
    if len(hole):
        where = np.searchsorted(of_pair[shell], of_pair[hole])
        with_holes, at = np.unique(where, return_inverse=True)
        parts[with_holes] = [
            shapely.Polygon(parts[row].exterior, rings[hole[at == number]].tolist())
            for number, row in enumerate(with_holes.tolist())
        ]
    owner, first, count = np.unique(of_pair[shell], return_index=True, return_counts=True)
    single = count == 1
    result[owner[single]] = parts[first[single]]
    several = np.flatnonzero(np.repeat(~single, count))
    if len(several):
        numbers = np.repeat(np.cumsum(~single) - 1, count)[several]
        result[owner[~single]] = shapely.multipolygons(parts[several], indices=numbers)
    result[owner[~shapely.is_valid(result[owner])]] = None
    return result


def _ordered(follower: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bits (n,) ring by ring: the place of each (n,), the rings' sizes (r,), and whose they are (r,), ascending."""
    rounds = int(np.bincount(pair).max()).bit_length()
    leader, ahead = np.arange(len(follower)), follower
    for _ in range(rounds):
        leader = np.minimum(leader, leader[ahead])
        ahead = ahead[ahead]
    bit = np.arange(len(follower))
    leads = leader == bit
    steps, ahead = np.where(leads, 0, 1), np.where(leads, bit, follower)
    for _ in range(rounds):
        steps = steps + steps[ahead]
        ahead = ahead[ahead]
    leaders = np.flatnonzero(leads)
    leaders = leaders[np.argsort(pair[leaders], kind="stable")]
    number = np.empty(len(follower), dtype=np.int64)
    number[leaders] = np.arange(len(leaders))
    ring = number[leader]
    size = np.bincount(ring, minlength=len(leaders))
    first = np.cumsum(size) - size
    place = first[ring] + np.where(leads, 0, size[ring] - steps)
    return place, size, pair[leaders]
