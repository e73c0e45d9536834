"""Boxes and types read from WKB are those of the geometries."""

import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely import LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from onemap.layers.geometry.wkb_boxes import wkb_boxes, wkb_types


def every_kind():
    chance = np.random.default_rng(5)
    rings = [chance.uniform(-1e7, 1e7, (int(count), 2)) for count in chance.integers(3, 30, 300)]
    found = [Polygon(ring) if number % 3 else MultiPolygon([Polygon(ring)]) for number, ring in enumerate(rings)]
    found += [box(0, 0, 9, 9).difference(box(2, 2, 3, 3)), MultiPolygon([box(0, 0, 1, 1), box(5, -7, 6, 6)])]
    found += [
        None,
        Polygon(),
        MultiPolygon(),
        Point(3, 4),
        Point(),
        LineString([(0, 9), (4, -1)]),
        MultiPoint([(1, 2)]),
    ]
    found += [Polygon([(0, 0, 5), (4, 0, 6), (4, 3, 7)]), shapely.GeometryCollection([Point(1, 1), box(2, 2, 7, 8)])]
    return np.array(found, dtype=object)[chance.permutation(len(found))]


def arrays(shapes, kind):
    """As they are, as a part of a longer array, and as some rows of one."""
    bodies = shapely.to_wkb(shapes, byte_order=1, include_srid=False)
    yield bodies, pa.array(bodies, kind)
    yield bodies[17:203], pa.array(bodies, kind).slice(17, 186)
    some = np.arange(len(bodies))[::-7]
    yield bodies[some], pa.array(bodies, kind).take(pa.array(some))


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_boxes_are_those_of_the_geometries_to_the_last_digit(kind):
    for bodies, array in arrays(every_kind(), kind):
        shapes = shapely.from_wkb(bodies)
        np.testing.assert_array_equal(wkb_boxes(array), shapely.bounds(shapes))
        there = shapes[~shapely.is_missing(shapes)]
        assert wkb_types(array) == sorted(set(shapely.get_type_id(there).tolist()))


def test_bytes_the_other_way_round_are_read_as_well():
    bodies = shapely.to_wkb(every_kind(), byte_order=0)
    array = pa.array(bodies, pa.binary())
    np.testing.assert_array_equal(wkb_boxes(array), shapely.bounds(every_kind()))
    assert wkb_types(array) == sorted(
        set(shapely.get_type_id(every_kind())[~shapely.is_missing(every_kind())].tolist())
    )


def test_nothing_has_no_box():
    for array in (pa.array([], pa.large_binary()), pa.nulls(3, pa.large_binary())):
        assert wkb_boxes(array).shape == (len(array), 4) and np.isnan(wkb_boxes(array)).all()
        assert wkb_types(array) == []
