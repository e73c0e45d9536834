"""Results about a set that nobody can change are cached as long as the set exists, and for no other set."""

import gc
import weakref

import numpy as np
import pytest
import shapely

from onemap.rules.judge.overlay import flat_polygons, unchanging_sets
from onemap.rules.judge.overlay.flat_polygons import FlatPolygons, flat_among
from onemap.rules.judge.overlay.overlay import overlaps
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import compute_once, freeze_set

ONE = Threads()


def squares(count: int) -> np.ndarray:
    """Squares of 4 m side by side."""
    west = 4.0 * np.arange(count)
    return shapely.box(west, 0.0, west + 4.0, 4.0)


def test_it_is_worked_out_once_for_a_set_that_cannot_change_and_each_time_for_one_that_can():
    asked = []

    def work(polygons: np.ndarray) -> float:
        asked.append(len(polygons))
        return float(shapely.area(polygons).sum())

    loose, firm = squares(3), freeze_set(squares(5))
    assert [compute_once(loose, "area", work) for _ in range(2)] == [48.0, 48.0]
    assert [compute_once(firm, "area", work) for _ in range(2)] == [80.0, 80.0]
    assert asked == [3, 3, 5]
    assert compute_once(firm, "length", lambda polygons: float(shapely.length(polygons).sum())) == 80.0
    view = firm[:2]  # what it shows may change with what it is a part of
    assert compute_once(view, "area", work) == 32.0 and compute_once(view, "area", work) == 32.0
    assert asked == [3, 3, 5, 2, 2]


def test_nobody_changes_such_a_set_by_mistake():
    firm = freeze_set(squares(2))
    with pytest.raises(ValueError, match="read-only"):
        firm[0] = None


def test_what_is_known_goes_with_the_set():
    firm = freeze_set(squares(4))
    key = id(firm)
    flat = weakref.ref(compute_once(firm, "flat", lambda polygons: FlatPolygons(polygons, ONE)))
    assert flat() is not None and key in unchanging_sets._KNOWN
    del firm
    gc.collect()
    assert flat() is None and key not in unchanging_sets._KNOWN


def test_most_of_a_large_set_is_laid_out_as_a_whole_and_the_pairs_come_out_the_same(monkeypatch):
    monkeypatch.setattr(flat_polygons, "_MANY", 10)
    parcels = squares(40)
    features = shapely.box([1.0, 30.0, 90.0], [1.0, 2.0, -1.0], [50.0, 118.0, 155.0], [3.0, 3.5, 2.5])
    rows = np.arange(2, 40)
    some, place = flat_among(parcels, rows, ONE)
    assert len(some.polygons) == 38 and place.tolist() == list(range(38))
    firm = freeze_set(parcels.copy())
    whole, place = flat_among(firm, rows, ONE)
    assert len(whole.polygons) == 40 and place.tolist() == rows.tolist()
    assert flat_among(firm, rows[5:], ONE)[0] is whole
    assert len(flat_among(firm, rows[:9], ONE)[0].polygons) == 9  # a few are made without the others
    found, again = (overlaps(of, shapely.STRtree(of), features, ONE) for of in (parcels, firm))
    assert found.ground.area_m2.tobytes() == again.ground.area_m2.tobytes()
    assert (found.parcel == again.parcel).all() and (found.feature == again.feature).all()
    assert shapely.equals_exact(found.geometry, again.geometry).all() and len(found.parcel) == 13 + 23 + 17
