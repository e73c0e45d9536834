"""Sheets as an office opens them: titles for ids and codes, no JSON, hashes on the technical sheet alone."""

import contextlib
import json
import re
import sqlite3
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.outputs.sheet_titles import KnownTitles, SheetTitles
from onemap.rules.display.outputs.sheet_words import SheetWords
from onemap.rules.display.outputs.to_sheets import SheetOutput
from onemap.rules.judge.findings.table import Table
from onemap.rules.numbers.indicators.indicator_sheets import sheets_for_people

BOTH = pytest.mark.parametrize("lang", ["zh", "en"])
OF_A_PROGRAM = re.compile(r"[{}\[\]]|[0-9a-f]{32}|__[0-9]|null|\d{4}-\d\d-\d\dT\d\d")
PLANS = {
    "id": ["20260302T080000-1"],
    "kind": ["compare"],
    "matrix": [
        '{"name": "land-urban", "title": {"zh": "土规与城规", "en": "Land use plan × urban plan"}, "hash": "f00"}'
    ],
    "packs": ["[]"],
    "layers": [
        '[{"code": "TDGHDL", "label": "2020版", "table": "TDGHDL__1", "hash": "f01", "valid_from": "2020-01-01"},'
        ' {"code": "KGDK", "label": "2022版", "table": "KGDK__1", "hash": "f02", "valid_from": null}]'
    ],
    "parameters": [
        '{"a": "TDGHDL@2020版", "b": "KGDK@2022版", "as_of": "2026-03-02", "min_width_m": 2.0, "known_at": null}'
    ],
    "overlap": ['{"a": {"features": 2, "area_m2": 3.25}, "b": {"features": 0, "area_m2": 0.0}}'],
}


def write_sheets(path, tables, language, titles=None):
    output = SheetOutput(path, path.name, language, titles=titles)
    output.append({name: Table(pd.DataFrame(columns)) for name, columns in tables.items()})
    output.finish()
    return openpyxl.load_workbook(path)


def rows(sheet):
    """A sheet's rows by their heads."""
    heads, *lines = [[cell.value for cell in line] for line in sheet.rows]
    return [dict(zip(heads, line, strict=True)) for line in lines]


def facts(sheet):
    return [[cell.value for cell in line] for line in sheet.iter_rows(min_row=2)]


@BOTH
def test_a_check_s_sheets_name_rule_pack_layer_and_field_by_their_titles(desk, tmp_path, lang):
    source = desk.write("patches", [box(0, 0, 2, 10)], {"BSM": ["1"], "DLBM": ["0101"]}, "EPSG:4547")
    ground = desk.write("ground", [box(0, 0, 99, 99)], {"n": [1]}, "EPSG:4547")
    desk.run("add", desk.library, source, "--as", "DLTB", "--covers", ground).done()
    pack = desk.pack(
        {"id": "farm", "layer": "DLTB", "title": {"zh": "占用地类", "en": "On land"}},
        {"id": "absent", "layer": "GYL", "title": {"zh": "占用公益林", "en": "On forest"}, "missing": "checklist"},
    )
    parcels, out = desk.parcels({"A": box(0, 0, 10, 10)}), tmp_path / "o.xlsx"
    assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, lang=lang).code == 0
    book = openpyxl.load_workbook(out)
    findings, rule, pack_head, layer, rule_id, code, overlaps, attributes, run, technical = {
        "zh": "检测结论,规则,规则包,图层,规则编号,图层代码,压占图斑,要素属性,检测记录,技术信息",
        "en": "Findings,Rule,Rule pack,Layer,Rule id,Layer code,Overlaps,Attributes,Run,Technical",
    }[lang].split(",")
    titles = {
        "zh": ("占用地类", "试", "地类图斑", "地类编码：0101 水田"),
        "en": ("On land", "test", "Land use patches", ": 0101 "),
    }
    (row,) = rows(book[findings])
    assert (row[rule], row[pack_head], row[layer]) == titles[lang][:3]
    assert (row[rule_id], row[code]) == ("farm", "DLTB") and list(row)[-2:] == [rule_id, code]
    hidden = [letter for letter, column in book[findings].column_dimensions.items() if column.hidden]
    assert len(hidden) == 2 and book[findings].sheet_format.outlineLevelCol == 1
    (overlap,) = rows(book[overlaps])
    assert overlap[rule] == titles[lang][0] and titles[lang][3] in overlap[attributes]
    texts = [str(cell.value) for sheet in book if sheet.title != technical for line in sheet.rows for cell in line]
    assert [text for text in texts if OF_A_PROGRAM.search(text)] == []
    record = dict(facts(book[run]))
    assert f"{titles[lang][1]} 1" in record.values() and "parcels.gpkg" in record.values()
    hashes = [value for name, value in facts(book[technical]) if name.startswith("packs · test · hash")]
    assert len(hashes) == 1 and len(hashes[0]) == 64
    # Who prints the workbook prints neither pages of hashes nor heads without a row.
    assert [sheet.title for sheet in book if sheet.sheet_state == "hidden"] == [technical] and technical in record
    assert [sheet.title for sheet in book if sheet.max_row == 1] == []


