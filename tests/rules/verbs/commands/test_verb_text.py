"""The program's texts for people: every word is in their language."""

import openpyxl
import pytest
import shapely

from onemap.rules.display.rows.answer_rows import view_json
from onemap.rules.display.rows.inspection_rows import remark_lines
from onemap.rules.verbs.commands.verb_text import VIEWS, result_text
from onemap.tests.conftest import write_layer


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("zh", ["BSM（文本）", "层数（整数）", "面积（数值）", "占用（是否）"]),
        ("en", ["BSM (text)", "层数 (whole number)", "面积 (number)", "占用 (yes or no)"]),
    ],
)
def test_the_types_of_fields_are_said_in_words(terminal, tmp_path, language, texts):
    columns = {"BSM": ["a"], "层数": [3], "面积": [2.5], "占用": [True]}
    path = write_layer(tmp_path / "a.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)], columns)
    lines = terminal("inspect", path, "--lang", language).stdout.decode().splitlines()
    assert [line.strip() for line in lines if line.strip() in texts] == texts


@pytest.mark.parametrize(("option", "is_written"), [("--unrecorded", False), ("--repair", True)])
def test_the_library_is_said_to_be_written_only_where_it_is(terminal, desk, tmp_path, option, is_written):
    desk.layer("ZONE", [shapely.box(0, 0, 2, 10)])
    parcels, pack = desk.parcels({"A": shapely.box(0, 0, 10, 10)}), desk.pack({})
    asked = ("check", desk.library, parcels, "--pack", pack, "--out", tmp_path / "o.xlsx", option)
    answer = terminal(*asked, "--json", "--progress", "json", "--lang", "en")
    assert answer.returncode == 0
    assert (b"Writing the library" in answer.stderr) == is_written and (
        b"Making the tables" in answer.stderr
    ) != is_written


def test_words_of_the_field_are_listed_without_sentences_of_refusals(terminal):
    lines = terminal("words", "--lang", "zh").stdout.decode().splitlines()
    assert "prohibited  禁止" in lines and not [line for line in lines if "'message'" in line]


def test_layers_are_told_by_title_in_columns(terminal, desk):
    desk.layer("ZONE", [shapely.box(0, 0, 2, 10)])
    lines = terminal("layers", desk.library, "--lang", "zh").stdout.decode().splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["图层", "代码", "版本", "要素数"],
        ["●", "ZONE", "ZONE", "v1", "1"],
    ]


def test_a_layer_that_could_not_be_read_is_named_with_its_problems():
    problem = {"file": None, "layer": None, "feature": None, "field": "--encoding", "code": "encoding.unknown"}
    layer = {"name": "T", "count": None, "geometry": None, "crs": {"code": None, "from": "none", "why": ""}}
    layer |= {"encoding": None, "fields": [], "problems": [{**problem, "message": "No.", "mend": "Use UTF-8."}]}
    text = result_text("inspect", {"format": "", "file": "t.zip", "layers": [layer]}, "en")
    assert text.splitlines() == ["t.zip: –", "  T", "    - --encoding: No. Use UTF-8."]


def test_what_to_do_about_remarks_of_a_kind_is_said_once():
    place = {"file": "a.shp", "layer": None, "field": None, "row": None, "code": "feature.small"}
    remarks = [{**place, "feature": str(n), "message": f"{n} is small.", "mend": "Look."} for n in range(2)]
    remarks.append({**remarks[1], "feature": "2", "mend": "Look well."})
    lines = [*remark_lines(remarks, "en")]
    assert lines == ["- 0: 0 is small. Look.", "- 1: 1 is small.", "- 2: 1 is small. Look well."]


