"""Pages of indicators: the answer's values in titles and words, hatched if unknown, a page for each unit."""

import re
from xml.etree import ElementTree

import geopandas as gpd
import pytest
from docx import Document
from openpyxl import load_workbook
from shapely import box

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.numbers.indicators.indicator_pack import parse_indicator_pack
from onemap.rules.numbers.indicators.indicator_pages import _indicators_together
from onemap.rules.numbers.indicators.indicator_targets import limits_of
from onemap.tests.rules.numbers.indicators.small_packs import pack_of

WEST, EAST = box(0, 0, 100, 100), box(100, 0, 200, 100)  # a hectare each
HEAD = """
[pack]
id = "town"
version = "3"
title = { zh = "城镇体检", en = "Town check-up" }
issuer = "town"
edition = "1"
[[term]]
id = "fields"
kind = "sum"
layer = "FIELDS"
field = "NET"
[[term]]
id = "lost"
kind = "count"
layer = "GYL"
[[term]]
id = "none"
kind = "count"
layer = "FIELDS"
where = "NET < 0"
"""
ITEM = """
[[indicator]]
id = "{id}"
title = {{ zh = "{zh}", en = "{en}" }}
formula = "{formula}"
unit = "{unit}"
nature = "binding"
source = "by hand"
{more}
"""


def item(identifier, zh, en, formula, unit, more):
    return ITEM.format(id=identifier, zh=zh, en=en, formula=formula, unit=unit, more=more)


@pytest.fixture
def town(desk):
    """Fields of 0.54 and 0.18 ha in two units; the count from a missing layer is unknown."""
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["西区", "东区"]})
    desk.layer("FIELDS", [box(0, 0, 80, 100), box(100, 0, 150, 100)], {"NET": [5400.0, 1800.0]}, label="2024")
    pack = desk.folder / "town.toml"
    items = [
        item("kept", "耕地保有量", "Arable land kept", "fields", "ha", 'bound = "floor"\ntarget = 0.5\nwarn = 1.2'),
        item("lost", "公园个数", "Number of parks", "lost", "count", 'bound = "floor"\ntarget = 2'),
        item(
            "each", "每处面积", "Area of each", "fields / none", "m2/count", 'bound = "none"\nzero = "not_applicable"'
        ),
    ]
    pack.write_text(HEAD + "".join(items), encoding="utf-8")
    return ["indicators", desk.library, "--pack", pack, "--unit=UNITS", "--unit-field=NAME", "--as-of=2025-06-01"]


def texts(page):
    return re.sub(r"<[^>]+>", "|", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "zh",
            [
                "2 个单元的指标，2025-06-01",
                "耕地保有量（公顷）",
                "0.54 / 0.50 ▲ 预警",
                "0.18 / 0.50 ■ 突破",
                "▲ 预警",
                "■ 突破",
                "? 无法判定",
                "城镇体检 3",
                "2024",
            ],
        ),
        (
            "en",
            ["Indicators of 2 units, 2025-06-01", "Arable land kept (ha)", "0.18 / 0.50 ■ broken", "▲ near the limit"],
        ),
    ],
)
def test_units_beside_each_other_say_values_in_titles_and_status_by_sign_and_word(
    desk, town, tmp_path, language, words
):
    page = tmp_path / "page.html"
    answer = desk.run(*town, "--page", page, lang=language)
    assert answer.code == 0 and answer.json["page"] == str(page), answer.json
    page_text, drawn = texts(page), page.read_text(encoding="utf-8")
    assert [word for word in words if word not in page_text] == []
    assert drawn.count("<section>") == drawn.count("<svg") == 2, "two units on one page, and what the one quota leaves"
    chart = drawn.split("<svg")[1].split("</svg>")[0]
    unknown = "公园个数" if language == "zh" else "Number of parks"
    assert unknown in page_text and unknown not in chart, (
        "what nobody knows of any unit is in the table, with its reason"
    )
    never = "每处面积" if language == "zh" else "Area of each"
    assert never in page_text and never not in chart, "what does not apply is not unknown"
    assert "fields" not in page_text and "FIELDS__" not in page_text, (
        "what a unit's fields are is told by the layer's title"
    )


