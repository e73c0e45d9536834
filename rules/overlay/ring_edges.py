"""The edges of many pairs of polygons that may meet each other."""

from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.geometry.ragged import ranges
from onemap.layers.geometry.rings import rings_of
from onemap.rules.overlay.common_areas import distinct

_TOGETHER = 8  # edges in one box, which is looked at before they are


@dataclass(frozen=True)
class RingTable:
    """The edges of different polygons, ring by ring, ground on their left: where they begin, x, y (m,).

    next, previous (m,): the neighbours on the ring; ring (m,); first (n + 1,): where each polygon's edges begin;
    is_repeated (n,): the polygon has the same point twice in a row.
    """

    x: np.ndarray
    y: np.ndarray
    next: np.ndarray
    previous: np.ndarray
    ring: np.ndarray
    first: np.ndarray
    is_repeated: np.ndarray


@dataclass(frozen=True)
class PairEdges:
    """Those edges of k pairs of polygons that may reach into the box of the other polygon, all left ones first.

    which (2k,): the polygons' places in the table. edge (q,): the edges' places there; polygon (q,): 0 … k - 1 the left
    ones, k … 2k - 1 the right ones of the pairs. follower (q,): the edge that begins where this one ends, q if it is
    not among these; first_of_ring (r,). begins_away (q,): the edge begins outside that box. repeated: pairs with a
    polygon that repeats a point.
    """

    table: RingTable
    which: np.ndarray
    edge: np.ndarray
    polygon: np.ndarray
    follower: np.ndarray
    first_of_ring: np.ndarray
    begins_away: np.ndarray
    repeated: np.ndarray

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.which) // 2

    @property
    def lefts(self) -> int:
        """How many of the edges are of left polygons."""
        return int(np.searchsorted(self.polygon, self.pairs))

    def pair(self, rows: np.ndarray) -> np.ndarray:
        """The pairs of some edges."""
        pair: np.ndarray = self.polygon.take(rows) % self.pairs
        return pair

    def begin(self, rows: np.ndarray) -> np.ndarray:
        """Where in the table some edges begin."""
        return self.edge.take(rows)

    def goal(self, rows: np.ndarray) -> np.ndarray:
        """Where in the table some edges end."""
        return self.table.next.take(self.edge.take(rows))


def pair_edges(left: np.ndarray, right: np.ndarray, *, whole_left: bool) -> PairEdges:
    """The edges of pairs of valid (multi)polygons, (k,) each; of the left ones all edges, if they are wanted."""
    polygons, count = np.concatenate([left, right]), len(left)
    different, which = distinct(polygons)
    table = _table(different)
    size = np.diff(table.first)
    boxes, chunk_first = _chunk_boxes(table, size)
    bounds = shapely.bounds(different)[which]
    others = np.roll(bounds, count, axis=0)

    chunks = np.diff(chunk_first)[which]
    chunk, polygon = ranges(chunk_first[:-1][which], chunks), np.arange(2 * count).repeat(chunks)
    meets = _side_by_side(boxes, chunk, others, polygon)
    if whole_left:
        meets[: int(chunks[:count].sum())] = True
    chunk, polygon = chunk[meets], polygon[meets]
    of_polygon = which[polygon]
    begin = table.first[of_polygon] + _TOGETHER * (chunk - chunk_first[of_polygon])
    edges = np.minimum(_TOGETHER, table.first[of_polygon + 1] - begin)
    edge, polygon = ranges(begin, edges), polygon.repeat(edges)

    around = tuple(column.take(polygon) for column in others.T.copy())
    begins, ends = (_away(table, at, *around) for at in (edge, table.next.take(edge)))
    # What begins and ends on the same side of the box does not reach into it.
    near = (begins & ends) == 0
    if whole_left:
        near[: int(np.searchsorted(polygon, count))] = True
    rows = np.flatnonzero(near)
    edge, polygon = edge.take(rows), polygon.take(rows)
    first_of_ring, follower = _followers(table, edge, polygon)
    return PairEdges(
        table=table,
        which=which,
        edge=edge,
        polygon=polygon,
        follower=follower,
        first_of_ring=first_of_ring,
        begins_away=begins.take(rows) > 0,
        repeated=np.flatnonzero(table.is_repeated[which]) % max(count, 1),
    )


