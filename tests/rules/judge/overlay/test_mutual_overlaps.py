"""Features that share ground on a parcel are found, whatever lies between them, and however many there are."""

import numpy as np
import pytest
import shapely

from onemap.layers.errors import Cancelled
from onemap.layers.progress import Progress
from onemap.rules.judge.overlay import mutual_overlaps
from onemap.rules.judge.overlay.flat_polygons import FlatPairs
from onemap.rules.judge.overlay.mutual_overlaps import features_overlap
from onemap.rules.judge.overlay.threads import Threads

LEAST_M2 = 1e-6


def by_all_pairs(parcel: np.ndarray, feature: np.ndarray, features: np.ndarray, count: int) -> np.ndarray:
    """The same, every feature of a parcel with every other."""
    found = np.zeros(count, dtype=bool)
    for at in range(count):
        mine = features[feature[parcel == at]]
        for number, one in enumerate(mine):
            found[at] |= bool((shapely.area(shapely.intersection(one, mine[number + 1 :])) > LEAST_M2).any())
    return found


@pytest.mark.parametrize("at_once", [1, 7, 1_000_000])
@pytest.mark.parametrize("seed", range(4))
def test_it_says_what_all_pairs_say(monkeypatch, seed, at_once):
    monkeypatch.setattr(mutual_overlaps, "_PAIRS_AT_ONCE", at_once)
    chance = np.random.default_rng(seed)
    x, y = chance.integers(0, 40, (2, 60))
    features = shapely.box(x, y, x + chance.integers(1, 8, 60), y + chance.integers(1, 8, 60))
    pairs = np.unique(np.column_stack([chance.integers(0, 12, 70), chance.integers(0, 60, 70)]), axis=0)
    chance.shuffle(pairs)
    expected = by_all_pairs(pairs[:, 0], pairs[:, 1], features, 12)
    assert expected.any() and not expected.all()
    assert features_overlap(pairs[:, 0], pairs[:, 1], features, 12, LEAST_M2, Threads()).tolist() == expected.tolist()


def test_features_that_only_touch_share_nothing():
    squares = shapely.box([0, 10, 0], [0, 0, 10], [10, 20, 10], [10, 10, 20])
    assert not features_overlap(np.zeros(3, dtype=int), np.arange(3), squares, 1, LEAST_M2, Threads()).any()


def test_a_parcel_on_a_whole_coverage_costs_no_more_than_neighbours_do(monkeypatch):
    side = 60
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    squares = shapely.box(x, y, x + 1, y + 1)
    asked = []

    def count_pairs(pairs: FlatPairs, threads: Threads) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        asked.append(len(pairs.left_index))
        return np.zeros(asked[-1]), np.zeros(asked[-1]), np.zeros(asked[-1], dtype=bool)

    monkeypatch.setattr(mutual_overlaps, "areas_of_pairs", count_pairs)
    squares[::2] = shapely.buffer(squares[::2], 0.01, join_style="mitre")  # boxes that only touch are not looked at
    every = np.arange(side**2)
    assert not features_overlap(np.zeros_like(every), every, squares, 1, LEAST_M2, Threads()).any()
    assert 0 < sum(asked) <= 4 * side**2  # and not millions


def test_it_can_be_stopped_between_two_parts(monkeypatch):
    monkeypatch.setattr(mutual_overlaps, "_PAIRS_AT_ONCE", 10)
    asked = []

    def report(share: float, step: str) -> None:
        asked.append(share)
        if len(asked) == 3:
            raise Cancelled

    squares = shapely.box(np.zeros(30), 0, 1, 1)
    with pytest.raises(Cancelled):
        features_overlap(np.zeros(30, dtype=int), np.arange(30), squares, 1, LEAST_M2, Threads(1, Progress(report)))
    assert len(asked) == 3


def test_nothing_on_nothing():
    none = np.empty(0, dtype=np.int64)
    assert features_overlap(none, none, shapely.box([0], 0, 1, 1), 2, LEAST_M2, Threads()).tolist() == [False, False]
