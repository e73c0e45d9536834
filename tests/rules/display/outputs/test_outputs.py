"""The outputs of a check: three forms with the same content, all tables even if empty, nothing half-written."""

import csv
import io
import json

import ezdxf
import geopandas as gpd
import geopandas.testing
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely
from shapely import box

from onemap.layers.delivery.file_list import write_list
from onemap.rules.display.outputs.csv_rows import csv_bytes
from onemap.rules.display.outputs.outputs import output_opened
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.judge.findings.table import Table

SQUARE = box(0, 0, 10, 10)
TABLES = ["parcels", "findings", "overlaps", "overlaps_line", "overlaps_point", "composition", "land_classes", "run"]
TABLES += ["unasked_rules"]
FINDINGS = [
    "parcel",
    "rule",
    "pack",
    "department",
    "layer",
    "version",
    "verdict",
    "area_m2",
    "area_ellipsoidal_m2",
    "counted_area_m2",
    "net_area_m2",
    "share",
    "features",
    "length_m",
    "distance_m",
    "value",
    "counted",
    "reason",
    "title",
    "basis",
]
OVERLAPS = ["parcel", "rule", "feature", "area_m2", "length_m", "distance_m", "counted", "reason", "attributes"]
# What a sheet says of a table, its name and its heads, as the messages have them in English; worked from the contract.
SHEETS = {"parcels": "Parcels", "findings": "Findings", "overlaps": "Overlaps", "run": "Run"}
PARCELS = ["parcel", "verdict", "known_verdict", "unknown_rules", "findings", "area_m2", "area_ellipsoidal_m2"]


@pytest.fixture
def ready(desk):
    desk.layer("ZONE", [box(0, 0, 2, 10)], {"名称": ["红线=1"]}, covers=box(-99, -99, 8, 99))
    return desk, desk.pack({}), desk.parcels({"A": SQUARE, "B": box(50, 50, 60, 60)})


def check(ready, out, *more):
    desk, pack, parcels = ready
    return desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, *more)


def test_a_geopackage_holds_every_table_with_the_contracts_columns_first(ready, tmp_path):
    assert check(ready, tmp_path / "o.gpkg").code == 0
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "o.gpkg")] == [*TABLES, "layer_styles"]
    for table, columns in (("findings", FINDINGS), ("overlaps", OVERLAPS), ("parcels", PARCELS)):
        assert list(pyogrio.read_info(tmp_path / "o.gpkg", layer=table)["fields"])[: len(columns)] == columns
    assert not list(tmp_path.glob("*.part"))


def sheet_of(path, table, columns):
    """A sheet under the names of the table's columns, with codes again in place of the words that people read."""
    sheet = pd.read_excel(path, sheet_name=SHEETS[table], dtype={"Parcel": str, "Feature": str}, engine="openpyxl")
    words = SheetWords("en")
    sheet = sheet.rename(columns={words.head(column, table): column for column in columns})
    if "attributes" in sheet:
        pairs = sheet["attributes"].map(lambda text: dict(pair.split(": ", 1) for pair in text.split("; ")))
        sheet["attributes"] = pairs.map(lambda facts: json.dumps(facts, ensure_ascii=False))
    if "counted" in sheet:
        sheet["counted"] = sheet["counted"].map({"yes": True, "no": False})
    if "department" in sheet:
        sheet["department"] = sheet["department"].str.lower()
    if "reason" in sheet:
        sheet["reason"] = sheet["reason"].replace({"outside the coverage": "outside_coverage"})
    return sheet


def test_the_three_forms_say_the_same(ready, tmp_path):
    for out in ("o.gpkg", "o.xlsx", "folder"):
        assert check(ready, tmp_path / out).code == 0
    for table, columns in (("findings", FINDINGS), ("overlaps", OVERLAPS), ("parcels", PARCELS)):
        forms: list[pd.DataFrame] = [
            pyogrio.read_dataframe(tmp_path / "o.gpkg", layer=table),
            gpd.read_parquet(tmp_path / "folder" / f"{table}.parquet"),
            sheet_of(tmp_path / "o.xlsx", table, columns),
        ]
        plain = [
            pd.DataFrame(form[columns]).assign(reason=form["reason"].astype(object).fillna(""))
            for form in forms
            if "reason" in columns
        ] or [pd.DataFrame(form[columns]) for form in forms]
        pd.testing.assert_frame_equal(plain[0], plain[1], check_exact=True, check_dtype=False)
        # A sheet keeps 15 digits.
        pd.testing.assert_frame_equal(plain[0], plain[2], rtol=1e-14, check_dtype=False)
        assert (forms[0].geometry.to_wkb() == forms[1].geometry.to_wkb()).all()
        assert forms[1].crs.to_epsg() == 4547