def test_a_sheet_is_printed_across_with_its_heads_on_every_page(tmp_path):
    wide = {f"field_{number}": ["a text of some length that needs its room"] for number in range(12)}
    book = write_sheets(tmp_path / "p.xlsx", {"spots": {"spot": ["1"], "area_m2": [2.5]}, "wide": wide}, "en")
    narrow, broad = book.worksheets[:2]
    for sheet in (narrow, broad):
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        assert sheet.print_title_rows == "$1:$1" and sheet.print_options.gridLines
        assert (sheet.oddFooter.left.text, sheet.oddFooter.right.text) == ("&A", "&P / &N")
    assert (narrow.page_setup.fitToWidth, narrow.print_title_cols) == (1, None)
    assert broad.page_setup.fitToWidth > 1 and broad.print_title_cols == "$A:$A"
    assert [cell.alignment.horizontal for cell in narrow[1]] == ["left", "right"]


@BOTH
def test_a_comparison_s_classes_have_titles_and_its_record_is_rows(tmp_path, lang):
    spots = {"spot": ["S1"], "type": ["04"], "class_a": ["1120"], "class_b": ["070102"], "code_a": ["1120,1200"]}
    book = write_sheets(tmp_path / "o.xlsx", {"spots": spots, "run": PLANS}, lang)
    (spot,) = [list(row.values()) for row in rows(book.worksheets[0])]
    expected = {
        "zh": ["S1", "04 仅规划二为建设", "1120 水浇地", "070102 二类城镇住宅用地", "1120 水浇地、1200 园地"],
        "en": ["S1", "04 construction in plan B only"],
    }[lang]
    assert spot[: len(expected)] == expected
    assert all(len(text.split(" ", 1)) == 2 for text in spot[2:4])
    record = {
        "zh": [
            ["运行编号", "20260302T080000-1"],
            ["运行类型", "比对"],
            ["对照矩阵", "土规与城规"],
            ["规划一", "土地规划地类 2020版"],
            ["规划二", "控规地块 2022版"],
            ["数据截至", "2026-03-02"],
            ["图斑最小宽度（m）", 2],
            ["规划一自身重叠", "2 个要素，3.2 平方米"],
            ["规划二自身重叠", "0 个要素，0.0 平方米"],
            ["图层版本", "土地规划地类 2020版（2020-01-01 起有效）"],
            ["图层版本", "控规地块 2022版"],
        ],
        "en": [["Run", "20260302T080000-1"], ["Kind of run", "Comparison"], ["Matrix", "Land use plan × urban plan"]],
    }[lang]
    assert facts(book.worksheets[1])[: len(record)] == record
    technical = dict(facts(book.worksheets[2]))
    assert technical["layers · KGDK · hash"] == "f02" and technical["parameters · known_at"] == "–"


