"""Threads share the work of a comparison; the result does not depend on their number or on who takes what."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_array_equal

from onemap.rules.answers.compare import dissolve
from onemap.rules.answers.compare.dissolve import dissolve_groups, joined_groups
from onemap.rules.answers.compare.self_overlap import first_row_wins
from onemap.rules.judge.overlay import in_chunks, overlay
from onemap.rules.judge.overlay.threads import Threads


def town(seed: int = 3) -> np.ndarray:
    """Three hundred yards side by side, some of them over their neighbours."""
    dice = np.random.default_rng(seed)
    x, y = np.divmod(np.arange(300), 20)
    west, south = 40_000 + 30.0 * x, 40_000 + 30.0 * y
    wide = np.where(dice.random(300) < 0.2, 37.0, 30.0)
    return shapely.box(west, south, west + wide, south + 30.0)


@pytest.fixture
def small_shares(monkeypatch):
    monkeypatch.setattr(in_chunks, "AT_ONCE", 7)
    monkeypatch.setattr(overlay, "_CHUNK", 7)


def answers(threads: Threads) -> tuple[list[np.ndarray], np.ndarray, float]:
    yards = town()
    grounds, overlap, failed = first_row_wins(yards, threads)
    assert len(failed) == 0
    kind = np.random.default_rng(5).integers(0, 3, len(grounds))
    first, second = in_chunks.intersecting_pairs(shapely.STRtree(grounds), grounds, threads)
    alike = (first < second) & (kind[first] == kind[second])
    found = dissolve_groups(grounds, kind, joined_groups(len(grounds), first[alike], second[alike], threads), threads)
    tree = shapely.STRtree(yards)
    far = in_chunks.nearest_distances_m(tree, shapely.transform(yards, lambda xy: xy + 2000), threads)
    numbers = [found.kind, found.piece, found.polygon, far, *in_chunks.intersecting_pairs(tree, yards, threads)]
    numbers += list(in_chunks.pairs_within(tree, yards, 31.0, threads))
    return numbers, shapely.to_wkb(found.polygons), overlap.area_m2


def test_one_thread_and_many_shares_of_the_work_say_the_same_to_the_last_digit(request):
    whole = answers(Threads(1))
    request.getfixturevalue("small_shares")
    for workers in (1, 3):
        parts = answers(Threads(workers))
        for one, other in zip(whole[0], parts[0], strict=True):
            assert_array_equal(one, other)
        assert (whole[1] == parts[1]).all() and whole[2] == parts[2] > 0


def test_nothing_to_ask_is_answered_with_nothing():
    tree, nothing = shapely.STRtree(town()), np.empty(0, dtype=object)
    assert [len(found) for found in in_chunks.intersecting_pairs(tree, nothing, Threads(2))] == [0, 0]
    assert len(in_chunks.nearest_distances_m(tree, nothing, Threads(2))) == 0
    assert in_chunks.pairs_within(tree, nothing, 1.0, Threads(2)).shape == (2, 0)
    assert len(in_chunks.insides_meet(nothing, nothing, Threads(2))) == 0


def test_a_large_group_is_united_as_it_is_by_itself(monkeypatch):
    whole = answers(Threads(1))
    monkeypatch.setattr(dissolve, "_LARGE", 2)
    assert (answers(Threads(1))[1] == whole[1]).all()
