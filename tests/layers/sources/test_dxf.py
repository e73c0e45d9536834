"""DXF drawings: closed lines as polygons, arcs by sagitta, blocks in place, Chinese in every version."""

import math

import ezdxf
import numpy as np
import pytest
import shapely
from ezdxf.enums import TextEntityAlignment
from ezdxf.math import Vec2, rational_bspline_from_arc

from onemap.layers.sources.drawing import dxf_shapes

WEST, SOUTH = 500_000.0, 4_000_000.0
SQUARE = [(WEST, SOUTH), (WEST + 100, SOUTH), (WEST + 100, SOUTH + 100), (WEST, SOUTH + 100)]


@pytest.fixture
def drawing(tmp_path):
    """Make a drawing: `draw` gets the document and its model space."""

    def make(draw, version: str = "R2010", encoding: str | None = None, units: int = 6):
        document = ezdxf.new(version)
        document.units = units
        if encoding is not None:
            document.encoding = encoding
        draw(document, document.modelspace())
        path = tmp_path / "drawing.dxf"
        document.saveas(path)
        return path

    return make


def farthest_from_circle(shape: shapely.Geometry, centre: tuple[float, float], radius: float) -> float:
    """The greatest distance of a polyline's corners and middles from a circle."""
    corners = shapely.get_coordinates(shape)
    points = np.concatenate([corners, (corners[1:] + corners[:-1]) / 2])
    return float(np.abs(np.hypot(*(points - centre).T) - radius).max())


def test_closed_lines_of_the_chosen_layer_are_polygons(onemap, shelf, drawing):
    def draw(document, space):
        space.add_lwpolyline(SQUARE, close=True, dxfattribs={"layer": "用地红线"})
        space.add_lwpolyline([*SQUARE, SQUARE[0]], dxfattribs={"layer": "用地红线"})
        space.add_polyline2d(SQUARE, close=True, dxfattribs={"layer": "用地红线"})
        space.add_polyline3d([(*point, 12) for point in SQUARE], close=True, dxfattribs={"layer": "用地红线"})
        space.add_line(SQUARE[0], SQUARE[1], dxfattribs={"layer": "道路"})
        space.add_text("项目一", dxfattribs={"layer": "用地红线", "insert": (WEST + 50, SOUTH + 50)})

    source = drawing(draw)
    layers = {layer["name"]: layer for layer in onemap("inspect", source).json["layers"]}
    assert {name: (layer["count"], layer["geometry"]) for name, layer in layers.items()} == {
        "用地红线": (4, "Polygon"),
        "道路": (1, "LineString"),
    }
    assert [p["code"] for p in layers["用地红线"]["problems"]] == ["geometry.z_dropped", "source.aside", "crs.missing"]
    assert shelf.add(source, layer="用地红线").codes == ["crs.missing"]
    assert shelf.add(source, layer="用地红线", crs="EPSG:4547").json["features"] == 4
    assert shapely.area(shelf.geometries()).tolist() == [10_000] * 4
    assert shelf.column("text") == [None, None, None, "项目一"]


def test_a_line_that_is_not_closed_stays_one_and_is_refused_as_a_polygon(shelf, drawing):
    def draw(document, space):
        space.add_lwpolyline(SQUARE, close=True)
        space.add_lwpolyline([*SQUARE, (WEST, SOUTH + 0.5)])

    answer = shelf.add(drawing(draw), crs="EPSG:4547")
    assert [(p["code"], p["row"]) for p in answer.json["problems"]] == [("geometry.type", 2)]


@pytest.mark.parametrize("radius", [0.05, 5.0, 10.0, 1000.0])
@pytest.mark.parametrize("kind", ["circle", "bulge", "arc", "spline", "mirrored"])
def test_curves_are_nowhere_farther_than_a_centimetre_from_their_lines(shelf, drawing, kind, radius):
    centre = (WEST, SOUTH)

    def draw(document, space):
        if kind == "circle":
            space.add_circle(centre, radius)
        elif kind == "bulge":
            ends = [(WEST - radius, SOUTH, 1), (WEST + radius, SOUTH, 1)]
            space.add_lwpolyline(ends, format="xyb", close=True)
        elif kind == "arc":
            space.add_arc(centre, radius, 10, 350)
        elif kind == "mirrored":
            ends = [(-WEST - radius, SOUTH, 1), (-WEST + radius, SOUTH, 1)]
            space.add_lwpolyline(ends, format="xyb", close=True, dxfattribs={"extrusion": (0, 0, -1)})
        else:
            curve = rational_bspline_from_arc(centre, radius, 0, 270)
            space.add_spline().apply_construction_tool(curve)

    geometry = "line" if kind in ("arc", "spline") else "polygon"
    answer = shelf.add(drawing(draw), crs="EPSG:4547", geometry=geometry)
    assert [p["code"] for p in answer.json["problems"]] == ["geometry.stroked"]
    (shape,) = shelf.geometries()
    assert farthest_from_circle(shape, centre, radius) <= 0.01
    if kind in ("circle", "bulge", "mirrored"):
        assert shape.area == pytest.approx(math.pi * radius**2, abs=0.01 * 2 * math.pi * radius)


