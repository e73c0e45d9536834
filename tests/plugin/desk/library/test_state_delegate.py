"""The column of versions: if there is too little room, the version's name is cut, never its state."""

from qgis.PyQt.QtGui import QFont, QFontMetrics
from qgis.PyQt.QtWidgets import QTreeWidget, QTreeWidgetItem

from onemap.plugin.desk.library.state_delegate import CELL_MARGIN_PX, STATE, StateDelegate, cut_label
from onemap.plugin.desk.library.version_states import state_texts


def test_the_state_is_whole_however_narrow_the_column(application):
    metrics = QFontMetrics(QFont())
    for text in state_texts("冀政函〔2022〕118号 划定").values():
        found = STATE.search(text)
        if found is None:  # there is no version, so nothing is cut
            assert text.startswith("○")
            continue
        label, state = text[: found.start()], found.group()
        width = metrics.horizontalAdvance(state) + metrics.horizontalAdvance("冀…定") + CELL_MARGIN_PX
        cut = cut_label(label, state, width, metrics)
        assert cut.endswith(state) and "…" in cut and metrics.horizontalAdvance(cut) <= width
        assert cut_label(label, state, 1000, metrics) == text


def test_a_column_as_wide_as_it_asks_to_be_cuts_nothing_of_a_usual_version(application):
    tree = QTreeWidget()
    tree.setItemDelegate(StateDelegate(tree))
    metrics = tree.fontMetrics()
    for label, state in (("2022-06-30", "in_force"), ("2024", "upcoming"), ("2023年度", "upcoming")):
        text = state_texts(label)[state]
        tree.clear()
        item = QTreeWidgetItem(tree, [text])
        width = tree.sizeHintForIndex(tree.indexFromItem(item)).width()
        assert cut_label(label, STATE.search(text).group(), width, metrics) == text


def test_a_version_without_a_state_keeps_its_beginning_and_its_end(application):
    metrics = QFontMetrics(QFont())
    width = metrics.horizontalAdvance("2026…1号") + CELL_MARGIN_PX + 4
    cut = cut_label("2026-11-22清自然资预审〔2026〕1号", "", width, metrics)
    assert cut.startswith("2") and cut.endswith("号") and metrics.horizontalAdvance(cut) <= width


def test_of_a_day_that_is_cut_the_year_is_read(application):
    metrics = QFontMetrics(QFont())
    width = metrics.horizontalAdvance("2026… ◌ assumed") + CELL_MARGIN_PX + 2
    assert cut_label("2026-11-22", " ◌ assumed", width, metrics) == "2026… ◌ assumed"


def test_a_wide_dock_shows_a_day_and_its_state_whole(application):
    tree = QTreeWidget()
    tree.setHeaderLabels(["Layer", "Version"])
    tree.setItemDelegateForColumn(1, StateDelegate(tree))
    item = QTreeWidgetItem(tree, ["Watercourses", "2024-01-01 ◌ assumed"])
    widths = []
    for width in (320, 900):
        tree.resize(width, 200)
        tree.show()
        widths.append(tree.sizeHintForIndex(tree.indexFromItem(item, 1)).width())
    tree.hide()
    assert widths[0] < widths[1]
    assert widths[1] >= tree.fontMetrics().horizontalAdvance(item.text(1)) + CELL_MARGIN_PX
