"""The kernel's ground, in plain loops: the intersection or the difference of two polygons, as rings.

Rings are cut into stretches where they cross or share a corner; the stretches that bound the result are kept, and each
is followed by the one that begins where it ends (Weiler and Atherton 1977). The side of an edge on which a point lies
is used only where rounding cannot have turned it. Corners and edges that both polygons share are handled; where a
corner lies on the other's edge, an edge runs along part of another, or anything is in doubt, the pair is left untold.
Pairs do not influence each other.

The same functions run compiled and as plain Python, to the same digits.
"""

from typing import Any, NamedTuple

from onemap.rules.judge.overlay.flat_polygons import Flat
from onemap.rules.judge.overlay.kernel_sums import holds_point, side

UNTOLD, PROVED, OPEN = 0, 1, 2  # OPEN: told, but whether its rings are valid polygons is left to others
MOST_STOPS = 1024  # of a pair; beyond, and with more boxes of edges to hold against each other, others are quicker
_MOST_BOXES = 200_000
_MOST_PROVED = 100  # points of a ring, all edges of which are compared with each other
_INSIDE, _OUTSIDE, _ALONG, _AGAINST = 1, 2, 3, 4  # where a stretch lies: along or against an edge of the other polygon
_ON_A, _ON_B, _BACK_ON_B = 1, 2, 3


class Stops(NamedTuple):
    """Work space for one pair: edges of a and chunks of b near the other's box; and where the two meet, stop by stop.

    x, y: the place; a, b: the edges; at_a, at_b: how far along, 0 where both begin there; enters: 1 if a goes into b,
    0 if out of it, 2 at a common corner. order_a, order_b: along the rings; next_a, next_b, back_b: the neighbours;
    ring_a, ring_b; go: by which stretch the result goes on, 0 if by none.
    """

    near: Any
    chunk: Any
    x: Any
    y: Any
    a: Any
    b: Any
    at_a: Any
    at_b: Any
    enters: Any
    order_a: Any
    order_b: Any
    next_a: Any
    next_b: Any
    back_b: Any
    ring_a: Any
    ring_b: Any
    go: Any
    ends: Any


class Rings(NamedTuple):
    """The result: points x, y; each ring's end; twice its ground, negative for a hole; count: points and rings."""

    x: Any
    y: Any
    end: Any
    twice: Any
    count: Any


def ground_of_pairs(
    a: Flat, b: Flat, one: Any, other: Any, begin: int, end: int, wish: Any, stops: Stops, rings: Rings, outcomes: Any
) -> int:
    """The ground of pairs begin … end - 1 of polygons `one` of a and `other` of b, as far as the work space allows.

    wish: whether the difference is wanted, whether rings are to be proved, and the least ground of a part in m².
    outcomes: the state of each pair, and its number of rings. Returns the first pair that is not done.
    """
    for k in range(begin, end):
        points, count = rings.count[0], rings.count[1]
        state = _ground(a, one[k], b, other[k], wish[0] > 0.0, wish[2], stops, rings)
        if rings.count[0] > len(rings.x) or rings.count[1] > len(rings.end):
            rings.count[0], rings.count[1] = points, count
            return k
        if state == UNTOLD:
            rings.count[0], rings.count[1] = points, count
        ring_count = rings.count[1] - count
        shells = 0
        for r in range(count, count + ring_count):
            shells += rings.twice[r] > 0.0
        # Of several shells and holes it is not told which hole lies in which.
        if ring_count > shells and shells != 1:
            state, ring_count = UNTOLD, 0
            rings.count[0], rings.count[1] = points, count
        elif state == OPEN and (
            ring_count == 0
            or (ring_count == 1 and wish[1] > 0.0 and _is_simple(rings.x, rings.y, points, rings.count[0] - 1))
        ):
            state = PROVED
        outcomes[0][k], outcomes[1][k] = state, ring_count
    return end


