"""Sheets as offices make them: headers and footers, pages called .xls, WKT with arcs."""

import openpyxl
import pytest
import shapely

CORNERS = [(4_000_000.0, 500_000.0), (4_000_000.0, 500_100.0), (4_000_100.0, 500_100.0), (4_000_100.0, 500_000.0)]
SQUARE = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)


def workbook(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


FOOTERS = [
    [["制表：张三", None, None]],
    [["制表：张三", "审核：李四", "日期：2025年1月2日"]],
    [[None, None, None], ["制 表 人", "张三", "李四"], ["日期", "2025-01-02", None], ["第1页 共1页", None, None]],
]


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_boundary_with_header_and_footer(shelf, tmp_path, footer):
    head = [
        ["某某项目用地界址点成果表", None, None],
        ["坐标系：CGCS2000", None, "单位：米"],
        ["点号", "X坐标", "Y坐标"],
    ]
    path = workbook(tmp_path / "a.xlsx", [*head, *[[f"J{n}", *point] for n, point in enumerate(CORNERS, 1)], *footer])
    assert shelf.add(path, crs="EPSG:4547").code == 0
    assert [shape.equals(SQUARE) for shape in shelf.geometries()] == [True]


@pytest.mark.parametrize("footer", FOOTERS)
def test_points_with_a_footer(shelf, tmp_path, footer):
    rows = [["古树编号", "X坐标", "Y坐标"], ["G1", 4_000_000.5, 500_000.5], ["G2", 4_000_010.5, 500_020.5]]
    assert shelf.add(workbook(tmp_path / "a.xlsx", [*rows, *footer]), geometry="point", crs="EPSG:4547").code == 0
    assert shapely.get_coordinates(shelf.geometries()).tolist() == [[500_000.5, 4_000_000.5], [500_020.5, 4_000_010.5]]


def test_a_row_without_coordinates_that_is_no_footer_is_still_named(shelf, tmp_path):
    rows = [["古树编号", "X坐标", "Y坐标"], ["G1", 4_000_000.5, 500_000.5], ["G2", None, None]]
    answer = shelf.add(workbook(tmp_path / "a.xlsx", rows), geometry="point", crs="EPSG:4547")
    assert (answer.code, answer.codes) == (3, ["geometry.null"])


PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta http-equiv=Content-Type
content="text/html; charset={charset}"></head><body><table border=1>
<tr><td colspan=4>界址点成果表</td></tr><tr><th>地块编号</th><th>点号</th><th>X坐标</th><th>Y坐标</th></tr>
{rows}<tr><td colspan=4>制表：张三&nbsp;日期：2025</td></tr></table></body></html>"""


@pytest.mark.parametrize("charset", ["gb2312", "utf-8"])
def test_a_page_called_xls(shelf, tmp_path, charset):
    cells = [f'<td>J{n}</td><td x:num="{x}">{x:.0f}</td><td>{y}</td></tr>' for n, (x, y) in enumerate(CORNERS, 1)]
    rows = "<tr><td rowspan=4>DK1</td>" + "<tr>".join(cells)
    path = tmp_path / "a.xls"
    path.write_bytes(PAGE.format(charset=charset, rows=rows).encode(charset))
    assert shelf.add(path, crs="EPSG:4547").code == 0
    assert [shape.equals(SQUARE) for shape in shelf.geometries()] == [True]
    assert shelf.column("DKBH") == ["DK1"]
    path.write_text("<html><body>404</body></html>")
    assert shelf.run("inspect", path).codes == ["source.damaged"]


CURVES = {
    "CURVEPOLYGON (CIRCULARSTRING (500000 4000000, 500100 4000100, 500200 4000000, 500100 3999900,"
    " 500000 4000000))": 31_415.9,
    "CURVEPOLYGONZ (COMPOUNDCURVE (CIRCULARSTRING (500000 4000000 1, 500100 4000100 1, 500200 4000000 1),"
    " (500200 4000000 1, 500000 4000000 1)))": 15_708.0,
    "MULTISURFACE (((500000 4000000, 500100 4000000, 500100 4000100, 500000 4000000)), CURVEPOLYGON (CIRCULARSTRING"
    " (501000 4000000, 501100 4000100, 501200 4000000, 501100 3999900, 501000 4000000)))": 5_000 + 31_415.9,
}


def test_wkt_with_arcs(shelf, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("名称,WKT\n" + "".join(f'n,"{text}"\n' for text in CURVES) + "审核：李四,\n", encoding="utf-8")
    answer = shelf.add(path, crs="EPSG:4547")
    assert (answer.code, answer.json["features"]) == (0, 3)
    assert "geometry.stroked" in answer.codes
    assert shapely.area(shelf.geometries()).tolist() == pytest.approx(list(CURVES.values()), abs=8)


@pytest.mark.parametrize(
    "text", ["CIRCULARSTRING (1 2, 3", "CURVEPOLYGON (x)", "CIRCULARSTRING (1 2 3 4 5)", "MULTISURFACE 1"]
)
def test_what_is_no_wkt_with_arcs_is_named(shelf, tmp_path, text):
    path = tmp_path / "a.csv"
    path.write_text(f'名称,WKT\nn,"{text}"\n', encoding="utf-8")
    assert shelf.add(path, crs="EPSG:4547").codes == ["sheet.wkt"]
