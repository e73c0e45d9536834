"""Tables without geometry: read from every format, stored and verified like layers, refused if they are wrong."""

import sqlite3

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import box

from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import make_city

ROWS = {"行政区代码": ["130102001", "130102002"], "年份": [2020, 2020], "常住人口": [52000.0, 8100.5]}


@pytest.fixture
def library(copied, tmp_path):
    copied(make_city, tmp_path)
    return tmp_path / "city.gpkg"


def table_file(folder, suffix, rows):
    path, frame = folder / f"人口{suffix}", pd.DataFrame(rows)
    if suffix == ".csv":
        frame.to_csv(path, index=False, encoding="gb18030")
    elif suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame_to_gdal(frame, path)
    return path


def frame_to_gdal(frame, path):
    pyogrio.write_dataframe(frame, path, layer="rows" if path.suffix == ".gpkg" else None)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".gpkg", ".dbf"])
def test_a_table_is_read_from_every_form_and_kept_as_a_version(library, onemap, tmp_path, suffix):
    rows = ROWS if suffix != ".dbf" else {"XZQDM": ROWS["行政区代码"], "ND": ROWS["年份"], "CZRK": ROWS["常住人口"]}
    added = onemap(
        "add", library, table_file(tmp_path, suffix, rows), "--as", "RKTJ", "--valid-from", "2020-12-31"
    ).done()
    assert (added.json["features"], added.json["table"]) == (2, "RKTJ__1")
    with sqlite3.connect(library) as connection:
        stored = connection.execute("SELECT XZQDM, ND, CZRK FROM RKTJ__1 ORDER BY fid").fetchall()
        kind = connection.execute("SELECT data_type FROM gpkg_contents WHERE table_name = 'RKTJ__1'").fetchone()
    assert stored == [("130102001", 2020, 52000.0), ("130102002", 2020, 8100.5)] and kind == ("attributes",)
    (version,) = next(one for one in onemap("layers", library).json["layers"] if one["code"] == "RKTJ")["versions"]
    assert version["count"] == 2 and not version["unreadable"]
    assert onemap("verify", library).json == {**onemap("verify", library).json, "ok": True, "problems": []}
    assert len(gpd.read_file(library, layer="RKTJ")) == 2  # the view of what is in force


def test_a_unit_that_stands_above_a_table_is_told(library, onemap, tmp_path):
    """5.2 of ten thousand were kept as 5.2 persons."""
    path = tmp_path / "人口.xlsx"
    frame = pd.DataFrame({**ROWS, "常住人口": [5.2, 0.8]})
    with pd.ExcelWriter(path) as writer:
        frame.to_excel(writer, index=False, startrow=1)
        writer.sheets["Sheet1"]["C1"] = "（单位：万人）"
    problems = onemap("add", library, path, "--as", "RKTJ").json["problems"]
    (remark,) = [problem for problem in problems if problem["code"] == "sheet.unit"]
    assert remark["level"] == "warn" and "万人" in remark["message"]


def test_a_row_that_was_changed_by_hand_is_named(library, onemap, tmp_path):
    assert onemap("add", library, table_file(tmp_path, ".csv", ROWS), "--as", "RKTJ").code == 0
    with sqlite3.connect(library) as connection:
        connection.execute("UPDATE RKTJ__1 SET CZRK = 1 WHERE fid = 2")
    connection.close()
    found = onemap("verify", library)
    assert found.code == 5 and not found.json["ok"]


def refusal_of(onemap, library, path, code="RKTJ", *more):
    answer = onemap("add", library, path, "--as", code, *more)
    assert answer.code == 3, answer.json
    return answer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ({**ROWS, "年份": [2020, 2020], "行政区代码": ["130102001"] * 2}, "table.repeated"),
        ({**ROWS, "行政区代码": ["130102001", "130102001000"]}, "table.repeated"),  # one unit, written in two ways
        ({**ROWS, "行政区代码": ["1301020010000000000", "130102001"]}, "table.repeated"),
        ({**ROWS, "常住人口": ["5万", "1"]}, "value.type"),
        ({**ROWS, "年份": [2020, 20]}, "table.year"),
        ({**ROWS, "年份": [2020, None]}, "table.empty"),
        ({**ROWS, "行政区代码": ["130102001", None]}, "table.empty"),
        ({**ROWS, "证件": ["11010519491231002X", "440524188001010014"]}, "person.data"),
        ({**ROWS, "身份证号": ["1", "2"]}, "person.data"),
        ({**ROWS, "电话": ["13912345678", "13812345678"]}, "person.data"),
        ({**ROWS, "姓名": ["甲", "乙"], "出生日期": ["1990-01-01", "1991-02-02"]}, "person.data"),
    ],
)
def test_what_a_table_may_not_hold(library, onemap, tmp_path, rows, code):
    answer = refusal_of(onemap, library, table_file(tmp_path, ".csv", rows))
    assert code in answer.codes
    assert "{" not in answer.json["problems"][0]["message"]
    assert not any(layer["versions"] for layer in onemap("layers", library).json["layers"])


