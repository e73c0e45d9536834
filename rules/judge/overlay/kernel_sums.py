"""The kernel's sums, in plain loops: the area that two polygons have in common, and whether a box lies in one.

The ground of a polygon is the sum of signed trapezoids under its edges. What two polygons share is the sum over pairs
of edges of the integral of the lower of the two; and since at every x a polygon has as many edges above ground as below
it, that is the sum of what the lower polygon's edges reach above the higher one's, with its sign turned. So of the
lower one only edges count that reach over the other's floor; those that lie wholly over its ceiling, one after the
other, sum to one level edge from where they begin to where they end. The other way round it is the same, seen upside
down. Nothing is noded, so it cannot fail as an overlay can; it needs valid polygons, as it counts how often ground is
wound around.

The same functions run compiled and as they stand, to the same digits: no expression may be fused or change its order.
"""

from typing import Any

from onemap.rules.judge.overlay.flat_polygons import Flat

ROUNDING = 16 * 2.0**-52  # of one trapezoid: a handful of operations
_MOST_EDGE_PAIRS = 20_000  # in one column; beyond, it is halved, where that spares any
LEAST_COLUMN_M = 1e-3  # narrower ones are not: so many edges stand over a point
ORIENTATION = (3 + 16 * 2.0**-53) * 2.0**-53  # of what is subtracted: how wrong the difference may be, in doubles
SPACE = 12  # columns of work space
NEAR, INSIDE, APART = 0, 1, 2


def sum_pairs(
    a: Flat, b: Flat, one: Any, other: Any, begin: int, end: int, room: Any, areas: Any, errors: Any, places: Any
) -> None:
    """The common area of pairs begin … end - 1 of polygons `one` of a and `other` of b, in m², and its error.

    room: work space of SPACE columns, half of them for the edges of each polygon. places: NEAR; or INSIDE or APART
    where no edge of the other comes near the box of the one, and no area is computed.
    """
    for k in range(begin, end):
        p, q = one[k], other[k]
        places[k] = place_of_box(b, q, a.box_west[p], a.box_south[p], a.box_east[p], a.box_north[p])
        areas[k], errors[k] = 0.0, 0.0
        if places[k] == NEAR:
            areas[k], errors[k] = common_area(a, p, b, q, room)


def common_area(a: Flat, p: int, b: Flat, q: int, room: Any) -> tuple[float, float]:
    """The common area of polygon p of a and polygon q of b, in m², and the bound of its rounding error."""
    west, east = max(a.box_west[p], b.box_west[q]), min(a.box_east[p], b.box_east[q])
    area, spread = 0.0, 0.0
    if not (west < east and a.box_south[p] < b.box_north[q] and b.box_south[q] < a.box_north[p]):
        return 0.0, 0.0
    is_turned = a.box_south[p] + a.box_north[p] > b.box_south[q] + b.box_north[q]
    parts, part = 1, 0  # the column in so many parts of one width; those before `part` are done
    while part < parts:
        w = west + (east - west) * (part / parts)
        e = east if part + 1 == parts else west + (east - west) * ((part + 1) / parts)
        if is_turned:
            lows = _edges_above(b, q, 1.0, w, e, a.box_south[p], a.box_north[p], room=room, at=0)
            highs = _edges_above(a, p, -1.0, w, e, -b.box_north[q], -b.box_south[q], room=room, at=6)
        else:
            lows = _edges_above(a, p, 1.0, w, e, b.box_south[q], b.box_north[q], room=room, at=0)
            highs = _edges_above(b, q, -1.0, w, e, -a.box_north[p], -a.box_south[p], room=room, at=6)
        if lows * highs > _MOST_EDGE_PAIRS and e - w > LEAST_COLUMN_M:
            across = _edges_across(lows, w, e, room=room, at=0) * _edges_across(highs, w, e, room=room, at=6)
            if 2 * across < lows * highs:  # both halves would have the pairs of edges that lie across the column
                parts, part = 2 * parts, 2 * part
                continue
        of_part, spread_of_part = _reach(lows, highs, w, e, room)
        area -= of_part
        spread += spread_of_part
        part += 1
        while part % 2 == 0 and parts > 1:
            parts, part = parts // 2, part // 2
    far = max(abs(west), abs(east), abs(a.box_south[p]), abs(a.box_north[p]))
    return (area if area > 0.0 else 0.0), ROUNDING * (spread + far)