def test_an_ellipse_is_a_polygon(shelf, drawing):
    source = drawing(lambda document, space: space.add_ellipse((WEST, SOUTH), (100, 0), 0.5))
    assert shelf.add(source, crs="EPSG:4547").code == 0
    assert shelf.geometries()[0].area == pytest.approx(math.pi * 100 * 50, rel=2e-4)


def test_blocks_stand_where_they_are_inserted_and_give_their_attributes(shelf, drawing):
    def draw(document, space):
        inner = document.blocks.new("内")
        inner.add_lwpolyline([(0, 0), (10, 0), (10, 10), (0, 10)], close=True)
        outer = document.blocks.new("外")
        outer.add_blockref("内", (5, 5))
        insert = space.add_blockref("外", (WEST, SOUTH), {"layer": "宗地", "xscale": 2, "yscale": 3, "rotation": 90})
        insert.add_attrib("DKBH", "D-01", (WEST, SOUTH))
        space.add_blockref("内", (WEST + 500, SOUTH), {"layer": "宗地", "row_count": 2, "row_spacing": 50})

    assert shelf.add(drawing(draw), layer="宗地", crs="EPSG:4547").json["features"] == 3
    shapes = shelf.geometries()
    assert shapely.area(shapes).tolist() == pytest.approx([600, 100, 100])
    assert shapes[0].bounds == pytest.approx((WEST - 45, SOUTH + 10, WEST - 15, SOUTH + 30))
    assert shapes[2].bounds == pytest.approx((WEST + 500, SOUTH + 50, WEST + 510, SOUTH + 60))
    assert shelf.rows('SELECT "block", "DKBH" FROM "T__1" ORDER BY fid')[0] == ("内", "D-01")


@pytest.mark.parametrize("version", ["R2000", "R2004", "R2007", "R2018"])
def test_chinese_is_read_in_every_version(onemap, drawing, version):
    def draw(document, space):
        space.add_text("永久基本农田", dxfattribs={"layer": "标注", "insert": (WEST, SOUTH)})

    (layer,) = onemap("inspect", drawing(draw, version, "gbk" if version < "R2007" else None)).json["layers"]
    assert (layer["name"], layer["count"], layer["geometry"]) == ("标注", 1, "Point")
    assert layer["encoding"] == ("gb18030" if version < "R2007" else "utf-8")


def test_a_western_code_page_is_doubted_where_the_bytes_are_chinese(onemap, shelf, drawing):
    def draw(document, space):
        space.add_text("永久基本农田", dxfattribs={"layer": "标注", "insert": (WEST, SOUTH)})

    source = drawing(draw, "R2000", "gbk")
    source.write_bytes(source.read_bytes().replace(b"ANSI_936", b"ANSI_1252"))
    assert onemap("inspect", source).json["layers"][0]["name"] == "标注"
    assert shelf.add(source, geometry="point", crs="EPSG:4547", encoding="GBK").code == 0
    assert shelf.column("text") == ["永久基本农田"]
    assert shelf.add(source, geometry="point", crs="EPSG:4547", encoding="utf-8", label="2").codes == ["encoding.wrong"]


def test_what_is_no_geometry_is_counted_and_other_units_are_told(onemap, drawing):
    def draw(document, space):
        space.add_lwpolyline(SQUARE, close=True)
        hatch = space.add_hatch()
        hatch.paths.add_polyline_path([Vec2(point) for point in SQUARE])
        space.add_mtext("说明").set_location((WEST, SOUTH))
        space.add_lwpolyline([SQUARE[0], SQUARE[1]], close=True)

    (layer,) = onemap("inspect", drawing(draw, units=4)).json["layers"]
    codes = [p["code"] for p in layer["problems"]]
    assert codes == ["geometry.unreadable", "source.aside", "dxf.units", "inspect.null", "crs.missing"]
    assert "not read: TEXT × 1" in layer["problems"][1]["message"]


