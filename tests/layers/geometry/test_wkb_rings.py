"""Polygons that are moved as bytes are those that GEOS moves, digit by digit; what is not plain goes to GEOS."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.parts import multi, shift_geometries
from onemap.layers.geometry.rings import rings_of
from onemap.layers.geometry.wkb_rings import as_written, geometries_from, wkb_rings

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
    made, boxes = geometries_from(bodies, ORIGIN)
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
    assert np.array_equal(rings.move((0.0, 0.0))[0], known.points)
    check_same(bodies, geometries)
    check_same(bodies[7:31], geometries[7:31])  # a part of a column
    as_stored, boxes = geometries_from(bodies, (0.0, 0.0))
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
