"""Rings out of WKB: those that GEOS finds, whatever the polygons are."""

import struct

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.flat_rings import are_single_rings, rings_of_wkb, single_rings
from onemap.layers.geometry.rings import rings_of

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


@pytest.mark.parametrize("name", ["polygons of one ring", "multipolygons of one"])
def test_where_all_have_one_ring_boxes_and_points_come_out_of_the_bytes(name):
    shapes = np.array(SHAPES[name], dtype=object)
    bodies = pa.array([b"before", *shapely.to_wkb(shapes, byte_order=1)])[1:]
    rings = single_rings(bodies)
    assert are_single_rings(bodies)
    assert rings.polygon.tolist() == list(range(len(shapes)))
    assert rings.size.tolist() == shapely.get_num_coordinates(shapes).tolist()
    assert np.array_equal(rings.boxes(), shapely.bounds(shapes))
    assert np.array_equal(rings.points, shapely.get_coordinates(shapes))


def test_boxes_of_points_that_are_no_numbers_are_none():
    for odd in (np.nan, np.inf, -np.inf):
        square = shapely.to_wkb(SQUARE, byte_order=1)
        bodies = pa.array([square, square[:29] + struct.pack("<d", odd) + square[37:]])
        assert np.isfinite(single_rings(bodies).boxes()).all(axis=1).tolist() == [True, False]


ONE = shapely.to_wkb(SQUARE, byte_order=1)
OTHERS = {
    "a hole": shapely.to_wkb(HOLED, byte_order=1),
    "two parts": shapely.to_wkb(shapely.multipolygons([SQUARE, TRIANGLE]), byte_order=1),
    "of the multi type": shapely.to_wkb(shapely.multipolygons([SQUARE]), byte_order=1),
    "the other byte order": shapely.to_wkb(SQUARE, byte_order=0),
    "heights": shapely.to_wkb(shapely.force_3d(SQUARE, 1), byte_order=1),
    "a ring without points": struct.pack("<BIII", 1, 3, 1, 0),
    "more bytes than points": ONE + b"\0" * 16,
    "fewer bytes than points": ONE[:-16],
    "empty": shapely.to_wkb(shapely.Polygon(), byte_order=1),
    "a line": shapely.to_wkb(shapely.LineString([(0, 0), (1, 1)]), byte_order=1),
    "none": None,
}


@pytest.mark.parametrize("name", OTHERS)
def test_one_of_another_kind_and_all_are_left_to_the_usual_way(name):
    assert single_rings(pa.array([ONE, ONE])) is not None
    assert single_rings(pa.array([ONE, OTHERS[name]])) is None
    assert single_rings(pa.array([], pa.binary())) is None
