"""Columns of WKB equal those that shapely writes, value by value."""

import numpy as np
import pyarrow as pa
import shapely
from shapely import LineString, MultiPolygon, Point, box

from onemap.layers.geometry.wkb_column import interleaved_column, multi_bodies, ring_heads, with_points


def test_rings_are_written_as_multipolygons_of_one_part():
    chance = np.random.default_rng(8)
    size = chance.integers(4, 60, 3000)
    points = chance.uniform(-4e7, 4e7, (size.sum(), 2))
    start = np.cumsum(size) - size
    points[start + size - 1] = points[start]
    polygons = shapely.polygons(shapely.linearrings(points, indices=np.arange(3000).repeat(size)))
    multis = shapely.multipolygons(polygons, indices=np.arange(3000))
    bodies = with_points(ring_heads(size), points, size)
    bodies.validate(full=True)
    assert bodies.to_pylist() == shapely.to_wkb(multis, byte_order=1).tolist()
    assert with_points(ring_heads(size), points.astype(">f8"), size).equals(bodies)
    some = pa.array([b"1", None, b""], pa.large_binary())
    assert with_points(some, points[:1], np.array([0, 0, 1])).to_pylist() == [b"1", None, points[0].tobytes()]


def test_geometries_are_written_as_multis_of_their_kind_and_none_stays_none():
    shapes = np.array([None, box(0, 0, 1, 1), Point(3, 4), LineString([(0, 0), (1, 2)]), MultiPolygon()], dtype=object)
    found = shapely.from_wkb(np.array(multi_bodies(shapes).to_pylist(), dtype=object))
    assert [None if one is None else one.geom_type for one in found] == [
        None,
        "MultiPolygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
    ]
    assert len(multi_bodies(shapes[:0])) == 0


def test_polygons_of_one_ring_are_written_as_geos_writes_multis_of_them():
    rng = np.random.default_rng(4)
    shapes = shapely.buffer(shapely.points(rng.uniform(0, 1e6, (300, 2))), rng.uniform(1, 50, 300), quad_segs=3)
    shapes[::5] = shapely.difference(shapes[::5], shapely.buffer(shapes[::5], -0.3))  # with a hole
    shapes[1::7] = shapely.reverse(shapes[1::7])
    shapes[2::9], shapes[3::9] = None, shapely.force_3d(shapes[3::9], 5.0)
    multis = [None if one is None else MultiPolygon([one]) for one in shapes]
    assert multi_bodies(shapes).to_pylist() == shapely.to_wkb(multis, byte_order=1).tolist()


def test_parts_of_a_column_stand_in_their_rows():
    odd, even = pa.array([b"1", None, b"5"], pa.large_binary()), pa.array([b"0", b"2", b""], pa.large_binary())
    rows = np.array([1, 3, 5]), np.array([4, 2, 0])
    whole = interleaved_column([(rows[0], odd), (rows[1], even)])
    assert whole.to_pylist() == [b"", b"1", b"2", None, b"0", b"5"]
    assert interleaved_column([(np.arange(3), odd)]) is odd
