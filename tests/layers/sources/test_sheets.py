"""Coordinate sheets: parcels from Excel and CSV tables, with any place of the header and any spelling of degrees."""

import json
import os
import re
import tracemalloc
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onemap.layers.errors import OneMapError
from onemap.layers.sources.reading import read_source
from onemap.layers.sources.sheets.angles import degrees_of
from onemap.layers.sources.sheets.sheet_columns import role_of

# A square of a hectare and one of 2500 m² beside it, X (north) before Y (east).
NORTH, EAST = 4_210_000, 38_540_000
FIRST = [(NORTH, EAST), (NORTH + 100, EAST), (NORTH + 100, EAST + 100), (NORTH, EAST + 100)]
SECOND = [(NORTH, EAST + 200), (NORTH + 50, EAST + 200), (NORTH + 50, EAST + 250), (NORTH, EAST + 250)]
HOLE = [(NORTH + 40, EAST + 40), (NORTH + 60, EAST + 40), (NORTH + 60, EAST + 60), (NORTH + 40, EAST + 60)]
FIXTURES = Path(__file__).parents[1] / "data"


def numbered_rows(points: Sequence[tuple[float, float]], closed: bool = True, first: int = 1) -> list[list[Any]]:
    """Rows of number, X, Y; closed: the first point again at the end."""
    rows = [[f"J{first + at}", *point] for at, point in enumerate(points)]
    return rows + [[f"J{first}", *points[0]]] * closed


@pytest.fixture
def sheet(tmp_path):
    """An .xlsx of one sheet with these rows, and cells to merge."""

    def make(rows: Sequence[Sequence[Any]], merged: Sequence[str] = (), name: str = "界址点") -> Path:
        book = openpyxl.Workbook()
        book.active.title = name
        for row in rows:
            book.active.append(list(row))
        for cells in merged:
            book.active.merge_cells(cells)
        path = tmp_path / "a.xlsx"
        book.save(path)
        return path

    return make


@pytest.fixture
def table(tmp_path):
    """A .csv with this text."""

    def make(text: str, encoding: str = "gb18030") -> Path:
        path = tmp_path / "a.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return make


def read(path: Path, layer: str | None = None):
    return read_source(path, layer, None)


def areas(frame) -> list[float]:
    return shapely.area(frame.geometries).round(3).tolist()


def refusal(path: Path) -> list[tuple[str, Any]]:
    with pytest.raises(OneMapError) as raised:
        read(path)
    return [(problem.code, problem.facts.get("feature")) for problem in raised.value.problems]


@pytest.mark.parametrize("above", [0, 1, 4])
def test_the_header_may_stand_anywhere_in_the_first_rows(sheet, above):
    rows = [["某项目界址点坐标表"], [], ["单位：米"], []][:above]
    frame = read(sheet([*rows, ["点号", "X坐标", "Y坐标"], *numbered_rows(FIRST)]))
    assert (areas(frame), frame.format, frame.crs) == ([10_000.0], "XLSX", None)
    assert shapely.bounds(frame.geometries[0]).tolist() == [EAST, NORTH, EAST + 100, NORTH + 100]


@pytest.mark.parametrize("closed", [True, False])
def test_the_closing_point_may_be_there_or_not(sheet, closed):
    assert areas(read(sheet([["点号", "X坐标", "Y坐标"], *numbered_rows(FIRST, closed)]))) == [10_000.0]


@pytest.mark.parametrize(
    "headings",
    [
        ("X坐标", "Y坐标"),
        ("X", "Y"),
        ("X（北）", "Y（东）"),
        ("纵坐标X(m)", "横坐标Y(m)"),
        ("北坐标", "东坐标"),
        ("N", "E"),
        ("Northing", "Easting"),
        ("２０００坐标Ｘ", "２０００坐标Ｙ"),
    ],
)
def test_x_is_north_and_y_is_east_by_their_headings(sheet, headings):
    frame = read(sheet([["点号", *headings], *numbered_rows(FIRST)]))
    assert shapely.bounds(frame.geometries[0]).tolist() == [EAST, NORTH, EAST + 100, NORTH + 100]


