"""Areas on the ellipsoid: the worked example of the survey rules, PROJ's geodesics, and every zone."""

import numpy as np
import pyarrow as pa
import pyproj
import pytest
import shapely

from onemap.layers.geometry.areas import areas_of_wkb_m2, ellipsoidal_areas_m2

HOME = pyproj.CRS.from_epsg(4526)
OUTER = [
    (38540100.456, 4210100.123),
    (38540300.234, 4210100.987),
    (38540301.678, 4209900.345),
    (38540099.321, 4209899.765),
]
HOLE = [
    (38540160.220, 4210040.110),
    (38540160.440, 4209980.330),
    (38540220.660, 4209980.550),
    (38540220.880, 4210040.770),
]
SECOND = [
    (38540100.250, 4209800.500),
    (38540200.500, 4209800.750),
    (38540200.875, 4209700.125),
    (38540150.625, 4209650.375),
    (38540100.125, 4209700.250),
]


def geodesic_m2(polygon: shapely.Polygon, crs: pyproj.CRS) -> float:
    """The area by Karney's geodesics, along edges cut so short that they equal the plane's."""
    degrees = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    carried = shapely.transform(shapely.segmentize(polygon, 100), degrees.transform, interleaved=False)
    ellipsoid = crs.ellipsoid
    geod = pyproj.Geod(a=ellipsoid.semi_major_metre, rf=ellipsoid.inverse_flattening)
    return abs(geod.geometry_area_perimeter(carried)[0])


def test_the_worked_example_of_two_parcels_one_with_a_hole():
    parcels = np.array([shapely.Polygon(OUTER, [HOLE]), shapely.Polygon(SECOND)])
    # By hand: 40 314.145299 less 3 626.4, and 12 603.2734375.
    assert shapely.area(parcels) == pytest.approx([36687.745299, 12603.2734375], abs=1e-5)
    # On the ellipsoid, 40 km from the meridian, about four hundred-thousandths less.
    assert ellipsoidal_areas_m2(parcels, HOME) == pytest.approx([36686.285, 12602.773], abs=0.001)
    assert [geodesic_m2(parcel, HOME) for parcel in parcels] == pytest.approx([36686.285, 12602.773], abs=0.1)


@pytest.mark.parametrize("order", [0, 1])
def test_out_of_wkb_they_have_the_same_digits(order):
    parts = np.array([shapely.Polygon(OUTER, [HOLE]), shapely.Polygon(SECOND), None, shapely.Polygon()])
    parcels = np.array([*parts, shapely.multipolygons(parts[:2]), shapely.multipolygons(parts[:1])], dtype=object)
    bodies = pa.array(shapely.to_wkb(parcels, byte_order=order), pa.large_binary())
    assert areas_of_wkb_m2(bodies, HOME).tolist() == ellipsoidal_areas_m2(parcels, HOME).tolist()
    assert areas_of_wkb_m2(bodies[:0], HOME).tolist() == []


@pytest.mark.parametrize("epsg", [4513, 4526, 4533, 4534, 4554, 4491, 4501, 2349, 2369, 2338, 2401, 2442, 21413, 21463])
@pytest.mark.parametrize("north", [400_000, 2_500_000, 4_200_000, 5_900_000])
def test_areas_agree_with_geodesics_in_every_zone_and_latitude_of_the_country(epsg, north):
    crs = pyproj.CRS.from_epsg(epsg)
    values = {parameter.name.lower(): parameter.value for parameter in crs.coordinate_operation.params}
    middle = values["false easting"]
    blocks = shapely.box(
        np.array([middle - 120_000, middle - 100, middle + 110_000]),
        north,
        np.array([middle - 119_000, middle + 100, middle + 115_000]),
        north + 1000,
    )
    expected = [geodesic_m2(block, crs) for block in blocks]
    assert ellipsoidal_areas_m2(blocks, crs) == pytest.approx(expected, rel=5e-6)


def integrated_m2(polygon: shapely.Polygon, crs: pyproj.CRS) -> float:
    """The area as closed-form ground from the equator to a latitude, integrated along edges straight in degrees."""
    minor = crs.ellipsoid.semi_minor_metre
    eccentricity = np.sqrt(1 - (minor / crs.ellipsoid.semi_major_metre) ** 2)
    degrees = pyproj.Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    longitude, latitude = (np.radians(axis) for axis in degrees.transform(*shapely.get_coordinates(polygon).T))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    along = latitude[:-1, None] + (nodes + 1) / 2 * np.diff(latitude)[:, None]
    sine = eccentricity * np.sin(along)
    strip = minor**2 / 2 * (np.sin(along) / (1 - sine**2) + np.arctanh(sine) / eccentricity)
    return abs(float((np.diff(longitude) * (strip * weights / 2).sum(axis=1)).sum()))


@pytest.mark.parametrize(("area_m2", "error"), [(10, 5e-9), (1e3, 1e-9), (1e5, 1e-9), (1e7, 1e-8), (1e9, 1e-6)])
@pytest.mark.parametrize("latitude", [18, 25, 32, 40, 47, 54])
def test_areas_agree_with_an_integral_from_ten_square_metres_to_a_thousand_square_kilometres(latitude, area_m2, error):
    crs = pyproj.CRS.from_epsg(4547)
    plane = pyproj.Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    side = np.sqrt(area_m2)
    corners = side * np.array([[0, 0], [0.94, 0.34], [0.6, 1.28], [-0.34, 0.94]])  # turned by twenty degrees, about
    for longitude in (112.6, 114.0, 115.2):
        block = shapely.Polygon(np.array(plane.transform(longitude, latitude)) + corners)
        assert ellipsoidal_areas_m2(np.array([block]), crs)[0] == pytest.approx(integrated_m2(block, crs), rel=error)


def test_a_hundred_and_twenty_kilometres_from_the_meridian_the_plane_is_too_large_by_four_ten_thousandths():
    block = shapely.box(38_619_900, 4_200_000, 38_620_100, 4_200_200)
    (area,) = ellipsoidal_areas_m2(np.array([block]), HOME)
    assert block.area / area - 1 == pytest.approx(3.6e-4, abs=0.1e-4)


def test_direction_and_beginning_of_a_ring_change_nothing_and_nothing_has_no_area():
    polygon = shapely.Polygon(OUTER, [HOLE])
    turned = shapely.Polygon([*OUTER[2:], *OUTER[:2]][::-1], [HOLE[::-1]])
    areas = ellipsoidal_areas_m2(np.array([polygon, turned, None, shapely.Polygon()], dtype=object), HOME)
    assert areas[0] == pytest.approx(areas[1], rel=1e-12)
    assert areas[2:].tolist() == [0.0, 0.0]


def test_parts_of_a_multipolygon_add_up():
    parts = np.array([shapely.Polygon(OUTER, [HOLE]), shapely.Polygon(SECOND)])
    (whole,) = ellipsoidal_areas_m2(np.array([shapely.multipolygons(parts)]), HOME)
    assert whole == pytest.approx(ellipsoidal_areas_m2(parts, HOME).sum(), rel=1e-14)
