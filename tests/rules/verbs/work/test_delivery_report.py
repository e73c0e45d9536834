"""The report of a delivery for the department: sheet, JSON and pages agree, in both languages."""

import json
import re
import shutil
import subprocess

import openpyxl
import pytest
import shapely
from docx import Document

from onemap.layers.messages import either_of, phrase
from onemap.tests.conftest import write_layer

PDF_TO_TEXT = shutil.which("pdftotext")


def square(x, y, size=1000.0):
    return shapely.box(500_000 + x, 4_200_000 + y, 500_000 + x + size, 4_200_000 + y + size)


@pytest.fixture
def library(tmp_path, onemap):
    path = tmp_path / "library.gpkg"
    district = write_layer(tmp_path / "district.gpkg", [square(0, 0)])
    assert onemap("new", path, "--crs", "EPSG:4547", "--district", district).code == 0
    return path


@pytest.fixture
def delivery(tmp_path):
    """A red line of two squares, one named by a formula; a layer with a bow tie; one that nobody knows; a letter."""
    folder = tmp_path / "环保局"
    folder.mkdir()
    squares = [square(0, 0, 500), square(600, 0, 300)]
    write_layer(folder / "STBHHX2024.gpkg", squares, {"BSM": ["=1+1", "2"], "HXMC": ["甲", "乙"]})
    bow_tie = shapely.Polygon([(500_000, 4_200_000), (500_900, 4_200_900), (500_900, 4_200_000), (500_000, 4_200_900)])
    write_layer(folder / "DLTB.gpkg", [square(0, 0), bow_tie], {"BSM": ["1", "2"], "DLBM": ["0101", "0201"]})
    write_layer(folder / "没人认识.gpkg", [square(0, 0)], {"x": [1]})
    (folder / "说明.txt").write_text("附言", encoding="utf-8")
    return folder


def texts(path):
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8")
    if path.suffix == ".pdf":
        if not PDF_TO_TEXT:
            return ""
        return subprocess.run([PDF_TO_TEXT, path, "-"], capture_output=True, check=True, encoding="utf-8").stdout
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_what_was_taken_and_what_was_refused_stands_in_every_form(library, delivery, onemap, tmp_path):
    places = [tmp_path / f"report.{form}" for form in ("xlsx", "json", "html", "docx", "pdf")]
    reports = [part for place in places for part in ("--report", place)]
    answer = onemap("ingest", library, delivery, "--each", "--covers", "district", *reports, lang="zh")
    assert (answer.code, answer.json["report"]) == (4, [str(place) for place in places])
    content = json.loads(places[1].read_text(encoding="utf-8"))
    layers = {row["source"]: row for row in content["layers"]}
    line = layers["STBHHX2024.gpkg"]
    assert (line["status"], line["layer"], line["version"], line["features"]) == ("added", "STBHHX", "2024", 2)
    assert line["area_m2"] == pytest.approx(500**2 + 300**2)
    assert {name: row["status"] for name, row in layers.items()} == {
        "STBHHX2024.gpkg": "added",
        "DLTB.gpkg": "refused",
        "没人认识.gpkg": "refused",
        "说明.txt": "note",
    }
    wrong = next(one for one in content["problems"] if one["code"] == "geometry.invalid")
    assert (wrong["source"], wrong["feature"], wrong["level"]) == ("DLTB.gpkg", "2", "refuse")
    assert wrong["message"] and wrong["mend"]
    book = openpyxl.load_workbook(places[0])
    assert book.sheetnames == ["汇交图层", "拒绝与提示"]
    rows = list(book["汇交图层"].values)
    assert rows[0][:4] == ("来源", "来源图层", "结果", "图层") and rows[0][-1] == "图层代码"
    taken = next(row for row in rows if row[0] == "STBHHX2024.gpkg")
    assert taken[2] == "已入库" and 340_000.0 in taken
    assert [row for row in book["拒绝与提示"].values if row[0] == "DLTB.gpkg" and row[4] == "2"]
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    for place in places[2:]:
        text = texts(place).replace("\u200b", "").replace("\n", "")
        if place.suffix == ".pdf" and not PDF_TO_TEXT:
            assert place.read_bytes().startswith(b"%PDF")
            continue
        assert all(part in text for part in ("环保局", "34.0000", "DLTB.gpkg", "没人认识.gpkg", "被拒绝，需修改")), (
            place
        )


