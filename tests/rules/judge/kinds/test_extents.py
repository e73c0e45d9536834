"""A finding that counts things shows how many, wherever findings are shown, in numbers worked out by hand."""

import json
import re

import pytest
from shapely import LineString, Point, box

from onemap.layers.messages import LANGUAGES
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.finding_figures import EXACT, PLAIN, sentence_figures

# Of parcel A three points lie 12, 13 and 14 m away; in B lie three, two of them at one place; at C's corner lies one.
POINTS = [Point(22, 5), Point(23, 5), Point(24, 5), Point(105, 5), Point(105, 5), Point(106, 5), Point(200, 0)]
PARCELS = {"A": box(0, 0, 10, 10), "B": box(100, 0, 110, 10), "C": box(200, 0, 210, 10)}
NEAR = {"id": "near", "kind": "near", "distance_m": 15, "verdict": "notice", "title": {"zh": "周边", "en": "Nearby"}}
CROSS = {"id": "cross", "kind": "cross", "title": {"zh": "树木", "en": "Trees"}}
SAID = {  # by language: what each parcel's rule finds
    "zh": {
        ("A", "near"): "3 处，最近 12.0 m",
        ("B", "near"): "3 处，最近处与地块相接或相交",
        ("B", "cross"): "2 处",
        ("C", "near"): "1 处，最近处与地块相接或相交",
    },
    "en": {
        ("A", "near"): "3 objects, the nearest 12.0 m away",
        ("B", "near"): "3 objects, the nearest meets the parcel",
        ("B", "cross"): "2 places",
        ("C", "near"): "1 object, the nearest meets the parcel",
    },
}


@pytest.fixture
def trees(desk):
    """A desk with the points, and a pack of both rules, neither of which words a draft."""
    desk.layer("ZONE", POINTS, geometry="point", covers=box(-500, -500, 500, 500))
    desk.pack(NEAR, CROSS)
    return desk


