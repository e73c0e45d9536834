"""Parcels in blocks: every one in one block, neighbours together, blocks of about one size."""

import numpy as np
import pytest

from onemap.layers.geometry.hilbert import places_on_curve
from onemap.rules.distributed.partition import blocks_of


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