def _ground(a: Flat, p: int, b: Flat, q: int, remains: bool, least: float, stops: Stops, rings: Rings) -> int:
    """The rings of one pair: UNTOLD or OPEN."""
    edges = _edges_near(a, p, b, q, stops)
    chunks = _chunks_near(b, q, a, p, stops)
    if edges * chunks > _MOST_BOXES:
        return UNTOLD
    count = _meetings(a, b, edges, chunks, stops)
    if count < 0:
        return UNTOLD
    if count > 0:
        if not _in_order(stops.a, stops.at_a, stops.order_a, count):
            return UNTOLD
        if not _in_order(stops.b, stops.at_b, stops.order_b, count):
            return UNTOLD
        _link(a, p, stops.a, stops.order_a, stops.ring_a, stops.next_a, count)
        _link(b, q, stops.b, stops.order_b, stops.ring_b, stops.next_b, count)
        if not _choose(a, b, remains, stops, count) or not _follow(a, b, least, stops, rings, count):
            return UNTOLD
    if not _whole_rings(
        a, p, b, q, not remains, False, stops.order_a, stops.ring_a, count=count, least=least, rings=rings
    ):
        return UNTOLD
    if not _whole_rings(b, q, a, p, True, remains, stops.order_b, stops.ring_b, count=count, least=least, rings=rings):
        return UNTOLD
    return OPEN


def _edges_near(a: Flat, p: int, b: Flat, q: int, stops: Stops) -> int:
    """List the edges of polygon p that come near polygon q's box, and return their number."""
    west, south, east, north = b.box_west[q], b.box_south[q], b.box_east[q], b.box_north[q]
    count = 0
    for g in range(a.polygon_group[p], a.polygon_group[p + 1]):
        if a.group_west[g] > east or a.group_east[g] < west or a.group_south[g] > north or a.group_north[g] < south:
            continue
        for c in range(a.group[g], a.group[g + 1]):
            if a.west[c] > east or a.east[c] < west or a.south[c] > north or a.north[c] < south:
                continue
            for k in range(a.first[c], a.stop[c]):
                x1, y1, x2, y2 = a.x[k], a.y[k], a.x[k + 1], a.y[k + 1]
                if min(x1, x2) <= east and max(x1, x2) >= west and min(y1, y2) <= north and max(y1, y2) >= south:
                    stops.near[count] = k
                    count += 1
    return count


def _chunks_near(b: Flat, q: int, a: Flat, p: int, stops: Stops) -> int:
    """List the chunks of polygon q that come near polygon p's box, and return their number."""
    west, south, east, north = a.box_west[p], a.box_south[p], a.box_east[p], a.box_north[p]
    count = 0
    for g in range(b.polygon_group[q], b.polygon_group[q + 1]):
        if b.group_west[g] > east or b.group_east[g] < west or b.group_south[g] > north or b.group_north[g] < south:
            continue
        for c in range(b.group[g], b.group[g + 1]):
            if b.west[c] <= east and b.east[c] >= west and b.south[c] <= north and b.north[c] >= south:
                stops.chunk[count] = c
                count += 1
    return count


def _meetings(a: Flat, b: Flat, edges: int, chunks: int, stops: Stops) -> int:
    """Find where near edges meet, and return the number of stops, or -1 in a case of doubt."""
    count = 0
    for i in range(edges):
        e = stops.near[i]
        x1, y1, x2, y2 = a.x[e], a.y[e], a.x[e + 1], a.y[e + 1]
        west, east, south, north = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        for j in range(chunks):
            c = stops.chunk[j]
            if b.west[c] > east or b.east[c] < west or b.south[c] > north or b.north[c] < south:
                continue
            for f in range(b.first[c], b.stop[c]):
                u1, u2 = b.x[f], b.x[f + 1]
                if min(u1, u2) > east or max(u1, u2) < west:
                    continue
                v1, v2 = b.y[f], b.y[f + 1]
                if min(v1, v2) > north or max(v1, v2) < south:
                    continue
                count = _meet(x1, y1, x2, y2, u1, v1, u2, v2, e=e, f=f, stops=stops, count=count)
                if count < 0:
                    return -1
    return count


