"""Pages of statistics and transitions: titles instead of codes, the answer's numbers, a chart, every form."""

import re

import pytest
from docx import Document
from shapely.geometry import box

from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk

X, Y = 500_000, 3_000_000  # where the plane is as large as the ellipsoid
DISTRICT = box(X, Y, X + 1000, Y + 1000)


def made_town(folder):
    """Twenty hectares of paddy, ten of which became housing; two versions of the survey."""
    desk = Desk(folder, command)
    library, covers = folder / "town.gpkg", desk.write("c", [DISTRICT], {"n": [1]}, "EPSG:4547")
    done("new", library, "--crs", "EPSG:4547")
    for label, codes in (("2020", ["0101", "0101"]), ("2024", ["0101", "0701"])):
        shapes = [box(X, Y, X + 1000, Y + 100), box(X, Y + 100, X + 1000, Y + 200)]
        source = desk.write(f"land{label}", shapes, {"BSM": ["a", "b"], "DLBM": codes}, "EPSG:4547")
        options = ["--as", "DLTB", "--label", label, "--valid-from", f"{label}-12-31", "--covers", covers]
        done("add", library, source, *options)


@pytest.fixture
def town(tmp_path, copied):
    copied(made_town, tmp_path)
    return tmp_path / "town.gpkg"


def texts(page):
    """The texts that a reader sees, without the origin of the page."""
    return re.sub(r"<script.*?</script>|<[^>]+>", "|", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["地类图斑 2020 → 地类图斑 2024", "水田", "城镇住宅用地", "减少", "−10.0000"]),
        ("en", ["Transitions from Land use patches 2020", "Paddy", "Loss", "−10.0000"]),
    ],
)
def test_a_page_says_what_became_what_in_titles_and_hectares(town, terminal, tmp_path, language, words):
    page = tmp_path / "page.html"
    asked = ("transitions", town, "DLTB@2020", "DLTB@2024", "--by", "DLBM", "--page", page, "--lang", language)
    assert terminal(*asked).returncode == 0
    text = texts(page)
    assert [word for word in words if word not in text] == [] and "DLTB" not in text and "<svg" in page.read_text()
    assert words[0] in page.read_text(encoding="utf-8").split("<svg")[1].split(">")[0], "the chart has its name"
    drawn = page.read_text(encoding="utf-8").split("<svg")[1].split(">", 1)[1].split("</svg>")[0]
    assert re.search(r">[^<]*" + re.escape(words[0]) + r"[^<]*</text>", drawn) is None, (
        "the page's title is right above"
    )


def test_what_changed_comes_first_and_what_did_not_is_said_in_one_word(town, terminal, tmp_path):
    page = tmp_path / "page.html"
    asked = ("transitions", town, "DLTB@2020", "DLTB@2024", "--by", "DLBM", "--page", page, "--lang", "en")
    assert terminal(*asked).returncode == 0
    body = page.read_text(encoding="utf-8").rpartition("<tbody>")[2]
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in body.split("</tr>")][:-1]
    assert rows == [
        ["Paddy field", "20.0000", "10.0000", "10.0000", "0.0000", "−10.0000"],
        ["Urban housing", "0.0000", "10.0000", "0.0000", "10.0000", "10.0000"],
        ["no feature", "80.0000", "80.0000", "", "", "no change"],
    ]


@pytest.mark.slow
def test_classes_and_their_hectares_stand_in_word_and_pdf(town, terminal, tmp_path):
    word, pdf = tmp_path / "page.docx", tmp_path / "page.pdf"
    for target in (word, pdf):
        asked = ("statistics", town, "DLTB@2024", "--by", "DLBM/group", "--page", target, "--lang", "zh")
        assert terminal(*asked).returncode == 0
    document = Document(str(word))
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert ["农用地", "1", "10.0000", "50.0%"] in cells and ["建设用地", "1", "10.0000", "50.0%"] in cells
    assert ["合计", "2", "20.0000", "100.0%"] in cells
    assert ["类别", "图斑数", "面积（公顷）", "占比"] in cells, "the whole district needs no column of units"
    assert len(document.inline_shapes) == 1 and pdf.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("name", "code"), [("page.txt", "statement.suffix"), ("there.pdf", "out.exists")])
def test_a_page_that_cannot_be_written_is_refused_before_any_work(town, onemap, tmp_path, name, code):
    (tmp_path / "there.pdf").write_text("mine")
    answer = onemap("statistics", town, "DLTB", "--page", tmp_path / name)
    assert answer.code in (2, 3) and answer.codes == [code]
    assert (tmp_path / "there.pdf").read_text() == "mine"


def test_units_are_told_from_the_layer_and_a_trace_is_not_called_nothing(town, terminal, desk, onemap, tmp_path):
    halves = [box(X, Y, X + 500, Y + 1000), box(X + 500, Y, X + 1000, Y + 1000)]
    towns = desk.write("towns", halves, {"T": ["a", "b"]}, "EPSG:4547")
    sliver = [box(X, Y, X + 1000, Y + 100), box(X, Y + 100, X + 0.02, Y + 120)]  # 0.4 m² of a road
    source = desk.write("land2025", sliver, {"BSM": ["a", "b"], "DLBM": ["0101", "1004"]}, "EPSG:4547")
    asked = (
        "add",
        town,
        source,
        "--as",
        "DLTB",
        "--label",
        "2025",
        "--valid-from",
        "2025-12-31",
        "--covers",
        tmp_path / "c.gpkg",
    )
    assert onemap(*asked).code == 0
    page = tmp_path / "page.html"
    asked = ("statistics", town, "DLTB@2025", "--by", "DLBM", "--within", towns, "--unit", "T", "--page", page)
    done = terminal(*asked, "--lang", "en")
    assert done.returncode == 0, done.stderr
    text = texts(page)
    assert "Counted in" in text and text.count("|Layer|") == 1
    assert "&lt;\u00a00.0001" in text and "&lt;\u00a00.1%" in text
    assert "Ground without a feature: " in text and " ha ground" not in text
