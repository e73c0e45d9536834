"""Polygons that touch along an edge: known pairs, and GEOS's matrix of relations."""

import numpy as np
import pytest
import shapely
from numpy.testing import assert_array_equal
from shapely import box

from onemap.rules.judge.overlay import in_chunks
from onemap.rules.judge.overlay.contacts import share_edges
from onemap.rules.judge.overlay.threads import Threads

SQUARE = box(0, 0, 10, 10)


@pytest.mark.parametrize(
    ("other", "do_they"),
    [
        (box(10, 0, 20, 10), True),  # a whole edge
        (box(10, 4, 20, 30), True),  # a part of one
        (box(10, 10, 20, 20), False),  # a corner of both
        (shapely.Polygon([(10, 5), (20, 0), (20, 10)]), True),  # a corner that the other's edge gets
        (shapely.Polygon([(10, 0), (20, 5), (10, 10), (30, 5)]), True),  # two corners
        (box(10 + 1e-9, 0, 20, 10), True),  # an edge that rounding drew beside the other
        (shapely.Polygon([(10, 0), (20, 0), (20, 10), (10 + 1e-9, 10)]), True),  # a corner, and such an edge
        (box(10 + 1e-9, 10 + 1e-9, 20, 20), False),  # corners that rounding drew beside each other
        (box(10.001, 0, 20, 10), False),  # a gap
    ],
)
def test_known_pairs(other, do_they):
    for pair in ([SQUARE, other], [other, SQUARE]):
        polygons = np.array(pair, dtype=object)
        assert share_edges(polygons, np.array([0]), np.array([1]), Threads()).tolist() == [do_they]


def test_a_shaken_lattice_is_joined_as_geos_says_and_is_united_to_the_same_grounds(monkeypatch):
    monkeypatch.setattr(in_chunks, "AT_ONCE", 50)
    dice = np.random.default_rng(4)
    side = 14
    corners = np.stack(np.meshgrid(np.arange(side + 1.0), np.arange(side + 1.0)), -1) * 30
    corners += dice.uniform(-8, 8, corners.shape)
    rings = np.stack([corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]], 2).reshape(-1, 4, 2)
    lattice = shapely.polygons(rings)
    # Some are cut in two, so that corners lie along other edges.
    knife = shapely.box(0, 0, 30.0 * side, 101.3)
    cut = shapely.get_parts(np.r_[lattice & knife, lattice - knife])
    polygons = cut[(shapely.area(cut) > 0) & (dice.random(len(cut)) < 0.5)]
    first, second = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    first, second = first[first < second], second[first < second]
    found = share_edges(polygons, first, second, Threads(2))
    lines = shapely.relate_pattern(polygons[first], polygons[second], "****1****")
    assert lines.sum() > 50 and (~found).sum() > 20
    assert found[lines].all()
    common = shapely.intersection(polygons[first[~found]], polygons[second[~found]])
    assert (shapely.get_type_id(common) == shapely.GeometryType.POINT).all()
    # What is not joined is united to what it was.
    both = shapely.normalize(shapely.union(polygons[first[~found]], polygons[second[~found]]))
    alone = shapely.multipolygons([list(pair) for pair in zip(polygons[first], polygons[second], strict=True)])[~found]
    assert_array_equal(shapely.to_wkb(both), shapely.to_wkb(shapely.normalize(alone)))