def test_all_units_have_one_axis(desk, town, tmp_path):
    """0.54 and 0.18 ha: the bars are as 3 to 1."""
    page = tmp_path / "page.html"
    assert desk.run(*town, "--only=kept", "--page", page, lang="en").code == 0
    chart = "<svg" + page.read_text(encoding="utf-8").split("<svg")[1].split("</svg>")[0] + "</svg>"
    boxes = ElementTree.fromstring(chart).iter("{http://www.w3.org/2000/svg}rect")
    bars = [float(one.get("width")) for one in boxes if one.get("fill") == "#1F3B63"]
    assert sorted(bar / max(bars) for bar in bars) == pytest.approx([1 / 3, 1], abs=0.01)


def test_one_unit_has_a_page_of_its_own(desk, town, tmp_path):
    page = tmp_path / "page.html"
    assert desk.run(*town, "--units-where=NAME = '西区'", "--page", page, lang="zh").code == 0
    page_text, drawn = texts(page), page.read_text(encoding="utf-8")
    assert "西区的指标，2025-06-01" in page_text and "0.54 公顷" in page_text and drawn.count("<section>") == 2


@pytest.mark.parametrize(("language", "row"), [("zh", ["单元图层", "全辖区"]), ("en", ["Units from", "The district"])])
def test_the_page_of_the_whole_district_says_so_and_its_title_once(onemap, tmp_path, language, row):
    library, page, district, survey = (tmp_path / name for name in ("a.gpkg", "page.html", "d.gpkg", "DLTB.gpkg"))
    land = gpd.GeoDataFrame({"BSM": ["1"], "DLBM": ["0701"]}, geometry=[box(0, 0, 100, 100)], crs="EPSG:4547")
    land.to_file(survey)
    land[["geometry"]].to_file(district)
    assert onemap("new", library, "--crs=EPSG:4547", "--district", district).code == 0
    assert onemap("add", library, survey, "--as=DLTB", "--valid-from=2024-12-31", "--covers=district").code == 0
    onemap("indicators", library, "--only=built.housing", "--page", page, "--unrecorded", lang=language).done()
    section = page.read_text(encoding="utf-8").split("<section>")[1]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", section)
    assert cells[cells.index(row[0]) + 1] == row[1]
    title, chart = re.findall(r"<h1>([^<]*)</h1>", section)[0], section.split("<svg")[1].split("</svg>")[0]
    assert f'aria-label="{title}"' in chart and f">{title}</text>" not in chart


@pytest.mark.slow
def test_word_and_pdf_hold_the_same_table(desk, town, tmp_path):
    word, pdf = tmp_path / "page.docx", tmp_path / "page.pdf"
    for target in (word, pdf):
        assert desk.run(*town, "--page", target, lang="zh").code == 0
    document = Document(str(word))
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert ["耕地保有量（公顷）", "0.54 / 0.50 ▲ 预警", "0.18 / 0.50 ■ 突破"] in cells
    assert ["公园个数（个）", "– / 2 ? 无法判定", "– / 2 ? 无法判定"] in cells
    notes = [paragraph.text for paragraph in document.paragraphs]
    assert any(text.startswith("公园个数：各单元 ") for text in notes), "why nobody knows it"
    assert len(document.inline_shapes) == 2 and pdf.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("keys", "number", "limits"),
    [
        ('bound = "floor"\ntarget = 100\nwarn = 1.05\nalarm = 0.9', 100.0, (105.0, 90.0, False)),
        ('bound = "ceiling"\ntarget = 100\nwarn = 0.98', 100.0, (98.0, 100.0, True)),
        ('bound = "band"\ntarget = [10, 30]\nwarn = 0.9', 30.0, (28.0, 30.0, True)),
        ('bound = "band"\ntarget = [10, 30]\nwarn = 0.9', 10.0, (12.0, 10.0, False)),
        ('bound = "floor"\ntarget = 100', 100.0, (None, 100.0, False)),
        ('bound = "none"', 100.0, (None, None, False)),
    ],
)
def test_a_chart_is_told_from_where_on_it_warns(keys, number, limits):
    text = HEAD.replace("FIELDS", "YJJBNT").replace("NET", "YJJBNTMJ")
    pack = parse_indicator_pack(text + item("i", "题", "t", "fields", "ha", keys), "p.toml", shipped_catalogue())
    assert limits_of(pack.indicators[0], number) == (
        pytest.approx(limits[0]) if limits[0] else None,
        pytest.approx(limits[1]) if limits[1] else None,
        limits[2],
    )


