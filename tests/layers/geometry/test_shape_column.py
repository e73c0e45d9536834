"""A column of WKB gives the boxes, rings and geometries of its polygons, each made once, and only on demand."""

import pickle

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.parts import shift_geometries, unwrap_parts
from onemap.layers.geometry.rings import is_like_geos, rings_of
from onemap.layers.geometry.shape_column import (
    PlainFacts,
    ShapeColumn,
    all_of,
    areas_at,
    areas_of,
    boxes_of,
    made_of,
    parts_of_each,
    picked_of,
    shapes_from,
    some_of,
    vertices_of,
    vertices_of_each,
)
from onemap.layers.geometry.wkb_rings import wkb_rings

ORIGIN = (38_460_000.0, 3_410_000.0)
COUNT = 6_000


def polygons():
    """Circles, with holes, of one part as multis, and of several, far from zero."""
    random = np.random.default_rng(5)
    middle = shapely.points(random.uniform(38_400_000, 38_700_000, COUNT), random.uniform(3.4e6, 3.6e6, COUNT))
    shapes = shapely.buffer(middle, random.uniform(5, 90, COUNT), quad_segs=5)
    shapes[::3] = shapely.difference(shapes[::3], shapely.buffer(middle[::3], 2))
    shapes[::5] = shapely.multipolygons(shapes[::5], indices=np.arange(len(shapes[::5])))
    several = shapely.union(shapes[1::7], shift_geometries(shapes[1::7], (500.0, 0.0)))
    shapes[1::7] = several
    return shapes


def parts_of(shapes, order=1):
    bodies = pa.array(shapely.to_wkb(shapes, byte_order=order, output_dimension=3), pa.large_binary())
    return [bodies[:1], bodies[1:4_000], bodies[4_000:]]


@pytest.fixture(scope="module")
def column():
    shapes = polygons()
    found, boxes = shapes_from(parts_of(shapes), ORIGIN)
    assert isinstance(found, ShapeColumn)
    assert np.array_equal(boxes, shapely.bounds(shapes))
    return found


@pytest.fixture(scope="module")
def shifted_polygons():
    return unwrap_parts(shift_geometries(polygons(), (-ORIGIN[0], -ORIGIN[1])))


def wkb(shapes):
    return shapely.to_wkb(shapes).tolist()


def test_a_geometry_is_made_once_and_only_where_it_is_asked_for(column, shifted_polygons):
    some = column.at(np.arange(1, COUNT))
    asked = np.array([7, 3, 3, 4_100])
    first = some[asked]
    assert wkb(first) == wkb(shifted_polygons[1:][asked]) and first[1] is first[2]
    mask = np.zeros(COUNT - 1, dtype=bool)
    mask[[3, 8]] = True
    again = some[mask]
    assert again[0] is first[1] and wkb(again) == wkb(shifted_polygons[1:][mask])
    assert some[np.int64(7)] is first[0] and len(some[mask & False]) == 0
    picked = picked_of(picked_of(some, asked), np.array([2, 0]))
    assert len(picked) == 2 and picked[0] is first[1] and picked[np.array([1])][0] is first[0]
    assert all_of(some)[3] is first[1] and wkb(all_of(some)) == wkb(shifted_polygons[1:])
    with pytest.raises(ValueError, match="read-only"):
        all_of(some)[0] = None


def test_areas_are_those_of_the_geometries_whichever_way_they_are_asked_for(shifted_polygons):
    column, _ = shapes_from(parts_of(polygons()), ORIGIN)
    few = np.array([4, 0, 5_999])
    assert areas_at(column, few).tolist() == shapely.area(shifted_polygons[few]).tolist()
    assert "all_areas_m2" not in vars(column) and made_of(column, few).tolist() == [None] * 3
    assert np.allclose(areas_of(column), shapely.area(shifted_polygons), rtol=1e-12)
    if is_like_geos():
        assert areas_of(column).tolist() == shapely.area(shifted_polygons).tolist()
    known = areas_of(column)
    for some, rows in ((column.at(few), few), (column.between(slice(9, 70)), np.arange(9, 70))):
        assert areas_of(some).tolist() == known[rows].tolist()
        assert picked_of(some, np.array([2, 1])).areas_m2(np.array([1])).tolist() == known[rows[[1]]].tolist()
    assert parts_of_each(column).tolist() == shapely.get_num_geometries(shifted_polygons).tolist()
    assert vertices_of_each(column).tolist() == shapely.get_num_coordinates(shifted_polygons).tolist()


def test_what_is_made_of_some_that_follow_each_other_is_made_of_all(shifted_polygons):
    column, _ = shapes_from(parts_of(polygons()), ORIGIN)
    some = column.between(slice(100, 300))
    assert len(some) == 200 and np.array_equal(boxes_of(some), shapely.bounds(shifted_polygons[100:300]))
    assert some[5] is column[105] and made_of(some, np.array([5, 6])).tolist() == [column[105], None]
    again = pickle.loads(pickle.dumps(some))
    assert wkb(again.geometries) == wkb(shifted_polygons[100:300]) and np.array_equal(boxes_of(again), boxes_of(some))


def test_a_copy_shares_what_is_made_with_the_column():
    column, _ = shapes_from(parts_of(polygons()), ORIGIN)
    first, copied = column[3], column.copy()
    assert copied[3] is first and made_of(copied, np.array([3, 4])).tolist() == [first, None]
    assert column[4] is copied[4]


