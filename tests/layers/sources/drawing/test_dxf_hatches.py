"""Hatches as ground, drawings without their version, and the remarks on all that is left out."""

import io
import re

import ezdxf
import pytest
import shapely

WEST, SOUTH = 500_000.0, 4_000_000.0


def at(*points):
    return [(WEST + x, SOUTH + y) for x, y in points]


def square(x, y, size):
    return at((x, y), (x + size, y), (x + size, y + size), (x, y + size))


@pytest.fixture
def drawing():
    """A red line and its fill; a hatch of its own with a hole, and one with an arc; a dimension; a sheet of paper."""
    document = ezdxf.new("R2010")
    space = document.modelspace()
    line = space.add_lwpolyline(square(0, 0, 10), close=True, dxfattribs={"layer": "红线"})
    fill = space.add_hatch(dxfattribs={"layer": "红线"})
    path = fill.paths.add_polyline_path(square(0, 0, 10), is_closed=True)
    fill.associate(path, [line])
    plots = space.add_hatch(dxfattribs={"layer": "填充"})
    plots.paths.add_polyline_path(square(100, 0, 20), is_closed=True, flags=1)
    plots.paths.add_polyline_path(square(105, 5, 5), is_closed=True, flags=16)
    round_one = space.add_hatch(dxfattribs={"layer": "填充"})
    round_one.paths.add_edge_path().add_arc((WEST + 200, SOUTH), radius=100, start_angle=0, end_angle=360)
    space.add_linear_dim(base=at((0, 2))[0], p1=at((0, 0))[0], p2=at((3, 0))[0], dxfattribs={"layer": "标注"}).render()
    document.layout("Layout1").add_circle((0, 0), 4)
    stream = io.StringIO()
    document.write(stream)
    return stream.getvalue()


def without_version(text):
    found, count = re.subn(r"  9\n\$ACADVER\n  1\nAC\d+\n", "", text)
    assert count == 1
    return found


def entities_alone(text):
    start = text.rindex("  0\nSECTION", 0, text.index("ENTITIES"))
    return text[start : text.index("ENDSEC", start) + 7] + "  0\nEOF\n"


@pytest.mark.parametrize("cut", [str, without_version, entities_alone])
def test_hatches_are_ground_and_every_layer_is_kept(shelf, tmp_path, drawing, cut):
    path = tmp_path / "a.dxf"
    path.write_text(cut(drawing), encoding="utf-8")
    layers = {layer["name"]: layer for layer in shelf.run("inspect", path).json["layers"]}
    assert {name: layer["geometry"] for name, layer in layers.items()} == {"红线": "Polygon", "填充": "Polygon"}
    assert shelf.add(path, layer="红线", crs="EPSG:4547").code == 0
    assert [shape.equals(shapely.Polygon(square(0, 0, 10))) for shape in shelf.geometries()] == [True]
    assert shelf.add(path, "H", layer="填充", crs="EPSG:4547").code == 0
    plot, circle = shelf.geometries("H__1")
    assert plot.equals(shapely.Polygon(square(100, 0, 20), [square(105, 5, 5)]))
    assert circle.area == pytest.approx(31_415.93, abs=7)  # within a centimetre of the true circle


def test_nothing_is_left_out_without_a_word(shelf, tmp_path, drawing):
    path = tmp_path / "a.dxf"
    path.write_text(drawing, encoding="utf-8")
    for layer in shelf.run("inspect", path).json["layers"]:
        (sentence,) = [problem["message"] for problem in layer["problems"] if problem["code"] == "source.aside"]
        assert all(words in sentence for words in ("标注/DIMENSION × 1", "PAPERSPACE × 1"))
        assert ("HATCH × 1" in sentence) == (layer["name"] == "红线")
