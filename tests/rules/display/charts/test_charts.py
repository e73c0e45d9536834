"""Charts read back as XML: lengths by hand, zero on the axis, unknown hatched, parts distinct for every eye."""

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
import typst

from onemap.rules.display.charts.bars import BarSeries, bar_chart, stacked_bars
from onemap.rules.display.charts.bullets import Bullet, bullet_chart
from onemap.rules.display.charts.chart_fills import SERIES, UNKNOWN, Fill, filled_box, series_fill
from onemap.rules.display.charts.chart_sheet import ChartWords
from onemap.rules.display.charts.lines import line_chart
from onemap.rules.display.charts.number_axis import number_axis, value_text
from onemap.rules.display.charts.quota_bars import PART_FILLS, QuotaBar, quota_bars
from onemap.rules.display.charts.small_multiples import Panel, small_multiples
from onemap.rules.display.charts.transition_table import transition_table
from onemap.tests.layers.catalogue.test_map_colours import EYES, lab

WORDS = ChartWords("用地 <结构> & more", "公顷", "2024-12-31 · DLTB@2024", "zh")
SVG = "{http://www.w3.org/2000/svg}"


def boxes(picture: str, colour: str) -> list[dict[str, float]]:
    """The boxes of one colour, without the legend's swatches (5.5 mm wide)."""
    found = [node.attrib for node in ElementTree.fromstring(picture).iter(f"{SVG}rect") if node.get("fill") == colour]
    sizes = [{name: float(box[name]) for name in ("x", "y", "width", "height")} for box in found]
    return [box for box in sizes if box["width"] != 5.5]


def texts(picture: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(picture).iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("values", "low", "high", "step"),
    [
        ([3.0, 9.0], 0.0, 10.0, 2.0),
        ([950.0, 1000.0], 0.0, 1000.0, 200.0),
        ([-4.0, 5.0], -4.0, 6.0, 2.0),
        ([-0.003], -0.003, 0.0, 0.0005),
        ([None, 0.0], 0.0, 1.0, 0.2),
        ([], 0.0, 1.0, 0.2),
    ],
)
def test_an_axis_holds_zero_and_has_round_marks(values, low, high, step):
    axis = number_axis(values, 10.0, 110.0)
    assert (axis.low, axis.high, axis.step) == pytest.approx((low, high, step))
    assert any(abs(mark) < 1e-12 for mark in axis.marks) and len(axis.marks) <= 8
    assert axis.place(axis.low) == 10.0 and axis.place(axis.high) == pytest.approx(110.0)


@pytest.mark.parametrize(
    ("value", "others", "text"),
    [(1234.56, [], "1,235"), (12.345, [], "12.35"), (0.0001, [890.0], "< 0.1"), (-0.0001, [890.0], "> −0.1")]
    + [(-12.0, [], "−12.00"), (0.0, [5.0], "0.000")],
)
def test_a_small_number_never_reads_as_nothing(value, others, text):
    assert value_text(value, [value, *others]) == text


def test_bars_begin_at_zero_and_are_as_long_as_their_numbers():
    picture = bar_chart(WORDS, ["甲", "乙", "丙"], [BarSeries("2024", (40.0, 10.0, -20.0))], [30.0, None, None])
    first, second, third = boxes(picture, SERIES[0].colour)
    assert first["width"] / second["width"] == pytest.approx(4.0, abs=0.01)
    assert third["width"] / second["width"] == pytest.approx(2.0, abs=0.01)
    assert third["x"] + third["width"] == pytest.approx(first["x"], abs=0.02) and first["x"] == second["x"]
    targets = [
        float(line.attrib["x1"])
        for line in ElementTree.fromstring(picture).iter(f"{SVG}line")
        if line.get("stroke-width") == "0.7"
    ]
    assert targets == pytest.approx([first["x"] + 0.75 * first["width"]], abs=0.02)
    assert {"用地 <结构> & more", "公顷", "2024-12-31 · DLTB@2024", "40.00", "目标"} <= set(texts(picture))