@pytest.mark.parametrize("language", LANGUAGES)
def test_explain_has_a_line_with_every_digit_and_one_to_read(trees, language):
    run = trees.check(PARCELS).answer.json["run"]["id"]
    for (parcel, rule), words in SAID[language].items():
        steps = trees.run("explain", trees.library, run, parcel, rule, lang=language).json["steps"]
        (step,) = (step for step in steps if step["key"] == "conflict")
        assert (step["said"], step["value"]) == (words, words.replace("12.0 m", "12.000 m"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sheet_says_how_many(trees, language):
    parcels, target = trees.parcels(PARCELS), trees.folder / "s.html"
    pack = trees.folder / "test.toml"
    trees.run("sheet", trees.library, parcels, target, "--pack", pack, lang=language).done()
    page = target.read_text(encoding="utf-8")
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    words = list(SAID[language].values())
    assert [cell for cell in cells if cell in words] == [words[0], words[2], words[1], words[3]]  # the gravest first
    assert "↔" not in page


def test_a_sheet_of_figures_has_no_words_of_them(trees):
    target = trees.folder / "s.json"
    trees.run("sheet", trees.library, trees.parcels(PARCELS), target, "--pack", trees.folder / "test.toml")
    row = json.loads(target.read_text(encoding="utf-8"))["sheets"][0]["findings"][0]
    assert (row["features"], row["distance_m"], "extent" in row) == (3, 12.0, False)


@pytest.fixture
def case_of(trees):
    """Opens a case of some parcels: its JSON."""

    def open_case(*names, language="en"):
        parcels = trees.parcels({name: PARCELS[name] for name in names})
        who = ("--project", "p", "--by", "lead", "--pack", trees.folder / "test.toml")
        return trees.run("review", "open", trees.library, parcels, *who, lang=language).done().json

    return open_case


def draft_of(case):
    return next(one["text"] for one in case["opinions"] if one["department"] == "land")


def test_a_draft_says_how_many(case_of):
    assert draft_of(case_of("A", language="zh")) == "周边（提示）：3 处，最近 12.0 米。"
    assert draft_of(case_of("A")) == "Nearby (notice): 3 objects, the nearest 12.0 m away."
    assert draft_of(case_of("B", language="zh")).splitlines() == [
        "1. 树木（禁止）：2 处。",
        "2. 周边（提示）：3 处，最近处与地块相接或相交。",
    ]


def test_of_several_parcels_a_draft_says_that_each_is_counted_by_itself(case_of):
    case = case_of("A", "B", "C", language="zh")
    assert draft_of(case).splitlines() == [
        "1. 树木（禁止）：2 处。（地块：B）",
        "2. 周边（提示）：7 处，最近处与地块相接或相交（按地块分别计数）。（地块：A、B、C）",
    ]


def test_a_report_prints_how_many_and_no_hectares_of_what_has_none(trees, case_of):
    case, page = case_of("A", "B")["case"], trees.folder / "report.html"
    trees.run("review", "export", trees.library, case, page, "--document", "report").done()
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page.read_text(encoding="utf-8"))
    assert SAID["en"][("A", "near")] in cells and "2 places" in cells
    assert "6 objects, the nearest meets the parcel (each parcel counted by itself)" in cells
    rows = [row for row in re.findall(r"<tr.*?</tr>", page.read_text(encoding="utf-8"), re.S) if "Trees" in row]
    assert rows and not any("0.0000" in row for row in rows)


def test_of_lines_the_length_and_the_number_are_said(desk):
    desk.layer("ZONE", [LineString([(-5, 5), (15, 5)]), LineString([(2, -5), (2, 4)])], geometry="line")
    run = desk.check({"A": box(0, 0, 10, 10)}, {"kind": "cross"}).answer.json["run"]["id"]
    steps = desk.run("explain", desk.library, run, "A", "r", lang="zh").json["steps"]
    (step,) = (step for step in steps if step["key"] == "conflict")
    assert (step["value"], step["said"]) == ("14.000 m，2 个要素", "14.0 m，2 个要素")  # 10 + 4


COUNTED = {"features": 3, "length_m": None, "value": None, "distance_m": None}


@pytest.mark.parametrize(
    ("kind", "finding", "figures", "words"),
    [
        ("near", {"distance_m": 12.04}, PLAIN, "3 处，最近 12.0 m"),
        ("near", {"distance_m": 0.01}, PLAIN, "3 处，最近 < 0.1 m"),
        ("near", {"distance_m": 0.01}, EXACT, "3 处，最近 0.010 m"),
        ("near", {"distance_m": 1234.5}, sentence_figures("zh"), "3 处，最近 1,234.5 米"),
        ("near", {"features": 0}, PLAIN, "0 处"),
        ("near", {"features": None}, PLAIN, ""),
        ("near", {"distance_m": 12.0, "parcels": 2}, PLAIN, "3 处，最近 12.0 m（按地块分别计数）"),
        ("cross", {"value": 2.0, "distance_m": 0.0}, PLAIN, "2 处"),
        ("cross", {"length_m": 14.0, "distance_m": 0.0}, sentence_figures("zh"), "14.0 米，3 个要素"),
        ("cross", {"length_m": 14.0, "parcels": 2}, PLAIN, "14.0 m，3 个要素（按地块分别计数）"),
        ("cross", {"features": 0}, PLAIN, "0 处"),
        ("avoid", {}, PLAIN, ""),
    ],
)
def test_a_kind_says_how_much_of_a_finding_there_is(kind, finding, figures, words):
    assert KINDS[kind].extent({**COUNTED, **finding}, "zh", figures) == words


def test_what_could_not_be_judged_is_explained_by_its_ground():
    unknown = {**COUNTED, "features": None, "area_m2": 100.0, "share": 0.5}
    for kind in ("near", "cross"):
        assert KINDS[kind].explained(unknown, "en", PLAIN) == ("100 m²", "50.0%", "")


def test_figures_in_a_sentence_have_their_units_in_words():
    figures = sentence_figures("zh")
    assert (figures.area(12_345.0), figures.area(0.01), figures.length(None)) == ("12,345 平方米", "< 0.1 平方米", "")
    assert (sentence_figures("en").area(5.0), sentence_figures("en").length(0.01)) == ("5.0 m²", "< 0.1 m")