@BOTH
def test_classes_of_transitions_are_named_and_units_too(tmp_path, lang):
    rows_of = {
        "unit": ["1", "1", "1"],
        "from": ['{"DLBM": "0102"}', '{"DLBM/group": "agricultural"}', None],
        "to": ['{"DLBM": "0701"}', '{"DLBM/2": "01"}', '{"DLBM": "0101", "QSXZ": "20"}'],
        "area_m2": [1.0, 2.0, -30_000.4],
    }
    units = {"unit": ["1"], "unit_title": ["东街"]}
    book = write_sheets(
        tmp_path / "o.xlsx", {"transitions": rows_of, "units": units}, lang, KnownTitles(layers=("DLTB",))
    )
    lines = [list(row.values())[:4] for row in rows(book.worksheets[0])]
    first = {"zh": ["东街", "1", "0102 水浇地", "0701 城镇住宅用地"], "en": ["东街", "1", "0102 Irrigated land"]}[lang]
    assert lines[0][: len(first)] == first
    nothing = {"zh": ["无要素", "地类编码：0101 水田；权属性质：20 国有土地使用权"], "en": ["no feature"]}[lang]
    assert lines[2][2:][: len(nothing)] == nothing
    assert "{" not in str(lines) and lines[1][3].startswith("01")
    areas = [book.worksheets[0].cell(row, 5) for row in (2, 4)]
    assert [cell.number_format for cell in areas] == ["[<10]0.0;#,##0", "#,##0"], "a loss keeps its thousands"
    assert areas[1].value == -30_000.4


@BOTH
def test_of_a_changed_feature_only_the_fields_that_differ_are_shown(tmp_path, lang):
    changed = {
        "change": ["attributes", "added"],
        "feature": ["1", "2"],
        "fields": ["SJNF,DLBM", None],
        "before": ['{"BSM": "7", "DLBM": "0101", "SJNF": 2020}', None],
        "after": ['{"BSM": "7", "DLBM": "0102", "SJNF": 2023}', '{"BSM": "8"}'],
    }
    classes = {"from": ["0102"], "to": ["1301"], "area_m2": [9.0]}  # codes alone, of the layer's own class
    tables = {"changes": changed, "transitions": classes}
    book = write_sheets(tmp_path / "o.xlsx", tables, lang, KnownTitles(layers=("DLTB",)))
    (moved,) = rows(book.worksheets[1])
    assert [len(text.split(" ", 1)) for text in list(moved.values())[:2]] == [2, 1], "1301 is no class of the survey"
    first, second = rows(book.worksheets[0])
    texts = list(first.values())[2:5]
    if lang == "zh":
        assert texts == [
            "数据年份、地类编码",
            "地类编码：0101 水田；数据年份：2020",
            "地类编码：0102 水浇地；数据年份：2023",
        ]
    assert "7" not in texts[1] and not {"DLBM", "SJNF"} & set(re.findall(r"[A-Z]{4}", "".join(texts)))
    assert str(list(second.values())[4]).endswith("8")


