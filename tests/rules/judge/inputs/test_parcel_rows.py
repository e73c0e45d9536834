"""Facts of whole parcels are computed once, and equal to the last digit those computed for each row."""

import numpy as np
import pyproj
import pytest
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.parts import multi, polygon_parts, shift_geometries, shift_polygons
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.rules.judge.inputs.parcel_rows import ParcelRows

CRS = pyproj.CRS("EPSG:4547")
HOLED = shapely.Polygon([(0, 0), (9.3, 0.1), (8.7, 7.9)], [[(6, 1), (7, 1), (7, 2)]])


@pytest.mark.parametrize("origin", [(360_000.0, 4_160_000.0), (-140_000.0, -40_000.0)])
def test_rows_of_whole_parcels_and_of_parts_say_what_each_would_say_alone(origin):
    chance = np.random.default_rng(7)
    shapes = [shapely.affinity.translate(HOLED, *chance.uniform(0, 99_999, 2)) for _ in range(40)]
    given = shift_geometries(
        np.array([*shapes[:20], *(shapely.MultiPolygon([one]) for one in shapes[20:])]), (500_000, 4_200_000)
    )
    given = shift_geometries(given, (-860_000.0, -4_240_000.0)) if origin[0] < 0 else given
    local = shift_geometries(given, (-origin[0], -origin[1]))
    multis = Bodies.of(given).multi("polygon").column
    parcels = ParcelRows(np.arange(40).astype(str), shapely.bounds(given), lambda: multis, local, origin, CRS)
    parcel = np.r_[np.arange(40), 3, 25, 7]
    grounds = local[parcel]
    grounds[-3:] = [grounds[-3].buffer(-0.5), shapely.MultiPolygon([grounds[-2].buffer(-0.5)]), None]
    rows = parcels.grounds_in_library(FlatGround.of(grounds), parcel)
    alone = shift_polygons(grounds, origin)
    as_given_m2, alone_m2 = ellipsoidal_areas_m2(given, CRS), ellipsoidal_areas_m2(alone, CRS)
    assert rows.area_ellipsoidal_m2.tolist() == [*as_given_m2, *alone_m2[-3:]]
    assert origin[0] < 0 or as_given_m2.tolist() == alone_m2[:40].tolist()
    assert rows.wkb().to_pylist() == shapely.to_wkb(multi(alone, "polygon")).tolist()
    assert np.array_equal(rows.boxes, shapely.bounds(alone), equal_nan=True)
    assert rows.dimension.tolist() == shapely.get_dimensions(alone).tolist()
    assert (rows.parcel >= 0).sum() == (40 if origin[0] >= 0 else 0)


def test_what_takes_all_of_a_parcel_has_its_area_on_the_ellipsoid_however_many_vertices_an_overlay_gave_it():
    # A strip of 8 km by 20 m: where one of its long edges is divided, the formula of the survey rules finds less there.
    strip = np.array([shapely.box(0, 0, 8000, 20)])
    divided = shapely.Polygon([(0, 0), (3000, 0), (8000, 0), (8000, 20), (0, 20)])
    given = shift_geometries(strip, (500_000, 4_200_000))
    multis = Bodies.of(given).multi("polygon").column
    parcels = ParcelRows(np.array(["A"]), shapely.bounds(given), lambda: multis, strip, (500_000.0, 4_200_000.0), CRS)
    grounds = np.array([strip[0], divided, shapely.box(0, 0, 3000, 20)])
    rows = parcels.grounds_in_library(FlatGround.of(grounds), np.zeros(3, dtype=np.int64))
    whole_m2, again_m2, part_m2 = rows.area_ellipsoidal_m2
    assert whole_m2 == again_m2 == pytest.approx(160_000, rel=1e-5) and part_m2 == pytest.approx(60_000, rel=1e-5)
    assert ellipsoidal_areas_m2(shift_geometries(grounds[1:2], (500_000, 4_200_000)), CRS)[0] < 160_000 - 1000


def test_polygons_of_which_nothing_goes_are_the_same_objects_and_others_lose_what_is_no_ground():
    square, speck = shapely.box(0, 0, 2, 2), shapely.box(9, 9, 9.1, 9.1)
    several, line = shapely.MultiPolygon([square, shapely.box(5, 5, 7, 7)]), shapely.LineString([(0, 0), (9, 0)])
    given = np.array(
        [
            square,
            several,
            shapely.MultiPolygon([square, speck]),
            shapely.GeometryCollection([square, line]),
            shapely.GeometryCollection([several, line]),
            shapely.MultiPolygon([speck]),
            shapely.MultiPolygon(),
            None,
        ]
    )
    found = polygon_parts(given, 0.5)
    assert found[0] is square and found[1] is given[1]
    assert [None if one is None else one.wkt for one in found[2:]] == [
        shapely.MultiPolygon([square]).wkt,
        shapely.MultiPolygon([square]).wkt,
        several.wkt,
        None,
        None,
        None,
    ]