def test_a_region_is_ground_that_cannot_be_read_and_no_note(onemap, shelf, drawing):
    def draw(document, space):
        space.add_lwpolyline(SQUARE, close=True)
        space.add_region().sat = ["400 1 1 0", "body $-1 #", "End-of-ACIS-data"]

    source = drawing(draw, "R2000")
    (layer,) = onemap("inspect", source).json["layers"]
    assert (layer["count"], layer["problems"][0]["code"]) == (2, "geometry.unreadable")
    assert shelf.add(source, crs="EPSG:4547").codes == ["geometry.null"]


def test_a_text_stands_where_it_is_aligned_seen_from_below_too(shelf, drawing):
    def draw(document, space):
        space.add_lwpolyline(SQUARE, close=True)
        middle = space.add_text("甲").set_placement((WEST + 50, SOUTH + 50), align=TextEntityAlignment.MIDDLE_CENTER)
        middle.dxf.insert = (0, 0)
        space.add_text("乙", dxfattribs={"extrusion": (0, 0, -1), "insert": (-WEST - 50, SOUTH + 50)})

    assert shelf.add(drawing(draw), crs="EPSG:4547").code == 0
    assert shelf.column("text") == ["甲 乙"]


def test_a_drawing_of_nothing_is_empty_and_a_damaged_one_refused(onemap, shelf, drawing):
    source = drawing(lambda document, space: None)
    assert onemap("inspect", source).json["layers"][0]["count"] == 0
    assert shelf.add(source, crs="EPSG:4547").codes == ["source.empty"]
    source.write_bytes(source.read_bytes()[:3000])
    assert onemap("inspect", source).codes == ["source.damaged"]
    source.write_bytes(b"not a drawing")
    assert onemap("inspect", source).codes == ["source.damaged"]


def test_a_binary_drawing_that_ends_anywhere_is_refused_or_read(onemap, tmp_path):
    document = ezdxf.new("R2000")
    document.modelspace().add_lwpolyline(SQUARE, close=True)
    source = tmp_path / "binary.dxf"
    document.saveas(source, fmt="bin")
    whole = source.read_bytes()
    for length in range(len(whole) - 40, 24, -(len(whole) // 60)):
        source.write_bytes(whole[:length])
        assert onemap("inspect", source).code in (0, 3), length


def test_blocks_that_hold_each_other_many_times_are_refused(onemap, drawing, monkeypatch):
    monkeypatch.setattr(dxf_shapes, "_MOST_ENTITIES", 1000)

    def draw(document, space):
        document.blocks.new("b0").add_point((0, 0))
        for number in range(1, 6):
            block = document.blocks.new(f"b{number}")
            for _ in range(10):
                block.add_blockref(f"b{number - 1}", (0, 0))
        space.add_blockref("b5", (WEST, SOUTH))

    assert onemap("inspect", drawing(draw)).codes == ["source.damaged"]


@pytest.mark.parametrize("kind", ["circle", "arc", "ellipse", "spline", "bulge"])
def test_a_curve_beyond_all_measure_is_named_and_the_others_are_read(onemap, drawing, kind):
    # To within a centimetre it would have a hundred million points.
    far = 1e16

    def draw(document, space):
        space.add_lwpolyline(SQUARE, close=True)
        if kind == "circle":
            space.add_circle((0, 0), far)
        elif kind == "arc":
            space.add_arc((0, 0), far, 0, 90)
        elif kind == "ellipse":
            space.add_ellipse((0, 0), major_axis=(0, far), ratio=0.5)
        elif kind == "spline":
            space.add_open_spline([(0, 0), (far, 5), (far, far), (0, far)])
        else:
            space.add_lwpolyline([(0, 0, 1), (far, 0, 1)], format="xyb", close=True)

    layer = onemap("inspect", drawing(draw)).json["layers"][0]
    assert (layer["count"], layer["geometry"]) == (2, "Polygon")
    assert "geometry.unreadable" in [problem["code"] for problem in layer["problems"]]


def test_a_block_repeated_without_end_is_refused_at_once(onemap, drawing):
    def draw(document, space):
        document.blocks.new("b").add_point((0, 0))
        grid = {"row_count": 32_767, "column_count": 32_767, "row_spacing": 1, "column_spacing": 1}
        space.add_blockref("b", (WEST, SOUTH), dxfattribs=grid)

    assert onemap("inspect", drawing(draw)).codes == ["source.damaged"]
