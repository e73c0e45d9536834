"""Arcs of MapInfo: those of a MIF are stroked by sagitta; for a TAB the number that the driver stroked is reported."""

import math

import numpy as np
import pyogrio
import pytest
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.sources.gdal.vector import read_vector

HEAD = """Version 300
Charset "Neutral"
Delimiter ","
CoordSys Earth Projection 8, 104, "m", 114, 0, 1, 500000, 0
Columns 1
  BSM Char(10)
Data

"""
SQUARE = (
    "Region 1\n  5\n500000 4000000\n500000 4000100\n500100 4000100\n500100 4000000\n500000 4000000\n    Pen (1,2,0)\n"
)


@pytest.fixture
def mif(tmp_path):
    def write(*objects: str):
        path = tmp_path / "a.mif"
        path.write_text(HEAD + "".join(objects), encoding="ascii")
        path.with_suffix(".mid").write_text("".join(f'"{row}"\n' for row in range(1, len(objects) + 1)))
        return path

    return write


def read(path):
    return read_vector(path, path.stem, None)


def farthest_m(line, centre, radii):
    """The approximate distance of a line's farthest point from an upright ellipse, along the ray from its centre."""
    points = shapely.get_coordinates(shapely.segmentize(line, 0.5)) - centre
    angles = np.arctan2(points[:, 1] / radii[1], points[:, 0] / radii[0])
    on_it = np.column_stack([radii[0] * np.cos(angles), radii[1] * np.sin(angles)])
    return float(np.hypot(*(points - on_it).T).max())


@pytest.mark.parametrize(("width", "height"), [(10, 10), (200, 200), (10_000, 10_000), (2_000, 600)])
def test_an_ellipse_of_a_mif_is_nowhere_farther_than_a_centimetre_from_its_curve(mif, width, height):
    frame = read(mif(f"Ellipse 500000 4000000 {500_000 + width} {4_000_000 + height}\n    Brush (1,0,0)\n", SQUARE))
    ellipse, square = frame.geometries
    centre, radii = np.array([500_000 + width / 2, 4_000_000 + height / 2]), np.array([width, height]) / 2
    assert farthest_m(ellipse.exterior, centre, radii) <= 0.0101
    assert ellipse.area == pytest.approx(math.pi * radii[0] * radii[1], rel=2e-3)
    assert ellipse.bounds == pytest.approx((500_000, 4_000_000, 500_000 + width, 4_000_000 + height), abs=1e-3)
    assert square.equals(shapely.box(500_000, 4_000_000, 500_100, 4_000_100))
    # The driver's own points are fine enough for a small one.
    assert [problem.code for problem in frame.problems] == (["geometry.stroked"] if width > 100 else [])


def test_an_arc_and_a_rounded_rectangle_are_stroked_too_and_their_numbers_may_stand_on_the_next_line(mif):
    frame = read(mif(
        "Arc 500000 4000000 502000 4002000\n  30 200\n    Pen (1,2,0)\n",
        "Roundrect 500000 4000000 501000 4000800 600\n",
        "ARC 500000 4000000 502000 4002000 300 20\n",
    ))  # fmt: skip
    arc, rounded, over_zero = frame.geometries
    centre, radii = np.array([501_000, 4_001_000]), np.array([1000, 1000])
    for line, start, end in ((arc, 30, 200), (over_zero, 300, 380)):
        assert farthest_m(line, centre, radii) <= 0.0101
        assert line.length == pytest.approx(math.radians(end - start) * 1000, rel=1e-4)
    assert rounded.area == pytest.approx(1000 * 800 - (4 - math.pi) * 300**2, rel=1e-4)
    assert frame.problems[0].facts["count"] == 3


def test_what_stands_before_an_arc_does_not_move_it_to_another_row(mif):
    collection = "Collection 2\nRegion 1\n  4\n0 0\n0 9\n9 9\n0 0\nPline 2\n0 0\n9 9\n"
    text = 'Text\n    "Ellipse 1 1 2 2"\n    0 0 9 9\n    Font ("Arial",0,0,0)\n'
    frame = read(mif("none\n", collection, text, "Point 500000 4000000\n", "Ellipse 500000 4000000 500400 4000400\n"))
    assert len(frame.geometries) == 5
    circle = frame.geometries[4]
    assert shapely.get_num_coordinates(circle) > 200
    assert circle.area == pytest.approx(math.pi * 200**2, rel=1e-3)
    assert shapely.get_num_coordinates(frame.geometries[3]) == 1


@pytest.fixture
def tab(mif, tmp_path):
    """A table of two regions, the first of which may be made the ellipse that touches its sides."""
    large = SQUARE.replace("500100", "501000").replace("4000100", "4001000")

    def write(*, has_ellipse: bool):
        path = tmp_path / "b.tab"
        bounds = "400000,3900000,600000,4100000"  # narrow enough for a fine grid
        pyogrio.write_dataframe(pyogrio.read_dataframe(mif(large, SQUARE)), path, driver="MapInfo File", BOUNDS=bounds)
        if has_ellipse:
            at = int(np.fromfile(path.with_suffix(".id"), "<u4")[0])
            content = bytearray(path.with_suffix(".map").read_bytes())
            assert content[at] == 0x0E  # a region: its row, 14 bytes, its box, pen and brush
            content[at : at + 23] = b"\x1a" + content[at + 1 : at + 5] + content[at + 23 : at + 41]
            path.with_suffix(".map").write_bytes(content)
        return path

    return write


def test_of_a_tab_it_is_told_that_the_driver_has_stroked_its_curves(tab, shelf):
    path = tab(has_ellipse=True)
    frame = read(path)
    assert shapely.get_num_coordinates(frame.geometries[0]) > 100  # the driver takes it for an ellipse
    assert frame.geometries[0].area == pytest.approx(math.pi * 500**2, rel=1e-3)
    assert [(problem.code, problem.facts["count"]) for problem in frame.problems] == [("geometry.coarse", 1)]
    answer = shelf.add(path, crs="EPSG:4547")
    (remark,) = [problem for problem in answer.json["problems"] if problem["code"] == "geometry.coarse"]
    assert (remark["level"], "MIF" in remark["mend"]) == ("warn", True)


def test_of_a_tab_without_curves_nothing_is_told(tab):
    assert read(tab(has_ellipse=False)).problems == ()


@pytest.mark.parametrize(
    "line", ["Ellipse 1 1 1 1\n", "Ellipse nan 0 1 1\n", "Arc 0 0 5 5 x y\n", "Roundrect 0 0 9 9 0\n"]
)
def test_a_curve_that_is_none_is_left_to_the_driver(mif, line):
    path = mif(line, SQUARE)
    try:
        assert len(read(path).geometries) == 2
    except OneMapError as error:
        assert error.code == "source.damaged"


def test_an_ellipse_beyond_all_measure_keeps_the_driver_s_points(mif):
    frame = read(mif("Ellipse 0 0 1e17 1e17\n    Pen (1,2,0)\n", SQUARE))
    assert shapely.get_num_coordinates(frame.geometries[0]) < 1000
    assert [problem.code for problem in frame.problems] == ["geometry.coarse"]
    assert frame.geometries[1].equals(shapely.box(500_000, 4_000_000, 500_100, 4_000_100))
