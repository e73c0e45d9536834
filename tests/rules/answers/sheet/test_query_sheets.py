"""sheet: one or two pages for each parcel, with its layers worked out by hand; read back in every form."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from docx import Document
from shapely import Point, Polygon, box

from onemap.rules.answers.sheet.sheet_pages import sheet_page
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk

PDF_TO_TEXT = shutil.which("pdftotext")
TITLES = {"zh": "用地查询表", "en": "Query sheet of a parcel"}


@dataclass(frozen=True)
class Asker:
    desk: Desk
    parcels: Path
    pack: Path

    def __call__(self, name, *more, lang="en"):
        target = self.desk.folder / name
        answer = self.desk.run("sheet", self.desk.library, self.parcels, target, "--pack", self.pack, *more, lang=lang)
        return answer, target

    def check(self):
        return self.desk.run("check", self.desk.library, self.parcels, "--pack", self.pack).json


def made_town(folder):
    """A library with a survey, a plan that covers half, and a rule."""
    desk = Desk(folder, command)
    done("new", desk.library, "--crs", "EPSG:4547")
    desk.layer("ZONE", [box(0, 0, 50, 100)], {"N": ["x"]})
    survey = desk.write(
        "survey", [box(-500, -500, 500, 500)], {"BSM": ["1"], "DLBM": ["0101"], "QSXZ": ["30"]}, "EPSG:4547"
    )
    plan = desk.write(
        "plan", [box(0, 0, 100, 50)], {"BSM": ["1"], "GHFQDM": ["410"], "GHFQMC": ["城镇集中建设区"]}, "EPSG:4547"
    )
    plots = desk.write(
        "plots",
        [box(0, 0, 60, 100), box(40, 0, 100, 100)],
        {"DKBH": ["1", "2"], "YDXZDM": ["070102", "070102"], "RJL": ["≤2.2", "≤2.2"], "JZXG": ["60", "60"]},
        "EPSG:4547",
    )
    ground = desk.write("ground", [box(-500, -500, 500, 500)], {"n": [1]}, "EPSG:4547")
    zones = desk.write("zones", [box(0, 0, 100, 100)], {"BSM": ["1"], "GZQLXDM": ["020"]}, "EPSG:4547")
    for code, file in (("DLTB", survey), ("CZKFBJ", plan), ("KGDK", plots), ("JSYDGZQ", zones)):
        done("add", desk.library, file, "--as", code, "--covers", ground)


@pytest.fixture
def ask(desk, copied):
    """Asks the town's library for a sheet of two parcels."""
    copied(made_town, desk.folder)
    parcels = desk.parcels({"A": box(0, 0, 100, 100), "B": box(600, 0, 700, 100)})
    use = {"id": "use", "kind": "composition", "layer": "DLTB", "by": ["QSXZ", "DLBM"], "verdict": "notice"}
    laws = [{"law": "甲法", "article": "第一条"}, {"law": "乙法"}, {"law": "甲法", "article": "第三条"}]
    pack = desk.pack({"basis": laws}, use, {"id": "gone", "layer": "STBHHX", "missing": "checklist"})

    return Asker(desk, parcels, pack)


