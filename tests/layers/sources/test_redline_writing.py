"""Red-line TXT both ways: every form that offices send is read, and writing loses nothing."""

import json
import os
import re
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.sources.redline.redline_reading import frame_of, read_redline
from onemap.layers.sources.redline.redline_text import read_text
from onemap.layers.sources.redline.redline_writing import redline_bytes

# By exact fractions: 40314.145299 − 3626.4 for the first parcel and its hole; 12603.273438 for the second.
PLANAR_M2 = [36687.745, 12603.273]
TWO_PARCELS = """[属性描述]
格式版本号=1.01
数据产生单位=示例市自然资源和规划局
数据产生日期=2026-11-20
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=38
精度=0.001
转换参数=0,0,0,0,0,0,0
[项目信息]
项目名称=示例项目
自定义键=保留
[地块坐标]
10,3.6686,DK001,示例项目地块一,面,J50G001001,工业用地,0601,@
J1,1,4210100.123,38540100.456
J2,1,4210100.987,38540300.234
J3,1,4209900.345,38540301.678
J4,1,4209899.765,38540099.321
J1,1,4210100.123,38540100.456
J5,2,4210040.110,38540160.220
J6,2,4209980.330,38540160.440
J7,2,4209980.550,38540220.660
J8,2,4210040.770,38540220.880
J5,2,4210040.110,38540160.220
6,1.2603,DK002,示例项目地块二,面,J50G001001,公用设施用地,0809,@
J1,1,4209800.500,38540100.250
J2,1,4209800.750,38540200.500
J3,1,4209700.125,38540200.875
J4,1,4209650.375,38540150.625
J5,1,4209700.250,38540100.125
J1,1,4209800.500,38540100.250
"""
VECTOR_SUFFIXES = (".gpkg", ".shp", ".geojson", ".gdb", ".fgb", ".gml")


