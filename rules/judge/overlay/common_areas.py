"""The area that pairs of polygons have in common, without building it; every overlay is compared with it."""

from typing import Any, NamedTuple

import numpy as np
import shapely

from onemap.layers.geometry.row_blocks import blocks
from onemap.rules.judge.overlay.array_sums import blocks_of_pairs, sums_by_arrays
from onemap.rules.judge.overlay.compiler import compiled_function, is_worth_compiling, may_compile
from onemap.rules.judge.overlay.flat_polygons import FlatPairs, flat_pairs
from onemap.rules.judge.overlay.kernel_sums import INSIDE, SPACE, sum_pairs
from onemap.rules.judge.overlay.threads import Threads

_PAIRS_AT_ONCE, _FEW_AT_ONCE = 16_000, 500  # by one thread, compiled and not


_Sums = tuple[np.ndarray, np.ndarray, np.ndarray]  # areas, errors and places of pairs


class PairSums(NamedTuple):
    """The common area of polygons pair by pair, (k,) in m², and its rounding error, (k,).

    flat: the pairs whose boxes meet, in the kernel's form, None without any; place (k,): a pair's position in it, or
    -1.
    """

    area_m2: np.ndarray
    error_m2: np.ndarray
    place: np.ndarray
    flat: FlatPairs | None

    def flat_of(self, pairs: np.ndarray) -> FlatPairs | None:
        """Some of the pairs whose boxes meet, in the kernel's form: positions (j,); None where no boxes meet."""
        return None if self.flat is None else self.flat.only(self.place[pairs])


def pair_sums(left: np.ndarray, right: np.ndarray, threads: Threads) -> PairSums:
    """Compute the areas that valid polygons (k,) share pair by pair."""
    areas, errors, place = np.zeros(len(left)), np.zeros(len(left)), np.full(len(left), -1)
    box, other_box = shapely.bounds(left), shapely.bounds(right)
    pair = np.flatnonzero((box[:, :2] < other_box[:, 2:]).all(axis=1) & (other_box[:, :2] < box[:, 2:]).all(axis=1))
    if len(pair) == 0:  # many rules ask of one parcel, and most have nothing to ask
        return PairSums(areas, errors, place, None)
    flat, place[pair] = flat_pairs(left[pair], right[pair], threads), np.arange(len(pair))
    areas[pair], errors[pair], _ = areas_of_pairs(flat, threads)
    return PairSums(areas, errors, place, flat)


def common_areas(left: np.ndarray, right: np.ndarray, threads: Threads) -> tuple[np.ndarray, np.ndarray]:
    """The common area of valid polygons (k,) pair by pair, (k,) in m², and its rounding error, (k,)."""
    return pair_sums(left, right, threads)[:2]


def common_shares(left: np.ndarray, right: np.ndarray, threads: Threads) -> np.ndarray:
    """The common ground of valid polygons, pair by pair (k,), as a share of the union; 1 where they are equal.

    It needs no overlay, which could fail.
    """
    areas, _ = common_areas(left, right, threads)
    shares: np.ndarray = areas / (shapely.area(left) + shapely.area(right) - areas)
    return shares


def areas_of_pairs(pairs: FlatPairs, threads: Threads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The common area of pairs of polygons in m², its rounding error, and whether the left one is within: (k,) each.

    The left one is within if it lies inside and no edge of the right one comes near: its area is its own. A pair's sum
    does not depend on the other pairs, to the last digit.
    """
    count = len(pairs.left_index)
    sums = np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.int64)
    sum_up = _sum_by_loops if may_compile() else _sum_by_arrays
    sum_up(pairs, sums, threads)
    areas, errors, places = sums
    within = places == INSIDE
    if within.any():
        areas[within] = pairs.left.areas_m2(pairs.left_index[within])
    return areas, errors, within


def _sum_by_loops(pairs: FlatPairs, sums: _Sums, threads: Threads) -> None:
    count, left, right = len(pairs.left_index), pairs.left, pairs.right
    is_compiled = is_worth_compiling(steps_of(pairs))
    arguments, work = loops_over(pairs, sum_pairs, is_compiled)
    most = int(max(left.edges[pairs.left_index].max(initial=0), right.edges[pairs.right_index].max(initial=0)))

    def of_block(block: slice) -> None:
        work(*arguments, block.start, block.stop, columns(SPACE, most, is_compiled), *sums)

    threads.each(of_block, list(blocks(count, _PAIRS_AT_ONCE if is_compiled else _FEW_AT_ONCE)))


def _sum_by_arrays(pairs: FlatPairs, sums: _Sums, threads: Threads) -> None:
    left, right = pairs.left.arrays, pairs.right.arrays

    def of_block(block: slice) -> None:
        block_sums = sums_by_arrays(left, right, pairs.left_index[block], pairs.right_index[block])
        for column, values in zip(sums, block_sums, strict=True):
            column[block] = values

    threads.each(of_block, list(blocks_of_pairs(right, pairs.right_index)))


def loops_over(pairs: FlatPairs, function: Any, is_compiled: bool) -> tuple[tuple[Any, ...], Any]:
    """Pairs and a function of the kernel in matching form: arrays and compiled, or lists and plain."""
    left, right = pairs.left, pairs.right
    if is_compiled:
        return (left.arrays, right.arrays, pairs.left_index, pairs.right_index), compiled_function(function)
    return (left.lists, right.lists, pairs.left_index.tolist(), pairs.right_index.tolist()), function


def columns(count: int, size: int, is_compiled: bool) -> tuple[Any, ...]:
    """Work space of the kernel: `count` columns of `size` numbers."""
    return tuple(np.zeros(size) if is_compiled else [0.0] * size for _ in range(count))


def steps_of(pairs: FlatPairs) -> float:
    """An estimate of the edges, or pairs of edges, that pairs of polygons need to be looked at."""
    one, other = pairs.left.edges[pairs.left_index].astype(float), pairs.right.edges[pairs.right_index].astype(float)
    least = np.minimum(one, other)
    return float((4 * least + np.maximum(one, other) / 16 + least * least / 16).sum())
