"""Shapes in a few words: their place beside a parcel of 100 × 100 m."""

import pytest
import shapely

from onemap.rules.review.proofs.small_words import ShapeError, feature_shape, parcel_shape

PARCEL = parcel_shape("100 × 100")


@pytest.mark.parametrize(
    ("word", "geometry", "shared", "apart_m"),
    [
        ("inside", "polygon", 10_000, 0),
        ("在内", "polygon", 10_000, 0),
        ("half inside", "polygon", 5_000, 0),
        ("touching", "polygon", 0, 0),
        ("30 m from", "polygon", 0, 30),
        ("相距30.5米", "polygon", 0, 30.5),
        ("5 % inside", "polygon", 500, 0),
        ("1.05 m² inside", "polygon", 1.05, 0),
        ("占1.05平方米", "polygon", 1.05, 0),
        ("0.3 m strip", "polygon", 30, 0),
        ("1.05 m² outside", "polygon", 9_998.95, 0),
        ("inside", "line", 100, 0),
        ("half inside", "line", 50, 0),
        ("12 m from", "line", 0, 12),
        ("inside", "point", 0, 0),
        ("12 m from", "point", 0, 12),
    ],
)
def test_a_word_says_how_much_a_feature_shares_and_how_far_it_lies(word, geometry, shared, apart_m):
    shape = feature_shape({"lies": word}, PARCEL, geometry)
    common = shapely.intersection(shape, PARCEL)
    assert (common.length if geometry == "line" else common.area) == pytest.approx(shared, abs=1e-9)
    assert shapely.distance(shape, PARCEL) == pytest.approx(apart_m, abs=1e-12)


@pytest.mark.parametrize(
    "given", ["100", [0, 0, 10], "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))", "POINT (1 1)", [0, 0, 9e9, 9]]
)
def test_an_impossible_parcel_is_none(given):
    with pytest.raises(ShapeError):
        parcel_shape(given)


def test_a_word_of_another_geometry_says_nothing():
    with pytest.raises(ShapeError):
        feature_shape({"lies": "5 % inside"}, PARCEL, "point")
