"""Polygons transformed to another plane as bytes give the digits and the problems of geometries."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from onemap.layers.crs.axis_order import are_turned
from onemap.layers.errors import OneMapError
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.boxes import FARTHEST
from onemap.layers.geometry.proof_beside import NOBODY, Provers, proof_of
from onemap.layers.geometry.row_blocks import BLOCK
from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.ingest.placing import Carriage, SourceOptions, placed_in_crs
from onemap.rules.judge.overlay.pair_ground import are_simple_rings
from onemap.tests.conftest import write_layer

DEGREES, PLANE = pyproj.CRS.from_epsg(4490), pyproj.CRS.from_epsg(4547)
PROVERS = Provers(2, are_simple_rings)


def city(count):
    """Polygons of every plain form about a city, in degrees."""
    chance = np.random.default_rng(5)
    places = shapely.points(*(chance.uniform(low, low + 0.4, count) for low in (114.2, 37.8)))
    whole = shapely.buffer(places, chance.uniform(1e-4, 9e-4, count), quad_segs=3)
    holed = shapely.difference(whole, shapely.buffer(places, 5e-5, quad_segs=2))
    pairs = shapely.multipolygons(np.column_stack([whole, shapely.transform(holed, lambda points: points + 0.01)]))
    alone = shapely.multipolygons(whole[:, None])
    return np.choose(np.arange(count) % 4, [whole, holed, pairs, alone])


def frame_of(polygons, tmp_path, crs=DEGREES):
    """Polygons as a file gives them that was proved while it was read."""
    shapes, valid = proof_of(shapely.to_wkb(polygons), PROVERS)
    attributes = pd.DataFrame(index=range(len(polygons)))
    return RawFrame(tmp_path / "a.shp", "a", "ESRI Shapefile", shapes, attributes, crs, None, valid=valid)


def frame_in_plane(raw, provers=PROVERS, target=PLANE):
    return placed_in_crs(raw, SourceOptions(), target, provers)[0]


def by_pyproj(polygons, source=DEGREES, target=PLANE):
    carry = pyproj.Transformer.from_crs(source, target, always_xy=True).transform
    return shapely.transform(polygons, lambda points: np.column_stack(carry(points[:, 0], points[:, 1])))


def test_every_digit_is_that_of_pyproj_point_by_point(tmp_path):
    polygons = city(400)
    raw = frame_of(polygons, tmp_path)
    found = frame_in_plane(raw)
    expected = by_pyproj(polygons)
    assert isinstance(found.shapes, ShapeColumn) and found.valid.all()
    assert replace(found.carriage, prefixes=()) == Carriage()
    assert found.shapes.bodies.to_pylist() == shapely.to_wkb(expected, byte_order=1).tolist()
    assert np.array_equal(found.shapes.boxes, shapely.bounds(expected))
    assert np.array_equal(found.shapes.all_areas_m2, shapely.area(expected))
    assert raw.shapes.bodies.to_pylist() == shapely.to_wkb(polygons, byte_order=1).tolist()


def test_without_provers_it_goes_by_geometries_to_the_same_digits(tmp_path):
    polygons = city(40)
    found = frame_in_plane(frame_of(polygons, tmp_path), NOBODY)
    assert shapely.to_wkb(found.shapes).tolist() == shapely.to_wkb(by_pyproj(polygons)).tolist()
    assert found.valid is None


def test_they_are_proved_where_they_come_to_lie(tmp_path):
    # A hair's breadth in degrees, of which nothing is left in metres to three millions.
    thin = shapely.Polygon([(114.3, 37.9), (114.4, 37.9), (114.4, 37.9 + 2e-14), (114.35, 37.9 + 1e-14)])
    bow = shapely.Polygon([(114.3, 37.9), (114.4, 38.0), (114.4, 37.9), (114.3, 38.0)])
    polygons = np.concatenate([city(8), [thin, bow]])
    raw = frame_of(polygons, tmp_path)
    found, expected = frame_in_plane(raw), by_pyproj(polygons)
    assert isinstance(found.shapes, ShapeColumn)
    assert found.valid.tolist() == shapely.is_valid(expected).tolist()
    assert raw.valid.tolist() != found.valid.tolist()


def test_blocks_are_put_together_in_their_order(tmp_path):
    column, row = np.divmod(np.arange(BLOCK + 3), 300)
    squares = shapely.box(*(114 + row * 1e-4, 37 + column * 1e-4, 114 + (row + 1) * 1e-4, 37 + (column + 1) * 1e-4))
    found = frame_in_plane(frame_of(squares, tmp_path))
    some = [0, BLOCK - 1, BLOCK, BLOCK + 2]
    assert found.shapes.bodies.take(some).to_pylist() == shapely.to_wkb(by_pyproj(squares[some])).tolist()
    assert len(found.shapes) == BLOCK + 3


def test_where_nothing_is_carried_shapes_and_proof_stay(tmp_path):
    raw = frame_of(by_pyproj(city(4)), tmp_path, PLANE)
    found = frame_in_plane(raw)
    assert found.shapes is raw.shapes and found.valid is raw.valid


def test_a_plane_that_holds_other_digits_of_the_same_metres_only_adds(tmp_path):
    zone = pyproj.CRS.from_epsg(4526)  # EPSG:4547 with a zone's number before the metres
    polygons = by_pyproj(city(12))
    found = frame_in_plane(frame_of(polygons, tmp_path, PLANE), target=zone)
    expected = shapely.transform(polygons, lambda points: points + [38_000_000.0, 0.0])
    assert found.shapes.bodies.to_pylist() == shapely.to_wkb(expected).tolist()


def test_what_has_no_place_in_the_plane_is_refused(tmp_path):
    raw = frame_of(np.array([shapely.box(114, 90.2, 114.1, 90.4)]), tmp_path)  # beyond the pole
    with np.errstate(all="ignore"), pytest.raises(OneMapError) as refusal:
        frame_in_plane(raw)
    assert refusal.value.code == "crs.out_of_range"


def test_what_comes_to_lie_too_far_away_is_left_to_the_check_of_geometries(tmp_path):
    lake = "+proj=tmerc +lat_0=0 +lon_0=114 +x_0={} +y_0=0 +ellps=GRS80 +units=m +no_defs"
    near, far = (pyproj.CRS.from_proj4(lake.format(east)) for east in (500_000, 3 * FARTHEST))
    raw = frame_of(np.array([shapely.box(500_000, 4e6, 500_100, 4.0001e6)]), tmp_path, near)
    found = frame_in_plane(raw, target=far)
    assert isinstance(found.shapes, np.ndarray) and found.valid is None
    assert shapely.bounds(found.shapes)[0, 0] > FARTHEST


def test_geometries_of_another_kind_are_carried_as_they_are(tmp_path):
    points = shapely.points([114.3, 114.4], [37.9, 38.0])
    raw = replace(frame_of(city(2), tmp_path), shapes=points, valid=None)
    found = frame_in_plane(raw)
    assert shapely.to_wkb(found.shapes).tolist() == shapely.to_wkb(by_pyproj(points)).tolist()
    assert shapely.get_x(points[0]) == 114.3


@pytest.mark.parametrize("provers", [PROVERS, NOBODY])
def test_a_long_edge_that_bends_is_told_with_how_far_it_lies_beside_its_place(tmp_path, provers):
    """Half a degree along the parallel of 38°, 43.9 km: its middle is L² tan φ / 8R = 29.5 m south of the chord."""
    far, near = shapely.box(113.5, 37.5, 114.0, 38.0), shapely.box(114.0, 37.5, 114.01, 37.51)
    # Two small parts far from each other have no long edge, nor have two features.
    apart = shapely.MultiPolygon([near, shapely.transform(near, lambda points: points + 0.3)])
    for polygons, metres in (([near, far], 29.5), ([near, apart], 0.0), ([shapely.segmentize(far, 0.01)], 0.0)):
        raw = frame_of(np.array(polygons), tmp_path)
        placed, remarks = placed_in_crs(raw, SourceOptions(), PLANE, provers)
        middle, ends = shapely.Point(113.75, 38.0), [shapely.Point(113.5, 38.0), shapely.Point(114.0, 38.0)]
        x, y = shapely.get_coordinates(by_pyproj(np.array([middle, *ends]))).T
        expected = np.hypot(x[0] - x[1:].mean(), y[0] - y[1:].mean())
        bends = [problem for problem in remarks if problem.code == "crs.long_edges"]
        if metres:
            assert placed.carriage.bend_m == pytest.approx(expected, rel=1e-9) == pytest.approx(metres, abs=0.1)
            assert bends[0].facts["metres"] == f"{expected:.1f}"
        else:
            assert placed.carriage.bend_m < 0.05 and bends == []


def turned(polygons, rows):
    """Polygons, of which some are written with their axes exchanged."""
    polygons = polygons.copy()
    polygons[rows] = shapely.transform(polygons[rows], lambda points: points[:, ::-1])
    return polygons


@pytest.mark.parametrize(
    ("west", "south", "crs", "rows", "at"),
    [
        (500_000, 4_200_000, 4547, [2], "4200000, 500400"),  # its ground would lie in the Pacific
        (500_000, 2_050_000, 4547, [2], "2050000, 500400"),  # of Hainan
        (586_000, 4_374_400, 4534, [2], "4374400, 586400"),  # of Kashgar: it would lie in the South China Sea
        (606_500, 3_281_800, 4539, [2], "3281800, 606900"),  # of Lhasa, there too
        (685_900, 2_434_900, 32647, [0, 1, 2, 3, 4], "2434900, 685900"),  # of Xishuangbanna
        (76.5, 39.2, 4490, [0, 1], "39.2, 76.5"),  # of Kashgar: a latitude of 76° is none too great
        (12_690_000, 4_580_000, 3857, [0, 1, 2, 3, 4], "4580000, 12690000"),
        (400_000, 2_300_000, 32649, [0, 1, 2, 3, 4], "2300000, 400000"),
    ],
)
@pytest.mark.parametrize("provers", [NOBODY, PROVERS])
def test_features_with_their_axes_exchanged_are_refused_though_others_lie_right(
    tmp_path, west, south, crs, rows, at, provers
):
    step = 0.002 if crs == 4490 else 200
    left = west + step * np.arange(5)
    polygons = turned(shapely.box(left, south, left + step / 2, south + step), rows)
    raw = frame_of(polygons, tmp_path, pyproj.CRS.from_epsg(crs))
    with pytest.raises(OneMapError) as refused:
        frame_in_plane(raw, provers)
    (problem,) = refused.value.problems
    assert problem.code == "crs.contradicted"
    some = problem.facts["suggestion"]
    assert (some.code, some.facts["count"], f"{some.facts['x']}, {some.facts['y']}") == (
        "suggest.some_swapped",
        len(rows),
        at,
    )


def refusal_of(eastings, northings, crs, tmp_path, provers=NOBODY):
    """The words on features 100 m wide, of which some may contradict their system; None if they are taken."""
    step = 0.001 if crs == 4490 else 100.0
    corners = np.array(eastings), np.array(northings)
    raw = frame_of(shapely.box(*corners, corners[0] + step, corners[1] + step), tmp_path, pyproj.CRS.from_epsg(crs))
    try:
        frame_in_plane(raw, provers)
    except OneMapError as error:
        assert error.code == "crs.contradicted"
        some = error.problems[0].facts["suggestion"]
        return (some.code, *(some.facts.get(name) for name in ("count", "x", "y")))
    return None


# On 37.9° N these lie at 114.8° E, and 38,600,000 and 40,100,000 by their numbers at 115.1° E and 115.4° E.
RIGHT = [39_310_000.0, 39_320_000.0, 39_330_000.0]


@pytest.mark.parametrize(
    ("eastings", "crs", "words"),
    [
        ([*RIGHT, 38_600_000.0], 4527, ("suggest.other_prefix", 1, "38600000", "4200000")),  # 1,000 km to the west
        ([*RIGHT, 40_100_000.0], 4527, ("suggest.other_prefix", 1, "40100000", "4200000")),
        ([*RIGHT, 310_000.0], 4527, ("suggest.other_prefix", 1, "310000", "4200000")),  # the number was forgotten
        ([310_000.0, 320_000.0, 39_310_000.0], 4548, ("suggest.other_prefix", 1, "39310000", "4200000")),
        ([*RIGHT, 38_990_000.0, 38_700_000.0], 4527, None),  # a wide layer, written in one zone
        ([*RIGHT, 39_950_000.0, 38_100_000.0], 4527, None),  # of 109° E by its number, where nothing else lies
        (RIGHT, 4527, None),
    ],
)
@pytest.mark.parametrize("provers", [NOBODY, PROVERS])
def test_the_number_of_another_zone_at_some_features_is_refused(tmp_path, eastings, crs, words, provers):
    assert refusal_of(eastings, [4_200_000.0] * len(eastings), crs, tmp_path, provers) == words


def test_inspect_tells_of_the_number_of_another_zone(onemap, tmp_path):
    shapes = [shapely.box(east, 4_200_000, east + 100, 4_200_100) for east in (*RIGHT, 38_600_000.0)]
    path = write_layer(tmp_path / "a.gpkg", shapes, crs="EPSG:4527")
    (problem,) = onemap("inspect", path, lang="zh").json["layers"][0]["problems"]
    assert problem["code"] == "crs.contradicted" and "有 1 个要素横坐标的带号与其余要素不一致" in problem["message"]


def test_some_latitudes_before_longitudes_are_told_with_their_number_and_place(tmp_path):
    words = refusal_of([114.3, 38.1, 114.4, 38.2], [38.1, 114.3, 38.2, 114.4], 4490, tmp_path)
    assert words == ("suggest.some_swapped", 2, "38.1", "114.3")


@pytest.mark.parametrize(
    ("longitude", "latitude", "crs"),
    [
        (115.4, 8.0, 4546),
        (109.0, 3.5, 4546),
        (116.3, 8.2, 4544),
        (134.9, 48.4, 4549),
        (73.6, 39.5, 4547),
        (109.5, 0.001, 4547),
    ],
)
def test_the_ends_of_the_country_and_sketches_are_taken_as_they_are(tmp_path, longitude, latitude, crs):
    plane = pyproj.CRS.from_epsg(crs)
    places = shapely.points([longitude, 110.0], [latitude, 20.0])
    raw = frame_of(by_pyproj(shapely.buffer(places, 0.0005, quad_segs=2), target=plane), tmp_path, plane)
    assert len(frame_in_plane(raw, target=plane).shapes) == 2


def test_abroad_no_axes_are_doubted(tmp_path):
    """Turned, a town in Lapland would lie in Yunnan."""
    raw = frame_of(np.array([shapely.box(2_600_000, 11_000_000, 2_600_100, 11_000_100)]), tmp_path, pyproj.CRS(3857))
    assert len(frame_in_plane(raw, target=pyproj.CRS(32635)).shapes) == 1
    with pytest.raises(OneMapError):
        frame_in_plane(raw)


def test_coordinates_too_large_for_arithmetic_are_doubted_in_silence():
    boxes = np.array([[1.7e308] * 4, [2_000_000, 400_000, 2_000_100, 400_100]])
    with np.errstate(all="raise"):
        assert are_turned(PLANE, PLANE, boxes).tolist() == [False, True]