@BOTH
def test_what_turned_names_its_rules_and_verdicts(tmp_path, lang):
    turned = {"case": ["C1"], "project": ["学校"], "run": [None], "parcel": ["A"]}
    turned |= {"from": ["unknown"], "to": ["clear"], "rules": ["farm,gone"]}
    opinions = {"case": ["C1"], "department": ["land"], "state": ["signed"], "conclusion": ["conditional"]}
    opinions |= {"from": ["open"], "to": ["agree"]}
    known = KnownTitles({"farm": {"zh": "占用耕地", "en": "On farmland"}[lang]})
    book = write_sheets(tmp_path / "o.xlsx", {"turned": turned, "opinions": opinions}, lang, known)
    texts = {
        "zh": [
            "无法判定",
            "无冲突",
            "占用耕地；gone",
            "自然资源和规划局（土地）",
            "已签署",
            "有条件同意",
            "待核实",
            "同意",
        ],
        "en": ["unknown", "clear", "On farmland; gone", "Natural Resources and Planning Bureau (land)", "signed"],
    }[lang]
    cells = [cell for sheet in book.worksheets for row in rows(sheet) for cell in row.values()]
    assert [text for text in texts if text not in cells and not text.startswith("Natural")] == []
    assert "land" not in cells and "farm" not in "".join(str(cell) for cell in cells).replace("farmland", "")


@BOTH
def test_a_warning_s_subject_and_an_indicator_s_pack_and_versions_have_titles(tmp_path, lang):
    pack = json.dumps([{"id": "own", "version": "1", "title": {"zh": "体检", "en": "Check-up"}}])
    layers = json.dumps([{"code": "DLTB", "label": "2023年度", "table": "DLTB__2"}])
    columns = {"id": ["quota:x"], "kind": ["quota"], "status": ["alarm"], "subject": ["town.expansion"]}
    columns |= {"layer": ["GHDK"], "pack": ["own"], "versions": ["DLTB__2@9602562a8798"], "step_at": [None]}
    tables = {
        "warnings": Table(pd.DataFrame(columns)),
        "run": Table(pd.DataFrame({"packs": [pack], "layers": [layers]})),
    }
    known = KnownTitles(indicators={"town.expansion": {"zh": "扩展倍数", "en": "Growth"}[lang]})
    sheets = sheets_for_people(tables, lang, known)
    book = write_sheets(tmp_path / "o.xlsx", {name: table.columns for name, table in sheets.items()}, None)
    (row,) = [list(row.values()) for row in rows(book.worksheets[0])]
    texts = {
        "zh": ["扩展倍数", "已批用地", "体检", "地类图斑 2023年度"],
        "en": ["Growth", "Check-up", "Land use patches 2023年度"],
    }
    assert [text for text in texts[lang] if text not in row] == [], row
    assert row[-1] == "quota:x", "ids stand last"
    assert book.sheetnames[-1] == {"zh": "技术信息", "en": "Technical"}[lang]


def test_long_text_is_wrapped_and_its_row_begins_at_the_top(tmp_path):
    findings = {
        "parcel": ["A", "B"],
        "basis": ["；".join(f"土地管理法第{n}号 第三十五条" for n in range(5)), "短"],
        "share": [0.0004, 0.0],
    }
    sheet = write_sheets(tmp_path / "o.xlsx", {"findings": findings}, "zh").worksheets[0]
    assert sheet["C2"].alignment.wrap_text and sheet["A2"].alignment.vertical == "top"
    assert not sheet["C3"].alignment.wrap_text and sheet.column_dimensions["C"].width == 60
    # Each program shows the lines: a reader that makes no room for them would cut all but the first.
    assert sheet.row_dimensions[2].height == 45 and sheet.row_dimensions[3].height is None
    assert '"< 0.1%"' in sheet["B2"].number_format and sheet["B2"].value == 0.0004


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-05T00:00:00+08:00", "2026-01-05 00:00 +08:00"),
        ("2026-01-05T20:20:31.123456Z", "2026-01-05 20:20 UTC"),
        ("2026-01-05T10:20", "2026-01-05 10:20"),
        ("2026-01-05", "2026-01-05"),
        ("20260105T102030-ab", "20260105T102030-ab"),
        (None, None),
    ],
)
def test_a_moment_is_told_to_the_minute_as_documents_tell_it(text, expected):
    assert moment_text(text) == expected