def test_the_facts_by_hand(ask):
    answer, target = ask("s.json")
    assert answer.code == 0, answer.json
    assert {key: answer.json[key] for key in ("parcels", "pages", "file")} == {
        "parcels": 2,
        "pages": 2,
        "file": str(target),
    }
    first, second = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    assert (first["parcel"], first["verdict"], first["area_m2"]) == ("A", "prohibited", 10_000.0)
    (today,) = first["today"]
    assert (today["class"], today["ownership"]) == ("0101", "Collective")
    assert today["hectares"] == pytest.approx(first["area_ellipsoidal_m2"] / 10_000, abs=1e-4)
    # Two plots say the same of ground that both claim: it counts once. Surveys are no plans.
    plans = {plan["layer"]: plan for plan in first["plans"]}
    assert set(plans) == {"KGDK", "JSYDGZQ", "CZKFBJ", "ZONE"} and len(first["plans"]) == 4
    assert [plan["share"] for plan in first["plans"]] == pytest.approx([1.0, 1.0, 0.5, 0.5])
    assert (plans["JSYDGZQ"]["class"], plans["JSYDGZQ"]["class_title"]) == ("020", "Construction on conditions")
    plot = plans["KGDK"]
    assert (plot["class"], plot["class_title"]) == ("070102", "Urban housing, class 2")
    assert plot["controls"] == ["floor area ratio ≤2.2", "height 60 m"]
    hits = [row for row in first["findings"] if row["verdict"] == "prohibited"]
    assert [row["share"] for row in hits] == [pytest.approx(0.5)]
    assert hits[0]["laws"] == [{"law": "甲法", "articles": ["第一条", "第三条"]}, {"law": "乙法", "articles": []}]
    (unasked,) = first["not_asked"]
    assert (first["asked"], unasked["reason"], unasked["rules"], unasked["layers"]) == (
        1,
        "layer_missing",
        1,
        ["STBHHX"],
    )
    (department,) = unasked["departments"]
    assert department["department"] == ask.check()["unasked"][0]["department"] and department["rules"] == 1
    # A rule that judges nothing clears nothing: the check and the sheet count the same rules.
    checked = ask.check()
    assert (checked["rules"], [rule["rule"] for rule in checked["unasked"]]) == (2, ["gone"])
    assert [point["point"] for point in first["points"]] == ["J1", "J2", "J3", "J4"]
    # Outside the coverage nothing is "nothing there".
    assert second["plans"] == [] and second["plans_silent"]["CZKFBJ"] == "outside_coverage"
    assert first["plans_silent"]["STBHHX"] == "layer_missing" and "CZKFBJ" not in first["plans_silent"]


@pytest.mark.parametrize(
    ("facts", "lang", "words"),
    [
        ({"YDXZ": "0701"}, "en", "0701 Urban housing"),
        ({"YDXZ": "0701", "XMLX": "住宅"}, "zh", "0701 城镇住宅用地；项目类型：住宅"),
        ({"YDXZ": "R2", "code_system": "urban-gb50137"}, "zh", "R2 二类居住用地"),
        ({"YDXZ": "9999"}, "en", "9999 (a code of no class: judged as not stated)"),
        ({}, "zh", "未填拟用途，按最严判定"),
    ],
)
def test_a_sheet_names_the_use_for_which_it_judged(desk, facts, lang, words):
    desk.layer("ZONE", [box(0, 0, 50, 100)])
    parcels = desk.parcels({"A": box(0, 0, 10, 10)}, columns={name: [value] for name, value in facts.items()})
    target = desk.folder / "s.html"
    desk.run("sheet", desk.library, parcels, target, "--pack", desk.pack({}), lang=lang).done()
    assert words in re.sub("<[^>]+>", "", target.read_text(encoding="utf-8"))


def test_what_was_found_and_does_not_count_is_named(desk):
    desk.layer("ZONE", [box(0, 0, 5, 10)])
    target, pack = desk.folder / "s.html", desk.pack({"min_area_m2": 60})
    desk.run("sheet", desk.library, desk.parcels({"A": box(0, 0, 10, 10)}), target, "--pack", pack, lang="en").done()
    text = target.read_text(encoding="utf-8")
    assert "No rule that was asked finds anything that counts. Found, but not counted: title (" in text