def test_columns_may_stand_in_any_order(sheet):
    rows = [[y, label, x] for label, x, y in numbered_rows(FIRST)]
    frame = read(sheet([["东坐标", "点号", "北坐标"], *rows]))
    assert shapely.bounds(frame.geometries[0]).tolist() == [EAST, NORTH, EAST + 100, NORTH + 100]


@pytest.mark.parametrize("headings", [("X坐标", "Y坐标"), ("北坐标", "东坐标")])
@pytest.mark.parametrize("prefix", [0, 38_000_000])
def test_columns_that_hold_each_other_s_numbers_are_refused(sheet, headings, prefix):
    rows = [[label, y - 38_000_000 + prefix, x] for label, x, y in numbered_rows(FIRST)]
    assert refusal(sheet([["点号", *headings], *rows])) == [("sheet.swapped", None)]


def test_numbers_as_text_full_width_with_separators_or_unit_are_numbers(sheet):
    rows = [
        ["J1", "4210000", "38,540,000.000"],
        ["J2", "４２１０１００．０", "38540000 m"],
        ["J3", " 4210100.000 ", "38540100米"],
        ["J4", 4210000, 38540100.0],
    ]
    assert areas(read(sheet([["点号", "X", "Y"], *rows]))) == [10_000.0]


def test_a_parcel_column_parts_parcels_merged_or_written_once(sheet):
    first, second = numbered_rows(FIRST), numbered_rows(SECOND)
    rows = [["地块编号", "地块名称", "点号", "X", "Y"]]
    rows += [["A-1" if at == 0 else None, "甲", *row] for at, row in enumerate(first)]
    rows += [["B-2" if at == 0 else None, "乙", *row] for at, row in enumerate(second)]
    for merged in ((), ("A2:A6", "A7:A11")):
        frame = read(sheet(rows, merged))
        assert areas(frame) == [10_000.0, 2_500.0]
        assert frame.attributes.to_dict("list") == {"DKBH": ["A-1", "B-2"], "DKMC": ["甲", "乙"]}


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("written", ["at each point", "once"])
@pytest.mark.parametrize("over", ["坐标", "坐标（单位：m）", "CGCS2000坐标系", "2000国家大地"])
def test_a_header_of_two_rows_saved_as_csv_parts_parcels(table, sheet, closed, written, over):
    """Its headings stand in the upper row; without them all corners made one ring."""
    rows = [["地块编号", "HXMC", "点号", over, ""], ["", "", "", "纵坐标X", "横坐标Y"]]
    for number, points in (("A-1", FIRST), ("B-2", SECOND)):
        for at, row in enumerate(numbered_rows(points, closed)):
            rows.append([number, "甲", *row] if at == 0 or written == "at each point" else ["", "", *row])
    for path in (table("\n".join(",".join(map(str, row)) for row in rows)), sheet(rows)):
        frame = read(path)
        assert areas(frame) == [10_000.0, 2_500.0]
        assert frame.attributes.to_dict("list") == {"DKBH": ["A-1", "B-2"], "HXMC": ["甲", "甲"]}


@pytest.mark.parametrize("unit", ["(m)", "（米）", "单位：m"])
def test_a_row_of_metres_under_the_header_is_no_point(table, unit):
    rows = [",".join(map(str, row)) for row in numbered_rows(FIRST)]
    assert areas(read(table("\n".join(["点号,X,Y", f",{unit},{unit}", *rows])))) == [10_000.0]


def test_a_title_above_a_blank_heading_names_no_column(table):
    """The first column holds the numbers of the points, and no parcel's name."""
    above = ["地块编号,坐标系：2000国家大地坐标系,", "地块编号,A-2000,"]
    rows = [",".join(map(str, row)) for row in numbered_rows(FIRST)]
    for title in above:
        assert areas(read(table("\n".join([title, ",X,Y", *rows])))) == [10_000.0]


