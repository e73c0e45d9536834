"""Where a plan overlaps itself the kernel reports it; the result has no ground twice, and loses none."""

import numpy as np
import pytest
import shapely

from onemap.rules.answers.compare.self_overlap import first_row_wins
from onemap.rules.judge.overlay.threads import Threads


def coverage(seed, side=12):
    """Patches that share whole and half edges; a few are moved, some by a hair, one is doubled."""
    random = np.random.default_rng(seed)
    west, south = (axis.ravel() * 10.0 for axis in np.meshgrid(np.arange(side), np.arange(side)))
    patches = shapely.box(west + (south // 10 % 2) * 5, south, west + (south // 10 % 2) * 5 + 10, south + 10)
    for by in (3.0, 1e-9, 1e-12):
        rows = random.integers(0, len(patches), 6)
        patches[rows] = shapely.transform(patches[rows], lambda points, by=by: points + by)
    return np.append(patches, patches[:1])


@pytest.mark.parametrize("seed", range(3))
def test_ground_is_kept_once_and_none_is_lost(seed):
    patches = coverage(seed)
    left, lost, failed = first_row_wins(patches, Threads(2))
    whole, kept = shapely.union_all(patches).area, left[~shapely.is_missing(left)]
    assert len(failed) == 0 and left[-1] is None
    assert shapely.area(kept).sum() == pytest.approx(whole, abs=1e-5)
    assert lost.area_m2 == pytest.approx(shapely.area(patches).sum() - whole, abs=1e-5)
    assert lost.features >= 6


def test_neighbours_of_a_coverage_lose_nothing_and_stay_what_they_are():
    patches = shapely.box(*np.array([(x, y, x + 1, y + 1) for x in range(9) for y in range(9)], dtype=float).T)
    left, lost, _ = first_row_wins(patches, Threads(2))
    assert (lost.features, lost.area_m2) == (0, 0.0) and (left == patches).all()