def test_one_run_may_be_written_in_several_forms(ready, tmp_path):
    answer = check(ready, tmp_path / "o.gpkg", "--out", tmp_path / "o.xlsx")
    assert answer.json["out"] == [str(tmp_path / "o.gpkg"), str(tmp_path / "o.xlsx")]
    sheet = pd.read_excel(tmp_path / "o.xlsx", sheet_name="Run", engine="openpyxl").set_index("Fact")["Content"]
    table = pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="run")
    assert [sheet["Run"]] == table["id"].tolist() == [answer.json["run"]["id"]]


def test_tables_without_rows_exist_with_their_columns(desk, tmp_path):
    desk.layer("ZONE", [box(90, 90, 99, 99)])
    desk.check({"A": SQUARE}, {})
    for out in ("o.gpkg", "o.xlsx", "folder"):
        pack, parcels = desk.folder / "test.toml", desk.folder / "parcels.gpkg"
        assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", tmp_path / out).code == 0
    assert list(pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="findings").columns)[: len(FINDINGS)] == FINDINGS
    assert list(gpd.read_parquet(tmp_path / "folder" / "findings.parquet").columns)[: len(FINDINGS)] == FINDINGS
    sheet = pd.read_excel(tmp_path / "o.xlsx", sheet_name="Findings", engine="openpyxl")
    assert list(sheet.columns)[:2] == ["Parcel", "Verdict"] and len(sheet) == 0 and len(sheet.columns) > len(FINDINGS)
    assert (tmp_path / "folder" / "composition.parquet").is_file()


def test_an_existing_target_is_refused_and_untouched_unless_overwritten(ready, tmp_path):
    out = tmp_path / "o.gpkg"
    out.write_bytes(b"mine")
    answer = check(ready, out)
    assert (answer.code, answer.codes) == (3, ["out.exists"]) and out.read_bytes() == b"mine"
    assert check(ready, out, "--overwrite").code == 0
    assert len(pyogrio.read_dataframe(out, layer="findings")) == 3


def test_another_library_is_never_replaced_and_no_target_is_named_twice(ready, onemap, tmp_path):
    other, out = tmp_path / "other.gpkg", tmp_path / "o.gpkg"
    assert onemap("new", other, "--crs", "EPSG:4547").code == 0
    before = other.read_bytes()
    answer = check(ready, other, "--overwrite")
    assert (answer.code, answer.codes) == (3, ["out.library"]) and other.read_bytes() == before
    (tmp_path / "more").mkdir()
    answer = check(ready, out, "--out", tmp_path / "more" / ".." / "o.gpkg")
    assert (answer.code, answer.codes) == (3, ["out.twice"]) and not out.exists()


def test_a_leftover_of_a_killed_run_is_removed_by_the_next(ready, tmp_path):
    (tmp_path / "o.gpkg.part").mkdir()
    (tmp_path / "o.gpkg.part" / "o.gpkg").write_bytes(b"half")
    assert check(ready, tmp_path / "o.gpkg").code == 0
    assert not (tmp_path / "o.gpkg.part").exists()


def test_attributes_of_the_piece_are_json_and_a_formula_stays_text(desk, tmp_path):
    desk.layer("ZONE", [SQUARE], {"名称": ["=1+1"]})
    found = desk.check({"=A1": SQUARE}, {})
    assert '"名称": "=1+1"' in found.table("overlaps").iloc[0].attributes
    out = tmp_path / "o.xlsx"
    desk.run("check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", "--out", out)
    cell = openpyxl.load_workbook(out)["Parcels"]["A2"]
    assert (cell.value, cell.data_type) == ("=A1", "s")


def test_the_run_tells_what_it_rests_on(ready, tmp_path):
    run = check(ready, tmp_path / "o.gpkg").json["run"]
    assert {"onemap", "geos", "proj", "gdal", "numpy"} <= set(run["software"])
    assert [(layer["code"], layer["label"], len(layer["hash"])) for layer in run["layers"]] == [("ZONE", "v1", 64)]
    assert len(run["packs"][0]["hash"]) == 64 and run["parameters"]["parcels"] == "parcels.gpkg"
    kept = pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="run")
    assert kept["id"].tolist() == [run["id"]] and "recorded" in run