def text_file(folder: Path, text: str, name: str = "a.txt", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return path


def point_lines(path: Path) -> list[tuple[str, str]]:
    """X and Y of every point line, as text."""
    lines = path.read_bytes().decode("gb18030").split("\r\n")
    return [tuple(line.split(",")[2:4]) for line in lines if re.match(r"J\d+,", line)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_gives_the_same_parcels(tmp_path, encoding):
    frame = read_redline(text_file(tmp_path, TWO_PARCELS, encoding=encoding), None)
    assert list(frame.attributes["DKMC"]) == ["示例项目地块一", "示例项目地块二"]
    assert frame.crs.to_epsg() == 4526
    assert shapely.area(frame.geometries).round(3).tolist() == PLANAR_M2
    assert frame.problems == ()


def test_utf_16_without_a_mark_is_read_when_its_encoding_is_given(tmp_path, onemap):
    answer = onemap("inspect", text_file(tmp_path, TWO_PARCELS, encoding="utf-16-le"), "--encoding", "utf-16-le").done()
    assert answer.json["layers"][0]["count"] == 2


def test_full_width_signs_in_numbers_and_separators_are_plain_ones(tmp_path):
    text = TWO_PARCELS.replace("带号=38", "带号＝３８").replace("[地块坐标]", "［地块坐标］")
    text = text.replace("J2,1,4210100.987,38540300.234", "J2，１，４２１０１００．９８７，38540300.234")
    text = text.replace(
        "6,1.2603,DK002,示例项目地块二,面,J50G001001,公用设施用地,0809,@", "6，1.2603，DK002，二，面，，，，＠"
    )
    frame = read_redline(text_file(tmp_path, text), None)
    assert frame.crs.to_epsg() == 4526
    assert list(frame.attributes["DKMC"]) == ["示例项目地块一", "二"]
    assert shapely.area(frame.geometries).round(3).tolist() == PLANAR_M2


def test_a_full_width_comma_in_a_name_belongs_to_the_name(tmp_path):
    frame = read_redline(text_file(tmp_path, TWO_PARCELS.replace("示例项目地块一", "示例项目，一期")), None)
    assert frame.attributes["DKMC"][0] == "示例项目，一期"
    assert frame.attributes["DLBM"][0] == "0601"


def test_rings_without_their_closing_points_enclose_the_same_ground(tmp_path):
    lines = TWO_PARCELS.splitlines()
    closing = [at for at, line in enumerate(lines) if line.startswith(("J1,", "J5,")) and line in lines[:at]]
    text = "\n".join(line for at, line in enumerate(lines) if at not in closing)
    frame = read_redline(text_file(tmp_path, text), None)
    assert len(closing) == 3
    assert shapely.area(frame.geometries).round(3).tolist() == PLANAR_M2
    assert frame.problems == ()


def test_a_second_ring_outside_the_first_is_a_part_and_one_inside_is_a_hole(tmp_path):
    parts = """20,,D,多部件,面,,,,@
J1,1,4210000,38540000
J2,1,4210000,38540100
J3,1,4209900,38540100
J4,1,4209900,38540000
J1,2,4210000,38540200
J2,2,4210000,38540300
J3,2,4209900,38540300
J4,2,4209900,38540200
J1,3,4209960,38540240
J2,3,4209960,38540260
J3,3,4209940,38540260
J4,3,4209940,38540240
"""
    frame = read_redline(text_file(tmp_path, TWO_PARCELS.split("[地块坐标]")[0] + "[地块坐标]\n" + parts), None)
    assert frame.geometries[0].geom_type == "MultiPolygon"
    assert frame.geometries[0].area == 2 * 100 * 100 - 20 * 20


@pytest.mark.parametrize(
    ("fields", "extra"),
    [
        ("10,3.6686,DK001,名,面,图,用途,0601,@", None),
        ("10,3.6686,DK001,名,面,图,用途,0601,3等,8等,备注,@", "3等,8等,备注"),
        ("10,3.6686,DK001,名,面,图,用途,0601,a,b,c,d,@", "a,b,c,d"),
        ("10,3.6686,DK001,名,面,@", None),
    ],
)
def test_more_or_fewer_fields_are_kept(tmp_path, fields, extra):
    text = TWO_PARCELS.replace("10,3.6686,DK001,示例项目地块一,面,J50G001001,工业用地,0601,@", fields)
    frame = read_redline(text_file(tmp_path, text), None)
    assert frame.attributes["DKMC"][0] == "名"
    assert (frame.attributes["QTXX"][0] if extra else None) == extra


def test_a_parcel_line_without_its_mark_is_read_and_told(tmp_path):
    frame = read_redline(text_file(tmp_path, TWO_PARCELS.replace("0809,@", "0809")), None)
    assert list(frame.attributes["DKBH"]) == ["DK001", "DK002"]
    assert [(problem.code, problem.facts["feature"]) for problem in frame.problems] == [("redline.mark", "DK002")]


def test_without_a_prefix_the_zone_comes_from_the_header(tmp_path):
    text = TWO_PARCELS.replace(",38540", ",540")
    assert read_redline(text_file(tmp_path, text), None).crs.to_epsg() == 4547
    assert read_redline(text_file(tmp_path, text.replace("带号=38\n", "")), None).crs is None


@pytest.mark.parametrize(
    ("title", "width", "zone", "epsg"),
    [
        ("1980西安坐标系", 3, 38, 2362),
        ("80国家大地坐标系", 3, 38, 2362),
        ("1954北京坐标系", 3, 38, 2414),
        ("CGCS2000", 6, 20, 4498),
        ("1980西安坐标系", 6, 20, 2334),
        ("1954北京坐标系", 6, 20, 21420),
    ],
)
def test_the_header_names_datum_and_zone(tmp_path, title, width, zone, epsg):
    text = TWO_PARCELS.replace("2000国家大地坐标系", title).replace("几度分带=3", f"几度分带={width}")
    text = text.replace("带号=38", f"带号={zone}").replace(",38540", f",{zone}540")
    assert read_redline(text_file(tmp_path, text), None).crs.to_epsg() == epsg


def _swapped_axes(text: str) -> str:
    return re.sub(r"(J\d+,\d),([\d.]+),([\d.]+)", r"\1,\3,\2", text)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_swapped_axes, "redline.swapped"),
        (lambda text: _swapped_axes(text.replace(",38540", ",540")), "redline.swapped"),
        (lambda text: text.replace("带号=38", "带号=39"), "redline.zone"),
        (lambda text: text.replace("几度分带=3", "几度分带=6"), "redline.zone_width"),
        (lambda text: text.replace("4210100.987,38540300.234", "4210100.987,540300.234"), "redline.mixed_prefix"),
        (lambda text: text.replace("4210100.987,38540300.234", "4210100.987,39540300.234"), "redline.mixed_prefix"),
        (lambda text: text.replace("4210100.987", "nan"), "redline.point"),
        (lambda text: text.replace("4210100.987", "4_210_100"), "redline.point"),
        (lambda text: text.replace("4210100.987,", ""), "redline.point"),
        (lambda text: text.split("J2,1,4209800.750")[0], "redline.ring"),
        (lambda text: text.split("J1,1,")[0].replace("10,3.6686", "J0,1,1,1\n10,3.6686"), "redline.no_parcel_line"),
        (lambda text: text.split("10,3.6686")[0], "redline.no_coordinates"),
        (lambda text: text.replace("计量单位=米", "计量单位=度"), "redline.unit"),
    ],
)
def test_what_cannot_be_right_is_refused_and_nothing_is_written(tmp_path, onemap, change, code):
    source, target = text_file(tmp_path, change(TWO_PARCELS)), tmp_path / "b.gpkg"
    answer = onemap("redline", source, target)
    assert (answer.code, answer.codes[0]) == (3, code)
    assert not target.exists()


