"""Ground in flat arrays equals the same geometries, row by row."""

import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely import LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, box

from onemap.layers.geometry.flat_ground import FlatGround, joined_ground
from onemap.layers.geometry.parts import multi
from onemap.layers.geometry.rings import planar_areas_m2, rings_of
from onemap.layers.geometry.shape_column import PlainFacts, ShapeColumn
from onemap.layers.geometry.wkb_rings import plain_polygons

KINDS = ("point", "line", "polygon")


def rings(seed: int, count: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    turns = [np.sort(chance.uniform(0, 2 * np.pi, chance.integers(3, 40))) for _ in range(count)]
    reach = [chance.uniform(4, 9, (len(turn), 1)) for turn in turns]
    at = chance.uniform(0, 5e6, (count, 2))
    drawn = [at[k] + reach[k] * np.c_[np.cos(turns[k]), np.sin(turns[k])] for k in range(count)]
    return np.array([Polygon(ring) for ring in drawn], dtype=object)


def flat(polygons: np.ndarray) -> FlatGround:
    """Polygons of one ring each, by their rings alone."""
    size = shapely.get_num_coordinates(polygons).astype(np.int64)
    return FlatGround(shapely.get_coordinates(polygons), size, np.full(len(polygons), None, dtype=object))


def others() -> np.ndarray:
    square = box(0, 0, 9, 9)
    holed, two = square - box(2, 2, 3, 3), MultiPolygon([square, box(20, 0, 30, 9) - box(22, 2, 23, 3)])
    lines = LineString([(0, 0), (3, 4)]), MultiLineString([[(0, 0), (1, 1)], [(5, 5), (6, 8)]])
    return np.array([holed, two, None, *lines, Point(1, 2), MultiPoint([(1, 2), (3, 4)]), square], dtype=object)


@pytest.fixture
def mixed_ground() -> tuple[FlatGround, np.ndarray]:
    """Rings and geometries in turn, and the same as geometries only."""
    ring, other = rings(3, 60), others()
    rows = np.sort(np.random.default_rng(4).choice(68, 60, replace=False))
    whole = np.full(68, None, dtype=object)
    whole[np.setdiff1d(np.arange(68), rows)] = other
    ground = flat(ring).among(whole, rows)
    expected = whole.copy()
    expected[rows] = ring
    return ground, expected


def wkb_texts(geometries: np.ndarray) -> list[bytes | None]:
    result = geometries.copy()
    for at, kind in enumerate(KINDS):
        rows = shapely.get_dimensions(geometries) == at
        result[rows] = multi(geometries[rows], kind)
    return shapely.to_wkb(result, byte_order=1).tolist()


def assert_same(ground: FlatGround, expected: np.ndarray) -> None:
    assert len(ground) == len(expected)
    assert ground.wkb().to_pylist() == wkb_texts(expected)
    assert np.array_equal(ground.boxes, shapely.bounds(expected).reshape(-1, 4), equal_nan=True)
    assert shapely.to_wkb(ground.geometries).tolist() == shapely.to_wkb(expected).tolist()
    assert ground.area_m2.tobytes() == shapely.area(expected).tobytes()
    assert ground.dimension.tolist() == shapely.get_dimensions(expected).tolist()
    is_area = ground.dimension == 2
    assert ground.parts[is_area].tolist() == shapely.get_num_geometries(expected[is_area]).tolist()
    measured = planar_areas_m2(ground.rings(), len(expected))
    assert measured == pytest.approx(np.nan_to_num(shapely.area(expected)), abs=1e-9)


def test_rows_of_rings_and_of_geometries_are_what_the_geometries_are(mixed_ground):
    ground, expected = mixed_ground
    assert_same(ground, expected)
    assert_same(FlatGround.of(expected), expected)
    assert_same(flat(rings(9, 500)), rings(9, 500))
    assert_same(FlatGround.of(np.empty(0, dtype=object)), np.empty(0, dtype=object))


def test_rows_whose_wkb_is_known_are_not_written_again(mixed_ground):
    ground, expected = mixed_ground
    rows = np.flatnonzero(ground.size == 0)[[5, 0, 3]]
    found = ground.wkb([(rows, pa.array([b"a", b"b", b"c"], pa.large_binary()))]).to_pylist()
    wanted = wkb_texts(expected)
    for row, body in zip(rows.tolist(), (b"a", b"b", b"c"), strict=True):
        wanted[row] = body
    assert found == wanted


def test_some_rows_are_those_in_their_new_order(mixed_ground):
    ground, expected = mixed_ground
    chance = np.random.default_rng(5)
    stretches = np.r_[20:60, 3:19, 60:68, 0:3]
    unlike = np.arange(68)[::-1], chance.integers(0, 68, 200), np.empty(0, dtype=np.int64)
    for rows in (np.arange(7, 40), stretches, *unlike):
        assert_same(ground.at(rows), expected[rows])
    mask = chance.random(68) < 0.4
    assert_same(ground.at(mask), expected[mask])
    assert ground.at(np.flatnonzero(mask)).points.base is not ground.points  # what is left out is let go of
    assert ground.at(np.arange(7, 40)).points.base is ground.points  # a row of rows is no copy


def test_rows_take_other_geometries_and_parts_are_joined(mixed_ground):
    ground, expected = mixed_ground
    rows = np.array([0, 5, 33, 67])
    changed = expected.copy()
    changed[rows] = others()[[1, 2, 3, 0]]
    assert_same(ground.with_others(rows, changed[rows]), changed)
    assert ground.with_others(rows[:0], changed[:0]) is ground
    assert_same(ground, expected)
    joined = joined_ground([ground, FlatGround.of(others()), ground.at(rows)])
    assert_same(joined, np.r_[expected, others(), expected[rows]])
    assert len(joined_ground([])) == 0


def test_areas_that_are_known_go_with_their_rows():
    polygons = rings(6, 30)
    plain = flat(polygons)
    ground = FlatGround(plain.points, plain.size, plain.others, np.arange(30.0))
    other = np.array([box(0, 0, 2, 2), None], dtype=object)
    found = joined_ground([ground.at(np.array([7, 3, 9, 4])).with_others(np.array([1, 2]), other), ground])
    assert found.area_m2.tolist()[:2] == [7, 4] and np.isnan(found.area_m2[2])
    assert found.area_m2.tolist()[3:] == [4, *range(30)]
    among = ground.at(np.arange(2)).among(np.array([other[0], None, None], dtype=object), np.array([1, 2]))
    assert among.area_m2.tolist() == [4, 0, 1]
    assert joined_ground([ground, plain]).known_m2 is None


@pytest.fixture
def marked_ground(mixed_ground) -> tuple[FlatGround, np.ndarray, ShapeColumn]:
    """The same with whole shapes of a column in some rows that had geometries, or none."""
    ground, expected = mixed_ground
    bodies = pa.array(shapely.to_wkb(rings(8, 20), byte_order=1), pa.large_binary())
    column = column_of(bodies)
    rows, positions = np.flatnonzero(ground.size == 0)[[1, 6, 2]], np.array([4, 17, 4])
    marked, expected = ground.with_others(rows, np.full(3, None, dtype=object)), expected.copy()
    expected[rows] = shapely.from_wkb(bodies.to_pylist())[positions]
    return marked.with_whole(rows, column, positions), expected, column


def column_of(bodies: pa.Array) -> ShapeColumn:
    found = plain_polygons(bodies)
    assert found is not None
    column = ShapeColumn(bodies, (0.0, 0.0), PlainFacts.of(found))
    assert len(column.all_areas_m2) == len(bodies)  # those of parcels are known
    return column


def geometries_made(column: ShapeColumn) -> int:
    return int((~shapely.is_missing(vars(column)["_geometries"])).sum())


def test_whole_shapes_of_a_column_are_what_their_geometries_are(marked_ground):
    ground, expected, _ = marked_ground
    assert_same(ground, expected)
    assert_same(ground.made_whole(), expected)
    chance = np.random.default_rng(5)
    stretches = np.r_[20:60, 3:19, 60:68, 0:3]
    unlike = np.arange(68)[::-1], chance.integers(0, 68, 200), np.empty(0, dtype=np.int64)
    for rows in (np.arange(7, 40), stretches, *unlike):
        assert_same(ground.at(rows), expected[rows])
    among, rows = np.full(80, None, dtype=object), np.sort(chance.choice(80, 68, replace=False))
    wanted = among.copy()
    wanted[rows] = expected
    assert_same(ground.among(among, rows), wanted)


def test_whole_shapes_are_marked_and_not_made(marked_ground):
    ground, expected, column = marked_ground
    positions = np.full(68, 4)
    rows = np.flatnonzero(ground.is_all_of(column, positions))
    assert ground.is_all_of(column.at(np.arange(20)[::-1]), positions).sum() == 0
    some = joined_ground([ground, ground.at(np.arange(68)[::-1])]).at(np.arange(68))
    assert len(rows) == 2 and some.is_all_of(column, positions).nonzero()[0].tolist() == rows.tolist()
    assert some.dimension.tolist() == shapely.get_dimensions(expected).tolist()
    assert np.array_equal(some.boxes, shapely.bounds(expected), equal_nan=True)
    assert some.area_m2[rows].tolist() == shapely.area(expected[rows]).tolist()
    assert geometries_made(column) == 0


def test_rings_of_whole_shapes_come_out_of_their_bytes(marked_ground):
    ground, expected, column = marked_ground
    found, wanted = ground.rings(), rings_of(expected)
    assert geometries_made(column) == 0
    order = np.argsort(found.polygon, kind="stable")
    for name in ("size", "polygon", "is_hole"):
        assert getattr(found, name)[order].tolist() == getattr(wanted, name).tolist()
    assert planar_areas_m2(found, 68).tolist() == planar_areas_m2(wanted, 68).tolist()
    moved = found.move((3.0, 4.0))
    assert np.array_equal(moved.points, found.points + (3.0, 4.0)) and found.move((0.0, 0.0)) is found


def test_whole_shapes_of_two_columns_are_joined_and_give_way_to_others(marked_ground):
    ground, expected, column = marked_ground
    other = column_of(column.bodies)
    of_other = FlatGround.of(np.full(4, None, dtype=object)).with_whole(np.array([1, 3]), other, np.array([0, 9]))
    wanted = np.array([None, column[0], None, column[9]], dtype=object)
    assert_same(joined_ground([ground, of_other]), np.r_[expected, wanted])
    rows = np.flatnonzero(ground.is_all_of(column, np.full(68, 4)))[:1]
    changed = expected.copy()
    changed[rows] = box(0, 0, 5, 5)
    assert_same(ground.with_others(rows, changed[rows]), changed)
    same = np.array([box(0, 0, 1, 1), box(2, 2, 3, 3)], dtype=object)
    by_geometry = FlatGround.of(np.full(2, None, dtype=object)).with_whole(np.array([1]), same, np.array([0]))
    assert by_geometry.is_all_of(same, np.array([0, 0])).tolist() == [False, True]
