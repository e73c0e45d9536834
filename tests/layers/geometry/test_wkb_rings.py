"""Polygons moved as bytes equal those that GEOS moves, digit by digit; others than plain ones go to GEOS."""

import struct

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.parts import multi, shift_geometries
from onemap.layers.geometry.rings import rings_of
from onemap.layers.geometry.wkb_rings import (
    are_single_rings,
    as_written,
    geometries_and_boxes,
    geometries_from,
    plain_polygons,
    plain_rings,
    rings_of_wkb,
    wkb_rings,
)

ORIGIN = (38_460_000.0, 3_410_000.0)


def polygons(seed):
    """Polygons far from zero: plain ones, with one hole and several, of one part and several, empty ones never."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(60):
        middle = shapely.Point(random.uniform(38_400_000, 38_700_000), random.uniform(3_400_000, 3_600_000))
        shape = middle.buffer(random.uniform(5, 90), quad_segs=int(random.integers(1, 9)))
        for at in range(number % 4):
            shape = shape.difference(shapely.Point(middle.x + at, middle.y).buffer(0.3))
        others = [shapely.affinity.translate(shape, 200.0 * part) for part in range(1, number % 3)]
        found.append(shapely.MultiPolygon([*getattr(shape, "geoms", [shape]), *others]) if number % 5 else shape)
    return np.array(found, dtype=object)


def column(bodies):
    return pa.array(list(bodies), pa.large_binary())


def check_same(bodies, geometries):
    made, boxes = geometries_and_boxes(bodies, ORIGIN)
    if wkb_rings(bodies) is not None:
        types = shapely.get_type_id(made)
        assert (types == 6).tolist() == (shapely.get_num_geometries(geometries) > 1).tolist()
        made = multi(made, "polygon")
        geometries = multi(geometries, "polygon")
    moved = shift_geometries(geometries, (-ORIGIN[0], -ORIGIN[1]))
    assert shapely.to_wkb(made).tolist() == shapely.to_wkb(moved).tolist()
    assert np.array_equal(boxes, shapely.bounds(geometries).reshape(-1, 4), equal_nan=True)


@pytest.mark.parametrize("seed", [1, 2])
def test_plain_polygons_are_moved_as_bytes(seed):
    geometries = polygons(seed)
    bodies = column(shapely.to_wkb(geometries, byte_order=1))
    rings, known = wkb_rings(bodies), rings_of(geometries)
    assert rings.size.tolist() == known.size.tolist() and rings.polygon.tolist() == known.polygon.tolist()
    assert np.array_equal(rings.points, known.points)
    assert rings.is_hole.tolist() == known.is_hole.tolist()
    assert rings.move((0.0, 0.0)).column().to_pylist() == bodies.to_pylist()
    check_same(bodies, geometries)
    check_same(bodies[7:31], geometries[7:31])  # a part of a column
    as_stored, boxes = geometries_and_boxes(bodies, (0.0, 0.0))
    assert shapely.to_wkb(as_stored).tolist() == shapely.to_wkb(geometries).tolist()
    assert np.array_equal(boxes, shapely.bounds(geometries))


@pytest.mark.parametrize(
    "other",
    [
        shapely.LineString([(0, 0), (38_500_000, 1)]),
        shapely.Point(1, 2),
        shapely.from_wkt("POLYGON EMPTY"),
        shapely.from_wkt("MULTIPOLYGON EMPTY"),
        shapely.from_wkt("MULTIPOLYGON (EMPTY, ((0 0, 1 0, 1 1, 0 0)))"),
        shapely.from_wkt("POLYGON Z ((0 0 1, 1 0 2, 1 1 3, 0 0 1))"),
        shapely.from_wkt("GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)))"),
        None,
    ],
)
def test_what_is_not_plain_goes_to_geos(other):
    geometries = np.array([*polygons(3)[:3], other], dtype=object)
    for order in (0, 1):
        check_same(column(shapely.to_wkb(geometries, byte_order=order, output_dimension=3)), geometries)


def test_bytes_that_are_no_geometry_are_never_followed():
    (whole,) = shapely.to_wkb(polygons(4)[4:5], byte_order=1)
    for end in range(len(whole)):
        assert wkb_rings(column([whole, whole[:end]])) is None
    for place in range(9):
        for value in (0, 7, 255):
            damaged = whole[:place] + bytes([value]) + whole[place + 1 :]
            found = wkb_rings(column([whole, damaged]))
            assert damaged == whole or found is None or shapely.from_wkb(damaged) is not None
    with pytest.raises(shapely.GEOSException):
        geometries_from(column([whole, whole[:40]]), ORIGIN)


def test_wkb_that_is_as_it_would_be_written_is_kept():
    square, holed = shapely.box(0, 0, 1, 1), shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
    alone, several = shapely.multipolygons([holed]), shapely.multipolygons([square, shapely.box(5, 0, 6, 1)])
    flat = np.array([square, holed, alone, several])
    for kind in (pa.binary(), pa.large_binary()):
        assert as_written(pa.array(shapely.to_wkb(flat), kind)).to_pylist() == shapely.to_wkb(flat).tolist()
    other = [shapely.Point(1, 1), shapely.Polygon(), None, shapely.force_3d(square)]
    for one in other:
        shapes = np.array([square, one], dtype=object)
        assert as_written(pa.array(shapely.to_wkb(shapes, output_dimension=3), pa.binary())) is None
    assert as_written(pa.array(shapely.to_wkb(flat, byte_order=0), pa.binary())) is None
    with_more = [body + b"\x00" for body in shapely.to_wkb(flat)]
    assert as_written(pa.array(with_more, pa.binary())) is None


SQUARE = shapely.box(0, 0, 9, 9)
HOLED = SQUARE.difference(shapely.box(2, 2, 3, 3))
TRIANGLE = shapely.Polygon([(20, 0), (30, 0), (25, 7)])
SHAPES = {
    "polygons of one ring": [SQUARE, TRIANGLE, shapely.box(-1e7, 0, 1e-9, 4)],
    "multipolygons of one": [shapely.multipolygons([one]) for one in (TRIANGLE, SQUARE)],
    "with holes and parts": [HOLED, shapely.multipolygons([HOLED, TRIANGLE]), shapely.multipolygons([HOLED])],
    "of every kind": [SQUARE, HOLED, None, shapely.Polygon(), shapely.multipolygons([TRIANGLE]), TRIANGLE, SQUARE],
    "nothing there": [None, shapely.MultiPolygon()],
    "none": [],
}


def _by_polygon(rings):
    """Each ring, as bytes, with its polygon and whether it is a hole, polygon by polygon."""
    start = np.cumsum(rings.size) - rings.size
    found = [
        (polygon, at, is_hole, rings.points[first : first + size].tobytes())
        for at, (polygon, is_hole, first, size) in enumerate(
            zip(rings.polygon.tolist(), rings.is_hole.tolist(), start.tolist(), rings.size.tolist(), strict=True)
        )
    ]
    return [(polygon, is_hole, points) for polygon, _, is_hole, points in sorted(found)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
@pytest.mark.parametrize("order", [0, 1])
def test_rings_are_those_of_the_geometries(name, kind, order):
    shapes = np.array(SHAPES[name], dtype=object)
    bodies = pa.array([b"before", *shapely.to_wkb(shapes, byte_order=order)], kind)[1:]
    found, wanted = rings_of_wkb(bodies), rings_of(shapes)
    assert _by_polygon(found) == _by_polygon(wanted)
    assert len(found.points) == found.size.sum() == len(wanted.points)
    assert found.size.dtype == found.polygon.dtype == np.int64 and found.is_hole.dtype == bool


@pytest.mark.parametrize("name", ["polygons of one ring", "multipolygons of one", "with holes and parts"])
def test_boxes_and_points_come_out_of_the_bytes(name):
    shapes = np.array(SHAPES[name], dtype=object)
    bodies = pa.array([b"before", *shapely.to_wkb(shapes, byte_order=1)])[1:]
    rings = wkb_rings(bodies)
    assert are_single_rings(bodies) == (name != "with holes and parts")
    assert rings.vertices().tolist() == shapely.get_num_coordinates(shapes).tolist()
    assert np.array_equal(rings.boxes(), shapely.bounds(shapes))
    assert np.array_equal(rings.points, shapely.get_coordinates(shapes))


def test_plain_polygons_have_closed_rings_of_numbers_that_lie_near():
    near = shapely.to_wkb(np.array([SQUARE, HOLED, shapely.multipolygons([HOLED, TRIANGLE])]), byte_order=1)
    assert np.array_equal(plain_polygons(column(near)).points, wkb_rings(column(near)).points)
    last = len(ONE) - 16
    for place in (29, last):
        for odd in (np.nan, np.inf, -np.inf, 1e10, 3.0):
            if odd != 3.0 or place == last:
                body = ONE[:place] + struct.pack("<d", odd) + ONE[place + 8 :]
                assert plain_polygons(column([*near, body])) is None
    short = struct.pack("<BIII", 1, 3, 1, 3) + ONE[13:45] + ONE[13:29]
    assert wkb_rings(column([short])) is not None and plain_polygons(column([short])) is None


ONE = shapely.to_wkb(SQUARE, byte_order=1)
OTHERS = {
    "the other byte order": shapely.to_wkb(SQUARE, byte_order=0),
    "heights": shapely.to_wkb(shapely.force_3d(SQUARE, 1), byte_order=1),
    "a ring without points": struct.pack("<BIII", 1, 3, 1, 0),
    "more bytes than points": ONE + b"\0" * 16,
    "fewer bytes than points": ONE[:-16],
    "of no ring": struct.pack("<BII", 1, 3, 0),
    "of a ring without points": struct.pack("<BIII", 1, 3, 1, 0),
    "a part without rings": struct.pack("<BIIBII", 1, 6, 1, 1, 3, 0),
    "a part that is a point": struct.pack("<BII", 1, 6, 1) + shapely.to_wkb(shapely.Point(1, 2), byte_order=1) + ONE,
    "a system's number": shapely.to_wkb(shapely.set_srid(SQUARE, 4490), byte_order=1, include_srid=True),
    "a collection": shapely.to_wkb(shapely.geometrycollections([SQUARE]), byte_order=1),
    "empty": shapely.to_wkb(shapely.Polygon(), byte_order=1),
    "a line": shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)]), byte_order=1),
    "none": None,
}


PLAIN = [ONE, shapely.to_wkb(HOLED, byte_order=1), shapely.to_wkb(shapely.multipolygons([HOLED, TRIANGLE]))]


@pytest.mark.parametrize("name", OTHERS)
def test_one_of_another_kind_is_told_and_all_others_are_read(name):
    for before in ([ONE, ONE], PLAIN):
        assert wkb_rings(column(before)) is not None
        bodies = column([*before, OTHERS[name], *before])
        assert wkb_rings(bodies) is None
        rings, is_plain = plain_rings(bodies)
        assert is_plain.tolist() == [True] * len(before) + [False] + [True] * len(before)
        known = rings_of(shapely.from_wkb(before))
        assert rings.points.tolist() == 2 * known.points.tolist()
        assert rings.is_hole.tolist() == 2 * known.is_hole.tolist()
        assert rings.polygon.tolist() == [*known.polygon, *(known.polygon + len(before) + 1)]
    assert wkb_rings(column([])) is None


def test_where_no_ring_has_points_all_are_geometries():
    bodies = column([OTHERS["of a ring without points"]] * 2)
    assert wkb_rings(bodies) is None
    made, boxes = geometries_and_boxes(bodies, ORIGIN)
    assert shapely.is_empty(made).all() and np.isnan(boxes).all()
