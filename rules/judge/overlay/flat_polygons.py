"""Polygons as flat arrays of coordinates for the kernel's loops: made once, used many times."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import shapely

from onemap.layers.geometry.group_ranges import ranges
from onemap.layers.geometry.rings import Rings, rings_of
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn, some_of
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import compute_once, is_frozen

_EDGES = 16  # in a chunk
_CHUNKS = 16  # in a group
_MANY, _MOST = 5_000, 0.5  # polygons of a set, and the share of it, for which all of it is laid out
_AT_ONCE = 10_000  # polygons, whose arrays stay near the cache
_BEGINNINGS = ("ring", "polygon_ring", "group", "polygon_group")  # with one value more: where all end


class Flat(NamedTuple):
    """n polygons ring by ring, ground on the left of every edge; boxes to pass over what is far away.

    x, y (m,): points, the first of a ring again at its end, none twice in a row; edge k goes from point k to k + 1.
    ring (r + 1,): where rings begin; polygon_ring (n + 1,): which is each polygon's first.
    first, stop (c,): the edges of chunks, some in a row of one ring; in_ring (c,); west, south, east, north (c,).
    group (g + 1,): which chunk is each group's first; group_west … group_north (g,); polygon_group (n + 1,).
    box_west … box_north (n,): of the polygons, infinitely small where they are empty.
    """

    x: np.ndarray
    y: np.ndarray
    ring: np.ndarray
    polygon_ring: np.ndarray
    first: np.ndarray
    stop: np.ndarray
    in_ring: np.ndarray
    west: np.ndarray
    south: np.ndarray
    east: np.ndarray
    north: np.ndarray
    group: np.ndarray
    group_west: np.ndarray
    group_south: np.ndarray
    group_east: np.ndarray
    group_north: np.ndarray
    polygon_group: np.ndarray
    box_west: np.ndarray
    box_south: np.ndarray
    box_east: np.ndarray
    box_north: np.ndarray


class FlatPolygons:
    """Valid polygons or multipolygons (n,) and their flat arrays. edges: (n,) the number of edges of each."""

    def __init__(self, polygons: AnyShapes, threads: Threads) -> None:
        self.polygons = polygons
        parts = threads.each(lambda some: _flat(polygons, some), list(blocks(len(polygons), _AT_ONCE)))
        whole = _flat(polygons, slice(0, 0)) if not parts else parts[0]
        self.arrays = _concatenation(parts, threads) if len(parts) > 1 else whole
        begin = self.arrays.ring[self.arrays.polygon_ring]
        self.edges = np.diff(begin) - np.diff(self.arrays.polygon_ring)

    def areas_m2(self, rows: np.ndarray) -> np.ndarray:
        """The areas of some of the polygons (k,): positions."""
        return self.polygons.areas_m2(rows) if isinstance(self.polygons, ShapeColumn) else self._areas_m2[rows]

    @cached_property
    def _areas_m2(self) -> np.ndarray:
        """The areas of all geometries."""
        areas: np.ndarray = shapely.area(self.polygons)
        return areas

    @cached_property
    def lists(self) -> Flat:
        """The flat arrays as lists, which plain Python reads several times faster."""
        return Flat._make(column.tolist() for column in self.arrays)


@dataclass(frozen=True)
class FlatPairs:
    """Pairs of polygons: left[left_index] and right[right_index], (k,) each."""

    left: FlatPolygons
    left_index: np.ndarray
    right: FlatPolygons
    right_index: np.ndarray

    def only(self, pair_rows: np.ndarray) -> "FlatPairs":
        """Some of the pairs: a mask (k,) or rows."""
        return FlatPairs(self.left, self.left_index[pair_rows], self.right, self.right_index[pair_rows])

    def with_indexes(self, left: np.ndarray, right: np.ndarray) -> "FlatPairs":
        """The same polygons with further pairs after these: (j,) each."""
        return FlatPairs(self.left, np.r_[self.left_index, left], self.right, np.r_[self.right_index, right])


def flat_among(
    polygons: AnyShapes,
    rows: np.ndarray,
    threads: Threads,
    make: Callable[[AnyShapes, Threads], FlatPolygons] = FlatPolygons,
) -> tuple[FlatPolygons, np.ndarray]:
    """The flat arrays of some polygons (n,): rows (m,), ascending; and the position of each row in them (m,).

    If the rows are most of a large frozen set, the arrays are those of the whole set, made once. make: makes them
    otherwise.
    """
    if len(polygons) > _MANY and is_frozen(polygons) and len(rows) > _MOST * len(polygons):
        return compute_once(polygons, "flat", lambda of_set: FlatPolygons(of_set, threads)), rows
    return make(some_of(polygons, rows), threads), np.arange(len(rows))


def flat_pairs(left: np.ndarray, right: np.ndarray, threads: Threads) -> FlatPairs:
    """Polygons (k,) pair by pair in the kernel's form; a polygon in several pairs is converted once."""
    mine, at_mine = distinct(left)
    others, at_other = distinct(right)
    return FlatPairs(FlatPolygons(mine, threads), at_mine, FlatPolygons(others, threads), at_other)