def test_text_that_no_cell_can_hold_is_marked_in_the_sheet_and_told(desk, tmp_path):
    desk.layer("ZONE", [box(0, 0, 2, 10), box(2, 0, 4, 10)], {"NOTE": ["a" * 40_000, "short"]})
    pack, parcels = desk.pack({}), desk.parcels({"A": SQUARE})
    both = [tmp_path / "o.xlsx", tmp_path / "o.gpkg"]
    answer = desk.run("check", desk.library, parcels, "--pack", pack, "--out", both[0], "--out", both[1])
    (problem,) = answer.json["problems"]
    assert [problem[key] for key in ("code", "file", "layer", "field")] == [
        "out.cell_cut",
        "o.xlsx",
        "Overlaps",
        "Attributes",
    ]
    assert " 1 " in problem["message"]
    sheet = pd.read_excel(both[0], sheet_name="Overlaps", engine="openpyxl")["Attributes"]
    whole = pyogrio.read_dataframe(both[1], layer="overlaps")["attributes"].map(
        lambda text: "; ".join(f"{name}: {value}" for name, value in json.loads(text).items())
    )
    cut, length = sheet[sheet.str.len().argmax()], whole.str.len().max()
    shown, mark = cut.split("…")
    assert len(cut) == 32_767 and mark == f"[{len(shown)}/{length}]" and length > 40_000
    assert sorted(sheet.str.len())[0] == sorted(whole.str.len())[0]


def test_titles_and_words_follow_the_language(ready, tmp_path):
    desk, pack, parcels = ready
    for language, title in (("zh", "题"), ("en", "title")):
        out = tmp_path / f"{language}.gpkg"
        assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, lang=language).code == 0
        rows = pyogrio.read_dataframe(out, layer="findings")
        assert set(rows.title) == {title} and set(rows.basis) == {"法 第一条"}


def test_a_sheet_is_for_people_in_their_language(ready, tmp_path):
    """Names, heads with units, words, widths, rounding; the digits stay in the cell."""
    desk, pack, parcels = ready
    out = tmp_path / "zh.xlsx"
    assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, lang="zh").code == 0
    book = openpyxl.load_workbook(out)
    assert book.sheetnames[:3] == ["地块", "检测结论", "压占图斑"] and book.sheetnames[-2:] == [
        "未检测的规则",
        "技术信息",
    ]
    heads = {cell.value: cell.column for cell in book["检测结论"][1]}
    row = next(row for row in book["检测结论"].iter_rows(min_row=2) if row[heads["地块"] - 1].value == "A")
    assert row[heads["结论"] - 1].value == "禁止" and row[heads["计入结论"] - 1].value == "是"
    area = row[heads["平面面积（m²）"] - 1]
    assert (area.value, area.number_format) == (20.0, "[<10]0.0;#,##0")
    assert book["检测结论"].column_dimensions["A"].width >= 6
    totals = [[cell.value for cell in row] for row in book["分部门汇总"]]
    assert totals[0] == ["部门", "禁止", "限制", "无法判定", "征求意见", "提示", "未检测的规则"]
    counted = [row for row in book["检测结论"].iter_rows(min_row=2) if row[heads["计入结论"] - 1].value == "是"]
    assert totals[-1][0] == "合计" and sum(totals[-1][1:6]) == len(counted) > 0


def test_rules_that_were_not_asked_are_told_with_their_reason(desk, tmp_path):
    """Of two rules one is on a layer that the library never held."""
    desk.layer("ZONE", [box(0, 0, 2, 10)])
    pack, parcels = desk.pack({}, {"id": "noted", "layer": "DLTB", "missing": "checklist"}), desk.parcels({"A": SQUARE})
    out = tmp_path / "o.gpkg"
    answer = desk.run("check", desk.library, parcels, "--pack", pack, "--out", out).json
    assert answer["rules"] == 2
    (rule,) = answer["unasked"]
    assert (rule["rule"], rule["layer"], rule["reason"]) == ("noted", "DLTB", "layer_missing")
    table = pyogrio.read_dataframe(out, layer="unasked_rules")
    assert table[["rule", "reason"]].values.tolist() == [["noted", "layer_missing"]]