def test_titles_between_blocks_part_parcels(sheet):
    head = ["点号", "X坐标", "Y坐标", "边长"]
    rows = [["某项目勘测定界界址点成果表"], ["地块一"], head, *numbered_rows(FIRST), ["面积：1公顷"], []]
    rows += [["地块二"], head, *numbered_rows(SECOND), ["制表：张三", "审核：李四"]]
    frame = read(sheet(rows, ["A1:D1", "A2:D2"]))
    assert areas(frame) == [10_000.0, 2_500.0]
    assert list(frame.attributes["DKBH"]) == ["地块一", "地块二"]


@pytest.mark.parametrize(
    ("title", "key", "refused"),
    [("项目乙", "1", True), ("项目乙", "2", False), ("内环", "1", False), ("续表", "1", False)],
)
def test_numbers_that_begin_anew_below_another_title_are_refused(sheet, title, key, refused):
    """The two parcels became one, and what their columns say differently was lost."""
    head = ["地块编号", "点号", "X", "Y"]
    rows = [["项目甲"], head, *(["1", *row] for row in numbered_rows(FIRST))]
    path = sheet([*rows, [title], head, *([key, *row] for row in numbered_rows(SECOND))])
    if refused:
        assert refusal(path) == [("sheet.number_again", "1")]
    else:
        assert len(read(path).shapes) == len({"1", key})


def test_a_title_s_number_and_name_become_the_parcel_s(sheet):
    head = ["点号", "X坐标", "Y坐标"]
    rows = [["地块编号：DK-07", "地块名称：东坡"], head, *numbered_rows(FIRST)]
    rows += [["地块编号：DK-08", "地块名称：西坡"], head, *numbered_rows(SECOND)]
    frame = read(sheet(rows))
    assert frame.attributes.to_dict("list") == {"DKBH": ["DK-07", "DK-08"], "DKMC": ["东坡", "西坡"]}


def test_lengths_of_sides_between_the_points_are_no_points(sheet):
    rows = [["点号", "X", "Y", "边长"], ["", "", "", ""]]
    for label, x, y in numbered_rows(FIRST):
        rows += [[label, x, y, None], [None, None, None, 100.0]]
    assert areas(read(sheet(rows))) == [10_000.0]
    merged = [f"A{row}:A{row + 1}" for row in range(3, 12, 2)]
    assert areas(read(sheet(rows, merged))) == [10_000.0]


def test_a_second_ring_inside_is_a_hole_by_its_number_or_its_place(sheet):
    by_number = [[1, *row] for row in numbered_rows(FIRST)] + [[2, *row] for row in numbered_rows(HOLE, first=5)]
    assert areas(read(sheet([["圈号", "点号", "X", "Y"], *by_number]))) == [9_600.0]
    by_place = [*numbered_rows(FIRST), *numbered_rows(HOLE, first=5)]
    assert areas(read(sheet([["点号", "X", "Y"], *by_place]))) == [9_600.0]


@pytest.mark.parametrize("heading", ["圈号", "项目名称"])
@pytest.mark.parametrize("second", [1, 2])
def test_a_column_that_tells_rings_apart_may_number_parcels(sheet, heading, second):
    """A parcel within another became its hole, and was judged by nobody."""
    rings = (("甲", 1, FIRST), ("乙", second if heading == "圈号" else 1, HOLE))
    rows = [[name, number, *row] for name, number, ring in rings for row in numbered_rows(ring)]
    assert refusal(sheet([["编号", heading, "点号", "X", "Y"], *rows])) == [("sheet.ring_or_parcel", 7)]
    assert areas(read(sheet([["地块编号", heading, "点号", "X", "Y"], *rows]))) == [10_000.0, 400.0]
    sides = [[{"甲": "外环", "乙": "内环"}[row[0]], *row[1:]] for row in rows]
    assert areas(read(sheet([["类型", heading, "点号", "X", "Y"], *sides]))) == [9_600.0]