def _reach(lows: int, highs: int, west: float, east: float, room: Any) -> tuple[float, float]:
    """The signed area by which the lows reach above the highs between west and east, in m², and its terms."""
    area, spread = 0.0, 0.0
    low_west, low_east, low_left, low_slope, low_rise, low_sign = room[:6]
    high_west, high_east, high_left, high_slope, high_rise, high_sign = room[6:12]
    for i in range(lows):
        w, e = max(low_west[i], west), min(low_east[i], east)
        for j in range(highs):
            if high_west[j] >= e or high_east[j] <= w:
                continue
            x0, x1 = max(w, high_west[j]), min(e, high_east[j])
            level = low_left[i] + high_left[j]  # the others are upside down
            d0 = level + (low_slope[i] * (x0 - low_west[i]) + high_slope[j] * (x0 - high_west[j]))
            d1 = level + (low_slope[i] * (x1 - low_west[i]) + high_slope[j] * (x1 - high_west[j]))
            width = x1 - x0
            spread += width * (abs(d0) + abs(d1) + low_rise[i] + high_rise[j])
            if d0 <= 0.0 and d1 <= 0.0:
                continue
            if d0 >= 0.0 and d1 >= 0.0:
                reach = (d0 + d1) * 0.5
            elif d0 > 0.0:
                reach = 0.5 * d0 * (d0 / (d0 - d1))
            else:
                reach = 0.5 * d1 * (d1 / (d1 - d0))
            area += reach * width * (low_sign[i] * high_sign[j])
    return area, spread


def _edges_above(
    flat: Flat, polygon: int, up: float, west: float, east: float, floor: float, ceiling: float, room: Any, at: int
) -> int:
    """List the edges that reach above the floor between west and east in room[at] …, and return their number.

    up: 1, or -1 to turn everything upside down, floor and ceiling too. Edges beside the column have no ground in it and
    may be joined with those above the ceiling.
    """
    count, begin, end = 0, 0, -1  # the points between which all edges lie over the ceiling or beside, none if end < 0
    for g in range(flat.polygon_group[polygon], flat.polygon_group[polygon + 1]):
        c, stop = flat.group[g], flat.group[g + 1]
        high, low = _upper_and_lower(flat.group_south[g], flat.group_north[g], up)
        if high < floor:
            continue
        if low >= ceiling or flat.group_east[g] <= west or flat.group_west[g] >= east:
            if end != flat.first[c]:
                count = _add_level(flat, begin, end, ceiling, west, east, room=room, at=at, count=count)
                begin = flat.first[c]
            end = flat.stop[stop - 1]
            continue
        while c < stop:
            high, low = _upper_and_lower(flat.south[c], flat.north[c], up)
            if high >= floor:
                if low >= ceiling or flat.east[c] <= west or flat.west[c] >= east:
                    if end != flat.first[c]:
                        count = _add_level(flat, begin, end, ceiling, west, east, room=room, at=at, count=count)
                        begin = flat.first[c]
                    end = flat.stop[c]
                else:
                    for k in range(flat.first[c], flat.stop[c]):
                        x1, x2, y1, y2 = flat.x[k], flat.x[k + 1], up * flat.y[k], up * flat.y[k + 1]
                        if y1 < floor and y2 < floor:
                            continue
                        if (y1 >= ceiling and y2 >= ceiling) or max(x1, x2) <= west or min(x1, x2) >= east:
                            if end != k:
                                count = _add_level(flat, begin, end, ceiling, west, east, room=room, at=at, count=count)
                                begin = k
                            end = k + 1
                        elif x1 != x2:
                            count = _add_edge(x1, y1, x2, y2, room, at, count)
            c += 1
    return _add_level(flat, begin, end, ceiling, west, east, room=room, at=at, count=count)


def _edges_across(count: int, west: float, east: float, room: Any, at: int) -> int:
    """The number of the listed edges that reach over the whole column: halves of it have them, too."""
    across = 0
    for k in range(count):
        if room[at][k] <= west and room[at + 1][k] >= east:
            across += 1
    return across