def test_a_use_that_a_person_states_is_named_of_parcels_that_say_none(desk):
    desk.layer("ZONE", [box(0, 0, 50, 100)])
    parcels = desk.parcels({"A": box(0, 0, 10, 10), "B": box(0, 0, 9, 9)}, columns={"YDXZ": [None, "0702"]})
    facts, target = desk.folder / "facts.toml", desk.folder / "s.json"
    facts.write_text('[parcels]\nYDXZ = "0701"\n', encoding="utf-8")
    pack = desk.pack({"when": "YDXZ = '0701'"})
    desk.run("sheet", desk.library, parcels, target, "--pack", pack, "--data", facts, lang="en").done()
    sheets = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    found = [(one["use"], one["use_titles"]) for one in sheets]
    assert found == [("0701", ["Urban housing"]), ("0702", ["Urban community services"])]


def test_sheets_of_parcels_in_blocks_say_the_same(ask, monkeypatch):
    _, target = ask("whole.json")
    whole = json.loads(target.read_text(encoding="utf-8"))
    monkeypatch.setenv("ONEMAP_BLOCK", "1")
    answer, target = ask("blocks.json")
    assert answer.code == 0, answer.json
    assert json.loads(target.read_text(encoding="utf-8")) == whole
    assert whole["sheets"][0]["today"] and len(whole["sheets"]) == 2


def test_of_two_neighbours_of_one_class_none_is_lost(desk):
    # Their common side was drawn twice, a last digit apart: of both GEOS gives the first alone (libgeos issue 1344).
    west = [(-295.25030351249666, 4.236074061427525), (-295.08711234218333, -2.301948231163383)]
    west += [(-314.64218025800653, -2.7900491087570383), (-314.80537142831986, 3.7479731838338695)]
    east = [(-275.69523559667346, 4.7241749390211805), (-275.53204442636013, -1.8138473535697273)]
    east += [(-295.08711234218333, -2.3019482311633825), (-295.25030351249666, 4.236074061427525)]
    plots = [Polygon(west), Polygon(east)]
    parcel = box(-400, -100, 400, 100)
    columns = {"DKBH": ["1", "2"], "YDXZDM": ["070102"] * 2, "RJL": ["≤2.2"] * 2, "JZXG": ["60"] * 2}
    source = desk.write("plots", plots, columns, "EPSG:4547")
    desk.layer("ZONE", [parcel])
    assert desk.run("add", desk.library, source, "--as", "KGDK", "--covers", "extent").code == 0
    target = desk.folder / "s.json"
    desk.run("sheet", desk.library, desk.parcels({"A": parcel}), target, "--pack", desk.pack({})).done()
    (sheet,) = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    (plan,) = [plan for plan in sheet["plans"] if plan["layer"] == "KGDK"]
    assert plan["share"] == pytest.approx(sum(plot.area for plot in plots) / parcel.area, rel=1e-5)


def test_a_plan_that_cannot_be_laid_over_the_parcel_is_not_told_too_small(desk, break_overlays):
    columns = {"DKBH": ["1"], "YDXZDM": ["070102"], "RJL": ["≤2.2"], "JZXG": ["60"]}
    source = desk.write("plots", [Polygon([(50, 50), (150, 60), (150, 150), (60, 150)])], columns, "EPSG:4547")
    desk.layer("ZONE", [box(0, 0, 100, 100)])
    assert desk.run("add", desk.library, source, "--as", "KGDK", "--covers", "extent").code == 0
    target, parcels, pack = desk.folder / "s.json", desk.parcels({"A": box(0, 0, 100, 100)}), desk.pack({})
    break_overlays()
    answer = desk.run("sheet", desk.library, parcels, target, "--pack", pack)
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"], problem["feature"]) == (3, "compare.arithmetic", "1")
    assert problem["layer"].startswith("KGDK") and not target.exists()