def test_ring_numbers_that_begin_anew_begin_another_parcel(sheet):
    rings = [(1, numbered_rows(FIRST, False)), (2, numbered_rows(HOLE, False)), (1, numbered_rows(SECOND, False))]
    rows = [[ring, *row] for ring, rows in rings for row in rows]
    assert areas(read(sheet([["圈号", "点号", "X", "Y"], *rows]))) == [9_600.0, 2_500.0]


def test_a_blank_row_after_a_closed_ring_begins_another_parcel(sheet):
    frame = read(sheet([["点号", "X", "Y"], *numbered_rows(FIRST), [], *numbered_rows(SECOND)]))
    assert (areas(frame), list(frame.attributes["DKBH"])) == ([10_000.0, 2_500.0], ["1", "2"])


@pytest.mark.parametrize(
    "rows",
    [
        [*numbered_rows(FIRST), [], *numbered_rows(HOLE)],  # a hole, or a parcel within a parcel
        [
            *numbered_rows(FIRST, False),
            [],
            *numbered_rows(SECOND, False, first=5),
        ],  # another page of one ring, or two rings
        [*numbered_rows(FIRST), *numbered_rows(SECOND)],  # two parts of one parcel, or two parcels
    ],
)
def test_what_may_be_a_ring_or_a_parcel_is_refused(sheet, rows):
    assert [code for code, _ in refusal(sheet([["点号", "X", "Y"], *rows]))] == ["sheet.ring_or_parcel"]


@pytest.mark.parametrize(
    ("cell", "text"), [("C3", None), ("C3", "约100"), ("B4", "#REF!"), ("B4", "nan"), ("C3", "=1+1"), ("B4", True)]
)
def test_a_cell_that_is_no_number_is_refused_by_its_address(sheet, cell, text):
    path = sheet([["点号", "X", "Y"], *numbered_rows(FIRST)])
    book = openpyxl.load_workbook(path)
    book.active[cell] = text
    book.save(path)
    assert refusal(path) == [("sheet.cell", cell)]


def test_a_numbered_point_without_coordinates_is_refused(sheet):
    rows = numbered_rows(FIRST)
    rows[2] = ["J3", None, None]
    assert refusal(sheet([["点号", "X", "Y"], *rows])) == [("sheet.cell", "B4"), ("sheet.cell", "C4")]


def test_too_few_points_are_refused_by_parcel_and_row(sheet):
    rows = [["A", *row] for row in numbered_rows(FIRST)] + [["B", *row] for row in numbered_rows(SECOND[:2], False)]
    assert refusal(sheet([["地块编号", "点号", "X", "Y"], *rows])) == [("sheet.ring", "B")]


def test_two_sets_of_columns_side_by_side_are_refused(sheet):
    rows = [left + right for left, right in zip(numbered_rows(FIRST), numbered_rows(SECOND), strict=True)]
    assert refusal(sheet([["点号", "X", "Y"] * 2, *rows])) == [("sheet.side_by_side", 1)]


def test_points_in_other_columns_than_the_headers_are_refused(sheet):
    aside = [[None] * 5 + row for row in [["点号", "X", "Y"], *numbered_rows(SECOND)]]
    rows = [["地块编号", "点号", "X", "Y"], *(["A", *row] for row in numbered_rows(FIRST)), *aside]
    assert refusal(sheet(rows)) == [("sheet.other_columns", 8)]


def test_a_sheet_that_goes_on_without_a_header_is_a_layer_and_a_table_of_amounts_is_none(tmp_path, onemap):
    book = openpyxl.Workbook()
    amounts = [["镇", "人口", "元"], *([f"镇{n}", n * 1_000_000, n * 100_000] for n in range(1, 5))]
    for name, rows in (
        ("1", [["点号", "X", "Y"], *numbered_rows(FIRST)]),
        ("2", numbered_rows(SECOND)),
        ("3", [["", "114°30′27″", "38°03′12″"]] * 3),
        ("汇总", amounts),
    ):
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(tmp_path / "a.xlsx")
    layers = onemap("inspect", tmp_path / "a.xlsx").json["layers"]
    assert [layer["name"] for layer in layers] == ["1", "2", "3"]