def test_what_nobody_knows_is_hatched_and_never_a_bar_of_nothing():
    known = bar_chart(WORDS, ["甲", "乙"], [BarSeries("2024", (40.0, 0.0))])
    unknown = bar_chart(WORDS, ["甲", "乙"], [BarSeries("2024", (40.0, None))])
    assert "未知" not in texts(known) and texts(unknown).count("未知") == 2  # in the row, in the legend
    assert boxes(unknown, UNKNOWN.colour)[1]["width"] > boxes(unknown, SERIES[0].colour)[0]["width"] - 0.1
    years = line_chart(WORDS, {"2019": 2019, "2020": 2020, "2022": 2022}, [BarSeries("甲", (1.0, None, 3.0))])
    path = next(node for node in ElementTree.fromstring(years).iter(f"{SVG}path") if node.get("stroke-width") == "0.6")
    assert path.attrib["d"].count("M") == 2 and "L" not in path.attrib["d"]  # no line crosses the year
    panels = small_multiples(WORDS, ["2020", "2024"], [Panel("甲", (1.0, None)), Panel("乙", (2.0, 3.0))])
    assert len(boxes(panels, SERIES[0].colour)) == 3 and "未知" in texts(panels)


def test_stacked_parts_add_up_and_a_missing_part_says_at_least():
    series = [BarSeries("耕地", (10.0, 30.0)), BarSeries("林地", (20.0, None))]
    picture = stacked_bars(WORDS, ["东", "西"], series)
    (east, west), (woods,) = boxes(picture, SERIES[0].colour), boxes(picture, SERIES[1].colour)
    assert west["width"] == pytest.approx(3 * east["width"], abs=0.02)
    assert woods["width"] == pytest.approx(2 * east["width"], abs=0.02)
    assert woods["x"] == pytest.approx(east["x"] + east["width"], abs=0.02)
    assert {"30.00", "≥ 30.00", "未知"} <= set(texts(picture))


