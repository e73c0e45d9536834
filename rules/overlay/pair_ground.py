"""Common ground of two polygons, and what one leaves of the other, by the kernel: as polygons, or no answer."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.overlay.common_areas import columns, common_areas, loops_over, steps_of
from onemap.rules.overlay.compiler import SWITCH, is_compiler_there, is_kept, is_worth_compiling, load_compiler
from onemap.rules.overlay.flat_polygons import FlatPairs, flat_pairs
from onemap.rules.overlay.kernel_ground import MOST_STOPS, OPEN, UNTOLD, Rings, Stops, ground_of_pairs
from onemap.rules.overlay.threads import Threads

_PAIRS_AT_ONCE, _FEW_AT_ONCE = 8000, 250  # by one thread, compiled and not
_POINTS_A_PAIR, _RINGS_A_PAIR = 40, 2  # room for so many of a block, and at least for some thousand
_TAKES = 4  # times as long as a sum


def common_ground(pairs: FlatPairs, threads: Threads, least_m2: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """left ∩ right of valid polygons pair by pair: (k,), None where they share nothing; and (k,) whether it is told.

    least_m2: parts with less ground are left out.
    """
    return _grounds(pairs, threads, least_m2, remains=False)


def remaining_ground(pairs: FlatPairs, threads: Threads, least_m2: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """left − right of valid polygons pair by pair: (k,), None where nothing is left; and (k,) whether it is told."""
    return _grounds(pairs, threads, least_m2, remains=True)


def compile_kernel() -> int:
    """Compile the kernel, and keep it for later processes; returns an exit code, 0 also where there is no compiler."""
    if is_compiler_there():
        os.environ[SWITCH] = "1"
        _ask_kernel()
    return 0


def load_kernel() -> None:
    """Load what was compiled and kept, for a process that waits: some 0.4 s and 110 MB, and nothing where it is there.

    Nothing is compiled for it: where nothing was kept, the first large question does that.
    """
    if is_kept():
        load_compiler()
        _ask_kernel()


@cache
def _ask_kernel() -> None:
    squares = shapely.box([0, 1], 0, [2, 3], 2)
    common_areas(squares[:1], squares[1:], Threads())
    common_ground(flat_pairs(squares[:1], squares[1:], Threads()), Threads())


@dataclass(frozen=True)
class _Outline:
    """Rings of some pairs: points (m, 2), ends (r,) and twice the ground (r,); state and number of rings (k,)."""

    points: np.ndarray
    end: np.ndarray
    twice: np.ndarray
    state: np.ndarray
    rings: np.ndarray


def _grounds(pairs: FlatPairs, threads: Threads, least_m2: float, *, remains: bool) -> tuple[np.ndarray, np.ndarray]:
    count = len(pairs.left_index)
    is_compiled = is_worth_compiling(_TAKES * steps_of(pairs))
    given, work = loops_over(pairs, ground_of_pairs, is_compiled)
    # Plain loops leave it to GEOS to prove rings, which is quicker.
    wish = float(remains), float(is_compiled), least_m2
    told = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)

    def of_block(block: slice) -> np.ndarray:
        edges = pairs.left.edges[pairs.left_index[block]], pairs.right.edges[pairs.right_index[block]]
        stops = _stops(int(edges[0].max()), int(edges[1].max()), is_compiled)
        size, begin = block.stop - block.start, block.start
        room, grounds = max(size * _POINTS_A_PAIR, 4000), []
        while begin < block.stop:
            rings = _rings(room, max(size * _RINGS_A_PAIR, room // 8), is_compiled)
            end = work(*given, begin, block.stop, wish, stops, rings, told)
            grounds.append(_polygons(_outline_of(rings, told, slice(begin, end))))
            begin, room = end, room * (2 if end == begin else 1)
        return np.concatenate(grounds)

    done = threads.each(of_block, list(blocks(count, _PAIRS_AT_ONCE if is_compiled else _FEW_AT_ONCE)))
    return np.concatenate([np.empty(0, dtype=object), *done]), told[0] != UNTOLD


def _stops(edges: int, others: int, is_compiled: bool) -> Stops:
    """Work space for pairs of polygons with at most so many edges."""

    def whole(size: int) -> Any:
        return np.zeros(size, dtype=np.int64) if is_compiled else [0] * size

    x, y, at_a, at_b = columns(4, MOST_STOPS, is_compiled)
    near, chunk = whole(edges), whole(others)
    return Stops(
        near, chunk, x, y, whole(MOST_STOPS), whole(MOST_STOPS), at_a, at_b, *(whole(MOST_STOPS) for _ in range(10))
    )


def _rings(points: int, rings: int, is_compiled: bool) -> Rings:
    x, y = columns(2, points, is_compiled)
    (twice,) = columns(1, rings, is_compiled)
    kinds = np.zeros(rings, dtype=np.int64), np.zeros(2, dtype=np.int64)
    end, count = kinds if is_compiled else (kinds[0].tolist(), [0, 0])
    return Rings(x, y, end, twice, count)


def _outline_of(rings: Rings, told: tuple[np.ndarray, ...], rows: slice) -> _Outline:
    points, count = int(rings.count[0]), int(rings.count[1])
    xy = np.column_stack([np.asarray(rings.x[:points], dtype=float), np.asarray(rings.y[:points], dtype=float)])
    end, twice = np.asarray(rings.end[:count], dtype=np.int64), np.asarray(rings.twice[:count], dtype=float)
    return _Outline(xy, end, twice, told[0][rows], told[1][rows])


def _polygons(outline: _Outline) -> np.ndarray:
    """The polygons (k,), None of those without rings; open ones that are not valid become untold, in outline.state."""
    result = np.full(len(outline.state), None, dtype=object)
    if len(outline.end) == 0:
        return result
    rings = shapely.linearrings(
        outline.points, indices=np.arange(len(outline.end)).repeat(np.diff(outline.end, prepend=0))
    )
    pair = np.arange(len(outline.state)).repeat(outline.rings)
    # Each shell begins a part; all holes of a pair are in its only shell.
    order = np.lexsort((outline.twice <= 0, pair))
    part = np.cumsum(outline.twice[order] > 0) - 1
    parts = shapely.polygons(rings[order], indices=part) if part[-1] + 1 < len(part) else shapely.polygons(rings)
    owner, first, count = np.unique(pair[outline.twice > 0], return_index=True, return_counts=True)
    single = count == 1
    result[owner[single]] = parts[first[single]]
    if not single.all():
        several = np.flatnonzero(np.repeat(~single, count))
        numbers = np.arange(int((~single).sum())).repeat(count[~single])
        result[owner[~single]] = shapely.multipolygons(parts[several], indices=numbers)
    rows = np.flatnonzero(outline.state == OPEN)
    broken = rows[~shapely.is_valid(result[rows])]
    result[broken], outline.state[broken] = None, UNTOLD
    return result
