"""A large layer in units, as WKB: the result equals that of geometries, and few geometries are made."""

import numpy as np
import pyproj
import pytest
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import PlainFacts, ShapeColumn
from onemap.layers.geometry.wkb_column import multi_bodies
from onemap.layers.geometry.wkb_rings import wkb_rings
from onemap.rules.answers.compare.self_overlap import lost_to_earlier
from onemap.rules.answers.statistics.union_areas import Plane, overlapping_pairs, union_areas
from onemap.rules.answers.statistics.unit_pieces import unit_pieces, whole_features
from onemap.rules.judge.overlay.threads import Threads

PLANE = Plane(pyproj.CRS.from_epsg(4547), (500_000.0, 4_200_000.0))
THREADS = Threads(2)
SIDE, ACROSS = 30.0, 12


def column_of(shapes):
    """Shapes counted from the origin as a library has stored them."""
    bodies = multi_bodies(shift_geometries(shapes, PLANE.origin))
    return ShapeColumn(bodies, PLANE.origin, PlainFacts.of(wkb_rings(bodies)))


def as_stored(shapes):
    """Shapes with the digits that they have when they come back from where they are stored."""
    east, north = PLANE.origin
    return shift_geometries(shift_geometries(shapes, PLANE.origin), (-east, -north))


def coverage():
    """Crooked squares without gap or overlap."""
    x, y = (axis.ravel() * SIDE for axis in np.meshgrid(np.arange(ACROSS), np.arange(ACROSS)))
    boxes = shapely.box(x, y, x + SIDE, y + SIDE)
    return as_stored(shapely.transform(boxes, lambda points: points + 3 * np.sin(points[:, ::-1])))


@pytest.fixture
def patches():
    """The coverage with holes, with some on others, and some of two parts."""
    shapes = coverage()
    shapes[::5] = shapely.difference(shapes[::5], shapely.buffer(shapely.centroid(shapes[::5]), 2.0))
    shapes[3::7] = shapely.buffer(shapes[3::7], 4.0)
    shapes[60] = shapely.multipolygons([shapes[60], shapely.box(-90, -90, -80, -80)])
    return as_stored(shapes)


@pytest.fixture
def units():
    """Three with slanting borders, two of which share ground."""
    return shapely.polygons([
        [(-20, -20), (170, -20), (190, 390), (-20, 390)],
        [(170, -20), (390, -20), (390, 390), (190, 390)],
        [(80, 80), (280, 85), (275, 270), (90, 280)],
    ])  # fmt: skip


def geometries_made(column):
    return int((~shapely.is_missing(column.known_geometries(np.arange(len(column))))).sum())


def test_pieces_are_what_geometries_share_with_units(patches, units):
    column = column_of(patches)
    names = np.arange(len(patches)).astype(str).astype(object)
    found = unit_pieces(units, column, "polygon", names, "PATCH", THREADS)
    shared = shapely.intersection(units[:, None], patches[None, :])
    unit, feature = np.nonzero(shapely.area(shared) > 1e-6)
    assert (found.unit.tolist(), found.feature.tolist()) == (unit.tolist(), feature.tolist())
    expected = shapely.area(shared[unit, feature])
    assert found.ground.area_m2 == pytest.approx(expected, abs=1e-6)
    assert found.share == pytest.approx(expected / shapely.area(patches)[feature], abs=1e-9)
    curved = ellipsoidal_areas_m2(shift_geometries(found.geometry, PLANE.origin), PLANE.crs)
    assert np.array_equal(PLANE.ellipsoidal_m2(found.ground), curved)
    by_hand = unit_pieces(units, patches, "polygon", names, "PATCH", THREADS)
    assert np.array_equal(by_hand.ground.area_m2, found.ground.area_m2)
    assert np.array_equal(PLANE.ellipsoidal_m2(by_hand.ground), curved)
    few = found.of_features(np.arange(len(patches)) % 3 == 0)
    assert shapely.equals(few.geometry, found.geometry[found.feature % 3 == 0]).all()


def test_of_features_inside_a_unit_no_geometry_is_made(units):
    column = column_of(coverage())
    found = unit_pieces(units[:1], column, "polygon", np.arange(len(column)), "PATCH", THREADS)
    measured = found.ground.area_m2, PLANE.ellipsoidal_m2(found.ground)
    whole = found.ground.whole.places
    assert len(whole) > 50 and geometries_made(column) <= len(found.unit) - len(whole)
    alone = column_of(coverage())
    every = whole_features(alone)
    assert np.array_equal(PLANE.ellipsoidal_m2(every.ground)[found.feature[whole]], measured[1][whole])
    assert np.array_equal(every.ground.area_m2, shapely.area(coverage()))
    assert geometries_made(alone) == 0


def test_neighbours_that_only_touch_do_not_overlap_and_none_is_made():
    column = column_of(coverage())
    every = np.arange(len(column))
    assert overlapping_pairs(column, THREADS).shape == (2, 0)
    assert [len(some) for some in lost_to_earlier(column, every, THREADS)] == [0, 0, 0, 0]
    assert geometries_made(column) == 0


def test_those_that_overlap_are_the_pairs_of_geometries_with_ground_in_common(patches):
    later, earlier = overlapping_pairs(column_of(patches), THREADS)
    one, other = np.nonzero(np.triu(shapely.area(shapely.intersection(patches[:, None], patches[None, :])) > 1e-6, 1))
    assert sorted(zip(earlier.tolist(), later.tolist(), strict=True)) == list(
        zip(one.tolist(), other.tolist(), strict=True)
    )
    assert len(one) > 50


def test_what_overlaps_is_united_and_counted_once(patches):
    column = column_of(patches)
    pieces = whole_features(column)
    areas = pieces.ground.area_m2, PLANE.ellipsoidal_m2(pieces.ground)
    pieces = type(pieces)(pieces.unit, pieces.feature, pieces.ground, pieces.share, areas)
    found = union_areas(pieces.unit, pieces, 1, overlapping_pairs(column, THREADS), PLANE, THREADS)
    union = shapely.union_all(patches)
    assert found.area_m2 == pytest.approx([union.area], abs=1e-5)
    assert found.overlap_m2 == pytest.approx([shapely.area(patches).sum() - union.area], abs=1e-5)
    curved = ellipsoidal_areas_m2(shift_geometries(np.array([union]), PLANE.origin), PLANE.crs)
    assert found.ellipsoidal_m2 == pytest.approx(curved, abs=1e-3)


def test_what_an_earlier_one_has_is_lost_and_only_that(patches):
    column = column_of(patches)
    places, rest, lost, failed = lost_to_earlier(column, np.arange(len(patches)), THREADS)
    before = [shapely.union_all(patches[:at]) for at in range(len(patches))]
    expected = shapely.area(shapely.intersection(patches, before))
    assert len(failed) == 0 and places.tolist() == np.flatnonzero(expected > 1e-6).tolist()
    assert lost == pytest.approx(expected[places], abs=1e-6)
    assert shapely.area(rest) == pytest.approx(shapely.area(patches[places]) - lost, abs=1e-6)