def test_a_sheet_without_a_header_says_what_it_lacks(sheet):
    assert refusal(sheet([["项目", "金额"], ["甲", 1]])) == [("sheet.no_header", None)]


def test_of_several_sheets_those_with_coordinates_are_layers(tmp_path, onemap):
    book = openpyxl.Workbook()
    book.active.append(["说明"])
    for name, points in (("一号", FIRST), ("二号", SECOND)):
        page = book.create_sheet(name)
        for row in [["点号", "X", "Y"], *numbered_rows(points)]:
            page.append(row)
    book.save(tmp_path / "a.xlsx")
    answer = onemap("inspect", tmp_path / "a.xlsx")
    assert [layer["name"] for layer in answer.json["layers"]] == ["一号", "二号"]
    assert [code for code, _ in refusal(tmp_path / "a.xlsx")] == ["source.layer_needed"]
    assert areas(read(tmp_path / "a.xlsx", "二号")) == [2_500.0]


@pytest.mark.parametrize(
    ("title", "epsg"),
    [
        ("坐标系：2000国家大地坐标系，3度分带", 4526),
        ("CGCS2000 中央子午线114°", 4526),
        ("1980西安坐标系 38带", 2362),
        ("西安80坐标系", 2362),
        ("1954年北京坐标系", 2414),
        ("北京54坐标系 带号：38", 2414),
        ("比例尺 1:2000", None),
    ],
)
def test_a_title_may_declare_the_crs(sheet, title, epsg):
    frame = read(sheet([[title], ["点号", "X", "Y"], *numbered_rows(FIRST)]))
    assert (frame.crs.to_epsg() if frame.crs is not None else None) == epsg


def test_without_a_prefix_the_title_s_meridian_gives_the_zone(sheet):
    rows = [[label, x, y - 38_000_000] for label, x, y in numbered_rows(FIRST)]
    frame = read(sheet([["CGCS2000 坐标系，中央子午线：114度"], ["点号", "X", "Y"], *rows]))
    assert frame.crs.to_epsg() == 4547


def test_a_title_that_contradicts_the_prefix_is_refused(sheet):
    rows = [["2000国家大地坐标系 39带"], ["点号", "X", "Y"], *numbered_rows(FIRST)]
    assert [code for code, _ in refusal(sheet(rows))] == ["redline.zone"]


@pytest.mark.parametrize(
    ("below", "codes"),
    [
        ("地块二 CGCS2000 中央子午线117°", ["crs.several"]),
        ("地块二 1980西安坐标系 中央子午线114°", ["crs.several"]),
        ("地块二 CGCS2000 中央子午线114°", []),
        ("说明：由1980西安坐标系转换", []),
    ],
)
def test_titles_between_parcels_that_say_another_system_are_refused(sheet, below, codes):
    head, plain = ["地块编号", "点号", "X", "Y"], [(x, y - 38_000_000) for x, y in FIRST]
    first, second = ([[key, *row] for row in numbered_rows(plain)] for key in "AB")
    path = sheet([["CGCS2000 坐标系，中央子午线：114度"], head, *first, [below], head, *second])
    assert [code for code, _ in refusal(path)] == codes if codes else read(path).crs.to_epsg() == 4547


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("114°30′27″", 114.5075),
        ("114°30'27\"E", 114.5075),
        ("１１４度３０分２７秒", 114.5075),
        ("114-30-27", 114.5075),
        ("114:30:27.0", 114.5075),
        ("东经114°30′27″", 114.5075),
        ("114.5075°", 114.5075),
        ("114°30.45′", 114.5075),
        (114.5075, 114.5075),
        ("114°60′00″", None),
        ("114°30′75″", None),
        ("abc", None),
        (True, None),
    ],
)
def test_an_angle_is_read_in_each_spelling(text, degrees):
    assert degrees_of(text, False) == (pytest.approx(degrees, abs=1e-12) if degrees else None)


