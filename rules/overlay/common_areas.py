"""How much ground pairs of polygons have in common, without building it: what every overlay is held against."""

from typing import Any

import numpy as np
import shapely

from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.overlay.compiler import compiled_function, is_worth_compiling
from onemap.rules.overlay.flat_polygons import FlatPairs, flat_pairs
from onemap.rules.overlay.kernel_sums import INSIDE, SPACE, sum_pairs
from onemap.rules.overlay.threads import Threads

_PAIRS_AT_ONCE, _FEW_AT_ONCE = 16_000, 500  # by one thread, compiled and not


def common_areas(left: np.ndarray, right: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The area in common of polygons pair by pair, (k,) in m², and its rounding error, (k,).

    left, right: (k,) valid polygons.
    """
    areas, errors = np.zeros(len(left)), np.zeros(len(left))
    box, other_box = shapely.bounds(left), shapely.bounds(right)
    pair = np.flatnonzero((box[:, :2] < other_box[:, 2:]).all(axis=1) & (other_box[:, :2] < box[:, 2:]).all(axis=1))
    if len(pair):  # many rules ask of one parcel, and most have nothing to ask
        areas[pair], errors[pair], _ = areas_of_pairs(flat_pairs(left[pair], right[pair], threads), threads)
    return areas, errors


def areas_of_pairs(pairs: FlatPairs, threads: Threads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The area in common of pairs of polygons in m², its rounding error, and whether the left one is within: (k,) each.

    Within lies a left one that no edge of the right one comes near: its area is all that it has. What a pair sums to,
    to the last digit, does not depend on the others.
    """
    count, left = len(pairs.left_index), pairs.left
    areas, errors, places = np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.int64)
    is_compiled = is_worth_compiling(steps_of(pairs))
    given, work = loops_over(pairs, sum_pairs, is_compiled)
    most = int(max(left.edges[pairs.left_index].max(initial=0), pairs.right.edges[pairs.right_index].max(initial=0)))

    def of_block(block: slice) -> None:
        work(*given, block.start, block.stop, columns(SPACE, most, is_compiled), areas, errors, places)

    threads.each(of_block, list(blocks(count, _PAIRS_AT_ONCE if is_compiled else _FEW_AT_ONCE)))
    within = places == INSIDE
    if within.any():
        areas[within] = left.areas_m2(pairs.left_index[within])
    return areas, errors, within


def loops_over(pairs: FlatPairs, function: Any, is_compiled: bool) -> tuple[tuple[Any, ...], Any]:
    """Pairs, and a function of the kernel, as they go together: arrays and compiled, or lists and plain."""
    left, right = pairs.left, pairs.right
    if is_compiled:
        return (left.arrays, right.arrays, pairs.left_index, pairs.right_index), compiled_function(function)
    return (left.lists, right.lists, pairs.left_index.tolist(), pairs.right_index.tolist()), function


def columns(count: int, size: int, is_compiled: bool) -> tuple[Any, ...]:
    """Work space of the kernel: so many columns of numbers."""
    return tuple(np.zeros(size) if is_compiled else [0.0] * size for _ in range(count))


def steps_of(pairs: FlatPairs) -> float:
    """About how many edges, or pairs of them, are looked at for pairs of polygons."""
    one, other = pairs.left.edges[pairs.left_index].astype(float), pairs.right.edges[pairs.right_index].astype(float)
    least = np.minimum(one, other)
    return float((4 * least + np.maximum(one, other) / 16 + least * least / 16).sum())
