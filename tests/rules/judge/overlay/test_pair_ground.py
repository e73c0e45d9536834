"""Common ground by following rings: equal to that of GEOS, or no answer, by compiled and plain loops."""

from collections.abc import Callable

import numpy as np
import pytest
import shapely
from shapely import affinity

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.parts import polygon_parts
from onemap.rules.judge.overlay import pair_ground
from onemap.rules.judge.overlay.compiler import is_compiler_there
from onemap.rules.judge.overlay.flat_polygons import flat_pairs
from onemap.rules.judge.overlay.threads import Threads

ORIGIN = 421_300.0, 2_493_700.0
SQUARE = shapely.box(0, 0, 10, 10)


@pytest.fixture(autouse=True, params=["loops", "compiled"])
def _way(request: pytest.FixtureRequest, sum_by: Callable[[str], None]) -> None:
    if not is_compiler_there():
        pytest.skip("numba is not installed")
    sum_by(request.param)


def told_by(work: Callable[..., tuple[FlatGround, np.ndarray]], left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The ground, empty if there is none, and None if it is not given."""
    ground, is_sure = work(flat_pairs(left, right, Threads(2)), Threads(2))
    result = ground.geometries.copy()
    # What the kernel knows of its rings is to the last digit what GEOS says of them.
    assert ground.area_m2.tobytes() == shapely.area(result).tobytes()
    assert (ground.dimension == shapely.get_dimensions(result)).all()
    result[is_sure & shapely.is_missing(result)] = shapely.Polygon()
    assert shapely.is_missing(result[~is_sure]).all()
    return result


def common_ground(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return told_by(pair_ground.common_ground, left, right)


def remaining_ground(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return told_by(pair_ground.remaining_ground, left, right)


def star(chance: np.random.Generator, grid_m: float) -> shapely.Polygon:
    """An uneven polygon of 3 to 40 corners, some with a hole, wound either way, beginning anywhere."""
    corners = chance.integers(3, 40)
    angle, radius = np.sort(chance.uniform(0, 2 * np.pi, corners)), chance.uniform(15, 50, corners)
    middle = ORIGIN + chance.uniform(-30, 30, 2)
    points = middle + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    points = np.roll(np.round(points / grid_m) * grid_m, chance.integers(corners), axis=0)
    parts = shapely.get_parts(shapely.make_valid(shapely.Polygon(points)))
    ground = max(parts, key=shapely.area)
    if chance.random() < 0.3 and ground.area > 500:
        ground = ground.difference(ground.representative_point().buffer(2.5))
    if chance.random() < 0.2:
        ground = ground.union(affinity.translate(ground, 95, 3))
    return ground.reverse() if chance.random() < 0.5 else ground


def stars(seed: int, count: int, grid_m: float) -> np.ndarray:
    chance = np.random.default_rng(seed)
    made = np.array([star(chance, grid_m) for _ in range(count)], dtype=object)
    kept: np.ndarray = made[np.isin(shapely.get_type_id(made), (3, 6)) & (shapely.area(made) > 1)]
    return kept


def assert_same_ground(result: np.ndarray, expected: np.ndarray) -> None:
    has_ground = ~shapely.is_missing(result)
    assert shapely.is_valid(result[has_ground]).all()
    assert np.abs(shapely.area(result[has_ground]) - shapely.area(expected[has_ground])).max() < 1e-8
    ground = polygon_parts(expected[has_ground])
    ground[shapely.is_missing(ground)] = shapely.Polygon()  # where GEOS has a line in common
    apart = shapely.symmetric_difference(result[has_ground], ground, grid_size=1e-7)
    assert shapely.area(apart).max() < 1e-4  # hairs of a tenth of a micrometre along some hundred metres of edge
    assert np.isin(shapely.get_type_id(result[has_ground]), (3, 6)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("grid_m", "told_at_least"), [(1e-9, 0.9), (0.001, 0.9), (1.0, 0.6), (5.0, 0.1)])
def test_common_and_remaining_ground_of_uneven_polygons_are_those_of_geos(grid_m: float, told_at_least: float) -> None:
    # On a coarse grid corners and edges coincide, corners lie on edges, and edges run along each other.
    left, right = stars(3, 900, grid_m), stars(4, 900, grid_m)
    count = min(len(left), len(right))
    left, right = left[:count], right[:count]
    common, remaining = common_ground(left, right), remaining_ground(left, right)
    assert_same_ground(common, shapely.intersection(left, right))
    assert_same_ground(remaining, shapely.difference(left, right))
    assert (~shapely.is_missing(common)).mean() > told_at_least
    assert (~shapely.is_missing(remaining)).mean() > told_at_least


def test_slivers_between_a_coverage_and_the_same_with_corners_moved_are_told() -> None:
    chance = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(21) * 30.0, np.arange(21) * 30.0)
    corners = np.stack([x, y], axis=-1) + chance.uniform(-7, 7, (21, 21, 2)) + ORIGIN
    moved = corners + chance.uniform(-0.5, 0.5, corners.shape) * (chance.random((21, 21, 1)) < 0.3)

    def cells(points: np.ndarray) -> np.ndarray:
        around = [points[:-1, :-1], points[:-1, 1:], points[1:, 1:], points[1:, :-1]]
        made: np.ndarray = shapely.polygons(np.stack(around, axis=2).reshape(-1, 4, 2))
        return made

    one, other = cells(corners), cells(moved)
    left, right = shapely.STRtree(other).query(one)
    expected = shapely.intersection(one[left], other[right])
    shared = shapely.area(expected) > 1e-6
    result = common_ground(one[left[shared]], other[right[shared]])
    assert_same_ground(result, expected[shared])
    assert (~shapely.is_missing(result)).mean() > 0.95


def test_what_a_pair_gives_depends_on_no_other_pair() -> None:
    left, right = stars(7, 60, 0.001), stars(8, 60, 0.001)
    count = min(len(left), len(right))
    left, right = left[:count], right[:count]
    for work in (common_ground, remaining_ground):
        together = work(left, right)
        alone = np.array([work(left[k : k + 1], right[k : k + 1])[0] for k in range(count)], dtype=object)
        backwards = work(left[::-1], right[::-1])[::-1]
        assert shapely.to_wkb(together).tolist() == shapely.to_wkb(alone).tolist()
        assert shapely.to_wkb(together).tolist() == shapely.to_wkb(backwards).tolist()


@pytest.mark.parametrize(
    ("left", "right", "common_m2", "remaining_m2"),
    [
        (SQUARE, shapely.box(20, 20, 30, 30), 0, 100),
        (SQUARE, shapely.box(2, 2, 5, 5), 9, 91),  # inside: what remains has a hole
        (shapely.box(2, 2, 5, 5), SQUARE, 9, 0),
        (SQUARE, shapely.box(10, 0, 20, 10), 0, 100),  # along an edge
        (SQUARE, shapely.box(10, 10, 20, 20), 0, 100),  # at a corner
        (SQUARE, SQUARE.reverse(), 100, 0),
        (SQUARE.difference(shapely.box(4, 4, 6, 6)), shapely.box(4.5, 4.5, 5.5, 5.5), 0, 96),  # in the hole
        (SQUARE.difference(shapely.box(4, 4, 6, 6)), shapely.box(3, 3, 7, 7), 12, 84),
        (SQUARE, shapely.Polygon([(2, 2), (12, 2), (12, 2), (12, 5), (2, 5)]), 24, 76),  # a point twice
        (shapely.MultiPolygon([SQUARE, shapely.box(20, 0, 30, 10)]), shapely.box(5, 2, 25, 8), 60, 140),
    ],
)
def test_plain_places(left: shapely.Geometry, right: shapely.Geometry, common_m2: float, remaining_m2: float) -> None:
    (common,), (remaining,) = (
        common_ground(np.array([left]), np.array([right])),
        remaining_ground(np.array([left]), np.array([right])),
    )
    assert (common.area, remaining.area) == pytest.approx((common_m2, remaining_m2), abs=1e-12)
    assert common.is_valid
    assert remaining.is_valid


@pytest.mark.parametrize(
    "right",
    [
        shapely.Polygon([(5, 0), (15, -5), (15, 5)]),  # a corner on an edge
        shapely.box(10, 3, 20, 7),  # an edge along part of another
        shapely.box(0, 3, 5, 7),
    ],
)
def test_what_is_in_doubt_has_no_answer(right: shapely.Geometry) -> None:
    assert common_ground(np.array([SQUARE]), np.array([right])).tolist() == [None]
    assert remaining_ground(np.array([SQUARE]), np.array([right])).tolist() == [None]


def test_polygons_of_too_many_edges_have_no_answer_and_leave_the_others_theirs() -> None:
    teeth = np.column_stack([np.arange(1401) / 2, np.tile([0.0, 100.0], 701)[:1401]])
    comb = shapely.Polygon(np.vstack([teeth, [(700, -9), (0, -9)]]))
    assert comb.is_valid
    left, right = np.array([comb, SQUARE]), np.array([affinity.translate(comb, 0.25, 1), shapely.box(5, 5, 20, 20)])
    for work, expected_m2 in ((common_ground, 25.0), (remaining_ground, 75.0)):
        large, small = work(left, right)
        assert large is None
        assert small.area == expected_m2


def test_without_pairs_there_is_nothing() -> None:
    nothing = np.empty(0, dtype=object)
    assert len(common_ground(nothing, nothing)) == 0
    assert len(remaining_ground(nothing, nothing)) == 0