@pytest.mark.parametrize(
    ("lang", "known"), [("en", "EPSG:4547 (declared in the file)"), ("zh", "EPSG:4547（文件已声明）")]
)
def test_a_file_is_told_by_its_facts_in_lists_and_by_a_line_in_text(onemap, tmp_path, lang, known):
    path = write_layer(tmp_path / "a.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)], {"BSM": ["a"]})
    answer = onemap("inspect", path, lang=lang).json
    (file,) = view_json(VIEWS["inspect"](answer, lang))
    (layer,) = file["rows"]
    values = [row["values"][0] for row in layer["rows"]]
    assert values[0] == {"value": 1, "measure": "count"} and values[-1] == values[0]  # features, and fields
    assert values[2].startswith(known) and [row["name"] for row in layer["rows"][-1]["rows"]] == ["BSM"]
    lines = result_text("inspect", answer, lang).splitlines()
    assert lines[0].startswith("a.gpkg") and lines[1].startswith("  a") and lines[2].startswith("    ")


LAYERS = [{"code": "A", "version": "v1", "features": 3}, {"code": "B", "version": "v2", "features": 1}]


def test_a_package_says_its_layers_below_it():
    answer = {"file": "p.zip", "package": "P", "sha256": "f00", "layers": LAYERS, "left_out": ["C", "D"]}
    assert result_text("deliver", answer, "en").splitlines() == [
        "p.zip: 2 layers as package P; SHA-256 f00",
        "  A v1: 3 features",
        "  B v2: 1 feature",
        "  not in force, and left out: C, D",
    ]
    (row,) = view_json(VIEWS["deliver"](answer, "en"))
    assert [one["about"] for one in row["rows"]] == [{"code": "A"}, {"code": "B"}, None]


def test_what_comes_of_a_package_stands_between_what_was_known_and_the_receipt():
    before = {"at": "2026-03-02", "by": "Wang"}
    plan = [{**LAYERS[0], "status": "held", "retired": None}, {**LAYERS[1], "status": "new", "retired": None}]
    answer = {"plan": plan, "receipt": "r.json", "received_before": before, "added": [LAYERS[1]]}
    answer["not_in_force"] = [{"code": "B", "version": "v2", "valid_from": "2020-01-01", "goes_before": "v1"}]
    assert result_text("receive", answer, "en").splitlines() == [
        "This package was already received on 2026-03-02 by Wang; it contains nothing new.",
        "A v1: already in this library",
        "B v2: 1 feature added",
        "B: Version v2 is not in force today; in force is: v1.",
        "Receipt: r.json",
    ]
    assert result_text("receive", {**answer, "receipt": None}, "en").splitlines() == [
        "A v1: already in this library",
        "B v2: will become a new version (1 feature)",
    ]


def test_an_event_of_which_the_log_does_not_tell_has_a_line_without_number():
    row = {"at": "2026-03-02T01:02:03Z", "who": "Wang", "step": "signed", "what": "case", "details": None}
    lines = result_text("history", {"rows": [{**row, "number": 12}, {**row, "number": None}]}, "en").splitlines()
    assert [line[:8] for line in lines] == ["    12  ", "     –  "]
    assert len({line[8:] for line in lines}) == 1


MATRIX = """title = "m"
for_a = ["PLAN"]
for_b = ["ZONE"]
[a]
field = "USE"
construction = ["07"]
[b]
field = "USE"
construction = ["07"]
"""


@pytest.mark.parametrize(("language", "words"), [("en", "Coverage assumed"), ("zh", "覆盖范围按外接矩形假定的图层")])
def test_every_text_about_ground_names_the_layers_whose_coverage_nobody_stated(
    terminal, desk, tmp_path, language, words
):
    for code, options in {"ZONE": {"covers": "extent"}, "PLAN": {}}.items():
        desk.layer(code, [shapely.box(0, 0, 2, 10)], {"USE": ["07"]}, **options)
    parcels, pack, matrix = desk.parcels({"A": shapely.box(0, 0, 2, 5)}), desk.pack({}), tmp_path / "m.toml"
    matrix.write_text(MATRIX, encoding="utf-8")
    asked = [("check", parcels, "--pack", pack), ("remedy", parcels, "--pack", pack), ("statistics", "ZONE")]
    asked += [("sites", "--area", 4, "--within", parcels, "--pack", pack)]
    asked += [("transitions", "PLAN", "ZONE", "--by", "USE"), ("compare", "PLAN", "ZONE", "--matrix", matrix)]
    opened = desk.run("review", "open", desk.library, parcels, "--pack", pack, "--project", "P").done()
    case = opened.json["case"]
    asked += [("contradictions", "--matrix", matrix), ("review show", case)]
    asked += [("review revise", case, parcels, "--pack", pack, "--reason", "R")]
    asked += [("review open", parcels, "--pack", pack, "--project", "Q")]
    shown = terminal("review", "show", desk.library, case, "--findings", "land", "--lang", language).stdout.decode()
    assert {"en": "Coverage assumed", "zh": "覆盖范围为推定"}[language] in shown.splitlines()[-1], shown
    for verb, *values in asked:
        text = terminal(*verb.split(), desk.library, *values, "--lang", language).stdout.decode()
        assert [line.strip()[-4:] for line in text.splitlines() if words in line] == ["ZONE"], f"{verb}: {text}"
    assert words not in terminal("statistics", desk.library, "PLAN", "--lang", language).stdout.decode()


def test_whoever_reads_what_would_pass_reads_how_many_rules_nobody_asked_as_in_a_check(terminal, onemap, desk):
    desk.layer("ZONE", [shapely.box(0, 0, 2, 10)])
    pack = desk.pack({}, {"id": "forest", "layer": "GYL", "department": "forestry", "missing": "checklist"})
    asked = desk.library, desk.parcels({"A": shapely.box(0, 0, 10, 10)}), "--pack", pack
    texts = [terminal(verb, *asked, "--lang", "en").stdout.decode() for verb in ("check", "remedy")]
    assert all("1 of 2 rules was not asked:\n  Forestry: 1 (the layer was never loaded 1)" in text for text in texts)
    check, remedy = (onemap(verb, *asked).json for verb in ("check", "remedy"))
    assert remedy["unasked"] == check["unasked"] and remedy["rules"] == check["rules"] == 2


def test_pages_and_sheets_say_of_a_version_that_nobody_stated_its_coverage(onemap, desk, tmp_path):
    for code, options in {"ZONE": {"covers": "extent"}, "PLAN": {}}.items():
        desk.layer(code, [shapely.box(0, 0, 2, 10)], {"USE": ["07"]}, **options)
    matrix, parcels, pack = tmp_path / "m.toml", desk.parcels({"A": shapely.box(0, 0, 2, 5)}), desk.pack({})
    matrix.write_text(MATRIX, encoding="utf-8")
    places = [tmp_path / f"{name}.html" for name in ("statistics", "transitions", "comparison")]
    onemap("statistics", desk.library, "ZONE", "--page", places[0]).done()
    onemap("transitions", desk.library, "PLAN", "ZONE", "--by", "USE", "--page", places[1]).done()
    run = onemap("compare", desk.library, "PLAN", "ZONE", "--matrix", matrix).done().json["run"]["id"]
    onemap("comparison", desk.library, run, places[2]).done()
    pages = [place.read_text(encoding="utf-8") for place in places]
    onemap("check", desk.library, parcels, "--pack", pack, "--out", tmp_path / "check.xlsx").done()
    cells = (cell for sheet in openpyxl.load_workbook(tmp_path / "check.xlsx") for cell in sheet.values)
    pages.append("\n".join(str(value) for row in cells for value in row))
    word = "(coverage assumed from the bounding box)"
    for page in pages:
        assert f"ZONE v1 {word}" in page and f"PLAN v1 {word}" not in page, page
