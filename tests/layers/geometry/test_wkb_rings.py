"""Rings out of WKB: those that GEOS finds, whatever the polygons are."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.rings import rings_of
from onemap.layers.geometry.wkb_rings import rings_of_wkb

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