@pytest.mark.parametrize("origin", [ORIGIN, (38_000_000.0, 3_000_000.5), (-100_000.0, 0.0)])
def test_the_same_counted_from_elsewhere(origin):
    shapes = polygons()
    bodies = pa.concat_arrays(parts_of(shapes))
    stored = ShapeColumn(bodies, (0.0, 0.0), PlainFacts.of(wkb_rings(bodies)), shapely.area(shapes))
    assert wkb(stored.geometries) == wkb(shapes)
    moved, known = stored.counted_from(origin), unwrap_parts(shift_geometries(shapes, (-origin[0], -origin[1])))
    assert wkb(moved.geometries) == wkb(known) and np.array_equal(boxes_of(moved), shapely.bounds(known))
    if is_like_geos():
        assert areas_of(moved).tolist() == shapely.area(known).tolist()
    rows, others = np.array([2, 5_000]), shapely.box([1, 5], 1, [2, 9], 3)
    united = pa.array(shapely.to_wkb(others, byte_order=1), pa.large_binary())
    shapes[rows] = others
    changed = stored.with_others(rows, united, wkb_rings(united))
    assert wkb(changed.geometries) == wkb(shapes) and areas_at(changed, rows).tolist() == [2.0, 8.0]
    assert np.array_equal(boxes_of(changed), shapely.bounds(shapes))


def test_boxes_and_rings_are_those_of_the_geometries(column, shifted_polygons):
    assert np.array_equal(boxes_of(column), shapely.bounds(shifted_polygons)) and vertices_of(column) == vertices_of(
        shifted_polygons
    )
    rows = np.array([5, 0, 5_999, 21])
    for found, known in ((column, shifted_polygons), (some_of(column, rows), shifted_polygons[rows])):
        assert len(found) == len(known) and np.array_equal(boxes_of(found), boxes_of(known))
        for part in (slice(0, len(known)), slice(2, 4), slice(0, 0)):
            rings, others = found.rings(part), rings_of(known[part])
            assert rings.points.tolist() == others.points.tolist()
            assert rings.size.tolist() == others.size.tolist() and rings.polygon.tolist() == others.polygon.tolist()
            assert rings.is_hole.tolist() == others.is_hole.tolist()
    assert some_of(column, np.arange(COUNT)) is column


@pytest.mark.parametrize(
    "odd",
    [
        None,
        shapely.Polygon(),
        shapely.LineString([(0, 0), (9, 9)]),
        shapely.force_3d(shapely.box(0, 0, 1, 1), 5),
        shapely.geometrycollections([shapely.box(0, 0, 1, 1)]),
        shapely.box(0, 0, np.inf, 1),
        shapely.box(0, 0, 1e10, 1),
    ],
)
def test_with_what_is_no_plain_polygon_all_are_geometries(odd):
    shapes = polygons()
    shapes[4_500] = odd
    found, boxes = shapes_from(parts_of(shapes), ORIGIN)
    assert isinstance(found, np.ndarray)
    known = shift_geometries(shapes, (-ORIGIN[0], -ORIGIN[1]))
    assert wkb(unwrap_parts(found)) == wkb(unwrap_parts(known))
    assert np.array_equal(boxes, shapely.bounds(shapes), equal_nan=True)


def test_little_the_other_byte_order_and_what_is_not_moved_are_geometries():
    shapes = polygons()
    for given, origin in (
        (parts_of(shapes[:4_100]), ORIGIN),
        (parts_of(shapes, order=0), ORIGIN),
        (parts_of(shapes), (0.0, 0.0)),
    ):
        found, _ = shapes_from(given, origin)
        assert isinstance(found, np.ndarray)
        moved = shift_geometries(shapes[: len(found)], (-origin[0], -origin[1]))
        assert wkb(unwrap_parts(found)) == wkb(unwrap_parts(moved))
    found, boxes = shapes_from([], ORIGIN)
    assert len(found) == len(boxes) == 0


def test_a_ring_that_is_not_closed_is_no_geometry():
    parts = parts_of(polygons())
    body = parts[1][0].as_py()
    broken = pa.array([body[:-8] + b"\x00" * 8], pa.large_binary())
    with pytest.raises(shapely.GEOSException):
        shapes_from([*parts, broken], ORIGIN)


def test_columns_that_are_joined_keep_what_is_known_of_each():
    bodies = pa.concat_arrays(parts_of(polygons()))
    whole = ShapeColumn(bodies, (0.0, 0.0), PlainFacts.of(wkb_rings(bodies)))
    parts = [whole.between(slice(0, 700)), whole.between(slice(700, 6_000))]
    joined = ShapeColumn.join(parts)
    assert joined.bodies.equals(bodies) and "all_areas_m2" not in vars(joined)
    for name in ("boxes", "vertices", "parts"):
        assert np.array_equal(getattr(joined.facts, name), getattr(whole.facts, name))
    assert len(areas_of(parts[0])) == 700 and "all_areas_m2" not in vars(ShapeColumn.join(parts))
    known = [areas_of(part) for part in parts]
    assert vars(ShapeColumn.join(parts))["all_areas_m2"].tolist() == np.concatenate(known).tolist()
    moved = parts[1].counted_from(ORIGIN)
    assert wkb(ShapeColumn.join([parts[0], moved]).geometries) == wkb(whole.geometries)