def parts_of(rows):
    """Tables as a run gives them, of as many rows; text, flags and counts may be missing."""
    names = [f"p{n}" for n in range(rows)]
    columns = {
        "parcel": pd.Series(names, dtype=object),
        "reason": pd.Series([None if n < 4 else "sliver" for n in range(rows)], dtype=object),
        "features": pd.Series([None if n % 3 else n for n in range(rows)], dtype="Int64"),
        "counted": pd.Series([n % 2 == 0 for n in range(rows)], dtype=bool),
        "area_m2": pd.Series([n / 7 for n in range(rows)], dtype=float),
    }
    shapes = [None if n == 2 else shapely.MultiPolygon([box(20 * n, 0, 20 * n + 10, 10)]) for n in range(rows)]
    return pd.DataFrame(columns), np.array(shapes, dtype=object)


@pytest.mark.parametrize("out", ["o.gpkg", "o.xlsx", "folder"])
def test_tables_that_come_in_parts_are_written_as_if_they_came_at_once(out, tmp_path):
    frame, shapes = parts_of(9)
    read = []
    for name, cuts in (("whole", [0, 9]), ("parts", [0, 0, 2, 4, 9])):
        folder = tmp_path / name
        folder.mkdir()
        with output_opened(pyproj.CRS("EPSG:4547"), str(folder / out), overwrite=False) as output:
            for start, stop in zip(cuts, cuts[1:], strict=False):
                part = frame[start:stop].reset_index(drop=True)
                output.append({"findings": Table(part, shapes[start:stop]), "keys": Table(part)})
            output.append({"run": Table(pd.DataFrame({"id": ["x"]}))})
            if name == "parts":
                output.end()  # whoever says so does other work before it asks for the end
            output.finish()
            assert not (folder / out).exists()
        read.append({table: read_back(folder / out, table) for table in ("findings", "keys", "run")})
    for table, one in read[0].items():
        assert_same(one, read[1][table])
    findings = read[1]["findings"]
    assert findings["parcel"].tolist() == [f"p{n}" for n in range(9)] and findings["reason"].isna().sum() == 4
    if out != "o.xlsx":
        assert list(map(shapely.equals, findings.geometry, shapes)) == [n != 2 for n in range(9)]


def read_back(path, table):
    if path.suffix == ".xlsx":
        return pd.read_excel(path, sheet_name=table, engine="openpyxl")
    if path.suffix == ".gpkg":
        return pyogrio.read_dataframe(path, layer=table)
    file = path / f"{table}.parquet"
    return gpd.read_parquet(file) if table == "findings" else pd.read_parquet(file)


def assert_same(one, other):
    compare = gpd.testing.assert_geodataframe_equal if isinstance(one, gpd.GeoDataFrame) else None
    (compare or pd.testing.assert_frame_equal)(one, other)


def test_a_written_layer_is_found_by_its_box_and_keeps_its_index_when_it_is_edited(ready, tmp_path):
    out = tmp_path / "o.gpkg"
    assert check(ready, out).code == 0
    assert pyogrio.read_dataframe(out, layer="parcels", bbox=(49, 49, 51, 51))["parcel"].tolist() == ["B"]
    assert pyogrio.read_info(out, layer="parcels")["total_bounds"] == (0.0, 0.0, 60.0, 60.0)
    frame = gpd.GeoDataFrame({"parcel": ["C"]}, geometry=[shapely.MultiPolygon([box(90, 90, 91, 91)])], crs="EPSG:4547")
    pyogrio.write_dataframe(frame, out, layer="parcels", append=True)
    assert pyogrio.read_dataframe(out, layer="parcels", bbox=(89, 89, 95, 95))["parcel"].tolist() == ["C"]


@pytest.mark.parametrize("out", ["o.gpkg", "o.xlsx", "folder"])
def test_an_output_that_is_broken_off_while_it_writes_leaves_nothing(out, tmp_path):
    frame, shapes = parts_of(9)
    many = Table(pd.concat([frame] * 5000, ignore_index=True), np.tile(shapes, 5000))
    with pytest.raises(KeyboardInterrupt), output_opened(pyproj.CRS("EPSG:4547"), str(tmp_path / out), False) as output:
        output.append({"findings": many})
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


FORMS_OF_PARCELS = ("geojson", "fgb", "csv", "dxf")


