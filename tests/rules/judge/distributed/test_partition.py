"""Parcels in blocks: each in one block, neighbours together, blocks of similar size."""

import numpy as np
import pytest

from onemap.layers.geometry.hilbert import places_on_curve
from onemap.rules.judge.distributed.partition import are_compact, blocks_of, range_ends


def test_the_curve_passes_every_cell_once_and_never_jumps():
    cells = np.array([(x, y) for x in range(32) for y in range(32)], dtype=float)
    ordered = cells[np.argsort(places_on_curve(cells))]
    assert len({tuple(cell) for cell in ordered}) == 1024
    assert (np.abs(np.diff(ordered, axis=0)).sum(axis=1) == 1).all()


@pytest.mark.parametrize("count", [1, 2, 99, 1000, 4321])
def test_blocks_are_of_about_one_size_and_leave_nobody_out(count):
    centres = np.random.default_rng(count).uniform(0, 1e5, (count, 2))
    block = blocks_of(centres, np.full(count, 5), 100)
    sizes = np.bincount(block)
    assert len(sizes) == -(-count // 100) and sizes.sum() == count
    assert sizes.max() <= 101 and sizes.max() - sizes.min() <= 1


def test_parcels_of_many_vertices_make_smaller_blocks():
    centres = np.random.default_rng(1).uniform(0, 1e5, (1000, 2))
    few, many = (blocks_of(centres, np.full(1000, vertices), 500).max() for vertices in (10, 400))
    assert few == 1 and many > 15


def test_a_block_is_compact():
    centres = np.random.default_rng(1).uniform(0, 1000, (6400, 2))
    block = blocks_of(centres, np.full(6400, 5), 100)
    spans = [np.ptp(centres[block == number], axis=0).prod() for number in range(64)]
    assert np.mean(spans) < 3 * 1000 * 1000 / 64


def test_ranges_are_full_but_for_what_is_left():
    assert range_ends(np.full(23, 5), 7) == [7, 14, 21] and range_ends(np.full(21, 5), 7) == [7, 14, 21]
    assert range_ends(np.full(6, 5), 7) == [] and range_ends(np.array([5, 10**7, 5]), 7) == [1, 2]
    ends = range_ends(np.full(1000, 400), 500)  # of a fifth as many parcels as a block could have of few vertices
    assert set(np.diff([0, *ends])) == {50}


def test_parcels_in_rows_are_compact_and_scattered_ones_are_not():
    rows = np.array([(0, y, 100, y + 10) for y in range(0, 100, 10)], dtype=float)
    assert are_compact(rows) and are_compact(rows[::-1])
    assert not are_compact(np.tile([0.0, 0.0, 100.0, 100.0], (3, 1)))
