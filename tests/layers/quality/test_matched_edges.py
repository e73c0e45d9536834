"""Polygons that fit their neighbours edge by edge: those and the unions of GEOS's coverages, whatever is wrong."""

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.rings import rings_of
from onemap.layers.quality.matched_edges import MatchedEdges


def told_by_geos(polygons):
    """The misfits by GEOS alone."""
    return ~shapely.is_empty(shapely.coverage_invalid_edges(polygons))


def edges_of(polygons):
    """The matched edges of polygons that are already in order."""
    return MatchedEdges(rings_of(polygons), shapely.bounds(polygons).reshape(-1, 4), polygons.__getitem__)


def misfits_of(polygons):
    """The misfits of all polygons."""
    return edges_of(polygons).misfits(np.ones(len(polygons), dtype=bool))


def lattice(chance, side, origin=(0.0, 0.0)):
    """A coverage of side × side polygons of 8 points with crooked edges."""
    corner = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), axis=-1) * 10.0
    corner += chance.uniform(-2, 2, corner.shape) + origin
    across = (corner[:-1] + corner[1:]) / 2 + chance.uniform(-1, 1, corner[:-1].shape)
    up = (corner[:, :-1] + corner[:, 1:]) / 2 + chance.uniform(-1, 1, corner[:, :-1].shape)
    ring = [corner[:-1, :-1], across[:, :-1], corner[1:, :-1], up[1:], corner[1:, 1:], across[:, 1:]]
    ring += [corner[:-1, 1:], up[:-1], corner[:-1, :-1]]
    return shapely.polygons(np.stack(ring, axis=2).reshape(side * side, -1, 2))


def damaged_polygons(chance, polygons):
    """A few of the polygons moved, doubled, holed, turned round, with a corner more, in several parts, or gone."""
    result = list(polygons)
    for at in chance.choice(len(result), 8, replace=False).tolist():
        one = result[at]
        how = int(chance.integers(8))
        if how == 0:
            result[at] = shapely.transform(one, lambda xy: xy + chance.choice([1e-9, 0.01, 3.0]))
        elif how == 1:
            result.append(one)
        elif how == 2:
            hole = shapely.Polygon(one.centroid.buffer(0.5).exterior.coords)
            result[at] = one.difference(hole)
            result += [hole] * int(chance.integers(3))
        elif how == 3:
            result[at] = one.reverse()
        elif how == 4:
            points = shapely.get_coordinates(one)
            result[at] = shapely.Polygon(np.insert(points, 1, (points[0] + points[1]) / 2, axis=0))
        elif how == 5:
            points = shapely.get_coordinates(one)
            result[at] = shapely.Polygon(np.insert(points, 1, points[0], axis=0))
        elif how == 6:
            far = shapely.transform(one, lambda xy: xy + 500)
            result[at] = shapely.MultiPolygon([far, one] if chance.integers(2) else [one])
        else:
            result[at] = shapely.Polygon()
    return np.array([one for one in result if shapely.is_valid(one)], dtype=object)


@pytest.mark.parametrize("seed", range(40))
def test_misfits_are_those_that_geos_tells(seed):
    chance = np.random.default_rng(seed)
    origin = (38_500_000.0, 4_180_000.0) if seed % 2 else (0.0, 0.0)
    polygons = damaged_polygons(chance, lattice(chance, 12, origin))
    polygons = polygons[chance.permutation(len(polygons))]
    by_geos = told_by_geos(polygons)
    assert 0 < by_geos.sum() < len(polygons)
    np.testing.assert_array_equal(misfits_of(polygons), by_geos)


def test_a_coverage_without_a_flaw_has_none():
    polygons = lattice(np.random.default_rng(7), 20)
    assert not misfits_of(polygons).any()


def test_two_on_the_same_side_of_one_edge_are_misfits():
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    assert misfits_of(np.array([left, right, right])).tolist() == [False, True, True]
    # The larger one on the right has the edge, and lies over the smaller one.
    over = shapely.Polygon([(1, 0), (1, 1), (3, 1), (3, 0)])
    assert misfits_of(np.array([left, right, over])).tolist() == [False, True, True]


def test_only_what_is_asked_for_is_told():
    polygons = np.array([shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 2, 1), shapely.box(5, 0, 6, 1)])
    assert edges_of(polygons).misfits(np.array([False, True, True])).tolist() == [False, True, False]


def test_no_polygons_are_no_misfits():
    nothing = np.empty(0, dtype=object)
    assert edges_of(nothing).misfits(np.empty(0, dtype=bool)).tolist() == []


@pytest.mark.parametrize("seed", range(40))
def test_the_union_of_what_fits_is_that_of_geos(seed):
    chance = np.random.default_rng(seed)
    origin = (38_500_000.0, 4_180_000.0) if seed % 2 else (0.0, 0.0)
    polygons = damaged_polygons(chance, lattice(chance, 12, origin))
    fits = ~told_by_geos(polygons) & ~shapely.is_empty(polygons)
    for share in (0.3, 0.6, 1.0):  # with holes, islands, and parts that touch at corners
        chosen = fits & (chance.uniform(size=len(polygons)) < share)
        ours = shapely.coverage_union_all([edges_of(polygons).union(chosen)])  # as blocks are put together
        theirs = shapely.coverage_union_all(polygons[chosen])
        assert shapely.to_wkb(shapely.normalize(ours)) == shapely.to_wkb(shapely.normalize(theirs))


def test_the_union_of_what_meets_nothing_is_all_of_it():
    apart = np.array([shapely.box(0, 0, 1, 1), shapely.box(5, 0, 6, 1).difference(shapely.box(5.2, 0.2, 5.4, 0.4))])
    assert edges_of(apart).union(np.array([True, True])) == shapely.multipolygons(apart)