def test_the_parcels_alone_are_written_as_geojson_flatgeobuf_csv_and_for_cad(desk, tmp_path):
    """A parcel with a hole, one in two parts, one called by a formula; what is left out is remarks in each language."""
    desk.layer("ZONE", [box(0, 0, 2, 10)])
    hole = box(0, 0, 10, 10).difference(box(4, 4, 6, 6))
    parts = shapely.MultiPolygon([box(50, 50, 60, 60), box(70, 50, 80, 60)])
    pack, parcels = desk.pack({}), desk.parcels({"A": hole, "B": parts, "=1+1": box(90, 0, 95, 5)})
    outs = {form: tmp_path / f"o.{form}" for form in (*FORMS_OF_PARCELS, "gpkg")}
    asked = [text for out in outs.values() for text in ("--out", out)]
    answer = desk.run("check", desk.library, parcels, "--pack", pack, *asked, lang="zh").done()
    remarks = {one["file"]: one["message"] for one in answer.json["problems"] if one["code"] == "out.parcels_only"}
    assert set(remarks) == {f"o.{form}" for form in FORMS_OF_PARCELS} and "检测结论" in remarks["o.fgb"]
    assert "地块图形" in remarks["o.csv"] and "坐标系" in remarks["o.dxf"]
    whole = pyogrio.read_dataframe(outs["gpkg"], layer="parcels")
    for form in ("fgb", "geojson"):
        read = pyogrio.read_dataframe(outs[form])
        assert read.columns.tolist() == whole.columns.tolist()
        assert (read.parcel.tolist(), read.verdict.tolist()) == (whole.parcel.tolist(), whole.verdict.tolist())
        assert read.crs.to_epsg() == (4547 if form == "fgb" else 4326)
        back = read.geometry.set_crs(4490, allow_override=True).to_crs(4547) if form == "geojson" else read.geometry
        assert shapely.area(back.symmetric_difference(whole.geometry)).max() < 1e-2
    assert json.loads(outs["geojson"].read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    rows = pd.read_csv(outs["csv"], encoding="utf-8-sig")
    assert outs["csv"].read_bytes().startswith(b"\xef\xbb\xbf") and "crs" not in rows
    assert rows.parcel.tolist() == ["A", "B", "'=1+1"]
    assert rows.area_m2.tolist() == pytest.approx([96, 200, 25])
    drawing = ezdxf.readfile(outs["dxf"])
    outlines = {(one.dxf.layer, len(one), one.closed) for one in drawing.modelspace().query("LWPOLYLINE")}
    assert outlines == {("禁止", 4, True), ("无冲突", 4, True)}
    rings = [shapely.Polygon(one.get_points("xy")).area for one in drawing.modelspace().query("LWPOLYLINE")]
    assert sorted(rings) == pytest.approx([4, 25, 100, 100, 100])
    assert [one.dxf.text for one in drawing.modelspace().query("TEXT")] == ["A", "B", "=1+1"]
    assert {"禁止", "限制", "无法判定", "征求意见", "提示", "无冲突"} <= {layer.dxf.name for layer in drawing.layers}
    assert drawing.units == ezdxf.units.M
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for form in FORMS_OF_PARCELS:
        again = desk.run("check", desk.library, parcels, "--pack", pack, "--out", outs[form])
        assert (again.code, again.codes) == (3, ["out.exists"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before, "nothing half-written"
    run = answer.json["run"]["id"]
    assert desk.run("runs", desk.library, run, "--out", outs["csv"], "--overwrite").code == 0
    assert outs["csv"].read_bytes() == before["o.csv"]


def test_what_is_no_check_has_no_parcels_to_write(desk, tmp_path):
    desk.layer("ZONE", [box(0, 0, 2, 10)])
    answer = desk.run("statistics", desk.library, "ZONE", "--out", tmp_path / "o.csv")
    assert (answer.code, answer.codes) == (3, ["out.format"])
    assert ".xlsx, a folder" in answer.json["problems"][0]["mend"] and ".csv" not in answer.json["problems"][0]["mend"]


def test_no_text_in_a_table_or_a_list_of_files_is_a_formula(tmp_path):
    texts = ["=1", "+1", "-1", "@1", "\t=1", "\n=1", "＝1", "＋1", "－1", "＠1"]
    rows = csv.reader(io.StringIO(csv_bytes(["a"], [[text] for text in texts]).decode("utf-8-sig"), newline=""))
    assert [row for (row,) in rows] == ["a", *(f"'{text}" for text in texts)]
    (tmp_path / "=1.txt").write_bytes(b"")
    write_list(tmp_path / "list.xlsx", tmp_path, [tmp_path / "=1.txt"])
    cell = openpyxl.load_workbook(tmp_path / "list.xlsx").active["B2"]
    assert (cell.value, cell.data_type) == ("=1.txt", "s")
