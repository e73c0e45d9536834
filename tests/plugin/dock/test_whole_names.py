"""Names of layers, departments and groups in the narrow dock: none is cut, at any width and in any language."""

import re

import pytest
from qgis.core import QgsPointXY
from qgis.PyQt.QtGui import QFontMetrics, QTextLayout, QTextOption
from qgis.PyQt.QtWidgets import QApplication, QTreeWidgetItemIterator

from onemap.plugin.desk.answers.name_delegate import LINE_END, breakable, text_width, wrapped_height
from onemap.tests.plugin.small_town import X, Y, awaited, lay_out, open_in, wait_for

WIDTHS_PX = [320, 400, 640]


def cut_names(tree):
    """The names that do not fit the rows that are shown, and how many fit."""
    cut, count = [], 0
    walk = QTreeWidgetItemIterator(tree)
    while walk.value() is not None:
        item, index = walk.value(), tree.indexFromItem(walk.value())
        width, room = text_width(tree, index), tree.visualItemRect(item)
        if not room.isEmpty():
            count += 1
            text = breakable(item.text(0), tree.fontMetrics(), width)
            if wrapped_height(text, item.font(0), width) > room.height():
                cut.append(item.text(0))
        walk += 1
    return cut, count


@pytest.fixture
def open_dock(dock, library):
    dock.setFloating(True)
    open_in(dock, library)
    dock.show()
    yield dock
    dock.hide()


@pytest.mark.slow
@pytest.mark.usefixtures("usual_font")
@pytest.mark.parametrize("width", WIDTHS_PX)
def test_the_names_of_all_layers_are_whole(open_dock, width):
    open_dock.resize(width, 700)
    tree = open_dock.map_tab.tree

    def has_all_rows():
        tree.expandAll()  # again, should the list have been filled anew meanwhile
        return cut_names(tree)[1] > 50

    wait_for(has_all_rows)
    lay_out()
    assert open_dock.width() == width
    assert cut_names(tree)[0] == []
    assert tree.horizontalScrollBar().maximum() == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS_PX)
def test_what_lies_here_has_whole_heads_and_names(open_dock, width):
    open_dock.resize(width, 900)
    view = open_dock.identify
    with awaited(view.shown, lambda: open_dock.notice.text):
        view.ask_at(QgsPointXY(X + 120, Y + 120))
    view.tree.expandAll()
    lay_out()
    cut, count = cut_names(view.tree)
    assert count > 3 and cut == []
    head = view.tree.topLevelItem(0)
    assert head.isFirstColumnSpanned() and "Land" in head.text(0)


@pytest.mark.usefixtures("usual_font")
@pytest.mark.parametrize("width", [90, 120, 160])
@pytest.mark.parametrize(
    "text",
    [
        "清源街道\n↗ 上升 此前 0.000（2024-12-31） · 目标 ≥ 0.190（2025） · 余量 0.003 平方千米 · 达标",
        "坐标系“EPSG:4547”无法识别，图层“DLTB_2023”与“DLTB_2020”不符",
        "土地规划地类 2020版（共12,345个） → 控规地块 2022版（共6,789个）",
        "写出检测结果表：.gpkg、.xlsx、.geojson 或文件夹（GeoParquet）",
    ],
)
def test_no_line_is_wider_than_its_column(text, width):
    metrics = QFontMetrics(QApplication.font())
    layout, option = (
        QTextLayout(breakable(text, metrics, width).replace("\n", LINE_END), QApplication.font()),
        QTextOption(),
    )
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    lines, line = [], layout.createLine()
    while line.isValid():
        line.setLineWidth(width)
        lines.append(layout.text()[line.textStart() : line.textStart() + line.textLength()].rstrip())
        line = layout.createLine()
    layout.endLayout()
    shown = [re.sub("[\u200b\u2060]", "", line) for line in lines]
    assert len(shown) > 1
    assert [line for line in shown if metrics.horizontalAdvance(line) > width] == []
