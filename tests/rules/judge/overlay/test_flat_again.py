"""Flat arrays of a few polygons are made once for the same objects, and equal any others made of them."""

import numpy as np
import pytest
import shapely

from onemap.rules.judge.overlay import candidate_pairs as kept
from onemap.rules.judge.overlay.candidate_pairs import flat_again
from onemap.rules.judge.overlay.flat_polygons import FlatPolygons
from onemap.rules.judge.overlay.threads import Threads


@pytest.fixture(autouse=True)
def nothing_kept():
    kept._KEPT.clear()
    yield
    kept._KEPT.clear()


def rounds(count, points=16):
    return shapely.buffer(shapely.points(np.arange(count) * 10.0, 0), 3, quad_segs=points // 4)


def test_the_same_polygons_in_the_same_order_are_laid_out_once():
    polygons = rounds(5)
    first = flat_again(polygons, Threads())
    assert flat_again(polygons.copy(), Threads()) is first  # another array of the same objects
    assert flat_again(polygons[::-1].copy(), Threads()) is not first
    assert flat_again(shapely.buffer(polygons, 0), Threads()) is not first
    for mine, other in zip(first.arrays, FlatPolygons(polygons, Threads()).arrays, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_what_was_asked_longest_ago_is_let_go_of_when_there_is_too_much(monkeypatch):
    monkeypatch.setattr(kept, "_MOST_EDGES", 100)
    one, two, three = (rounds(count) for count in (3, 2, 2))  # 16 edges each
    first = flat_again(one, Threads())
    second = flat_again(two, Threads())
    assert flat_again(one, Threads()) is first
    flat_again(three, Threads())
    assert flat_again(one, Threads()) is first
    assert flat_again(two, Threads()) is not second


def test_many_polygons_and_none_are_not_kept(monkeypatch):
    monkeypatch.setattr(kept, "_MOST_KEPT", 3)
    for polygons in (rounds(4), rounds(0)):
        assert len(flat_again(polygons, Threads()).edges) == len(polygons)
    assert not kept._KEPT