@pytest.mark.parametrize(("stated", "warns"), [("3.6720", False), ("3.6727", True), ("3.6645", True)])
def test_a_stated_area_may_be_off_by_a_thousandth(tmp_path, stated, warns):
    frame = read_redline(text_file(tmp_path, TWO_PARCELS.replace("10,3.6686", f"10,{stated}")), None)
    assert [problem.code for problem in frame.problems] == ["redline.area"] * warns


@pytest.mark.parametrize(("stated", "warns"), [("10", False), ("8", False), ("9", True), ("11", True)])
def test_a_stated_count_may_leave_out_the_closing_points(tmp_path, stated, warns):
    frame = read_redline(text_file(tmp_path, TWO_PARCELS.replace("10,3.6686", f"{stated},3.6686")), None)
    assert [problem.code for problem in frame.problems] == ["redline.count"] * warns


def test_a_text_in_our_form_is_written_byte_for_byte(tmp_path, onemap):
    source, once, twice = text_file(tmp_path, TWO_PARCELS), tmp_path / "b.txt", tmp_path / "c.txt"
    assert onemap("redline", source, once).code == 0
    assert once.read_bytes() == TWO_PARCELS.replace("\n", "\r\n").encode("gb18030")
    assert onemap("redline", once, twice).code == 0
    assert twice.read_bytes() == once.read_bytes()


def test_unknown_sections_before_and_after_the_parcels_are_kept(tmp_path, onemap):
    source = text_file(tmp_path, TWO_PARCELS + "[附加信息]\n审核人=甲\n\n自由文本\n")
    target = tmp_path / "b.txt"
    assert onemap("redline", source, target).code == 0
    text = target.read_bytes().decode("gb18030")
    assert "[项目信息]\r\n项目名称=示例项目\r\n自定义键=保留\r\n[地块坐标]\r\n" in text
    assert text.endswith("[附加信息]\r\n审核人=甲\r\n\r\n自由文本\r\n")