@pytest.mark.parametrize(
    ("text", "degrees"), [("114.3027", 114.5075), (114.302750, 114.50763888888889), ("114.6027", None)]
)
def test_packed_minutes_and_seconds_are_read_where_they_are_said(text, degrees):
    assert degrees_of(text, True) == (pytest.approx(degrees, abs=1e-12) if degrees else None)


ANGLES = [("38°00′00″", "114°30′27″"), ("38°00′30″", "114°30′27″"), ("38°00′30″", "114°31′00″")]
BOX = [114.5075, 38.0, 114 + 31 / 60, 38 + 30 / 3600]


@pytest.mark.parametrize("headings", [("纬度", "经度"), ("北纬", "东经"), ("B", "L"), ("X", "Y")])
def test_degrees_spelt_out_are_read_under_any_heading(sheet, headings):
    rows = [[f"J{at}", *pair] for at, pair in enumerate(ANGLES, start=1)]
    frame = read(sheet([["点号", *headings], *rows]))
    assert shapely.bounds(frame.geometries[0]).tolist() == pytest.approx(BOX)
    assert frame.crs is None


def test_packed_degrees_need_a_heading_that_says_so(sheet):
    rows = [["J1", 38.0, 114.3027], ["J2", 38.003, 114.3027], ["J3", 38.003, 114.31]]
    assert refusal(sheet([["点号", "纬度", "经度"], *rows])) == [("sheet.angle", None)]
    frame = read(sheet([["点号", "纬度(ddd.mmss)", "经度(ddd.mmss)"], *rows]))
    assert shapely.bounds(frame.geometries[0]).tolist() == pytest.approx(BOX)
    frame = read(sheet([["经纬度为度.分秒"], ["点号", "纬度", "经度"], *rows]))
    assert shapely.bounds(frame.geometries[0]).tolist() == pytest.approx(BOX)
    frame = read(sheet([["点号", "纬度(十进制)", "经度(十进制)"], *rows]))
    assert shapely.bounds(frame.geometries[0]).tolist() == [114.3027, 38.0, 114.31, 38.003]


def test_decimals_that_cannot_be_minutes_are_decimal_degrees(sheet):
    rows = [["J1", 38.0, 114.5075], ["J2", 38.01, 114.5075], ["J3", 38.01, 114.61]]
    assert shapely.bounds(read(sheet([["点号", "纬度", "经度"], *rows])).geometries[0]).tolist() == [
        114.5075,
        38.0,
        114.61,
        38.01,
    ]


def test_longitude_and_latitude_that_are_swapped_are_refused(sheet):
    rows = [["J1", 38.08, 114.98], ["J2", 38.09, 114.98], ["J3", 38.09, 114.99]]
    assert refusal(sheet([["点号", "经度", "纬度"], *rows])) == [("sheet.swapped", None)]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_of_boundary_points_is_read_like_a_sheet(table, encoding, separator):
    rows = [["地块编号", "点号", "X坐标", "Y坐标"], *(["甲", *row] for row in numbered_rows(FIRST))]
    frame = read(table("\r\n".join(separator.join(map(str, row)) for row in rows), encoding))
    assert (areas(frame), frame.format, list(frame.attributes["DKBH"])) == ([10_000.0], "CSV", ["甲"])


@pytest.mark.parametrize("rows", ['"乙,1,2\n丙,1,2\n', '"乙,1,2\n"丙,1,2\n', '"乙"园,1,2\n'])
def test_a_quotation_mark_that_would_swallow_rows_is_refused_by_its_line(table, rows):
    with pytest.raises(OneMapError) as raised:
        read(table("名称,lon,lat\n甲,114.5,36.5\n" + rows))
    assert [(problem.code, problem.facts["line"]) for problem in raised.value.problems] == [("sheet.quotes", 3)]
    assert len(read(table('名称,lon,lat\n"""乙""\n园",114.5,36.5\n')).shapes) == 1