@pytest.mark.slow
@pytest.mark.skipif(PDF_TO_TEXT is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_form_holds_both_parcels(ask, lang):
    answer, target = ask("s.pdf", lang=lang)
    text = subprocess.run([PDF_TO_TEXT or "", target, "-"], capture_output=True, check=True).stdout.decode()
    assert answer.code == 0 and answer.json["pages"] == text.count("\f") and 2 <= answer.json["pages"] <= 4
    assert text.count(TITLES[lang]) == 2 and "070102" in text
    assert text.count("J4") == 2 and "700.000" in text  # the corners of both
    assert re.search(r"(?<![\d,.])\d{1,2},\d{3} (m²|平方米)", text) and not re.search(
        r"\d,\d{3}\.\d+ (m²|平方米)", text
    )
    answer, target = ask("s.html", lang=lang)
    text = target.read_text(encoding="utf-8")
    assert {"zh": "《甲法》第一条、第三条；《乙法》", "en": "甲法 第一条, 第三条; 乙法"}[lang] in text
    # On the map of A the ground in conflict: 50 m of 100 m, with its verdict in the legend. B has none.
    first, second = text.split("<section>")[1:]
    legend = {"zh": "禁止 ", "en": "prohibited "}[lang]
    assert legend in first.partition("<svg")[2].partition("</svg>")[0]
    assert legend not in second.partition("<svg")[2].partition("</svg>")[0]
    # The survey does not speak for the ground of B, which is not to say that no feature lies there.
    assert {"zh": "地类不明", "en": "class not known"}[lang] in second
    # Nor does any plan.
    assert {"zh": "能够回答的规划与控制线均不涉及", "en": "No plan or control line that answers here"}[lang] in second
    assert answer.json["pages"] == 2 and text.count("<svg") == 2 and text.count(f"<h1>{TITLES[lang]}</h1>") == 2
    assert "{" not in text.partition("<body>")[2].partition("<svg")[0]
    answer, target = ask("s.docx", lang=lang)
    word = zipfile.ZipFile(io.BytesIO(target.read_bytes()))
    assert "J4" in word.read("word/document.xml").decode() and sum("media/" in name for name in word.namelist()) == 2


def test_plans_that_were_recorded_later_are_not_on_a_sheet_of_before(ask):
    _, target = ask("before.json")
    before = json.loads(target.read_text("utf-8"))
    assert "CZKFBJ" in {row["layer"] for row in before["sheets"][0]["plans"]}
    moment = datetime.now(UTC).isoformat()
    desk = ask.desk
    fields = {"BSM": ["1"], "GHFQDM": ["420"], "GHFQMC": ["村庄建设区"]}
    later = desk.write("later", [box(600, 0, 700, 100)], fields, "EPSG:4547")
    done("add", desk.library, later, "--as", "CZKFBJ", "--covers", desk.folder / "ground.gpkg", "--label", "later")
    _, target = ask("now.json")
    assert json.loads(target.read_text("utf-8"))["sheets"] != before["sheets"]
    _, target = ask("then.json", "--known-at", moment)
    assert json.loads(target.read_text("utf-8"))["sheets"] == before["sheets"]


def test_what_is_refused_leaves_no_file(ask):
    answer, target = ask("s.odt")
    assert (answer.code, answer.codes) == (3, ["statement.suffix"]) and not target.exists()
    assert ask("s.html")[0].code == 0
    answer, _ = ask("s.html")
    assert (answer.code, answer.codes) == (3, ["out.exists"])
    assert ask("s.html", "--overwrite")[0].code == 0


@pytest.mark.slow
def test_a_library_on_a_server_says_the_same_on_the_same_map(desk, postgis, onemap):
    plan = desk.write(
        "plan", [box(0, 0, 100, 50)], {"BSM": ["1"], "GHFQDM": ["410"], "GHFQMC": ["城镇集中建设区"]}, "EPSG:4547"
    )
    parcels = desk.parcels({"A": box(0, 0, 100, 100)})
    pack = desk.pack({"layer": "CZKFBJ"})
    sheets, places = [], []
    for number, place in enumerate((desk.folder / "mine.gpkg", f"{postgis.database().url}&schema=sheet")):
        assert onemap("new", place, "--crs", "EPSG:4547", "--name", "Town").code == 0
        onemap("add", place, plan, "--as", "CZKFBJ", "--covers", "extent", "--label", "one").done()
        target = desk.folder / f"{number}.json"
        onemap("sheet", place, parcels, target, "--pack", pack).done()
        onemap("sheet", place, parcels, target.with_suffix(".html"), "--pack", pack).done()
        page, where = target.with_suffix(".html").read_text(encoding="utf-8"), re.compile(r"Town \(([^)]+)\)")
        places.append(where.search(page)[1])
        page = re.sub("<script.*?</script>", "", page, flags=re.DOTALL)  # when each version was recorded
        sheets.append((json.loads(target.read_text(encoding="utf-8")), where.sub("Town", page)))
        assert onemap("runs", place).json["runs"] == []  # nothing is kept
    assert sheets[0] == sheets[1] and len(sheets[0][0]["sheets"][0]["findings"]) > 0
    assert places[0] == "mine.gpkg" and "sheet" in places[1] and places[1] != places[0]  # two libraries of one name


def test_a_parcel_of_many_points_and_many_findings_says_what_it_leaves_out(desk):
    plots = [box(0, 5 * n, 100, 5 * n + 5) for n in range(20)]
    zones = {"BSM": list(range(20)), "GHFQDM": [f"4{n:02}" for n in range(20)], "GHFQMC": [f"区{n}" for n in range(20)]}
    plan = desk.write("plan", plots, zones, "EPSG:4547")
    desk.layer("ZONE", [box(-9, -9, 0, 0)])
    assert desk.run("add", desk.library, plan, "--as", "CZKFBJ", "--covers", "extent").code == 0
    parcels = desk.parcels({"A": Point(50, 50).buffer(49.5, quad_segs=16)})
    target = desk.folder / "s.html"
    assert desk.run("sheet", desk.library, parcels, target, "--pack", desk.pack({}), lang="en").code == 0
    text = target.read_text(encoding="utf-8")
    assert "J48" in text and "J49" not in text and "… and 16 more points" in text
    assert "6 more rows, of smaller classes" in text and text.count("Urban growth boundary") >= 14


def test_of_many_rows_none_hides_that_a_layer_lies_there(ask):
    _answer, target = ask("s.json")
    first, _second = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    plot, line = first["plans"][0], next(row for row in first["plans"] if row["layer"] == "CZKFBJ")
    small = [{**plot, "class": f"{1000 - n}", "area_ellipsoidal_m2": 1000.0 - n} for n in range(20)]
    page = sheet_page({**first, "plans": [*small, line]}, {}, "en")
    heading, table, note = _under("What the plans", page)
    assert heading.heading.startswith("What the plans")
    rows = [[cell[0] for cell in row.cells] for row in table.rows]
    assert len(rows) == 14 and rows[-1][0].startswith(line["layer_title"])
    assert [row[1].split()[0] for row in rows[:-1]] == [f"{1000 - n}" for n in range(13)]  # the largest
    assert "7 more rows" in note.lines[0]
    many = [{**line, "layer": f"L{n}"} for n in range(16)]
    _, table, _ = _under("What the plans", sheet_page({**first, "plans": many}, {}, "en"))
    assert len(table.rows) == 16


def _under(heading, page):
    """A heading that begins so, and the two blocks below it."""
    at = next(at for at, block in enumerate(page.blocks) if getattr(block, "heading", "").startswith(heading))
    return page.blocks[at : at + 3]


def test_boundary_points_are_read_down_a_column(desk):
    desk.layer("ZONE", [box(-9, -9, 0, 0)])
    parcels = desk.parcels({"A": Point(50, 50).buffer(40, quad_segs=2)})  # eight points
    target = desk.folder / "s.html"
    assert desk.run("sheet", desk.library, parcels, target, "--pack", desk.pack({}), lang="en").code == 0
    table = target.read_text(encoding="utf-8").rpartition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.findall(r">(J\d)<", row) for row in table.split("</tr>")][:-1]
    assert rows == [["J1", "J4", "J7"], ["J2", "J5", "J8"], ["J3", "J6"]]


