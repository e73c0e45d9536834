"""How lengths in a plane differ from those on the ground, against the formulas of the projections."""

import math

import numpy as np
import pyproj
import pytest

from onemap.layers.crs.plane_scale import remarks_on_zone, stretched_plane

A, E2 = 6_378_137.0, 0.00669437999  # WGS 84; of CGCS2000 they are the same to a hair


def web_mercator_stretch(latitude: float) -> float:
    """The greater of a/(N cos φ) and a/(M cos φ), less 1: the sphere of that plane is drawn on an ellipsoid."""
    w = 1 - E2 * math.sin(math.radians(latitude)) ** 2
    east, north = w**0.5, w**1.5 / (1 - E2)
    return max(east, north) / math.cos(math.radians(latitude)) - 1


def problem_at(code: int, x: float, y: float, size: float = 0.0):
    return stretched_plane(pyproj.CRS.from_epsg(code), (x, y, x + size, y + size), {})


@pytest.mark.parametrize("latitude", [10, 25, 38, 50])
def test_web_mercator_is_stretched_by_the_secant_of_the_latitude(latitude):
    x, y = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(114.5, latitude)
    problem = problem_at(3857, x, y)
    assert problem is not None and problem.code == "crs.stretched"
    assert float(problem.facts["percent"]) == pytest.approx(100 * web_mercator_stretch(latitude), abs=0.06)
    assert problem.facts["fitting"] == "EPSG:4547"  # the 3° zone of 114° E


def test_the_planes_of_surveys_are_let_pass_and_what_is_too_far_from_a_meridian_is_not():
    assert problem_at(4547, 543_500, 4_212_500) is None
    assert problem_at(4526, 38_543_500, 4_212_500) is None  # with the zone's number before the easting
    assert problem_at(32650, 280_000, 4_212_500) is None
    assert problem_at(4548, 280_000, 4_212_500) is None  # half a zone beyond its edge: 0.06 %
    assert problem_at(27572, 600_000, 2_400_000) is None  # degrees are grads there, counted from Paris
    # Along a parallel's plane: 1 + x²/2R² is 0.6 % at 700 km from the meridian.
    far = problem_at(4547, -200_000, 0)
    assert far is not None and float(far.facts["percent"]) == pytest.approx(
        100 * 700_000**2 / (2 * 6_357_000**2), abs=0.05
    )


def test_ground_of_which_some_is_true_and_a_place_that_is_none_are_let_pass():
    assert problem_at(4547, -200_000, 0, 900_000) is None
    assert stretched_plane(pyproj.CRS.from_epsg(3857), np.full(4, np.nan), {}) is None


@pytest.mark.parametrize(
    ("code", "is_told"), [(4547, False), (4548, True), (4509, False), (4549, True), (32650, False)]
)
def test_a_plane_of_another_zone_is_told(code, is_told):
    x, y = pyproj.Transformer.from_crs(4490, code, always_xy=True).transform(114.5, 38.05)
    remarks = remarks_on_zone(pyproj.CRS.from_epsg(code), (x, y, x + 1000, y + 1000))
    assert [remark.code for remark in remarks] == (["crs.other_zone"] if is_told else [])
    assert all(remark.facts["fitting"] == "EPSG:4547" for remark in remarks)