def _upper_and_lower(south: float, north: float, up: float) -> tuple[float, float]:
    """The upper and the lower of two heights, or both upside down."""
    return (north, south) if up > 0.0 else (-south, -north)


def _add_level(
    flat: Flat, begin: int, end: int, height: float, west: float, east: float, room: Any, at: int, count: int
) -> int:
    """Add the level edge that replaces all edges from point `begin` to point `end`, and return the number of edges."""
    if end < 0:
        return count
    x1, x2 = min(max(flat.x[begin], west), east), min(max(flat.x[end], west), east)
    return count if x1 == x2 else _add_edge(x1, height, x2, height, room, at, count)


def _add_edge(x1: float, y1: float, x2: float, y2: float, room: Any, at: int, count: int) -> int:
    """Add one edge to the list, and return the number of edges."""
    if x1 < x2:
        room[at][count], room[at + 1][count], room[at + 2][count], room[at + 5][count] = x1, x2, y1, -1.0
    else:
        room[at][count], room[at + 1][count], room[at + 2][count], room[at + 5][count] = x2, x1, y2, 1.0
    room[at + 3][count] = (y2 - y1) / (x2 - x1)
    room[at + 4][count] = abs(y2 - y1)
    return count + 1


def place_of_box(flat: Flat, polygon: int, west: float, south: float, east: float, north: float) -> int:
    """NEAR if an edge of a polygon comes near a box, else INSIDE or APART."""
    for g in range(flat.polygon_group[polygon], flat.polygon_group[polygon + 1]):
        if (
            flat.group_west[g] > east
            or flat.group_east[g] < west
            or flat.group_south[g] > north
            or flat.group_north[g] < south
        ):
            continue
        for c in range(flat.group[g], flat.group[g + 1]):
            if flat.west[c] > east or flat.east[c] < west or flat.south[c] > north or flat.north[c] < south:
                continue
            for k in range(flat.first[c], flat.stop[c]):
                x1, y1, x2, y2 = flat.x[k], flat.y[k], flat.x[k + 1], flat.y[k + 1]
                if min(x1, x2) <= east and max(x1, x2) >= west and min(y1, y2) <= north and max(y1, y2) >= south:
                    return NEAR
    return INSIDE if holds_point(flat, polygon, (west + east) * 0.5, (south + north) * 0.5) == 1 else APART


def holds_point(flat: Flat, polygon: int, x: float, y: float) -> int:
    """Whether a polygon contains a point: 1 or 0, or -1 where rounding leaves it open.

    Counts the edges above the point; a group or chunk that lies above it counts as one edge, from its begin to its end.
    """
    odd = 0
    for g in range(flat.polygon_group[polygon], flat.polygon_group[polygon + 1]):
        if flat.group_west[g] > x or flat.group_east[g] < x or flat.group_north[g] < y:
            continue
        c, stop = flat.group[g], flat.group[g + 1]
        if flat.group_south[g] > y:
            odd += (flat.x[flat.first[c]] <= x) != (flat.x[flat.stop[stop - 1]] <= x)
            continue
        while c < stop:
            if flat.west[c] <= x and flat.east[c] >= x and flat.north[c] >= y:
                if flat.south[c] > y:
                    odd += (flat.x[flat.first[c]] <= x) != (flat.x[flat.stop[c]] <= x)
                else:
                    for k in range(flat.first[c], flat.stop[c]):
                        x1, x2 = flat.x[k], flat.x[k + 1]
                        if (x1 <= x) != (x2 <= x):
                            turn = side(x1, flat.y[k], x2, flat.y[k + 1], x, y)
                            if turn == 0:
                                return -1
                            odd += (turn > 0) == (x2 < x1)
            c += 1
    return odd % 2


def side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> int:
    """The side of the line through two points on which a third lies: 1 left, -1 right, 0 if rounding decides.

    The bound is that of orient2d (Shewchuk 1997).
    """
    plus, minus = (x1 - x) * (y2 - y), (y1 - y) * (x2 - x)
    twice = plus - minus
    bound = ORIENTATION * (abs(plus) + abs(minus))
    return 1 if twice > bound else (-1 if twice < -bound else 0)
