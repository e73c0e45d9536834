"""Common ground and difference of two polygons by the kernel, as rings, or no answer."""

import os
from functools import cache
from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.geometry.parts import shift_polygons
from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.judge.overlay.common_areas import columns, common_areas, loops_over, steps_of
from onemap.rules.judge.overlay.compiler import (
    SWITCH,
    compiled_function,
    is_compiler_there,
    is_kept,
    is_worth_compiling,
    may_compile,
    start_compiler,
)
from onemap.rules.judge.overlay.flat_polygons import FlatPairs, flat_pairs
from onemap.rules.judge.overlay.kernel_ground import (
    MOST_STOPS,
    OPEN,
    PROVED,
    UNTOLD,
    Rings,
    Stops,
    ground_of_pairs,
    prove_rings,
)
from onemap.rules.judge.overlay.threads import Threads

_PAIRS_AT_ONCE, _FEW_AT_ONCE = 8000, 250  # by one thread, compiled and not
_POINTS_A_PAIR, _RINGS_A_PAIR = 40, 2  # room for so many of a block, and at least for some thousand
_TAKES = 4  # times as long as a sum


def common_ground(pairs: FlatPairs, threads: Threads, least_m2: float = 0.0) -> tuple[FlatGround, np.ndarray]:
    """left ∩ right of valid polygons pair by pair: (k,), None where they share nothing; and (k,) whether it is certain.

    least_m2: parts with less ground are left out.
    """
    return _grounds(pairs, threads, least_m2, remains=False)


def remaining_ground(pairs: FlatPairs, threads: Threads, least_m2: float = 0.0) -> tuple[FlatGround, np.ndarray]:
    """left − right of valid polygons pair by pair: (k,), None where nothing is left; and (k,) whether it is certain."""
    return _grounds(pairs, threads, least_m2, remains=True)


def moved_ground(ground: FlatGround, by: tuple[float, float]) -> FlatGround:
    """Ground moved east and north by whole metres, and valid there too, like `shift_polygons` of its geometries.

    The kernel decides which rings are certainly valid; GEOS is asked about the others.
    """
    ground = ground.made_whole()
    new_ground = FlatGround(ground.points + by, ground.size, shift_polygons(ground.others, by))
    rows = np.flatnonzero(ground.size)
    doubtful = rows[~are_simple_rings(new_ground.points, ground.size[rows])]
    return new_ground.with_others(doubtful, shift_polygons(ground.at(doubtful).geometries, by))


