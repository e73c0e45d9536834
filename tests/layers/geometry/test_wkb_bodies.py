"""Geometries as WKB have the bytes that shapely writes."""

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.parts import multi
from onemap.layers.geometry.wkb_bodies import Bodies

SHAPES = np.array(
    [
        shapely.Point(1, 2),
        shapely.MultiPoint([(1, 2), (3, 4)]),
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.LinearRing([(0, 0), (1, 1), (1, 0)]),
        shapely.box(0, 0, 1, 1),
        shapely.box(0, 0, 9, 9) - shapely.box(1, 1, 2, 2),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]),
        shapely.Polygon(),
        shapely.Point(),
        shapely.LineString(),
        None,
    ],
    dtype=object,
)


@pytest.mark.parametrize("geometry", ["polygon", "line", "point"])
def test_multis_made_of_bytes_are_those_that_shapely_makes(geometry):
    made, expected = Bodies.of(SHAPES).multi(geometry), Bodies.of(multi(SHAPES, geometry))
    assert made.column.to_pylist() == expected.column.to_pylist()
    np.testing.assert_array_equal(made.boxes, expected.boxes)


def test_the_number_of_the_system_stands_where_postgis_looks_for_it():
    shapes = multi(SHAPES, "polygon")
    numbered = shapely.to_wkb(shapely.set_srid(shapes, 4547), hex=True, byte_order=1, include_srid=True)
    expected = [None if text is None else text.lower() for text in numbered.tolist()]
    assert Bodies.of(shapes).with_system(4547) == expected
