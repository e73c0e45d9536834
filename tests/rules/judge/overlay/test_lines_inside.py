"""Lines inside polygons: pieces of the length inside, even where an overlay loses or invents some, or fails.

A line that runs over itself may have each place once, as in an overlay.
"""

import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, Point, box

from onemap.layers.errors import OneMapError
from onemap.rules.judge.kinds.cross import _parts_inside, _united_m
from onemap.rules.judge.overlay.lines_inside import proved_pieces, union_lengths_m

COURT = box(0, 0, 100, 100) - box(40, 40, 60, 60)
LINES = [
    (LineString([(-50, 50), (150, 50)]), 80.0),  # through the court
    (LineString([(10, 10), (20, 10), (20, 30)]), 30.0),
    (LineString([(-10, 0), (110, 0)]), 0.0),  # along the edge
    (LineString([(-10, 0), (50, 0), (50, 10)]), 10.0),
    (LineString([(-10, 10), (10, -10)]), 0.0),  # at a corner
    (LineString([(45, 45), (55, 55)]), 0.0),
    (LineString([(200, 0), (200, 9)]), 0.0),
    (shapely.MultiLineString([[(-10, 20), (30, 20)], [(90, 20), (130, 20)]]), 40.0),
]


def lost(lines, polygons):
    return np.full(len(lines), LineString())


def made_up(lines, polygons):
    return lines.copy()


def broken(lines, polygons):
    raise shapely.GEOSException("TopologyException")


def broken_in_part(lines, polygons):
    if len(lines) > 1:
        raise shapely.GEOSException("TopologyException")
    return _parts_inside(lines, polygons)


@pytest.mark.parametrize("operation", [_parts_inside, lost, made_up, broken, broken_in_part])
def test_lengths_inside_by_hand(operation):
    lines, lengths = (np.array(column, dtype=object) for column in zip(*LINES, strict=True))
    found = proved_pieces(operation, lines, np.full(len(lines), COURT))
    assert np.nan_to_num(shapely.length(found)) == pytest.approx(lengths.astype(float), abs=1e-9)
    assert shapely.covers(shapely.buffer(COURT, 1e-9), found[shapely.length(found) > 0]).all()


def test_what_runs_along_an_edge_may_count_or_not():
    line = np.array([LineString([(0, 0), (100, 0), (100, -5)])])
    for operation, length_m in ((_parts_inside, 0.0), (shapely.intersection, 100.0)):
        (found,) = proved_pieces(operation, line, np.array([COURT]))
        assert found.length == pytest.approx(length_m)


def test_of_a_line_drawn_there_and_back_each_place_is_there_once_or_twice():
    line, ground = np.array([LineString([(-10, 80), (30, 80), (-10, 80), (5, 80)])]), np.array([COURT])
    for operation, length_m in ((_parts_inside, 30.0), (lost, 65.0), (made_up, 65.0)):
        (found,) = proved_pieces(operation, line, ground)
        assert found.length == pytest.approx(length_m)


def test_points_are_as_the_overlay_has_them():
    points = np.array([Point(10, 10), Point(50, 50), Point(0, 10)])
    found = proved_pieces(_parts_inside, points, np.full(3, COURT))
    assert shapely.is_empty(found).tolist() == [False, True, True]


def test_random_lines_are_cut_as_by_triangles():
    random = np.random.default_rng(8)
    for place in (0.0, 38_500_000.0):
        corners = place + np.array([[0, 0], [60, 10], [70, 50], [20, 70], [-20, 40]])
        whole = shapely.Polygon(corners)
        triangles = [shapely.Polygon(corners[[0, at, at + 1]]) for at in (1, 2, 3)]
        lines = shapely.linestrings(place + random.uniform(-40, 90, (50, 5, 2)))
        found = proved_pieces(lost, lines, np.full(50, whole))
        known = sum(shapely.length(shapely.intersection(lines, triangle)) for triangle in triangles)
        assert shapely.length(found) == pytest.approx(known, abs=1e-5)


def united(lines):
    return shapely.length(shapely.union_all(lines[:, None], axis=1))


STREETS = [
    (LineString([(0, 0), (10, 0)]), 0),
    (LineString([(10, 0), (4, 0), (4, 5)]), 0),  # 6 of it are drawn already
    (LineString([(0, 0), (10, 0)]), 2),
    (LineString([(20, 0), (5, 0)]), 2),
    (LineString([(7, 0), (6, 0)]), 2),  # drawn thrice
]


def test_points_in_which_a_line_only_touches_have_no_length():
    touching = [Point(3, 3), GeometryCollection([Point(0, 0), LineString([(0, 5), (7, 5)])]), None]
    lengths = union_lengths_m(np.array(touching, dtype=object), np.array([0, 1, 2]), 3, united)
    assert lengths == pytest.approx([0.0, 7.0, 0.0])


def test_the_length_of_a_union_by_hand():
    lines, group = (np.array(column, dtype=object) for column in zip(*STREETS, strict=True))
    assert union_lengths_m(lines, group.astype(int), 4, united) == pytest.approx([15.0, 0.0, 20.0, 0.0])


@pytest.mark.parametrize(
    "wrong", [lambda lines: 0.9 * united(lines), shapely.length, lambda lines: broken(lines, None)]
)
def test_a_union_of_a_wrong_length_is_refused(wrong):
    lines, group = (np.array(column, dtype=object) for column in zip(*STREETS, strict=True))
    with pytest.raises(OneMapError) as refused:
        union_lengths_m(lines, group.astype(int), 4, wrong)
    assert refused.value.code == "overlay.union"


def test_lengths_of_streets_that_were_drawn_twice_a_last_digit_apart():
    random = np.random.default_rng(2)
    for place in (0.0, 500_000.0, 38_500_000.0):
        corners = place + np.cumsum(random.uniform(-40, 90, (30, 5, 2)), axis=1)
        lines = shapely.linestrings(corners)
        again = shapely.linestrings(np.nextafter(corners, np.inf)[:, ::-1])
        found = union_lengths_m(np.r_[lines, again], np.r_[np.arange(30), np.arange(30)], 30, _united_m)
        assert found == pytest.approx(shapely.length(lines), rel=1e-7)