def are_simple_rings(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Which closed rings (n,) are proved to have no edges that meet; a few valid rings are not proved.

    points (m, 2): ring after ring, the first point of each again at its end; size (n,): the points of each.
    """
    proved = np.zeros(len(size), dtype=np.int64)
    if is_worth_compiling(float((size * size).sum())):
        x, y = points.T.copy()
        compiled_function(prove_rings)(x, y, np.cumsum(size), 0, len(size), proved)
    return proved > 0


def compile_kernel() -> int:
    """Compile the kernel and store it for later processes; returns an exit code, 0 also where there is no compiler."""
    if is_compiler_there():
        os.environ[SWITCH] = "1"
        _ask_kernel()
    return 0


@cache
def load_kernel() -> bool:
    """Load stored compiled loops, for a process that keeps running: some 0.03 s. Returns whether there were any.

    It compiles nothing: if nothing was stored, the first large question does.
    """
    if not is_kept():
        return False
    start_compiler()
    _ask_kernel()
    return True


def _ask_kernel() -> None:
    squares = shapely.box([0, 1], 0, [2, 3], 2)
    common_areas(squares[:1], squares[1:], Threads())
    ground, _ = common_ground(flat_pairs(squares[:1], squares[1:], Threads()), Threads())
    moved_ground(ground, (1.0, 1.0))


def _grounds(pairs: FlatPairs, threads: Threads, least_m2: float, *, remains: bool) -> tuple[FlatGround, np.ndarray]:
    count = len(pairs.left_index)
    if not may_compile():
        return FlatGround.empty(count), np.zeros(count, dtype=bool)
    is_compiled = is_worth_compiling(_TAKES * steps_of(pairs))
    arguments, work = loops_over(pairs, ground_of_pairs, is_compiled)
    # Plain loops leave it to GEOS to prove rings, which is quicker.
    wish = float(remains), float(is_compiled), least_m2
    outcomes = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)

    def of_block(block: slice) -> FlatGround:
        edges = pairs.left.edges[pairs.left_index[block]], pairs.right.edges[pairs.right_index[block]]
        stops = _stops(int(edges[0].max()), int(edges[1].max()), is_compiled)
        size, begin = block.stop - block.start, block.start
        room, grounds = max(size * _POINTS_A_PAIR, 4000), []
        while begin < block.stop:
            rings = _rings(room, max(size * _RINGS_A_PAIR, room // 8), is_compiled)
            end = work(*arguments, begin, block.stop, wish, stops, rings, outcomes)
            grounds.append(_ground_of(rings, outcomes[0][begin:end], outcomes[1][begin:end]))
            begin, room = end, room * (2 if end == begin else 1)
        return joined_ground(grounds)

    block_grounds = threads.each(of_block, list(blocks(count, _PAIRS_AT_ONCE if is_compiled else _FEW_AT_ONCE)))
    return joined_ground(block_grounds), outcomes[0] != UNTOLD


def _stops(edges: int, others: int, is_compiled: bool) -> Stops:
    """Work space for pairs of polygons with at most so many edges."""

    def whole(size: int) -> Any:
        return np.zeros(size, dtype=np.int64) if is_compiled else [0] * size

    x, y, at_a, at_b = columns(4, MOST_STOPS, is_compiled)
    own = {"near": whole(edges), "chunk": whole(others), "x": x, "y": y, "at_a": at_a, "at_b": at_b}
    return Stops(**{name: own[name] if name in own else whole(MOST_STOPS) for name in Stops._fields})


def _rings(points: int, rings: int, is_compiled: bool) -> Rings:
    x, y = columns(2, points, is_compiled)
    (twice,) = columns(1, rings, is_compiled)
    kinds = np.zeros(rings, dtype=np.int64), np.zeros(2, dtype=np.int64)
    end, count = kinds if is_compiled else (kinds[0].tolist(), [0, 0])
    return Rings(x, y, end, twice, count)


def _ground_of(rings: Rings, state: np.ndarray, number: np.ndarray) -> FlatGround:
    """The ground of pairs (k,) by their states and numbers of rings; an open pair with invalid ground becomes untold.

    A ring that is proved and alone stays as it is.
    """
    points, count = int(rings.count[0]), int(rings.count[1])
    xy = np.column_stack([np.asarray(rings.x[:points], dtype=float), np.asarray(rings.y[:points], dtype=float)])
    size = np.diff(np.asarray(rings.end[:count], dtype=np.int64), prepend=0)
    twice = np.asarray(rings.twice[:count], dtype=float)
    alone = (state == PROVED) & (number == 1)
    others = np.full(len(state), None, dtype=object)
    pair = np.arange(len(state)).repeat(number)
    is_alone = alone[pair]
    if not is_alone.all():
        of_point = is_alone.repeat(size)
        others = _polygons(xy[~of_point], size[~is_alone], twice[~is_alone], pair[~is_alone], len(state))
        rows = np.flatnonzero(state == OPEN)
        invalid_rows = rows[~shapely.is_valid(others[rows])]
        others[invalid_rows], state[invalid_rows] = None, UNTOLD
        xy = xy[of_point]
    size_of, area_m2 = np.zeros(len(state), dtype=np.int64), shapely.area(others)
    size_of[alone], area_m2[alone] = size[is_alone], twice[is_alone] / 2
    return FlatGround(xy, size_of, others, area_m2)


def _polygons(points: np.ndarray, size: np.ndarray, twice: np.ndarray, pair: np.ndarray, count: int) -> np.ndarray:
    """The polygons of `count` pairs, None of those without rings: the points of rings, their sizes, and twice their
    ground and the pair of each (r,).
    """
    result = np.full(count, None, dtype=object)
    rings = shapely.linearrings(points, indices=np.arange(len(size)).repeat(size))
    # Each shell begins a part; all holes of a pair are in its only shell.
    order = np.lexsort((twice <= 0, pair))
    part = np.cumsum(twice[order] > 0) - 1
    parts = shapely.polygons(rings[order], indices=part) if part[-1] + 1 < len(part) else shapely.polygons(rings)
    owner, first, number = np.unique(pair[twice > 0], return_index=True, return_counts=True)
    single = number == 1
    result[owner[single]] = parts[first[single]]
    if not single.all():
        several = np.flatnonzero(np.repeat(~single, number))
        numbers = np.arange(int((~single).sum())).repeat(number[~single])
        result[owner[~single]] = shapely.multipolygons(parts[several], indices=numbers)
    return result