def test_a_page_that_is_there_is_refused_before_any_work(desk, town, tmp_path):
    page = tmp_path / "there.pdf"
    page.write_text("mine")
    answer = desk.run(*town, "--page", page)
    assert answer.codes == ["out.exists"] and page.read_text() == "mine"


def test_several_days_are_lines_of_one_unit_and_small_pictures_of_several(desk, town, tmp_path):
    """Fields lose 0.18 ha until 2026; the target of 0.5 ha is drawn beside them."""
    fields = {"NET": [3600.0, 1800.0]}
    desk.layer("FIELDS", [box(0, 0, 80, 100), box(100, 0, 150, 100)], fields, label="2026", valid_from="2026-01-01")
    page, sheet = tmp_path / "days.html", tmp_path / "days.xlsx"
    days = ("--as-of=2026-06-01", "--only=kept,lost", "--page", page, "--overwrite", "--unrecorded")
    answer = desk.run(*town, *days, "--out", sheet, lang="zh")
    assert answer.code == 0 and not answer.json["run"]["recorded"], answer.json
    first, *rest = page.read_text(encoding="utf-8").split("<section>")[1:]
    assert "耕地保有量，2025 至 2026" in first and len(rest) == 2, "of what has no value nobody draws a series"
    drawn = ElementTree.fromstring("<svg" + first.split("<svg")[1].split("</svg>")[0] + "</svg>")
    boxes = drawn.iter("{http://www.w3.org/2000/svg}rect")
    bars = [float(one.get("height")) for one in boxes if one.get("fill") == "#1F3B63"]
    assert [bar / bars[0] for bar in bars] == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3], abs=0.01)
    page_text = texts_of(rest)
    assert "2025-06-01" not in page_text.replace("（2025-06-01）", ""), (
        "a unit's page is of the last day, and of the trend"
    )
    assert "↘ 下降 此前 0.54（2025-06-01）" in page_text and "→ 不变" in page_text
    (lines,) = load_workbook(sheet)["图表"]._charts[:1]
    assert [type(one).__name__ for one in lines._charts] == ["LineChart"]
    assert desk.run(*town, *days, "--units-where=NAME = '西区'", lang="zh").code == 0
    head, one = re.split("<section[^>]*>", page.read_text(encoding="utf-8"))[1:3]
    assert "<h1>西区历年指标，2025-06-01 至 2026-06-01</h1>" in head and "<h2>耕地保有量</h2>" in one
    assert one.count("<circle") == 2 and "目标" in one and "西区" not in texts_of([one.split("</svg>")[1]])


def test_many_indicators_of_one_unit_on_two_days_have_these_side_by_side(desk, tmp_path):
    shapes = [box(0, 0, 80, 100), box(100, 0, 150, 100)]
    for day, net in (("2025-01-01", [3600.0, 1800.0]), ("2026-01-01", [2400.0, 1200.0])):
        desk.layer("FIELDS", shapes, {"NET": net}, label=day[:4], valid_from=day)
    pack = pack_of(desk, {"net": 'kind = "sum"\nlayer = "FIELDS"\nfield = "NET"'}, *['formula = "net"'] * 16)
    desk.layer("UNITS", [box(0, 0, 200, 100)], {"NAME": ["W"]})
    page = tmp_path / "days.html"
    days = ("--as-of=2025-06-01", "--as-of=2026-06-01", "--unit=UNITS", "--unit-field=NAME")
    desk.run("indicators", desk.library, "--pack", pack, *days, "--page", page, "--unrecorded", lang="en").done()
    sections = page.read_text(encoding="utf-8").split("<section>")[1:]
    over_days = [one for one in sections if "2025-06-01 to 2026-06-01" in one]
    assert len(over_days) == 2, "and not a chart of two points for each of the sixteen"
    assert "2025-06-01|" in texts_of(over_days[:1]) and "5,400" in over_days[0] and "3,600" in over_days[1]


def test_a_reason_of_many_indicators_names_the_few_that_it_is_not_of():
    every = [f"indicator {number}" for number in range(1, 10)]
    assert _indicators_together(every, every, "en") == "All indicators of this page"
    assert _indicators_together(every[2:], every, "en") == "All indicators of this page except indicator 1, indicator 2"
    assert _indicators_together(every[:2], every, "en") == "indicator 1, indicator 2"
    assert _indicators_together(every[:1], every[:1], "zh") == "indicator 1"


def texts_of(sections):
    return re.sub(r"<[^>]+>", "|", "".join(sections))