def test_the_real_texts_keep_points_as_text_and_every_name(tmp_path, onemap, shared_data):
    for source in sorted((shared_data / "redline_txt").glob("*0*.txt")):
        target, again = tmp_path / f"{source.stem}.txt", tmp_path / f"{source.stem}_2.txt"
        assert onemap("redline", source, target).code == 0
        assert target.read_bytes().decode("gb18030").split() == source.read_text(encoding="utf-8").split()
        assert onemap("redline", target, again).code == 0
        assert again.read_bytes() == target.read_bytes()


@pytest.mark.parametrize("suffix", VECTOR_SUFFIXES)
def test_through_a_vector_file_and_back_points_and_names_are_the_same(tmp_path, onemap, suffix):
    source, vector, target = text_file(tmp_path, TWO_PARCELS), tmp_path / f"v{suffix}", tmp_path / "b.txt"
    assert onemap("redline", source, vector).code == 0
    frame = gpd.read_file(vector)
    assert frame.crs.to_epsg() == 4526
    assert list(frame["DKMC"]) == ["示例项目地块一", "示例项目地块二"]
    assert frame.area.round(2).tolist() == [36687.75, 12603.27]
    answer = onemap("redline", vector, target)
    assert (answer.code, answer.json["features"], answer.json["points"]) == (0, 2, 16)
    back = target.read_bytes().decode("gb18030")
    assert set(point_lines(target)) == set(re.findall(r"J\d+,\d,([\d.]+),([\d.]+)", TWO_PARCELS))
    assert "10,3.6686,DK001,示例项目地块一,面,J50G001001,工业用地,0601,@" in back
    assert "6,1.2603,DK002,示例项目地块二,面,J50G001001,公用设施用地,0809,@" in back


def test_a_kml_is_in_degrees_and_an_old_datum_is_not_shifted_by_guess(tmp_path, onemap):
    source, vector, target = text_file(tmp_path, TWO_PARCELS), tmp_path / "v.kml", tmp_path / "b.txt"
    answer = onemap("redline", source, vector)
    assert (answer.code, answer.codes, answer.json["crs"]) == (0, ["crs.identity"], "EPSG:4326")
    assert onemap("redline", vector, target).code == 0
    assert set(point_lines(target)) == set(re.findall(r"J\d+,\d,([\d.]+),([\d.]+)", TWO_PARCELS))
    old = text_file(tmp_path, TWO_PARCELS.replace("2000国家大地坐标系", "1980西安坐标系"))
    assert onemap("redline", old, tmp_path / "old.kml").codes == ["crs.no_transformation"]


def test_a_kml_has_a_hole_that_touches_the_border_and_names_rings_that_cross(tmp_path, onemap):
    head = TWO_PARCELS[: TWO_PARCELS.index("10,3.6686")]
    shell = [(4203635.274, 422.398), (4203635.274, 503.398), (4203716.274, 503.398), (4203716.274, 422.398)]
    hole = [(4203675.774, 422.398), (4203662.274, 449.398), (4203689.274, 449.398)]

    def text(*rings):
        points = [(number, *point) for number, ring in enumerate(rings, start=1) for point in [*ring, ring[0]]]
        lines = [f"J{at},{ring},{north},{38502000 + east}" for at, (ring, north, east) in enumerate(points, start=1)]
        return head + "\n".join([f"{len(lines)},0.6197,DK1,地块,面,,,,@", *lines]) + "\n"

    written = tmp_path / "touching.kml"
    onemap("redline", text_file(tmp_path, text(shell, hole)), written).done()
    (shape,) = gpd.read_file(written).to_crs(4526).geometry
    assert shape.is_valid and shape.geom_type == "Polygon"
    assert shape.symmetric_difference(shapely.Polygon(*_eastings(shell, hole))).area < 1e-3
    crossing = text_file(tmp_path, text([shell[0], shell[2], shell[1], shell[3]]))
    answer = onemap("redline", crossing, tmp_path / "crossing.kml")
    assert (answer.code, answer.codes) == (3, ["geometry.invalid"])


def _eastings(shell, *holes):
    rings = [[(38502000 + east, north) for north, east in ring] for ring in (shell, *holes)]
    return rings[0], rings[1:]


