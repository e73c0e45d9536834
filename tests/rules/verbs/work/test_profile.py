"""`onemap profile`: the one stored with a library, the fields of the form, and a file that is only checked."""

import json

import pytest
from openpyxl import load_workbook

from onemap.layers.catalogue.bureau_profile import FONT_ROLES


def test_a_profile_is_kept_read_and_kept_anew_wherever_the_library_is(onemap, place, tmp_path):
    assert (onemap("profile", place).json["kept"], onemap("profile", place).json["values"]) == (False, {})
    for text in ('authority = "甲局"\n', 'authority = "乙局"\n[departments.land]\nname = "土地局"\n'):
        assert onemap("keep", place, profile(tmp_path, text)).code == 0
    answer = onemap("profile", place, lang="zh").json
    assert answer["values"] == {"authority": "乙局", "departments": {"land": {"name": "土地局"}}}
    assert answer["heads"]["lead"]["head_mark"] == "乙局"
    assert onemap("words", place, lang="zh").json["departments"]["land"] == "土地局"
    kept = [onemap("keep", place, profile(tmp_path, f'code = "{n}"'), "--expect", answer["hash"]) for n in range(2)]
    assert (kept[0].code, kept[1].codes) == (0, ["keep.conflict"])  # the second began with what the first replaced
    assert onemap("profile", place).json["values"] == {"code": "0"}
    assert onemap("profile", place).json["hash"] == kept[0].json["hash"]
    assert onemap("verify", place).json["ok"]


@pytest.fixture
def library(onemap, tmp_path):
    path = tmp_path / "city.gpkg"
    assert onemap("new", path, "--crs", "EPSG:4547").code == 0
    return path


def profile(tmp_path, text):
    path = tmp_path / "some.profile.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_profile_all_that_could_be_said_is_listed_in_both_languages(onemap, library):
    english, chinese = onemap("profile", library).json, onemap("profile", library, lang="zh").json
    assert (english["kept"], english["values"], english["file"]) == (False, {}, "city.profile.toml")
    assert [font["name"] for font in english["fonts"]] == list(FONT_ROLES)
    assert len(english["departments"]) == 10
    kinds = {field["name"]: field["kind"] for field in english["fields"]["lead"]}
    assert kinds == {
        "authority": "name",
        "mark": "name",
        "head": "head",
        "code": "text",
        "addressees": "list",
        "copies": "list",
        "contact": "name",
        "signatory": "name",
        "printed_by": "name",
        "seal": "flag",
    }
    titles = [
        (field["title"], other["title"])
        for field, other in zip(english["fields"]["lead"], chinese["fields"]["lead"], strict=True)
    ]
    assert titles[0] == ("Issuing authority", "发文机关")
    assert english["heads"]["lead"]["head_mark"] is None


def test_a_file_is_checked_and_its_head_told_and_nothing_is_kept(onemap, library, tmp_path):
    text = '主送 = 1\nauthority = "甲局"\n[departments.land]\nunit = ""\n'
    refused = onemap("profile", library, "--file", profile(tmp_path, text))
    assert refused.codes == ["profile.key", "profile.value"]
    assert [problem["field"] for problem in refused.json["problems"]] == ["主送", "departments.land.unit"]
    fine = 'authority = "甲局"\ncode = "甲审"\n[departments.land]\nunit = "乙局"\naddressees = ["丙局"]\n'
    answer = onemap("profile", library, "--file", profile(tmp_path, fine), lang="zh").json
    assert (answer["heads"]["lead"]["head_mark"], answer["heads"]["lead"]["head"]) == ("甲局", "letter")
    assert answer["heads"]["lead"]["number_form"].startswith("甲审〔")
    assert answer["heads"]["land"]["addressed"] == "丙局："
    assert onemap("profile", library).json["kept"] is False


def test_what_is_kept_is_told_with_what_is_wrong_in_it_so_that_it_can_be_mended(onemap, library, tmp_path):
    assert onemap("keep", library, profile(tmp_path, 'authority = "甲局"\n')).code == 0
    assert onemap("profile", library).json["values"] == {"authority": "甲局"}
    library.with_name("city.profile.toml").write_text('authority = "甲局"\nhead = "flag"\n', encoding="utf-8")
    answer = onemap("profile", library)
    assert (answer.code, answer.codes, answer.json["values"]["head"]) == (0, ["profile.value"], "flag")
    library.with_name("city.profile.toml").write_text("authority = 甲局\n", encoding="utf-8")
    assert onemap("profile", library).codes == ["profile.syntax"]


@pytest.mark.slow
def test_a_renamed_department_is_called_so_in_tables_sheets_and_answers(onemap, library, tmp_path):
    names = """[departments.environment]
name = "蓝天局"
[departments.land]
name = { zh = "土地局", en = "Soil office" }
"""
    assert onemap("keep", library, profile(tmp_path, names)).code == 0
    parcels = tmp_path / "parcels.geojson"
    ring = [[500000, 4200000], [500100, 4200000], [500100, 4200100], [500000, 4200000]]
    feature = {"type": "Feature", "properties": {"id": "A"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    parcels.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    given = (library, parcels, "--crs", "EPSG:4547", "--id", "id")
    book, sheet = tmp_path / "rows.xlsx", tmp_path / "sheet.json"
    checked = onemap("check", *given, "--out", book, "--summary", lang="zh").json
    assert "土地局：" in checked["summary"] and "自然资源和规划局（土地）" not in checked["summary"]
    for name in ("检测结论", "分部门汇总", "未检测的规则"):
        cells = {cell.value for row in load_workbook(book)[name].iter_rows() for cell in row}
        assert "土地局" in cells and "自然资源和规划局（土地）" not in cells, name
    assert onemap("sheet", *given, sheet).code == 0
    (facts,) = json.loads(sheet.read_text(encoding="utf-8"))["sheets"]
    assert "Soil office" in {row["department_title"] for row in facts["findings"]}
    here = onemap("identify", library, 500050, 4200050).json
    assert "蓝天局" in {layer["department_title"] for layer in here["layers"]}
    case = onemap("review", "open", *given, "--project", "学校", lang="zh").json
    assert "蓝天局" in {opinion["department_title"] for opinion in case["opinions"]}
    paper = tmp_path / "opinion.json"
    onemap("review", "export", library, case["case"], paper, "--department", "environment", lang="zh").done()
    assert json.loads(paper.read_text(encoding="utf-8"))["document"]["unit"] == "蓝天局"


def test_a_spoilt_profile_keeps_no_check_from_its_verdicts(onemap, library, tmp_path):
    (tmp_path / "city.profile.toml").write_text("authority = 1\n", encoding="utf-8")
    assert onemap("identify", library, 500050, 4200050).code == 0
