"""The column of versions: of what does not fit the version's name is cut, never its state."""

from qgis.PyQt.QtGui import QFont, QFontMetrics
from qgis.PyQt.QtWidgets import QTreeWidget, QTreeWidgetItem

from onemap.plugin.dock.map_tab import state_texts
from onemap.plugin.library.state_delegate import CELL_MARGIN_PX, STATE, StateDelegate, cut_label


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