def test_a_geopackage_carries_the_text_s_header_home(tmp_path, onemap):
    source, vector, target = text_file(tmp_path, TWO_PARCELS), tmp_path / "v.gpkg", tmp_path / "b.txt"
    onemap("redline", source, vector)
    onemap("redline", vector, target)
    assert target.read_bytes() == TWO_PARCELS.replace("\n", "\r\n").encode("gb18030")


def test_a_shapefile_says_that_its_text_is_utf_8(tmp_path, onemap):
    onemap("redline", text_file(tmp_path, TWO_PARCELS), tmp_path / "v.shp")
    assert (tmp_path / "v.cpg").read_text().strip() == "UTF-8"


def test_parts_holes_and_labels_are_numbered_on(tmp_path, onemap):
    shell = [(540000, 4210000), (540000, 4210100), (540100, 4210100), (540100, 4210000)]
    hole = [(540040, 4210040), (540060, 4210040), (540060, 4210060)]
    other = [(541000, 4210000), (541000, 4210010), (541010, 4210010)]
    shape = shapely.MultiPolygon([shapely.Polygon(shell, [hole]), shapely.Polygon(other)])
    source, target = tmp_path / "v.gpkg", tmp_path / "b.txt"
    gpd.GeoDataFrame({"DKMC": ["甲,乙"]}, geometry=[shape], crs=4547).to_file(source)
    assert onemap("redline", source, target).code == 0
    lines = target.read_bytes().decode("gb18030").split("\r\n")
    body = lines[lines.index("[地块坐标]") + 1 :]
    assert body[0] == "13,0.9850,1,甲，乙,面,,,,@"  # 10 000 − 200 + 50 m², less 0.4 m² to the ellipsoid
    assert [line.split(",")[0] for line in body[1:14]] == [f"J{n}" for n in (1, 2, 3, 4, 1, 5, 6, 7, 5, 8, 9, 10, 8)]
    assert [line.split(",")[1] for line in body[1:14]] == list("1111122223333")
    assert body[1] == "J1,1,4210000.000,38540000.000"
    assert {"带号=38", "几度分带=3", "坐标系=2000国家大地坐标系"} <= set(lines)


def test_degrees_are_carried_into_the_zone_of_their_middle_and_told(tmp_path, onemap):
    box = gpd.GeoSeries([shapely.box(540000, 4210000, 540100, 4210100)], crs=4547).to_crs(4490)
    source, target = tmp_path / "v.gpkg", tmp_path / "b.txt"
    gpd.GeoDataFrame({"DKBH": ["A"]}, geometry=box).to_file(source)
    answer = onemap("redline", source, target)
    assert (answer.code, answer.json["crs"]) == (0, "EPSG:4526")
    assert "redline.projected" in answer.codes
    assert set(point_lines(target)) == {
        (north, east) for north in ("4210000.000", "4210100.000") for east in ("38540000.000", "38540100.000")
    }


def test_what_a_text_cannot_keep_is_told_with_the_old_and_the_new(tmp_path, onemap):
    corners = [(540000.0004, 4210000), (540000, 4210100), (540100, 4210100.12345)]
    shapes = [shapely.Polygon(corners), shapely.box(541000, 4210000, 541010, 4210010)]
    source, target = tmp_path / "v.gpkg", tmp_path / "b.txt"
    frame = {"DKBH": ["a,b", "c"], "DKMC": ["one\ntwo", "three"], "DKMJ": ["1,5", "2"]}
    gpd.GeoDataFrame(frame, geometry=shapes, crs=4547).to_file(source)
    answer = onemap("redline", source, target)
    rounded, *areas, number, name = answer.json["problems"]
    assert [(one["code"], one["feature"]) for one in areas] == [
        ("redline.area_replaced", "a，b"),
        ("redline.area_replaced", "c"),
    ]
    assert "The stated area 2 ha is not that of the ground: 0.0100 ha in the plane" in areas[1]["message"]
    assert rounded["code"] == "redline.rounded" and rounded["message"].startswith("3 points were rounded to 3 decimals")
    assert "by 0.00045 m" in rounded["message"]
    places = [[problem[key] for key in ("code", "feature", "field", "row")] for problem in (number, name)]
    assert places == [["redline.renamed", "a,b", "DKBH", 1], ["redline.renamed", "a,b", "DKMC", 1]]
    assert (
        "“a,b” was written as “a，b”" in number["message"] and "“one⏎two” was written as “one two”" in name["message"]
    )
    lines = target.read_bytes().decode("gb18030")
    assert ",a，b,one two,面," in lines and ",c,three,面," in lines