def words_of(path: Path) -> str:
    """All words of a sheet in their order, a blank between any two."""
    if path.suffix == ".pdf":
        read = subprocess.run([PDF_TO_TEXT or "", "-layout", path, "-"], capture_output=True, check=True)
        text = read.stdout.decode()
    elif path.suffix == ".docx":
        tables = Document(str(path)).tables
        text = " ".join(cell.text for table in tables for row in table.rows for cell in row.cells)
    else:
        text = re.sub("<[^>]*>", " ", path.read_text(encoding="utf-8"))
    return " ".join(text.split())


@pytest.mark.slow
@pytest.mark.skipif(PDF_TO_TEXT is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_points_of_a_hole_are_told_from_those_of_the_outer_ring(desk):
    desk.layer("ZONE", [box(-9, -9, 0, 0)])
    with_hole = box(0, 0, 100, 100) - box(40, 40, 60, 60)
    parcels, pack = desk.parcels({"A": with_hole, "B": box(200, 0, 300, 100)}), desk.pack({})
    for suffix in ("html", "docx", "pdf"):
        target = desk.folder / f"s.{suffix}"
        assert desk.run("sheet", desk.library, parcels, target, "--pack", pack, lang="en").code == 0
        text = words_of(target)
        rings = dict(re.findall(r"(J\d) (\d) \d+[.]\d{3} ", text))
        assert rings == {f"J{n}": "1" if n < 5 else "2" for n in range(1, 9)}, suffix
        assert text.count(" Ring ") == 3  # a parcel of one ring says nothing of rings
        assert sorted(re.findall(r"(J\d) \d+[.]\d{3} ", text)) == ["J1", "J2", "J3", "J4"], suffix


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_says_what_it_shows_to_who_cannot_see_it(ask, lang):
    parcel, scale = {"zh": ("地块：A", "比例尺1:"), "en": ("Parcels: A", "Scale 1:")}[lang]
    answer, page = ask("s.html", lang=lang)
    assert answer.code == 0, answer.json
    labels = re.findall(r'role="region" aria-label="([^"]*)"', page.read_text(encoding="utf-8"))
    assert any(parcel in label and scale in label for label in labels)
    _, word = ask("s.docx", lang=lang)
    with zipfile.ZipFile(word) as packed:
        body = packed.read("word/document.xml").decode()
    assert [label for label in re.findall(r'descr="([^"]*)"', body) if parcel in label and scale in label]


def test_a_narrow_screen_is_told_where_the_legend_is(ask):
    _, page = ask("s.html")
    text = page.read_text(encoding="utf-8")
    assert text.count('class="note rolled"') == 2
    assert re.search(
        r"[.]rolled { display: none }.*@media screen and .max-width: 46em.[^@]*[.]rolled { display: block }", text, re.S
    )


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "Coverage only assumed, from the bounding box: Construction control zones."),
        ("zh", "覆盖范围仅按外接矩形假定的图层：建设用地管制区。"),
    ],
)
def test_a_sheet_names_the_layers_whose_coverage_nobody_stated(ask, lang, words):
    zones = ask.desk.write("boxed", [box(0, 0, 90, 90)], {"BSM": ["2"], "GZQLXDM": ["020"]}, "EPSG:4547")
    assert "Coverage only assumed" not in ask("before.html")[1].read_text(encoding="utf-8")
    done("add", ask.desk.library, zones, "--as", "JSYDGZQ", "--covers", "extent", "--label", "2", "--sure")
    sheets = json.loads(ask("s.json")[1].read_text(encoding="utf-8"))["sheets"]
    assert [sheet["assumed"] for sheet in sheets] == [["JSYDGZQ"]] * 2
    assert ask("s.html", lang=lang)[1].read_text(encoding="utf-8").count(words) == 2