def _meet(
    x1: float, y1: float, x2: float, y2: float, u1: float, v1: float, u2: float, v2: float,
    e: int, f: int, stops: Stops, count: int,
) -> int:  # fmt: skip
    """Note where edges e and f meet, if they do, and return the number of stops, or -1 in a case of doubt."""
    begins, ends = x1 == u1 and y1 == v1, x2 == u2 and y2 == v2
    back, meets = x1 == u2 and y1 == v2, x2 == u1 and y2 == v1
    common = int(begins) + int(ends) + int(back) + int(meets)
    if common == 0:
        return _cross(x1, y1, x2, y2, u1, v1, u2, v2, e=e, f=f, stops=stops, count=count)
    if common > 1 and not (begins and ends) and not (back and meets):
        return -1
    if common == 1:
        # Two edges at one corner: in the same direction they run along each other.
        x, y, x_far, y_far = (x1, y1, x2, y2) if begins or back else (x2, y2, x1, y1)
        u_far, v_far = (u2, v2) if begins or meets else (u1, v1)
        forward = (x_far - x) * (u_far - x) + (y_far - y) * (v_far - y)
        if forward > 0.0 and side(x, y, x_far, y_far, u_far, v_far) == 0:
            return -1
    return _add_stop(x1, y1, e, f, at=0.0, other=0.0, enters=2, stops=stops, count=count) if begins else count


def _cross(
    x1: float, y1: float, x2: float, y2: float, u1: float, v1: float, u2: float, v2: float,
    e: int, f: int, stops: Stops, count: int,
) -> int:  # fmt: skip
    """`_meet` for edges without a common end."""
    begin, end = side(u1, v1, u2, v2, x1, y1), side(u1, v1, u2, v2, x2, y2)
    if begin * end > 0:
        return count
    near, far = side(x1, y1, x2, y2, u1, v1), side(x1, y1, x2, y2, u2, v2)
    if near * far > 0:
        return count
    if begin * end == 0 or near * far == 0:
        return -1
    from_begin = (u1 - x1) * (v2 - y1) - (v1 - y1) * (u2 - x1)
    from_end = (u1 - x2) * (v2 - y2) - (v1 - y2) * (u2 - x2)
    from_near = (x1 - u1) * (y2 - v1) - (y1 - v1) * (x2 - u1)
    from_far = (x1 - u2) * (y2 - v2) - (y1 - v2) * (x2 - u2)
    at = from_begin / (from_begin - from_end)
    other = from_near / (from_near - from_far)
    x, y = x1 + at * (x2 - x1), y1 + at * (y2 - y1)
    return _add_stop(x, y, e, f, at=at, other=other, enters=int(end > 0), stops=stops, count=count)


def _add_stop(
    x: float, y: float, e: int, f: int, at: float, other: float, enters: int, stops: Stops, count: int
) -> int:
    """Add a stop, and return the number of stops, -1 if there is no room."""
    if count == len(stops.x):
        return -1
    stops.x[count], stops.y[count], stops.a[count], stops.b[count] = x, y, e, f
    stops.at_a[count], stops.at_b[count], stops.enters[count] = at, other, enters
    return count + 1


def _in_order(edge: Any, at: Any, order: Any, count: int) -> bool:
    """Sort the stops along the edges; False where two are at the same place."""
    for k in range(count):
        place = k
        while place > 0:
            before = order[place - 1]
            if edge[before] < edge[k] or (edge[before] == edge[k] and at[before] <= at[k]):
                break
            order[place] = before
            place -= 1
        order[place] = k
    for place in range(1, count):
        one, two = order[place - 1], order[place]
        if edge[one] == edge[two] and at[one] == at[two]:
            return False
    return True


def _link(flat: Flat, polygon: int, edge: Any, order: Any, ring: Any, following: Any, count: int) -> None:
    """Note for each stop its ring, and the next stop on it."""
    r, first = flat.polygon_ring[polygon], 0
    for place in range(count):
        stop = order[place]
        if edge[stop] >= flat.ring[r + 1]:
            first = place
            while edge[stop] >= flat.ring[r + 1]:
                r += 1
        ring[stop] = r
        if place > first:
            following[order[place - 1]] = stop
        following[stop] = order[first]