def far_text(tmp_path, *stated):
    """Parcels 140 km from their meridian, of 60,254 m² in the plane each, with stated areas."""
    lines = [TWO_PARCELS.split("[地块坐标]")[0].rstrip(), "[地块坐标]"]
    for number, area in enumerate(stated):
        north, east = 4_210_000 + 1000 * number, 38_640_000
        lines.append(f"5,{area},DK{number},甲,面,,,,@")
        corners = ((0, 0), (200, 0), (200, 301.27), (0, 301.27), (0, 0))
        lines += [f"J{at % 4 + 1},1,{north + y:.3f},{east + x:.3f}" for at, (y, x) in enumerate(corners)]
    return text_file(tmp_path, "\n".join(lines) + "\n")


@pytest.mark.parametrize(("lang", "kind"), [("en", "plane areas"), ("zh", "平面面积")])
def test_the_sender_s_own_area_and_its_kind_are_kept_and_told(tmp_path, onemap, lang, kind):
    source, vector, target = far_text(tmp_path, "6.0254", "6.0254", ""), tmp_path / "v.gpkg", tmp_path / "b.txt"
    assert onemap("redline", source, vector).code == 0
    answer = onemap("redline", vector, target, lang=lang)
    assert [line.split(",")[1] for line in target.read_bytes().decode("gb18030").split("\r\n") if ",DK" in line] == [
        "6.0254",
        "6.0254",
        "6.0254",
    ]
    (problem,) = answer.json["problems"]
    assert (problem["code"], problem["field"]) == ("redline.area_kept", "DKMJ")
    plane, ellipsoid = 60_254, ellipsoidal_areas_m2(read_redline(source, None).geometries[:1], CRS.from_epsg(4526))[0]
    assert kind in problem["message"] and f"{abs(plane - ellipsoid):.1f}" in problem["message"]
    assert 20 < plane - ellipsoid < 40


def test_an_area_of_the_ellipsoid_stays_one_and_one_of_other_ground_is_measured_anew(tmp_path, onemap):
    source, vector, target = far_text(tmp_path, "6.0254", "6.0254"), tmp_path / "v.gpkg", tmp_path / "b.txt"
    assert onemap("redline", source, vector).code == 0
    frame = gpd.read_file(vector)
    frame.loc[1, "geometry"] = shapely.box(38_640_000, 4_211_000, 38_640_100, 4_211_100)  # moved by hand
    frame.to_file(vector, layer="a")
    answer = onemap("redline", vector, target)
    assert [problem["code"] for problem in answer.json["problems"]] == ["redline.area_kept", "redline.area_replaced"]
    assert "1.0000 ha is written" in answer.json["problems"][1]["message"]  # in the plane, as the sender measures
    own = f"{ellipsoidal_areas_m2(read_redline(source, None).geometries[:1], CRS.from_epsg(4526))[0] / 1e4:.4f}"
    assert onemap("redline", far_text(tmp_path, own, ""), vector, "--overwrite").code == 0
    assert onemap("redline", vector, target, "--overwrite").json["problems"] == []
    assert target.read_bytes().decode("gb18030").count(f"5,{own},DK") == 2


