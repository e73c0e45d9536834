"""Parcels over a large layer as WKB: pairs and ground equal those of geometries, and few geometries are made."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import ShapeColumn, shapes_from
from onemap.rules.judge.overlay.candidate_pairs import index_of
from onemap.rules.judge.overlay.flat_polygons import FlatPolygons
from onemap.rules.judge.overlay.overlay import grounds, overlaps
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.overlay.unchanging_sets import compute_once, freeze_set

ORIGIN = (40_500_000.0, 3_400_000.0)
THREADS = Threads(2)


@pytest.fixture(scope="module")
def features():
    """Rounds on a grid, with holes, multis of one part and of two, two that are the same, one over very many."""
    random = np.random.default_rng(11)
    x, y = (axis.ravel() * 30.0 for axis in np.meshgrid(np.arange(80), np.arange(80)))
    shapes = shapely.buffer(shapely.points(x, y), random.uniform(3, 20, len(x)), quad_segs=6)
    shapes[::4] = shapely.difference(shapes[::4], shapely.buffer(shapely.points(x[::4], y[::4]), 1.5))
    shapes[::6] = shapely.multipolygons(shapes[::6], indices=np.arange(len(shapes[::6])))
    shapes[5::9] = shapely.union(shapes[5::9], shift_geometries(shapes[5::9], (45.0, 3.0)))
    shapes[17] = shapes[18]
    shapes[4_000] = shapely.box(300, 300, 900, 1_200)
    bodies = pa.array(shapely.to_wkb(shift_geometries(shapes, ORIGIN), byte_order=1), pa.large_binary())
    found, _ = shapes_from([bodies[:3_000], bodies[3_000:]], ORIGIN)
    assert isinstance(found, ShapeColumn)
    return found


@pytest.fixture(scope="module")
def parcels(features):
    """Squares across rounds; a feature itself; within one; around some; one of parts that lie far apart; one away."""
    own = features.at(np.arange(40))[np.array([18, 31])]
    x, y = np.meshgrid(np.arange(12) * 180.0 + 7, np.arange(12) * 180.0 + 11)
    squares = shapely.box(x.ravel(), y.ravel(), x.ravel() + 40, y.ravel() + 25)
    apart = shapely.multipolygons([shapely.box(0, 0, 9, 9), shapely.box(2_000, 2_000, 2_030, 2_010)])
    boxes = shapely.box([400, -9e3, 1_000], [400, 0, 1_000], [410, -8e3, 1_100], [420, 9, 1_090])
    return freeze_set(np.array([*squares, *own, apart, *boxes], dtype=object))


def bytes_of(found, ground):
    order = np.lexsort((found.feature, found.parcel))
    pairs = np.column_stack([found.parcel, found.feature])[order].tolist()
    return pairs, shapely.to_wkb(found.geometry[order]).tolist(), shapely.to_wkb(ground).tolist()


def test_pairs_and_ground_are_those_of_geometries_and_few_are_made(features, parcels, sum_by):
    sum_by("loops")  # of ground that GEOS makes, polygons are made
    column, tree = features.at(np.arange(1, len(features))), shapely.STRtree(parcels)
    found = overlaps(parcels, tree, column, THREADS)
    ground = grounds(found, parcels, column, THREADS)
    made = ~shapely.is_missing(vars(column)["_geometries"])
    assert len(found.parcel) > 200 and 0 < made.sum() < 100
    geometries = features.geometries[1:].copy()
    by_geometries = overlaps(parcels, tree, geometries, THREADS)
    known = grounds(by_geometries, parcels, geometries, THREADS)
    assert bytes_of(found, ground.geometries) == bytes_of(by_geometries, known.geometries)
    # And those of GEOS.
    one, other = tree.query(geometries, predicate="intersects")[::-1]
    common_m2 = shapely.area(shapely.intersection(parcels[one], geometries[other]))
    known = sorted(zip(one[common_m2 > 1e-6].tolist(), other[common_m2 > 1e-6].tolist(), strict=True))
    assert sorted(map(tuple, bytes_of(found, ground.geometries)[0])) == known
    assert found.ground.area_m2.sum() == pytest.approx(common_m2.sum(), abs=1e-4)


@pytest.mark.parametrize("rows", [np.arange(6_400), np.arange(0, 6_400, 7), np.empty(0, dtype=np.int64)])
def test_flat_arrays_are_those_of_geometries(features, rows):
    some = features.at(rows)
    flat, known = FlatPolygons(some, THREADS), FlatPolygons(features.geometries[rows], THREADS)
    for name, one, other in zip(flat.arrays._fields, flat.arrays, known.arrays, strict=True):
        assert one.dtype == other.dtype and one.tobytes() == other.tobytes(), name
    asked = np.arange(len(rows))[::-50]
    assert flat.areas_m2(asked).tolist() == known.areas_m2(asked).tolist()


def test_what_is_worked_out_of_a_column_is_worked_out_once(features):
    column, times = features.at(np.arange(5)), []
    assert [compute_once(column, "count", lambda some: times.append(1) or len(some)) for _ in range(3)] == [5, 5, 5]
    assert times == [1]
    compute_once(features.at(np.arange(5)), "count", lambda some: times.append(2))
    assert times == [1, 2]


def test_of_parcels_inside_a_feature_no_polygon_is_made(features):
    """Ground that is all of a parcel is a mark, from the pair to all that the parcel shares."""
    column = features.at(np.flatnonzero(features.facts.parts == 1))
    parcels = column.counted_from(ORIGIN)
    assert len(parcels.all_areas_m2) == len(parcels)
    around = np.array([shapely.box(-100, -100, 2_500, 9_000)], dtype=object)
    found = overlaps(parcels, index_of(parcels), around, THREADS)
    ground = grounds(found, parcels, around, THREADS)
    assert shapely.is_missing(vars(parcels)["_geometries"]).all()
    by_geometries = overlaps(parcels.geometries, shapely.STRtree(parcels.geometries), around, THREADS)
    assert len(found.parcel) > 3_000 and ground.is_all_of(parcels, np.arange(len(parcels))).sum() > 3_000
    assert shapely.to_wkb(found.geometry).tolist() == shapely.to_wkb(by_geometries.geometry).tolist()
    assert found.ground.area_m2.tolist() == by_geometries.ground.area_m2.tolist()