def checked_file(desk, folder, lang):
    """The GeoPackage of a check of one parcel, a fifth of which is in conflict."""
    desk.layer("ZONE", [box(0, 0, 2, 10)])
    pack, parcels, out = desk.pack({"id": "zone"}), desk.parcels({"A": box(0, 0, 10, 10)}), folder / "o.gpkg"
    assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, lang=lang).code == 0
    return out


@BOTH
def test_a_geopackage_s_layers_and_columns_are_named_for_people_too(desk, tmp_path, lang):
    """By the extension Schema; the columns' own names, by which programs read them, stay."""
    out = checked_file(desk, tmp_path, lang)
    with contextlib.closing(sqlite3.connect(out)) as connection:
        asked = "SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'findings'"
        names = dict(connection.execute(asked).fetchall())
        title = connection.execute("SELECT description FROM gpkg_contents WHERE table_name = 'findings'").fetchone()[0]
        extension = connection.execute("SELECT scope FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'")
        assert extension.fetchall() == [("read-write",)] * 2
    words = {
        "zh": ("检测结论", "结论", "平面面积（m²）", "法律依据"),
        "en": ("Findings", "Verdict", "Plane area (m²)", "Legal basis"),
    }
    assert (title, names["verdict"], names["area_m2"], names["basis"]) == words[lang]
    assert set(names) <= set(pyogrio.read_info(out, layer="findings")["fields"])


@BOTH
def test_a_geopackage_s_layers_have_the_looks_with_which_qgis_opens_them(desk, tmp_path, lang):
    out = checked_file(desk, tmp_path, lang)
    with contextlib.closing(sqlite3.connect(out)) as connection:
        asked = "SELECT f_table_name, f_geometry_column, styleName, styleQML FROM layer_styles WHERE useAsDefault"
        rows = connection.execute(asked).fetchall()
    looks = {table: (column, name, ElementTree.fromstring(look)) for table, column, name, look in rows}
    assert set(looks) == set(pyogrio.list_layers(out)[:, 0]) - {"layer_styles"}
    column, name, look = looks["findings"]
    fields = pyogrio.read_info(out, layer="findings")["fields"].tolist()
    assert (column, name) == ("geom", {"zh": "检测结论", "en": "Findings"}[lang])
    aliases = {one.get("field"): (int(one.get("index")), one.get("name")) for one in look.iter("alias")}
    assert aliases["verdict"] == (1 + fields.index("verdict"), {"zh": "结论", "en": "Verdict"}[lang])
    labels = [one.get("label") for one in look.iter("category")]
    assert {"zh": "■ 禁止", "en": "■ prohibited"}[lang] in labels and len(labels) == 5
    rules = [one.get("label") for one in looks["overlaps"][2].iter("rule") if one.get("label")]
    assert rules == {"zh": ["计入", "不计入"], "en": ["Counted", "Not counted"]}[lang]
    # What QGIS keeps for itself is no layer of data: the file still has its layers alone.
    listed = desk.run("inspect", out).json["layers"]
    assert [layer["name"] for layer in listed] == [name for name in pyogrio.list_layers(out)[:, 0] if name in looks]


def test_a_piece_of_official_zones_has_their_layer_s_title_and_the_names_of_its_fields():
    """A road's setback, and the control zone that stands instead of it."""
    pieces = pd.DataFrame(
        {
            "rule": ["r", "r"],
            "feature": ["G1", "K1"],
            "attributes": ['{"LXBM": "G107"}', '{"official_layer": "GLJZKZQ", "LXBM": "G107"}'],
        }
    )
    tables = {"findings": pd.DataFrame({"rule": ["r"], "title": ["Setback"], "layer": ["GL"]}), "overlaps": pieces}
    words = SheetWords("en", SheetTitles("en", tables=tables))
    shown = words.columns("overlaps", pieces)
    zone = shipped_catalogue()["GLJZKZQ"].title_in("en")
    own, official = shown["attributes"]
    assert "Official zone of" not in own and official.startswith(f"Official zone of: {zone}; ")