def test_what_a_text_keeps_is_no_remark(tmp_path, onemap):
    source, vector = text_file(tmp_path, TWO_PARCELS), tmp_path / "v.gpkg"
    onemap("redline", source, vector)
    assert onemap("redline", vector, tmp_path / "b.txt").codes == []


def test_a_crs_that_the_user_names_goes_into_the_header(tmp_path, onemap):
    text = TWO_PARCELS.replace(",38540", ",540").replace("带号=38\n", "").replace("坐标系=2000国家大地坐标系\n", "")
    source, target = text_file(tmp_path, text), tmp_path / "b.txt"
    assert onemap("redline", source, tmp_path / "v.gpkg").codes == ["crs.missing"]
    assert onemap("redline", source, target, "--crs", "EPSG:4547").code == 0
    assert read_redline(target, None).crs.to_epsg() == 4547
    assert (
        onemap("redline", source, target, "--crs", "EPSG:3857", "--overwrite").codes[0].startswith(("crs.", "redline."))
    )


def test_an_existing_target_is_refused_and_stays_whole_unless_overwritten(tmp_path, onemap):
    source = text_file(tmp_path, TWO_PARCELS)
    for suffix in (".txt", *VECTOR_SUFFIXES):
        target = tmp_path / f"v{suffix}"
        assert onemap("redline", source, target).code == 0
        assert onemap("redline", source, target).codes == ["out.exists"]
        assert onemap("redline", source, target, "--overwrite").code == 0
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]