def test_years_lie_in_true_distances_with_target_and_break():
    series = [BarSeries("净", (10.0, 8.0, 6.0)), BarSeries("毛", (12.0, 10.0, 8.0))]
    picture = line_chart(WORDS, {"2009": 2009, "2019": 2019, "2024": 2024}, series, [9.0] * 3, {"2019": "三调"})
    paths = [node for node in ElementTree.fromstring(picture).iter(f"{SVG}path") if "L" in node.attrib["d"]]
    points = [np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", path.attrib["d"]), float) for path in paths]
    assert len(points) == 3
    for line in points:
        assert np.diff(line[:, 0])[0] == pytest.approx(2 * np.diff(line[:, 0])[1], abs=0.03)
    assert np.diff(points[0][:, 1]) == pytest.approx(np.diff(points[1][:, 1]), abs=0.03)
    assert np.ptp(points[2][:, 1]) == 0 and points[0][0, 1] < points[2][0, 1] < points[0][1, 1]
    assert {"≠ 三调", "净", "毛", "目标", "6.00", "8.00"} <= set(texts(picture))


def test_counts_are_whole_numbers():
    counts = replace(WORDS, is_count=True)
    picture = stacked_bars(counts, ["许可"], [BarSeries("突破", (2.0,)), BarSeries("预警", (8.0,))])
    assert "10" in texts(picture) and "10.00" not in texts(picture)
    assert "3" in texts(bar_chart(counts, ["许可"], [BarSeries("数", (3.0,))]))


def test_bullets_show_value_target_and_the_side_of_the_alarm():
    rows = [
        Bullet("耕地保有量", "ha", 90.0, "▲ 预警", 100.0, 95.0, 80.0),
        Bullet("建设用地", "ha", 90.0, "✓ 达标", 100.0, 95.0, 100.0, is_ceiling=True),
        Bullet("路网密度", "km/km²", None, "? 未知", 8.0),
    ]
    picture = bullet_chart(WORDS, rows)
    dark = boxes(picture, "#B0B0B0")
    bars = boxes(picture, SERIES[0].colour)
    assert len(bars) == 2 and bars[0]["width"] == pytest.approx(bars[1]["width"])
    floor, *ceiling = dark  # 80 of 100 from zero; a ceiling's alarm begins at the end of this axis
    assert floor["x"] == bars[0]["x"] and floor["width"] == pytest.approx(bars[0]["width"] * 8 / 9, abs=0.02)
    assert ceiling == []
    assert {"▲ 预警", "✓ 达标", "? 未知", "90.00 ha / 100.0", "预警", "突破"} <= set(texts(picture))


def test_a_value_that_is_held_against_nothing_has_no_bar():
    picture = bullet_chart(WORDS, [Bullet("湿地面积", "ha", 58.28, "– 不作评价")])
    assert boxes(picture, SERIES[0].colour) == boxes(picture, "#EFEFEF") == []
    assert "58.28 ha" in texts(picture) and "目标" not in texts(picture)
    both = bullet_chart(WORDS, [Bullet("湿地面积", "ha", 58.28, "–"), Bullet("林地", "ha", 9.0, "✓", 8.0)])
    assert len(boxes(both, SERIES[0].colour)) == 1 and "目标" in texts(both)


def test_values_without_targets_share_an_axis_with_those_of_their_unit():
    rows = [Bullet("耕地", "ha", 80.0, "–"), Bullet("林地", "ha", 20.0, "–"), Bullet("绿化率", "%", 25.0, "–")]
    picture = bullet_chart(WORDS, [*rows, Bullet("人口", "人", 9.0, "–")])
    bars = boxes(picture, SERIES[0].colour)
    first, second, share = (bar["width"] for bar in bars)
    assert second == pytest.approx(first / 4, abs=0.02) and len({bar["x"] for bar in bars}) == 1
    assert share == pytest.approx(first / 4, abs=0.02)  # a part of the whole, while the other axis ends at 80
    assert "计量单位相同的指标用同一坐标轴。" in texts(picture)


def test_a_transition_table_has_both_margins():
    areas = {("耕地", "耕地"): 70.0, ("耕地", "建设"): 30.0, ("建设", "建设"): 50.0}
    picture = transition_table(WORDS, ["耕地", "建设"], areas, ("2020年", "2024年"))
    assert texts(picture)[3:] == [
        *("耕地", "建设", "合计"),
        *("耕地", "70.0000", "30.0000", "100.0000"),
        *("建设", "–", "50.0000", "50.0000"),
        *("合计", "70.0000", "80.0000", "150.0000"),
        "2024-12-31 · DLTB@2024",
    ]


@pytest.mark.parametrize("lines", ["rising", "level", "upright"])
@pytest.mark.parametrize("size", [(30.0, 4.0), (0.4, 9.0), (3.0, 3.0)])
def test_hatching_stays_in_its_box(lines, size):
    drawn = filled_box(10, 20, *size, Fill("#FFFFFF", lines, "#000000"))
    ends = np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", drawn), float)
    if lines == "rising" or size[0] > 1:
        assert len(ends)
    if len(ends):
        assert (ends >= np.array([10, 20]) - 0.006).all() and (
            ends <= np.array([10, 20]) + size + np.array(0.006)
        ).all()


@pytest.mark.parametrize("eyes", EYES)
def test_series_that_stand_beside_each_other_are_told_apart_by_every_eye(eyes):
    for one, other in pairwise([*SERIES, SERIES[0]]):
        far = np.linalg.norm(lab(one.colour, eyes) - lab(other.colour, eyes))
        assert far > 20, (eyes, one, other, far)
    assert len({(fill.colour, fill.lines) for fill in SERIES}) == len(SERIES) and series_fill(8) == SERIES[0]


def test_every_chart_becomes_a_page_with_its_chinese_text(tmp_path):
    picture = bar_chart(WORDS, ["水田", "旱地"], [BarSeries("2024", (40.0, None))])
    (tmp_path / "chart.svg").write_text(picture, encoding="utf-8")
    (tmp_path / "page.typ").write_text('#set page(width: auto, height: auto)\n#image("chart.svg")', encoding="utf-8")
    png = typst.compile(str(tmp_path / "page.typ"), format="png", ppi=72)
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and len(png) > 3000


# What Qt's SVG (Tiny 1.2, in Qt 5 as in Qt 6) draws: no patterns, clips, styles or filters.
DRAWN = {
    "svg": {"width", "height", "viewBox", "role", "aria-label", "font-family"},
    "g": {"transform"},
    "rect": {"x", "y", "width", "height", "fill", "stroke", "stroke-width"},
    "path": {"d", "transform", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "line": {"x1", "y1", "x2", "y2", "stroke", "stroke-width", "stroke-dasharray"},
    "circle": {"cx", "cy", "r", "fill", "stroke", "stroke-width"},
    "text": {"x", "y", "font-size", "font-weight", "text-anchor", "fill", "transform"},
}


@pytest.mark.parametrize("width_mm", [85.0, 165.0])
def test_every_chart_says_only_what_qt_can_draw_and_stays_within_its_width(width_mm):
    names, series = ["甲", "乙"], [BarSeries("现状", (3.0, None)), BarSeries("规划", (4.0, 2.0), UNKNOWN)]
    quota = QuotaBar("清源街道", 4.0, 1.0, 0.5, 0.5, 6.0, "现有 4 公顷、已批 1 公顷、在审 0.5 公顷、余量 0.5 公顷")
    lines = [BarSeries("一", (1.0, None)), BarSeries("二", (1.0, 3.0))]
    pictures = [
        bar_chart(WORDS, names, series, [5.0, None], width_mm),
        stacked_bars(WORDS, names, series, width_mm),
        line_chart(WORDS, {"2020": 0, "2024": 4}, lines, [2.0, 2.0], {"2024": "另一版本的分类"}, width_mm),
        bullet_chart(WORDS, [Bullet("耕地", "公顷", None, "?", 2.0, 1.9, 1.8)], width_mm),
        small_multiples(WORDS, ["2020", "2024"], [Panel("甲", (1.0, None), (2.0, 2.0), (1,))], width_mm),
        transition_table(WORDS, names, {("甲", "乙"): 1.0}, ("2020", "2024"), width_mm),
        quota_bars(WORDS, [quota, replace(quota, approved=None, free=None)], width_mm),
    ]
    for picture in pictures:
        for node in ElementTree.fromstring(picture).iter():
            assert set(node.attrib) <= DRAWN[node.tag.removeprefix(SVG)], ElementTree.tostring(node)
            reach = float(node.get("x", 0)) + float(node.get("width", "0").removesuffix("mm"))
            assert reach <= width_mm + 0.01, ElementTree.tostring(node)


def test_a_quota_is_as_long_as_its_parts_and_its_target_stands_across():
    picture = quota_bars(WORDS, [QuotaBar("甲", 6.0, 2.0, 1.0, 1.0, 10.0, "余量 1 公顷")])
    lengths = [boxes(picture, fill.colour)[0]["width"] for fill in PART_FILLS.values() if fill.colour != "#FFFFFF"]
    assert [length / lengths[0] for length in lengths] == pytest.approx([1, 1 / 3, 1 / 6], abs=0.002)
    (free,) = [box for box in boxes(picture, "#FFFFFF") if box["height"] == 4.6]
    (target,) = ElementTree.fromstring(picture).iter(f"{SVG}line")
    assert float(target.get("x1")) == pytest.approx(free["x"] + free["width"], abs=0.02), "all that is free ends there"
    assert "余量 1 公顷" in texts(picture)
    beyond = quota_bars(WORDS, [QuotaBar("甲", 12.0, 0.0, 0.0, -2.0, 10.0)])
    assert [box for box in boxes(beyond, "#FFFFFF") if box["height"] == 4.6] == [], "nothing is free beyond the target"