def test_of_a_delivery_that_is_refused_whole_the_report_is_written_all_the_same(library, delivery, onemap, tmp_path):
    place = tmp_path / "report.json"
    answer = onemap("ingest", library, delivery, "--covers", "district", "--report", place)
    assert (answer.code, onemap("answers", library).json) == (3, {"answers": []})
    content = json.loads(place.read_text(encoding="utf-8"))
    status = {row["source"]: (row["status"], row["features"]) for row in content["layers"]}
    assert status["DLTB.gpkg"] == ("refused", None)
    assert status["STBHHX2024.gpkg"] == ("matched", None)  # nothing stood against it, and nothing went in
    assert {one["code"] for one in content["problems"]} >= {"geometry.invalid", "ingest.unmatched"}
    # A plan that is only written is told as well.
    plan, place = tmp_path / "plan.toml", tmp_path / "plan.json"
    assert onemap("ingest", library, delivery, "--plan", plan, "--report", place).code == 0
    assert {row["status"] for row in json.loads(place.read_text("utf-8"))["layers"]} == {"planned", "unmatched", "note"}


def test_a_line_has_its_length_and_remarks_have_their_feature(library, onemap, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    lines = [shapely.LineString([(500_000, 4_200_000), (500_300, 4_200_400)])]
    write_layer(folder / "DLZXX2024.gpkg", lines, {"BSM": ["1"]})
    define = "name=道路中心线,department=transport,library=base,kind=vector,geometry=line,key=BSM"
    onemap("add", library, folder / "DLZXX2024.gpkg", "--as", "DLZXX", "--define", define, "--covers", "extent").done()
    shutil.move(folder / "DLZXX2024.gpkg", folder / "DLZXX2025.gpkg")
    place = tmp_path / "report.json"
    assert onemap("ingest", library, folder, "--report", place).code == 0
    (row,) = json.loads(place.read_text(encoding="utf-8"))["layers"]
    assert (row["length_m"], row["area_m2"], row["features"]) == (pytest.approx(500.0), None, 1)


@pytest.mark.parametrize(
    ("name", "code"),
    [("report.txt", "statement.suffix"), ("there.xlsx", "out.exists"), ("none/a.json", "out.folder")],
)
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_added(
    library, delivery, onemap, tmp_path, name, code
):
    (tmp_path / "there.xlsx").write_bytes(b"mine")
    answer = onemap("ingest", library, delivery, "--each", "--report", tmp_path / name)
    assert (answer.code, answer.codes) == (3, [code])
    assert (tmp_path / "there.xlsx").read_bytes() == b"mine"
    twice = onemap("ingest", library, delivery, *("--report", tmp_path / "a.json") * 2)
    assert twice.codes == ["out.twice"]
    assert onemap("answers", library).json == {"answers": []}


def test_a_report_is_replaced_where_that_is_said_and_never_a_file_of_the_delivery(library, delivery, onemap, tmp_path):
    place, sent = tmp_path / "there.xlsx", delivery / "附表.xlsx"
    for path in (place, sent):
        path.write_bytes(b"before")
    arguments = ("ingest", library, delivery, "--each", "--covers", "district", "--overwrite", "--report")
    assert onemap(*arguments, sent).codes == ["out.input"]
    assert (onemap(*arguments, place).code, sent.read_bytes()) == (4, b"before")
    assert openpyxl.load_workbook(place).sheetnames
    sheet = tmp_path / "sheet.xlsx"
    sheet.write_bytes(b"before")
    added = ("add", library, delivery / "DLTB.gpkg", "--as", "DLTB", "--covers", "district", "--report", sheet)
    assert onemap(*added).codes == ["out.exists"]
    assert "geometry.invalid" in onemap(*added, "--overwrite").codes
    assert openpyxl.load_workbook(sheet).sheetnames


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_sender_reads_what_to_send_and_no_option_of_ours(library, delivery, onemap, tmp_path, lang):
    places = [tmp_path / f"report.{form}" for form in ("xlsx", "html", "docx")]
    reports = [part for place in places for part in ("--report", place)]
    answer = onemap("ingest", library, delivery, "--each", "--covers", "district", *reports, lang=lang)
    codes = {one["code"] for row in answer.json["refused"] for one in row["problems"]}
    assert {"ingest.unmatched", "geometry.invalid"} <= codes
    book = openpyxl.load_workbook(places[0])
    cells = [str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None]
    for report in ("\n".join(cells), *map(texts, places[1:])):
        plain = re.sub("<style>.*?</style>", "", report, flags=re.DOTALL).replace("<!--", "")
        assert " --" not in plain and "onemap " not in plain
        assert ("请说明这是目录中的哪个图层" if lang == "zh" else "Say which layer of the catalogue it is") in report
        assert ("请在来源数据中改正" if lang == "zh" else "Correct it in the source.") in report


@pytest.mark.parametrize(("lang", "share"), [("zh", "不足 1 %"), ("en", "less than 1 %")])
def test_a_reach_of_less_than_a_hundredth_of_the_district_is_not_called_nothing(library, onemap, tmp_path, lang, share):
    source = write_layer(tmp_path / "STBHHX.gpkg", [square(0, 0, 5)], {"BSM": ["1"], "HXMC": ["甲"]})
    answer = onemap("add", library, source, "--as", "STBHHX", lang=lang)
    (problem,) = answer.json["problems"]
    assert problem["code"] == "coverage.doubtful" and share in problem["message"]


def test_fields_that_a_layer_lacks_are_one_line(library, onemap, tmp_path):
    folder = tmp_path / "国土局"
    folder.mkdir()
    write_layer(folder / "STBHHX.gpkg", [square(0, 0)], {"BSM": ["1"]})
    places = [tmp_path / "report.json", tmp_path / "report.docx"]
    reports = [part for place in places for part in ("--report", place)]
    assert onemap("ingest", library, folder, "--covers", "district", *reports, lang="zh").code == 0
    problems = json.loads(places[0].read_text(encoding="utf-8"))["problems"]
    absent = [one["field"] for one in problems if one["code"] == "field.absent"]
    assert len(absent) > 1
    rows = [[cell.text for cell in row.cells] for row in Document(str(places[1])).tables[-1].rows]
    (line,) = [row for row in rows if "缺少所列规范字段。" in row]
    assert "、".join(absent) in line


@pytest.mark.parametrize(("lang", "either"), [("zh", "或"), ("en", " or ")])
def test_the_report_counts_by_result_and_says_what_an_unsure_layer_may_be(library, onemap, tmp_path, lang, either):
    folder, report = tmp_path / "林业局", tmp_path / "report.docx"
    folder.mkdir()
    write_layer(folder / "地块.gpkg", [square(0, 0)], {"BSM": ["1"], "BH": ["1"], "MC": ["甲"]})
    plan = onemap("ingest", library, folder, "--plan", tmp_path / "plan.toml", "--report", report, lang=lang).json[
        "plan"
    ]
    document = Document(str(report))
    lead = "\n".join(paragraph.text for paragraph in document.paragraphs)
    status = phrase(f"delivery.{plan[0]['status']}", lang)
    assert phrase("report.status_count", lang, status=status, count=1) in lead
    (row,) = [[cell.text for cell in row.cells] for row in document.tables[-1].rows[1:]]
    if len(plan[0]["suggested"]) > 1:
        assert either in "".join(row) and not set(plan[0]["suggested"]) & set(row)
    # To the sender layers are named by their titles alone, and measures in the report's language.
    onemap("ingest", library, folder, "--each", "--report", tmp_path / "sent.docx", lang=lang)
    cells = [
        cell.text for table in Document(str(tmp_path / "sent.docx")).tables for at in table.rows for cell in at.cells
    ]
    codes = [code for one in plan for code in one["suggested"]]
    assert [cell for cell in cells for code in codes if re.search(rf"\b{code}\b", cell)] == []


def test_of_several_one_holds():
    assert [either_of(list("甲乙丙")[:count], "zh") for count in range(4)] == ["", "甲", "甲或乙", "甲、乙或丙"]
    assert [either_of(list("ABC")[:count], "en") for count in range(4)] == ["", "A", "A or B", "A, B or C"]
    assert either_of(["open", "opine"], "zh") == "open 或 opine"


@pytest.mark.parametrize(("lang", "title"), [("zh", "生态保护红线"), ("en", "Ecological red line")])
def test_a_refused_layer_is_named_by_its_title_and_no_option_is_a_field(library, onemap, tmp_path, lang, title):
    folder, report = tmp_path / "环保局", tmp_path / "report.docx"
    folder.mkdir()
    write_layer(folder / "STBHHX2025.gpkg", [square(0, 0)], {"BSM": ["1"], "HXMC": ["甲"]})
    taken = ("ingest", library, folder, "--covers", "district")
    assert onemap(*taken, lang=lang).code == 0
    write_layer(folder / "STBHHX2025.gpkg", [square(0, 0)], {"BSM": ["1"], "HXMC": ["乙"]})
    answer = onemap(*taken, "--report", report, lang=lang)  # a label that is used
    assert [one["field"] for one in answer.json["problems"]] == ["--label"]
    cells = [cell.text for row in Document(str(report)).tables[-1].rows for cell in row.cells]
    assert any(title in cell for cell in cells)
    assert not any(re.search(r"STBHHX(?!2025\.gpkg)", cell) or "--" in cell for cell in cells)