def _choose(a: Flat, b: Flat, remains: bool, stops: Stops, count: int) -> bool:
    """Choose the stretches that bound the result; False in a case of doubt."""
    for s in range(count):
        stops.go[s], stops.ends[s] = 0, 0
    for s in range(count):
        after = stops.next_b[s]
        stops.back_b[after] = s
        on_a, on_b = stops.enters[s], stops.enters[s]
        if stops.enters[s] == 2:
            on_a = _beyond_corner(a, stops.a[s], b, stops.b[s], stops.ring_b[s])
            on_b = _beyond_corner(b, stops.b[s], a, stops.a[s], stops.ring_a[s])
        else:
            on_a, on_b = (_INSIDE, _OUTSIDE) if stops.enters[s] == 1 else (_OUTSIDE, _INSIDE)
        ahead = stops.next_a[s]
        if (
            on_a == 0
            or on_b == 0
            or not _agrees(on_a, stops.enters[ahead], 0)
            or not _agrees(on_b, stops.enters[after], 1)
        ):
            return False
        if on_a in ((_OUTSIDE, _AGAINST) if remains else (_INSIDE, _ALONG)):
            if stops.go[s] != 0:
                return False
            stops.go[s] = _ON_A
            stops.ends[ahead] += 1
        if on_b == _INSIDE:
            begin, end = (after, s) if remains else (s, after)
            if stops.go[begin] != 0:
                return False
            stops.go[begin] = _BACK_ON_B if remains else _ON_B
            stops.ends[end] += 1
    # Where more than one stretch begins, rings touch each other: which of them goes on is not told here.
    unlike = 0
    for s in range(count):
        unlike += stops.ends[s] != int(stops.go[s] != 0)
    return unlike == 0


def _agrees(place: int, enters: int, leaving: int) -> bool:
    """Whether a stretch lies on the side that its stop requires.

    leaving: the value of `enters` at its end if the stretch is inside.
    """
    return enters == 2 or place == (_INSIDE if enters == leaving else _OUTSIDE)


def _beyond_corner(mine: Flat, e: int, other: Flat, f: int, ring: int) -> int:
    """Where edge e goes from a corner at which edge f of the other polygon begins, too; 0 in a case of doubt."""
    before = f - 1 if f > other.ring[ring] else other.ring[ring + 1] - 2
    x, y, x0, y0, x2, y2 = (
        mine.x[e + 1],
        mine.y[e + 1],
        other.x[before],
        other.y[before],
        other.x[f + 1],
        other.y[f + 1],
    )
    if x == x2 and y == y2:
        return _ALONG
    if x == x0 and y == y0:
        return _AGAINST
    x1, y1 = other.x[f], other.y[f]
    turn, one, two = side(x0, y0, x1, y1, x2, y2), side(x0, y0, x1, y1, x, y), side(x1, y1, x2, y2, x, y)
    # At a corner that bulges ground lies left of both edges, at one that is bent in, left of either.
    if turn > 0:
        return _INSIDE if one > 0 and two > 0 else (_OUTSIDE if one < 0 or two < 0 else 0)
    if turn < 0:
        return _OUTSIDE if one < 0 and two < 0 else (_INSIDE if one > 0 or two > 0 else 0)
    return 0 if one != two or one == 0 else (_INSIDE if one > 0 else _OUTSIDE)


def _follow(a: Flat, b: Flat, least: float, stops: Stops, rings: Rings, count: int) -> bool:
    """Follow the chosen stretches around each ring; False where they do not form one."""
    for s in range(count):
        if stops.go[s] == 0:
            continue
        begin, at = rings.count[0], s
        while True:
            _put(rings, stops.x[at], stops.y[at])
            way, now = stops.go[at], at
            stops.go[at] = 0
            if way == _ON_A:
                at = stops.next_a[now]
                _walk(a, stops.ring_a[now], stops.a, stops.at_a, stops.enters, now, at, is_back=False, rings=rings)
            elif way == _ON_B:
                at = stops.next_b[now]
                _walk(b, stops.ring_b[now], stops.b, stops.at_b, stops.enters, now, at, is_back=False, rings=rings)
            else:
                at = stops.back_b[now]
                _walk(b, stops.ring_b[now], stops.b, stops.at_b, stops.enters, at, now, is_back=True, rings=rings)
            if at == s:
                break
            if stops.go[at] == 0:
                return False
        if not _close(rings, begin, least):
            return False
    return True


def _walk(
    flat: Flat, ring: int, edge: Any, at: Any, enters: Any, one: int, two: int, is_back: bool, rings: Rings
) -> None:
    """Add the points between two stops of a ring to the result, forwards from stop `one`, or backwards to it."""
    first, length = flat.ring[ring], flat.ring[ring + 1] - 1 - flat.ring[ring]
    count = edge[two] - edge[one]
    if count < 0 or (count == 0 and at[two] <= at[one]):
        count += length
    if enters[two] == 2:  # the corner is the stop itself
        count -= 1
    for k in range(count):
        point = first + (edge[one] + 1 + (count - 1 - k if is_back else k) - first) % length
        _put(rings, flat.x[point], flat.y[point])


