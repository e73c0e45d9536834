"""The list of findings: names are complete however many there are, and only visible rows are measured."""

from dataclasses import replace

import pytest
from qgis.PyQt.QtCore import QModelIndex, QSize, Qt
from qgis.PyQt.QtGui import QPalette, QTextLayout, QTextOption
from qgis.PyQt.QtWidgets import QStyle, QStyleOptionViewItem

from onemap.plugin.desk.answers.name_delegate import (
    BREAK,
    JOIN,
    LINE_END,
    NO_BREAK,
    NameDelegate,
    breakable,
    text_width,
    wrapped_height,
)
from onemap.plugin.desk.results import results_model
from onemap.plugin.desk.results.findings_tree import FindingsTree
from onemap.plugin.desk.results.results import CheckedParcel, Finding, in_rows
from onemap.plugin.desk.results.results_model import ResultsModel
from onemap.tests.plugin.small_town import lay_out

PARCELS, FINDINGS = 10_000, 3
NAME = "某某市某某区某某街道建设项目用地红线第{}号地块"
LONG_WORD = "A_NUMBER_WITHOUT_A_BLANK_0123456789_0123456789"
ICON_PX = 16
MOST_MEASURED = 100  # names of two screens at most


def finding(parcel, number):
    """A finding whose title is longer than a line of a narrow dock."""
    facts = {
        "row": number,
        "parcel": parcel,
        "rule": f"r{number}",
        "title": f"占用永久基本农田保护图斑而未经批准{number}",
    }
    texts = dict.fromkeys(("department", "layer", "version", "reason", "basis", "replaced"), "")
    flags = dict.fromkeys(("estimated", "assumed", "within_error", "check_differs"), False)
    return Finding(
        **facts, **texts, **flags, verdict="prohibited", area_m2=8260.0, ellipsoidal_m2=8260.0, share=0.61,
        length_m=None, distance_m=None, value=None, features=1, counted=True, area_low_m2=None, area_high_m2=None,
        area_check_m2=None,
    )  # fmt: skip


@pytest.fixture
def tree(application):
    """Ten thousand parcels in a list 320 px wide; one has a name that is one long word."""
    model = ResultsModel(QPalette())
    made = FindingsTree(model)
    made.resize(320, 500)
    made.show()
    names = [LONG_WORD if row == 5 else NAME.format(row) for row in range(PARCELS)]
    findings = [tuple(finding(name, one) for one in range(FINDINGS)) for name in names]
    model.set_results(
        [CheckedParcel(row, name, "prohibited", 12345.0, 12345.0, findings[row]) for row, name in enumerate(names)], {}
    )
    made.expand(model.index(0, 0))
    lay_out()
    yield made
    made.deleteLater()


def room_of_text(tree, index):
    """The text that a row draws, and the width and height that Qt's style leaves for it."""
    option = QStyleOptionViewItem()
    option.initFrom(tree)
    option.rect = tree.visualRect(index)
    small = tree.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
    option.decorationSize.setWidth(small)
    option.decorationSize.setHeight(small)
    tree.itemDelegateForColumn(0).initStyleOption(option, index)
    option.features |= QStyleOptionViewItem.ViewItemFeature.WrapText
    icon = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemDecoration, option, tree)
    margin = tree.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1
    return option.text, option.rect.right() - icon.right() - 3 * margin, option.rect.height()


def test_every_name_has_all_its_lines_at_ten_thousand_parcels(tree):
    model = tree.model()
    above, far = model.index(0, 0), model.index_of_parcel(NAME.format(PARCELS - 2))
    for index in (above, model.index(0, 0, above), model.index(5, 0), far):
        tree.setCurrentIndex(index)
        text, width, height = room_of_text(tree, index)
        one_line = wrapped_height("号", tree.font(), 1000)
        assert height >= wrapped_height(text, tree.font(), width) > one_line
        assert text.replace(BREAK, "").replace(JOIN, "").replace(NO_BREAK, " ") == model.data(index)


