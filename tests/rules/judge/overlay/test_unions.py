"""Unions are checked by the sums of their polygons, and made on a grid if GEOS loses or invents ground, or fails.

These polygons lie near zero, where the last digit is so fine that GEOS loses them; a check counts from farther away.
"""

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from onemap.layers.errors import OneMapError
from onemap.rules.judge.overlay import overlay
from onemap.rules.judge.overlay.mutual_overlaps import union_bounds
from onemap.rules.judge.overlay.overlay import union_by
from onemap.rules.judge.overlay.threads import Threads

GEOS_IS_RIGHT = shapely.geos_version >= (3, 15, 0)  # of the cases below
# Two turned rectangles with a side in common, drawn twice, a last digit apart: libgeos/geos issue 1344.
WEST = Polygon(
    [
        (-295.25030351249666, 4.236074061427525),
        (-295.08711234218333, -2.301948231163383),
        (-314.64218025800653, -2.7900491087570383),
        (-314.80537142831986, 3.7479731838338695),
    ]
)
EAST = Polygon(
    [
        (-275.69523559667346, 4.7241749390211805),
        (-275.53204442636013, -1.8138473535697273),
        (-295.08711234218333, -2.3019482311633825),
        (-295.25030351249666, 4.236074061427525),
    ]
)
# Bands along two streets, on which GEOS breaks down: libgeos/geos issue 1355.
BANDS = [
    Polygon(
        [
            (-8.060879443418989, -2.6638274935170196),
            (-8.194659017192153, -33.71089267415941),
            (-11.242630721688515, -33.69775918301853),
            (-11.10885114791535, -2.6506940023761434),
        ]
    ),
    Polygon(
        [
            (-84.63155622050482, -2.3338899473058037),
            (-84.61842272936394, 0.7140817571905578),
            (-8.047745952278113, 0.3841442109793418),
            (-8.06087944341899, -2.6638274935170196),
        ]
    ),
    Polygon(
        [
            (-84.63155622050482, -2.3338899473058037),
            (-84.61842272936394, 0.7140817571905576),
            (-11.095717656774472, 0.3972777021202178),
            (-11.108851147915349, -2.6506940023761434),
        ]
    ),
]


def united_m2(*groups):
    """The areas of the unions of groups of polygons, made together."""
    group = np.concatenate([np.full(len(polygons), number) for number, polygons in enumerate(groups)])
    polygons = np.array([polygon for polygons in groups for polygon in polygons], dtype=object)
    united = union_by(group, polygons, len(groups), Threads(2))
    assert shapely.is_valid(united).all()
    return shapely.area(united).tolist()


def test_what_has_no_ground_is_passed_over():
    grounds = np.array([box(0, 0, 10, 10), None, None, box(5, 0, 15, 10), Polygon()], dtype=object)
    united = union_by(np.array([0, 0, 1, 0, 0]), grounds, 3, Threads())
    assert united[0].area == pytest.approx(150.0) and united[1:].tolist() == [None, None]


def test_of_two_neighbours_none_is_lost():
    if not GEOS_IS_RIGHT:
        assert shapely.union_all([WEST, EAST]).area < 0.6 * (WEST.area + EAST.area), "GEOS is right by now"
    plain = [box(0, 0, 10, 10), box(5, 0, 15, 10)]
    assert united_m2(plain, [WEST, EAST], plain[::-1]) == pytest.approx([150.0, WEST.area + EAST.area, 150.0], abs=1e-6)


def test_where_a_union_breaks_down_it_is_made_on_a_grid_and_the_others_are_not():
    if not GEOS_IS_RIGHT:
        with pytest.raises(shapely.GEOSException):
            shapely.union_all(BANDS)
    plain = [box(0, 0, 10, 10), box(5, 0, 15, 10), box(14, 0, 20, 10)]
    # The third lies within the second but for a last digit.
    known = BANDS[0].area + BANDS[1].area - shapely.intersection(BANDS[0], BANDS[1], grid_size=1e-8).area
    assert united_m2(plain, BANDS) == pytest.approx([200.0, known], abs=1e-3)


def test_the_bounds_of_a_union_are_one_where_no_ground_is_thrice():
    pairs = np.array([[box(0, 0, 10, 10), box(5, 0, 15, 10), box(14, 0, 20, 10)]], dtype=object)
    assert [bound.tolist() for bound in union_bounds(pairs, Threads())] == [[200.0], [200.0]]
    thrice = np.array([[box(0, 0, 10, 10), box(5, 0, 15, 10), box(5, 0, 10, 20)]], dtype=object)
    (least,), (most,) = union_bounds(thrice, Threads())
    assert (least, most) == (150.0, 200.0) and least <= shapely.union_all(thrice[0]).area <= most


def without_last(block, grid_size):
    return shapely.union_all(block[:, :-1], axis=1, grid_size=grid_size)


def with_more(block, grid_size):
    return shapely.convex_hull(shapely.union_all(block, axis=1))


NEIGHBOURS = [box(0, 0, 10, 10), box(10, 0, 20, 5)]
CORNERS = [box(0, 0, 10, 10), box(5, 5, 15, 15)]
# Ground that three share leaves room between the bounds: what is lost is seen all the same.
THRICE = [box(0, 0, 10, 10), box(0, 0, 10, 11), box(0, 0, 10, 12), box(9, 0, 13, 10)]


@pytest.mark.parametrize(
    ("wrong", "polygons"),
    [
        (without_last, NEIGHBOURS),
        (with_more, NEIGHBOURS),
        (without_last, CORNERS),
        (with_more, CORNERS),
        (without_last, THRICE),
    ],
)
def test_a_union_that_is_wrong_on_every_grid_is_refused(monkeypatch, wrong, polygons):
    monkeypatch.setattr(overlay, "_unite", wrong)
    with pytest.raises(OneMapError) as refused:
        united_m2(polygons)
    assert refused.value.code == "overlay.union"
    with pytest.raises(OneMapError):
        united_m2(polygons, polygons)