def test_a_source_is_never_replaced_by_what_is_made_of_it(tmp_path, onemap):
    source, shape = text_file(tmp_path, TWO_PARCELS), tmp_path / "v.shp"
    assert onemap("redline", source, shape).code == 0
    link = tmp_path / "link.txt"
    link.symlink_to(source)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for read, target in ((source, source), (source, link), (shape, shape), (tmp_path / "v.dbf", shape)):
        answer = onemap("redline", read, target, "--overwrite")
        assert (answer.code, answer.codes) == (3, ["out.input"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_text_that_a_shapefile_would_cut_off_is_refused(tmp_path, onemap):
    source = text_file(tmp_path, TWO_PARCELS.replace("示例项目地块一", "长" * 100))
    answer = onemap("redline", source, tmp_path / "v.shp")
    assert (answer.code, answer.codes) == (3, ["out.failed"])
    assert not list(tmp_path.glob("v.*"))


@pytest.mark.parametrize(
    ("target", "code"), [("b.docx", "redline.target"), ("none/b.txt", "out.folder"), ("b.gpkg", "redline.neither")]
)
def test_other_targets_are_refused(tmp_path, onemap, target, code):
    source = tmp_path / "v.gpkg"
    gpd.GeoDataFrame({"DKBH": ["A"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4547).to_file(source)
    assert onemap("redline", source, tmp_path / target).codes == [code]


def test_crossing_parcels_are_refused_on_the_way_to_a_text_and_named_on_the_way_to_a_map(tmp_path, onemap):
    text = TWO_PARCELS.replace("J2,1,4209800.750,38540200.500", "J2,1,4209600.750,38540200.500")
    source, vector = text_file(tmp_path, text), tmp_path / "v.gpkg"
    answer = onemap("redline", source, vector).done()
    assert ("geometry.invalid", "DK002") in [(p["code"], p["feature"]) for p in answer.json["problems"]]
    assert "geometry.invalid" in onemap("redline", vector, tmp_path / "b.txt").codes


def test_no_file_is_left_open_and_the_part_folder_goes(tmp_path, onemap):
    blocked = tmp_path / "v.gpkg"
    blocked.mkdir()
    (blocked / "kept").write_text("x")
    assert onemap("redline", text_file(tmp_path, TWO_PARCELS), blocked).codes == ["out.exists"]
    assert (blocked / "kept").exists()


DAMAGE = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 3000), st.integers(0, 400)),
    st.tuples(st.just("insert"), st.integers(0, 3000), st.binary(max_size=12)),
    st.tuples(st.just("swap"), st.integers(0, 3000), st.integers(0, 255)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=st.lists(DAMAGE, min_size=1, max_size=5), encoding=st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_damaged_texts_are_read_or_refused_and_nothing_else(tmp_path, damages, encoding):
    content = bytearray(TWO_PARCELS.encode(encoding))
    for kind, at, what in damages:
        at %= len(content) + 1
        if kind == "cut":
            del content[at : at + what]
        elif kind == "insert":
            content[at:at] = what
        elif at < len(content):
            content[at] = what
    path = tmp_path / f"damaged-{os.getpid()}.txt"
    path.write_bytes(content)
    try:
        text = read_text(path, None)
        frame_of(text, path)
        once = redline_bytes(text, path.name)
    except OneMapError:
        return
    path.write_bytes(once)
    assert redline_bytes(read_text(path, None), path.name) == once


def test_a_parcel_without_a_number_is_told_by_its_line_in_each_language(tmp_path, shelf):
    path = text_file(tmp_path, TWO_PARCELS.replace(",DK002,", ",,"))
    for answer in (shelf.run("inspect", path).json["layers"][0], shelf.run("redline", path, tmp_path / "v.gpkg").json):
        (problem,) = answer["problems"]
        assert (problem["code"], problem["field"], problem["feature"]) == ("redline.unnumbered", "DKBH", "27")
    (chinese,) = shelf.run("inspect", path, lang="zh").json["layers"][0]["problems"]
    assert "第 27 行" in chinese["message"]


@pytest.mark.parametrize(
    ("columns", "use", "left_out"),
    [
        ({"YDXZ": ["1202"], "XMLX": ["公路"], "BZ": [None]}, "1202", "XMLX"),
        ({"DKYT": ["公路用地"], "ydxz": ["1202"]}, "公路用地", "ydxz"),
        ({"地块用途": ["公路用地"]}, "公路用地", None),
    ],
)
def test_the_use_is_written_and_what_has_no_place_is_told(tmp_path, onemap, layer_file, box, columns, use, left_out):
    source = layer_file("a.gpkg", [box(0, 0)], {"DKBH": ["A"], **columns})
    problems = onemap("redline", source, tmp_path / "a.txt").json["problems"]
    assert [problem["code"] for problem in problems] == ["redline.left_out"] * (left_out is not None)
    assert all(f": {left_out}. What it says was left out" in problem["message"] for problem in problems)
    assert list(read_redline(tmp_path / "a.txt", None).attributes["DKYT"]) == [use]


def test_a_list_is_written_as_the_library_keeps_it(tmp_path, onemap):
    ring = [[114.0, 38.0], [114.001, 38.0], [114.001, 38.001], [114.0, 38.0]]
    properties = {"DKBH": "A", "DKYT": ["0701", "0702"], "floors": [3, 6]}
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    source = tmp_path / "a.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    problems = onemap("redline", source, tmp_path / "a.txt", "--crs", "EPSG:4490").done().json["problems"]
    assert "redline.left_out" in [problem["code"] for problem in problems]
    assert list(read_redline(tmp_path / "a.txt", None).attributes["DKYT"]) == ["0701， 0702"]


@pytest.mark.parametrize(("columns", "rows"), [({"DKBH": ["A", None, ""]}, [2, 3]), ({"DKMC": ["x"] * 3}, [1, 2, 3])])
def test_row_numbers_that_are_written_for_parcels_without_a_number_are_told(
    tmp_path, onemap, layer_file, box, columns, rows
):
    source = layer_file("a.gpkg", [box(0, 0), box(200, 0), box(400, 0)], columns)
    answer = onemap("redline", source, tmp_path / "a.txt")
    assert [problem["code"] for problem in answer.json["problems"]] == ["redline.numbered"]
    assert f"{len(rows)}" in answer.json["problems"][0]["message"]
    numbers = list(read_redline(tmp_path / "a.txt", None).attributes["DKBH"])
    assert [numbers[row - 1] for row in rows] == [str(row) for row in rows]