def test_a_row_far_away_is_reached_without_measuring_those_between(tree, monkeypatch):
    measured, plain = [], NameDelegate.sizeHint

    def count_row(delegate, option, index):
        measured.append(index.row())
        return plain(delegate, option, index)

    monkeypatch.setattr(NameDelegate, "sizeHint", count_row)
    model = tree.model()
    for row in (PARCELS - 10, 0, PARCELS // 2):
        measured.clear()
        index = model.index(1, 0, model.index_of_parcel(NAME.format(row)))
        tree.setCurrentIndex(index)
        lay_out()
        assert len(measured) < MOST_MEASURED
        assert tree.viewport().rect().intersects(tree.visualRect(index))
    measured.clear()
    tree.expandAll()
    tree.scrollToBottom()
    lay_out()
    assert len(measured) < MOST_MEASURED


def test_parcels_are_listed_and_their_findings_made_as_somebody_comes_to_them(tree, monkeypatch):
    grouped = []
    monkeypatch.setattr(results_model, "ROWS_AT_ONCE", 200)
    monkeypatch.setattr(results_model, "in_rows", lambda findings: grouped.append(1) or in_rows(findings))
    model = tree.model()
    model.filter(frozenset({"prohibited"}))
    lay_out()
    listed = model.rowCount()
    assert 200 <= listed < PARCELS / 2 and grouped == []
    assert all(model.hasChildren(model.index(row, 0)) for row in (0, listed - 1))
    tree.expand(model.index(3, 0))
    lay_out()
    assert grouped == [1]
    tree.verticalScrollBar().setValue(tree.verticalScrollBar().maximum())
    lay_out()
    assert listed < model.rowCount() < PARCELS
    last = model.index_of_parcel(NAME.format(PARCELS - 1))
    assert (last.row(), model.rowCount(), model.canFetchMore(QModelIndex())) == (PARCELS - 1, PARCELS, False)
    assert model.index_of_parcel("nobody's").row() == 0
    model.filter(frozenset({"clear"}))
    assert model.rowCount() == 0 and not model.index_of_parcel(NAME.format(1)).isValid()


def test_eight_rows_as_high_as_they_are_stay_in_sight(tree):
    tree.keep_rows(8)
    tree.resize(320, tree.minimumHeight())
    lay_out()
    row = tree.model().index(0, 0)
    for _below in range(7):
        row = tree.indexBelow(row)
    assert tree.viewport().rect().contains(tree.visualRect(row))
    heights = tree.minimumHeight()
    tree.resize(900, heights)  # wide enough for a name in one line
    lay_out()
    assert tree.minimumHeight() < heights


def test_a_finding_that_is_not_counted_says_so_in_words_and_to_screen_readers(application):
    model = ResultsModel(QPalette())
    some = (finding("A", 1), replace(finding("A", 2), counted=False, reason="sliver"))
    model.set_results([CheckedParcel(0, "A", "prohibited", 1.0, 1.0, some)], {})
    counted, other = (model.index(row, 0, model.index(0, 0)) for row in range(2))
    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
        assert "not counted" in model.data(other, role) and "not counted" not in model.data(counted, role)


def test_no_chinese_line_begins_with_a_colon_or_ends_with_a_bracket(tree):
    metrics = tree.fontMetrics()
    for name in ("占用一级保护林地：超出覆盖范围", "自然资源和规划局（规划）"):
        whole = metrics.horizontalAdvance(name)
        for width in range(metrics.horizontalAdvance("占用一级"), whole, 3):
            lines = wrapped_lines(breakable(name, metrics, width), tree.font(), width)
            assert len(lines) > 1 and "".join(lines) == name
            assert not any(line.startswith(("：", "）")) or line.endswith("（") for line in lines), lines
    assert breakable("编号AB", metrics, 1) == f"编号A{BREAK}B"  # letters have no place to break of their own
    word = "Three-dimensional"  # ends a line at its hyphen rather than amid its letters
    assert breakable(word, metrics, metrics.horizontalAdvance("dimensional")) == word
    number = "20261122-f829c3cc"  # of a case
    assert breakable(number, metrics, metrics.horizontalAdvance("20261122-")) == number
    number = "20261122-80bc572e"  # of another, whose second half begins with a digit
    width = metrics.horizontalAdvance("20261122-")
    assert wrapped_lines(breakable(number, metrics, width), tree.font(), width) == ["20261122-", "80bc572e"]
    for end in ("\n", LINE_END):  # in the cell, and in what Qt gives to its delegate: each line is for itself
        lines = wrapped_lines(breakable(f"of north{end}{number}", metrics, width), tree.font(), width)
        assert [line.strip() for line in lines] == [f"of{NO_BREAK}north", "20261122-", "80bc572e"]
    assert breakable("2026-11", metrics, metrics.horizontalAdvance("2026-")) == BREAK.join("2026-11")


def test_a_line_ends_between_parts_rather_than_amid_a_verdict_or_before_a_unit(tree):
    metrics, font = tree.fontMetrics(), tree.font()

    def lines_of(text, longest):
        width = metrics.horizontalAdvance(longest)
        lines = wrapped_lines(breakable(text, metrics, width), font, width)
        return [line.replace(JOIN, "").replace(NO_BREAK, " ").strip() for line in lines]

    trends = "40.92 – 559.62 公顷 · ↘ 下降 1 · → 不变 3"
    assert lines_of(trends, "40.92 – 559.62 公顷 · ↘ 下降 1 · → ") == ["40.92 – 559.62 公顷 · ↘ 下降 1 ·", "→ 不变 3"]
    change = "占用生态保护红线：禁止 2,000 m² → 无冲突"
    assert lines_of(change, change[:-1]) == ["占用生态保护红线：禁止 2,000 m²", "→ 无冲突"]
    cut = "占用林地（其中无法判定：81,776 m²）"
    assert lines_of(cut, cut[:-2]) == ["占用林地（其中无法判定：", "81,776 m²）"]


def wrapped_lines(text, font, width):
    """The lines that Qt makes if it may break only between words."""
    layout, option = QTextLayout(text, font), QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    lines = []
    line = layout.createLine()
    while line.isValid():
        line.setLineWidth(width)
        lines.append(text[line.textStart() : line.textStart() + line.textLength()])
        line = layout.createLine()
    layout.endLayout()
    return [line.replace(BREAK, "") for line in lines]


def test_a_name_has_all_the_room_that_the_style_gives_it(tree):
    parcel = tree.model().index(0, 0)
    margin = tree.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1
    for index in (parcel, tree.model().index(0, 0, parcel)):
        tree.setCurrentIndex(index)
        option = QStyleOptionViewItem()
        option.initFrom(tree)
        option.rect = tree.visualRect(index)
        option.decorationSize = QSize(ICON_PX, ICON_PX)
        tree.itemDelegateForColumn(0).initStyleOption(option, index)
        text = tree.style().subElementRect(QStyle.SubElement.SE_ItemViewItemText, option, tree)
        assert text_width(tree, index) == text.width() - 2 * margin


def test_ground_that_one_layer_does_not_cover_is_one_row_with_its_rules_below(application):
    open_ground = [
        replace(finding("P", number), verdict="unknown", layer="LD", reason="outside_coverage", share=1.0)
        for number in range(4)
    ]
    elsewhere = replace(open_ground[0], rule="r9", title="Other ground", area_m2=7.0, ellipsoidal_m2=7.0)
    conflict = finding("P", 7)
    parcel = CheckedParcel(1, "P", "prohibited", 8260.0, 8260.0, (conflict, *open_ground, elsewhere))
    model = ResultsModel(QPalette())
    model.set_results([parcel], {"LD": "Forest land"})
    above = model.index(0, 0)
    rows = [model.index(row, 0, above) for row in range(model.rowCount(above))]
    assert [model.rowCount(row) for row in rows] == [0, 4, 0]
    texts = [model.data(model.index(1, column, above)) for column in range(3)]
    assert texts[0].startswith("Forest land, 4 rules") and texts[1:] == ["8,260 m²", "100.0 %"]
    assert model.finding_at(rows[1]) is None and model.ground_at(rows[1]) == open_ground[0]
    below = [model.index(row, 0, rows[1]) for row in range(4)]
    assert [model.finding_at(row) for row in below] == open_ground
    assert all(model.parent(row) == rows[1] and model.parcel_at(row) == parcel for row in below)
    assert [model.data(model.index(row, 1, rows[1])) for row in range(4)] == [""] * 4  # the ground is said once
    assert model.data(rows[2]).startswith("Other ground")
    assert all(one.title in model.details_at(rows[1]) for one in open_ground)
    assert model.index_of(above, "r2") == rows[1] and model.index_of(above, "none") == rows[0]


def test_the_area_of_a_row_that_comes_in_sight_later_is_whole(application):
    tree = FindingsTree(ResultsModel(QPalette()))
    tree.resize(320, 300)
    tree.show()
    parcels = [CheckedParcel(row, f"P{row}", "clear", 10.0, 10.0) for row in range(PARCELS)]
    tree.model().set_results([*parcels, CheckedParcel(PARCELS, "Large", "clear", 8e7, 8e7)], {})
    lay_out()
    assert tree.columnWidth(results_model.AREA) > tree.fontMetrics().horizontalAdvance("120,000.00 mu")
    tree.deleteLater()