def test_a_csv_with_wkt_has_one_feature_a_row_and_codes_stay_text(table):
    frame = read(
        table(
            'BSM,DLBM,宽,图号,亩,WKT\n1,0601,2.5,3.9,1.50,"POLYGON((0 0,0 2,2 2,2 0,0 0))"\n'
            '2,0602,3,3.10,12.25,"POINT(1 1)"\n3,0603,,3.11,,\n'
        )
    )
    assert [None if g is None else g.geom_type for g in frame.geometries] == ["Polygon", "Point", None]
    assert frame.attributes.to_dict("list") == {
        "BSM": [1, 2, 3],
        "DLBM": ["0601", "0602", "0603"],
        "宽": [2.5, 3.0, None],
        "图号": ["3.9", "3.10", "3.11"],
        "亩": [1.5, 12.25, None],
    }


def test_an_srid_before_the_wkt_declares_the_crs(table):
    frame = read(table('a,wkt\n1,"SRID=4547;POINT(1 1)"\n'))
    assert frame.crs.to_epsg() == 4547
    path = table('a,wkt\n1,"SRID=4547;POINT(1 1)"\n2,"SRID=4548;POINT(1 1)"\n')
    assert [code for code, _ in refusal(path)] == ["crs.several"]


def test_a_cell_that_is_no_wkt_is_refused_by_its_address(table):
    assert refusal(table('a,wkt\n1,"POINT(1 1)"\n2,"POLYGON((0 0"\n')) == [("sheet.wkt", "B3")]


@pytest.mark.parametrize(
    "text",
    [
        "name,x,y\na,540000,4210000\nb,540100,4210100\n",
        "name,lon,lat\na,540000,4210000\nb,540100,4210100\n".replace("lon,lat", "东坐标,北坐标"),
        "名称,X坐标,Y坐标\na,4210000,540000\nb,4210100,540100\n",
    ],
)
def test_a_csv_of_points_has_one_point_a_row_east_before_north(table, text):
    frame = read(table(text))
    assert shapely.get_coordinates(frame.geometries).tolist() == [[540000, 4210000], [540100, 4210100]]
    assert "sheet.as_points" in [problem.code for problem in frame.problems]


def test_points_in_degrees_are_longitude_before_latitude(table):
    frame = read(table("name,lon,lat\na,114.5,38.0\nb,114.3,38.1\n"))
    assert shapely.get_coordinates(frame.geometries).tolist() == [[114.5, 38.0], [114.3, 38.1]]


def test_a_row_without_coordinates_has_no_geometry_and_is_kept(table):
    frame = read(table("name,x,y\na,540000,4210000\nb,,\n"))
    assert [geometry is None for geometry in frame.geometries] == [False, True]


def test_parcels_of_a_sheet_go_through_redline_into_a_text(sheet, tmp_path, onemap):
    rows = [["2000国家大地坐标系"], ["地块编号", "点号", "X", "Y"], *(["甲", *row] for row in numbered_rows(FIRST))]
    assert onemap("redline", sheet(rows), tmp_path / "b.txt").code == 0
    assert "J3,1,4210100.000,38540100.000" in (tmp_path / "b.txt").read_bytes().decode("gb18030")


@pytest.mark.parametrize(
    "heading",
    ["四至（东至）", "北京", "东莞市某地块坐标系说明以及其他文字内容超过三十个字的一整行标题不能算作表头", "备注", 1.0],
)
def test_other_headings_are_no_coordinates(heading):
    assert role_of(heading) is None


def test_an_old_excel_file_is_read_with_its_merged_cells():
    frame = read(FIXTURES / "boundary.xls")
    assert (areas(frame), frame.format) == ([10_000.0, 2_500.0], "XLS")
    assert list(frame.attributes["DKBH"]) == ["甲-1", "乙-2"]
    assert frame.crs.to_epsg() == 4526


