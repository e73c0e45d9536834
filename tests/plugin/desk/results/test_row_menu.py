"""The menu of a row by keyboard: it opens at its row, wherever the list was scrolled to."""

import sys

import pytest
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMenu, QTreeWidget, QTreeWidgetItem

from onemap.plugin.desk.results.row_menu import RowMenu


@pytest.fixture
def tree(application):
    made = QTreeWidget()
    for number in range(200):
        made.addTopLevelItem(QTreeWidgetItem([str(number)]))
    made.resize(200, 200)
    made.show()
    yield made
    made.deleteLater()


@pytest.fixture
def menu_rows(tree):
    """The rows at which the menu opened."""
    rows = []
    RowMenu(tree, lambda place: rows.append(tree.itemAt(place).text(0)))
    return rows


def test_the_menu_of_a_row_out_of_sight_brings_it_into_sight(tree, menu_rows):
    tree.setCurrentItem(tree.topLevelItem(3))
    tree.scrollToBottom()
    tree.customContextMenuRequested.emit(tree.visualItemRect(tree.currentItem()).center())  # what the Menu key asks
    assert menu_rows == ["3"]
    assert tree.viewport().rect().contains(tree.visualItemRect(tree.currentItem()).center())


def test_the_menu_by_the_mouse_opens_where_the_mouse_is(tree, menu_rows):
    tree.setCurrentItem(tree.topLevelItem(3))
    tree.customContextMenuRequested.emit(tree.visualItemRect(tree.topLevelItem(1)).center())
    assert menu_rows == ["1"]


def test_a_menu_closes_when_the_list_is_made_anew_below_it(tree):
    chosen = []

    def open_menu(place):
        item, menu = tree.itemAt(place), QMenu(tree)
        menu.addAction("Go to it", lambda: chosen.append(item.text(0)))

        def clear_and_press():
            tree.clear()  # as when another desk has written, or a check has come to its end
            for key in (Qt.Key.Key_Down, Qt.Key.Key_Return) if menu.isVisible() else ():
                QTest.keyClick(menu, key)

        QTimer.singleShot(0, clear_and_press)
        menu.exec(tree.viewport().mapToGlobal(place))

    RowMenu(tree, open_menu)
    tree.customContextMenuRequested.emit(tree.visualItemRect(tree.topLevelItem(1)).center())
    assert chosen == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the system makes the event")
def test_shift_f10_opens_the_menu_of_the_current_row(tree, menu_rows):
    tree.setCurrentItem(tree.topLevelItem(150))
    tree.scrollToTop()
    QTest.keyClick(tree, Qt.Key.Key_F10, Qt.KeyboardModifier.ShiftModifier)
    assert menu_rows == ["150"]
    QTest.keyClick(tree, Qt.Key.Key_F10)
    assert menu_rows == ["150"]