def test_percent_and_share_in_one_indicator_are_refused_with_the_row(library, onemap, tmp_path):
    units, names = ["130102001", "130102002", "130102003"], ["城镇化率", "城镇化率", "人口"]
    rows = {"XZQDM": units, "ND": [2020] * 3, "ZBMC": names, "ZBDM": ["u", "u", "p"], "Z": [62.5, 0.4, 7.0]}
    answer = refusal_of(onemap, library, table_file(tmp_path, ".csv", {**rows, "DW": ["%", "比例", "x"]}), "TJSJ")
    (problem,) = [one for one in answer.json["problems"] if one["code"] == "table.percent"]
    assert problem["feature"] == "2" and "row 1 in percent" in problem["message"], problem
    assert not any(layer["versions"] for layer in onemap("layers", library).json["layers"])
    # Said in percent it may be right, so it comes in, and the row is told of.
    same = onemap("add", library, table_file(tmp_path, ".csv", {**rows, "DW": ["%", "%", "x"]}), "--as", "TJSJ")
    (warning,) = [one for one in same.json["problems"] if one["code"] == "table.percent_scale"]
    assert (same.code, warning["feature"], warning["field"]) == (0, "2", "Z") and "row 1 as 62.5" in warning["message"]
    near = table_file(tmp_path, ".csv", {**rows, "Z": [2.5, 0.4, 7.0], "DW": ["%", "%", "x"]})
    answer = onemap("add", library, near, "--as", "TJSJ", "--label=near")
    assert answer.code == 0 and "table.percent_scale" not in [one["code"] for one in answer.json["problems"]]


def test_long_codes_and_large_sums_are_no_persons(library, onemap, tmp_path):
    rows = {**ROWS, "BSM": ["130102211000000123", "130102211000000124"], "YSR": ["13900000000.5", "1"]}
    assert onemap("add", library, table_file(tmp_path, ".csv", rows), "--as", "RKTJ").code == 0


def test_a_table_is_described_as_one_and_an_empty_layer_as_none(onemap, terminal, tmp_path):
    table, empty = tmp_path / "people.csv", tmp_path / "zone.shp"
    pd.DataFrame({"XZQDM": ["130902", "130903"], "CZRK": [1, 2]}).to_csv(table, index=False)
    write_layer(empty, [box(0, 0, 1, 1)], {"BSM": ["1"]})
    pyogrio.write_dataframe(gpd.read_file(empty).iloc[:0], empty, geometry_type="Polygon")
    empty.with_suffix(".prj").unlink()
    for path, words in ((table, "table of 2 rows"), (empty, "0 features")):
        (layer,) = onemap("inspect", path).json["layers"]
        assert (layer["is_table"], layer["crs"]["code"]) == (path is table, None)
        text = terminal("inspect", path, "--lang", "en").stdout.decode("utf-8")
        assert words in text and ("coordinate system" in text) is (path is empty)


def test_a_layer_is_no_table_and_a_table_no_layer(library, onemap, tmp_path):
    shapes = write_layer(tmp_path / "shapes.gpkg", [box(0, 0, 1, 1)], {"XZQDM": ["1"]})
    assert refusal_of(onemap, library, shapes).codes == ["geometry.type"]
    table = tmp_path / "t.gpkg"
    frame_to_gdal(pd.DataFrame(ROWS), table)
    assert "geometry.type" in refusal_of(onemap, library, table, "XZQ", "--covers", "extent").codes


def test_codes_that_join_no_unit_are_told_of(library, onemap, tmp_path):
    shapes = [box(500000, 4000000, 500100, 4000100), box(500100, 4000000, 500200, 4000100)]
    columns = {"BSM": ["1", "2"], "XZQDM": ["130102001", "130102002"], "XZQMC": ["一", "二"]}
    units = write_layer(tmp_path / "units.gpkg", shapes, columns)
    assert onemap("add", library, units, "--as", "XZQ", "--covers", "extent").code == 0
    rows = {**ROWS, "行政区代码": ["130102001000", "130199"]}
    added = onemap("add", library, table_file(tmp_path, ".csv", rows), "--as", "RKTJ")
    assert added.code == 0 and "table.no_unit" in added.codes
    (no_unit,) = [problem for problem in added.json["problems"] if problem["code"] == "table.no_unit"]
    assert "130199" in no_unit["message"] and "130102001000" not in no_unit["message"]
    asked = ("statistics", library, "RKTJ", "--sum", "CZRK", "--within", "XZQ", "--unit", "XZQDM")
    found = onemap(*asked).json
    assert {row["unit"]: row["sums"]["CZRK"] for row in found["rows"]} == {"130102001": 52000.0, "130102002": None}
    assert [problem["code"] for problem in found["problems"]] == ["statistics.unjoined", "statistics.no_row"]
    assert onemap("statistics", library, "RKTJ", "--sum", "CZRK").json["total"]["sums"] == {"CZRK": 60100.5}
    onemap("publish", library, tmp_path / "map.qgz").done()


@pytest.mark.slow
def test_a_table_is_read_from_a_server_and_a_library_with_one_goes_there_and_back(library, onemap, tmp_path, postgis):
    database = postgis.database()
    database.run("CREATE TABLE people (xzqdm text, nd integer, czrk numeric)")
    database.run("INSERT INTO people VALUES ('130102001', 2020, 52000), ('130102002', 2020, 8100.5)")
    added = onemap("add", library, f"{database.url}&table=public.people", "--as", "RKTJ")
    assert (added.code, added.json.get("features")) == (0, 2), added.json
    there, back = f"{database.url}&schema=city", tmp_path / "back.gpkg"
    for source, target in ((library, there), (there, back)):
        onemap("copy", source, target).done()
        assert onemap("verify", target).json["ok"]
        asked = onemap("statistics", target, "RKTJ", "--by", "XZQDM", "--sum", "CZRK").json
        assert {row["keys"]["XZQDM"]: row["sums"]["CZRK"] for row in asked["rows"]} == {
            "130102001": 52000.0,
            "130102002": 8100.5,
        }