@pytest.mark.parametrize("content", [b"<html>", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
@pytest.mark.parametrize("suffix", [".xlsx", ".xls"])
def test_a_file_that_is_no_workbook_is_damaged(tmp_path, content, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    assert [code for code, _ in refusal(path)] == ["source.damaged"]


@pytest.mark.parametrize(
    "ranges",
    [
        '<mergeCells count="1"><mergeCell ref="A8:XFD1048576"/></mergeCells>',
        "<mergeCells count='1'><mergeCell ref = '$A$8:$XFD$1048576' /></mergeCells>",
        '<hyperlinks><hyperlink ref="A1:XFD1048576" location="A1"/></hyperlinks>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_cells_merged_or_linked_without_end_are_refused_before_they_fill_the_memory(sheet, ranges, encoding):
    path = sheet([["点号", "X", "Y"], *numbered_rows(FIRST)])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].decode().replace("</sheetData>", f"</sheetData>{ranges}").encode(encoding)
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    assert [code for code, _ in refusal(path)] == ["sheet.too_large"]


def test_a_cell_far_from_the_others_is_read_and_takes_no_memory(sheet):
    path = sheet([["点号", "X", "Y"], *numbered_rows(FIRST)])
    book = openpyxl.load_workbook(path)
    book.active["XFD1100"] = "备注"  # eighteen million cells between
    book.save(path)
    tracemalloc.start()
    try:
        assert areas(read(path)) == [10_000.0]
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_style_that_is_not_there_leaves_stdout_to_the_answer(core, sheet):
    path = sheet([["点号", "X", "Y"], *numbered_rows(FIRST)])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    styles = parts["xl/styles.xml"]
    parts["xl/styles.xml"] = re.sub(rb'(<cellStyle [^>]*xfId=")0', rb"\g<1>999999", styles)
    assert parts["xl/styles.xml"] != styles
    with zipfile.ZipFile(path, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    done = core("inspect", path, "--json")
    assert json.loads(done.stdout)["problems"][0]["code"] == "source.damaged"
    assert done.stderr == b""


def test_a_cell_in_no_row_is_refused(sheet):
    path = sheet([["点号", "X", "Y"], *numbered_rows(FIRST)])
    book = openpyxl.load_workbook(path)
    book.active._cells[0, 1] = book.active._cells.pop((3, 2))
    book.active._cells[0, 1].row = 0
    book.save(path)
    assert [code for code, _ in refusal(path)] == ["source.damaged"]


CELLS = st.one_of(
    st.sampled_from(
        ["点号", "X", "Y", "北坐标", "经度", "纬度", "WKT", "地块编号", "圈号", "地块一", "J1", "J2", "POINT(1 1)"]
    ),
    st.sampled_from(["4210000", "38540000", "114°30′27″", "114.3027", "", "=A1", "４２", "1e999", "nan", "-"]),
    st.integers(-10, 10**9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none(),
    st.text(max_size=6),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, max_size=5), max_size=12), header=st.booleans())
def test_any_table_is_read_or_refused_and_nothing_else(tmp_path, rows, header):
    path = tmp_path / f"any-{os.getpid()}.csv"
    head = [["点号", "X", "Y"]] if header else []
    lines = [",".join(str(cell if cell is not None else "") for cell in row) for row in [*head, *rows]]
    path.write_bytes("\n".join(lines).encode("utf-8", errors="replace"))
    try:
        read(path)
    except OneMapError as error:
        assert error.problems


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 10**5), what=st.binary(min_size=1, max_size=40), name=st.sampled_from(["boundary.xls", "a.xlsx"])
)
def test_a_damaged_workbook_is_read_or_refused_and_nothing_else(tmp_path, at, what, name):
    source = FIXTURES / name
    if name == "a.xlsx":
        source = tmp_path / name
        if not source.exists():
            book = openpyxl.Workbook()
            for row in [["点号", "X", "Y"], *numbered_rows(FIRST)]:
                book.active.append(row)
            book.save(source)
    content = bytearray(source.read_bytes())
    at %= len(content)
    content[at : at + len(what)] = what
    damaged = tmp_path / f"damaged{source.suffix}"
    damaged.write_bytes(content)
    try:
        read(damaged)
    except OneMapError as error:
        assert error.problems