def occurring_numbers(index: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers below `count` that occur in index (k,), ascending (m,), and each entry's position in them (k,)."""
    is_there = np.zeros(count, dtype=bool)
    is_there[index] = True
    numbers = np.flatnonzero(is_there)
    place = np.empty(count, dtype=np.int64)
    place[numbers] = np.arange(len(numbers))
    return numbers, place[index]


def distinct(geometries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different objects (m,) among geometries (n,), and the position of each geometry among them (n,)."""
    _, first, which = np.unique(
        np.fromiter(map(id, geometries), dtype=np.int64, count=len(geometries)), return_index=True, return_inverse=True
    )
    return geometries[first], which


def _flat(polygons: AnyShapes, some: slice) -> Flat:
    """The flat arrays of consecutive polygons."""
    if isinstance(polygons, ShapeColumn):
        rings, of_polygon = polygons.rings(some), polygons.boxes[some].copy()
    else:
        rings, of_polygon = rings_of(polygons[some]), shapely.bounds(polygons[some])
    x, y, size, owner = _turned_rings(rings)
    start = np.cumsum(size) - size
    length = size - 1
    count = -(-length // _EDGES)
    in_ring = np.arange(len(size)).repeat(count)
    first = start[in_ring] + _EDGES * ranges(np.zeros(len(size), dtype=np.int64), count)
    stop = np.minimum(first + _EDGES, (start + length)[in_ring])
    boxes = _boxes(x, y, first, start + length)
    groups = -(-count // _CHUNKS)
    group = (np.cumsum(count) - count).repeat(groups) + _CHUNKS * ranges(np.zeros(len(size), dtype=np.int64), groups)
    polygon_ring = np.searchsorted(owner, np.arange(len(of_polygon) + 1))
    empty = np.isnan(of_polygon[:, 0])
    of_polygon[empty] = np.inf, np.inf, -np.inf, -np.inf
    of_chunks = (first, stop, in_ring, *boxes)
    of_groups = (np.r_[group, len(first)], *_group_boxes(boxes, group), np.r_[0, np.cumsum(groups)][polygon_ring])
    return Flat._make((x, y, np.r_[start, len(x)], polygon_ring, *of_chunks, *of_groups, *of_polygon.T.copy()))


def _concatenation(parts: list[Flat], threads: Threads) -> Flat:
    """The arrays of several parts one after the other, with all positions shifted."""
    points, chunks, groups = (_ends(parts, name, 0) for name in ("x", "first", "group_west"))
    rings = _ends(parts, "ring", 1)
    shifts = {
        "ring": points, "first": points, "stop": points, "polygon_ring": rings, "in_ring": rings, "group": chunks,
        "polygon_group": groups,
    }  # fmt: skip
    # These end with where the next ones begin.
    place = {name: _ends(parts, name, int(name in _BEGINNINGS)) for name in Flat._fields}
    whole = Flat._make(
        np.empty(place[name][-1] + (name in _BEGINNINGS), getattr(parts[0], name).dtype) for name in Flat._fields
    )

    def write(number: int) -> None:
        for name, column, values in zip(Flat._fields, whole, parts[number], strict=True):
            room = column[place[name][number] : place[name][number] + len(values)]
            room[:] = values + shifts[name][number] if name in shifts else values

    # Where one part ends the next begins, so two write the same value there.
    threads.each(write, range(len(parts)))
    return whole


def _ends(parts: list[Flat], name: str, more: int) -> np.ndarray:
    """Where the values of each part begin, without the `more` values at each end, and where the last one ends."""
    return np.cumsum([0, *(len(getattr(part, name)) - more for part in parts)])


def _turned_rings(rings: Rings) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points x, y (m,) with the ground on the left; the number of points of each ring (r,), and its polygon (r,)."""
    x, y, size = *rings.points.T.copy(), rings.size
    start = np.cumsum(size) - size
    again = np.r_[False, (x[1:] == x[:-1]) & (y[1:] == y[:-1])][: len(x)]
    again[start] = False
    if again.any():
        size = size - np.add.reduceat(again, start)
        x, y = x[~again], y[~again]
        start = np.cumsum(size) - size
    # Twice the ground around each ring, from its first point on: those that go round the other way are turned.
    from_x, from_y = x - x.take(start).repeat(size), y - y.take(start).repeat(size)
    ground = np.zeros(len(x))
    ground[:-1] = from_x[:-1] * from_y[1:] - from_y[:-1] * from_x[1:]  # between rings the way goes to a first point
    twice = np.add.reduceat(ground, start) if len(start) else np.empty(0)
    turned_rows = np.flatnonzero((twice < 0) != rings.is_hole)
    rows = ranges(start[turned_rows], size[turned_rows])
    back = (2 * start[turned_rows] + size[turned_rows] - 1).repeat(size[turned_rows]) - rows
    x[rows], y[rows] = x[back], y[back]
    return x, y, size, rings.polygon


def _boxes(x: np.ndarray, y: np.ndarray, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, ...]:
    """West, south, east, north (c,) of chunks that begin with edge `first` (c,); last (r,): the rings' last points."""
    if len(first) == 0:
        return (np.empty(0),) * 4
    reach = []
    for values, extreme in ((x, np.minimum), (y, np.minimum), (x, np.maximum), (y, np.maximum)):
        both = values.copy()
        both[:-1] = extreme(values[:-1], values[1:])
        both[last] = values[last]  # no edge begins there
        reach.append(both)
    return tuple(
        extreme.reduceat(both, first)
        for both, extreme in zip(reach, (np.minimum, np.minimum, np.maximum, np.maximum), strict=True)
    )


def _group_boxes(boxes: tuple[np.ndarray, ...], group: np.ndarray) -> list[np.ndarray]:
    """The boxes of groups that begin with chunk `group` (g,)."""
    if len(group) == 0:
        return [np.empty(0)] * 4
    extremes = (np.minimum, np.minimum, np.maximum, np.maximum)
    return [extreme.reduceat(column, group) for column, extreme in zip(boxes, extremes, strict=True)]