def _followers(table: RingTable, edge: np.ndarray, polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the rings of some edges of the table begin (r,), and which follows each (q,), as PairEdges has it."""
    ring = table.ring.take(edge)
    first = np.flatnonzero((np.diff(polygon, prepend=-1) != 0) | (np.diff(ring, prepend=-1) != 0))
    size = np.diff(np.r_[first, len(edge)])
    follower = np.arange(1, len(edge) + 1)
    follower[first + size - 1] = first
    follower[edge.take(follower) != table.next.take(edge)] = len(edge)
    return first, follower


def _table(polygons: np.ndarray) -> RingTable:
    found = rings_of(polygons)
    size = found.size - 1  # the last point is the first again
    first = np.cumsum(size) - size
    point = ranges(np.cumsum(found.size) - found.size, size)
    x, y = found.points[:, 0].take(point), found.points[:, 1].take(point)
    following, previous = np.arange(1, len(point) + 1), np.arange(-1, len(point) - 1)
    following[first + size - 1] = first
    previous[first] = first + size - 1
    # Twice the ground around each ring, from its first point on: those that go round the other way are turned.
    from_x, from_y = x - x.take(first).repeat(size), y - y.take(first).repeat(size)
    ground = from_x * from_y.take(following) - from_y * from_x.take(following)
    twice = np.add.reduceat(ground, first) if len(first) else np.empty(0)
    turned = np.flatnonzero((twice < 0) != found.is_hole)
    rows = ranges(first[turned], size[turned])
    back = (2 * first[turned] + size[turned] - 1).repeat(size[turned]) - rows
    x[rows], y[rows] = x[back], y[back]
    counts = np.bincount(found.polygon, size, len(polygons)).astype(np.int64)
    ring = np.arange(len(size)).repeat(size)
    is_repeated = np.zeros(len(polygons), dtype=bool)
    is_repeated[found.polygon[ring[(x == x.take(following)) & (y == y.take(following))]]] = True
    return RingTable(x, y, following, previous, ring, np.r_[0, np.cumsum(counts)], is_repeated)


def _chunk_boxes(table: RingTable, size: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The boxes of some edges of a polygon at a time: west, south, east, north (c,); where each polygon's begin."""
    chunks = -(-size // _TOGETHER)
    chunk_first = np.r_[0, np.cumsum(chunks)]
    place = np.arange(chunk_first[-1]) - chunk_first[:-1].repeat(chunks)
    begin = table.first[:-1].repeat(chunks) + _TOGETHER * place
    if len(begin) == 0:
        return (np.empty(0),) * 4, chunk_first
    next_x, next_y = table.x.take(table.next), table.y.take(table.next)
    low = tuple(np.minimum.reduceat(np.minimum(a, b), begin) for a, b in ((table.x, next_x), (table.y, next_y)))
    high = tuple(np.maximum.reduceat(np.maximum(a, b), begin) for a, b in ((table.x, next_x), (table.y, next_y)))
    return (*low, *high), chunk_first


def _side_by_side(boxes: tuple[np.ndarray, ...], box: np.ndarray, others: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether boxes, places (c,) in columns, meet `others`, places (c,) in rows; to touch is to meet."""
    west, south, east, north = boxes
    other_west, other_south, other_east, other_north = others.T.copy()
    meets: np.ndarray = west.take(box) <= other_east.take(other)
    meets &= east.take(box) >= other_west.take(other)
    meets &= south.take(box) <= other_north.take(other)
    meets &= north.take(box) >= other_south.take(other)
    return meets


def _away(
    table: RingTable, at: np.ndarray, west: np.ndarray, south: np.ndarray, east: np.ndarray, north: np.ndarray
) -> np.ndarray:
    """On which sides of boxes points of the table lie: bits (n,), 0 inside or on the edge."""
    x, y = table.x.take(at), table.y.take(at)
    sides = (x < west) * np.uint8(1)
    sides |= (x > east) * np.uint8(2)
    sides |= (y < south) * np.uint8(4)
    sides |= (y > north) * np.uint8(8)
    return sides