def _put(rings: Rings, x: float, y: float) -> None:
    """Add a point; it is counted even if there is no room for it."""
    place = rings.count[0]
    if place < len(rings.x):
        rings.x[place], rings.y[place] = x, y
    rings.count[0] = place + 1


def _close(rings: Rings, begin: int, least: float) -> bool:
    """Close the ring that begins at a point, and drop a shell with less ground than `least`. False if it is no ring."""
    end = rings.count[0]
    if end > len(rings.x) or rings.count[1] >= len(rings.end):
        rings.count[1] += 1
        return True
    if end - begin < 3:
        return False
    x, y = rings.x[begin], rings.y[begin]
    # In the order in which GEOS sums, so that half of it is to the last digit the area that GEOS gives.
    against = 0.0
    for k in range(begin + 1, end):
        after = rings.y[k + 1] if k + 1 < end else y
        against += (rings.x[k] - x) * (rings.y[k - 1] - after)
    twice = -against
    if twice > 0.0 and twice < 2.0 * least:
        rings.count[0] = begin
        return True
    _put(rings, x, y)
    rings.end[rings.count[1]], rings.twice[rings.count[1]] = end + 1, twice
    rings.count[1] += 1
    return True


def _whole_rings(
    flat: Flat, polygon: int, other: Flat, others: int, is_inner: bool, is_back: bool, order: Any, ring: Any,
    count: int, least: float, rings: Rings,
) -> bool:  # fmt: skip
    """Add the rings that meet no edge of the other polygon and lie inside or outside it; False in a case of doubt."""
    place = 0
    for r in range(flat.polygon_ring[polygon], flat.polygon_ring[polygon + 1]):
        meets = False
        while place < count and ring[order[place]] == r:
            meets = True
            place += 1
        if meets:
            continue
        first, last = flat.ring[r], flat.ring[r + 1] - 1
        side = holds_point(other, others, flat.x[first], flat.y[first])
        if side < 0:
            return False
        if (side == 1) == is_inner:
            begin = rings.count[0]
            for k in range(last - first):
                point = last - k if is_back else first + k
                _put(rings, flat.x[point], flat.y[point])
            if not _close(rings, begin, least):
                return False
    return True


def prove_rings(x: Any, y: Any, end: Any, begin: int, stop: int, proved: Any) -> None:
    """Find for rings begin … stop - 1 whether it is certain that no two edges of a ring meet.

    x, y: points, the first of a ring again at its end; end: where each ring ends; proved: set to 1 or 0 for each.
    """
    for r in range(begin, stop):
        proved[r] = int(_is_simple(x, y, end[r - 1] if r > 0 else 0, end[r] - 1))


def _is_simple(x: Any, y: Any, begin: int, last: int) -> bool:
    """Whether it is certain that no two edges of a closed ring meet. begin, last: its first and last point."""
    if last - begin > _MOST_PROVED:
        return False
    for i in range(begin, last):
        west, east, south, north = min(x[i], x[i + 1]), max(x[i], x[i + 1]), min(y[i], y[i + 1]), max(y[i], y[i + 1])
        after = i + 1 if i + 1 < last else begin
        turn = side(x[i], y[i], x[i + 1], y[i + 1], x[after + 1], y[after + 1])
        forward = (x[i + 1] - x[i]) * (x[after + 1] - x[after]) + (y[i + 1] - y[i]) * (y[after + 1] - y[after])
        if turn == 0 and forward <= 0.0:
            return False
        for j in range(i + 2, last if i > begin else last - 1):
            if min(x[j], x[j + 1]) > east or max(x[j], x[j + 1]) < west:
                continue
            if min(y[j], y[j + 1]) > north or max(y[j], y[j + 1]) < south:
                continue
            if not _stay_apart(x, y, i, j):
                return False
    return True


def _stay_apart(x: Any, y: Any, i: int, j: int) -> bool:
    """Whether it is certain that edges i and j of a ring do not meet."""
    one = side(x[i], y[i], x[i + 1], y[i + 1], x[j], y[j])
    if one != 0 and one == side(x[i], y[i], x[i + 1], y[i + 1], x[j + 1], y[j + 1]):
        return True
    two = side(x[j], y[j], x[j + 1], y[j + 1], x[i], y[i])
    return two != 0 and two == side(x[j], y[j], x[j + 1], y[j + 1], x[i + 1], y[i + 1])
