"""Drawing a parcel on the map; a wrong step can be taken back, with the mouse and by keyboard."""

import pytest
from qgis.core import QgsGeometry, QgsPointXY, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.tests.plugin.small_town import X, Y, box, wait_for

UNDO = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


@pytest.fixture
def tab(dock, library):
    """The tab Check of the town's library, in front, that checks nothing by itself."""
    dock.show()
    dock.open_library(library)
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)
    dock.tabs.setCurrentIndex(dock.tab_index(dock.check_tab))
    dock.check_tab.live.button.setChecked(False)
    return dock.check_tab


def press_corners(canvas, *corners):
    """Put the corners of a drawing in the middle of the map, one after the other, as the keyboard does."""
    for x, y in corners:
        canvas.setCenter(QgsPointXY(X + x, Y + y))
        QTest.keyClick(canvas, Qt.Key.Key_Insert)


def draw(tab, x=100):
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(x, 100, 100, 100)))


def drawn_names(tab):
    """The names of the parcels in the chosen layer."""
    layer = QgsProject.instance().mapLayer(tab.parcels.choice.layer)
    return [feature["parcel"] for feature in layer.getFeatures()]


def test_while_a_parcel_is_drawn_the_panel_says_how_to_finish(tab, canvas):
    assert tab.parcels.drawing_note.isHidden()
    tab.parcels.draw_button.click()
    assert tab.parcels.drawing_note.isVisible() and "Enter ends" in tab.parcels.drawing_note.text()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert tab.parcels.drawing_note.isHidden()


def test_an_outline_that_crosses_itself_is_not_taken_until_its_corners_are_mended(tab, canvas):
    tab.parcels.draw_button.click()
    tool = canvas.mapTool()
    press_corners(canvas, (0, 0), (100, 100), (100, 0), (0, 100))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert "crosses" in tool.measure.text() and not tool.measure.isHidden()
    assert tab.parcels.drawing_note.text() == tool.measure.text(), "a message of QGIS may lie over the map's corner"
    assert tab.parcels.choice is None and tab.parcels.draw_button.isChecked()
    QTest.keyClick(canvas, *UNDO)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert tool.measure.isHidden() and "Enter ends" not in tab.parcels.drawing_note.text()
    press_corners(canvas, (0, 100))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert drawn_names(tab) == ["1"] and not tab.parcels.draw_button.isChecked()


def test_the_last_drawing_is_taken_back_and_its_use_is_asked_no_longer(tab, canvas):
    draw(tab)
    tab.uses.use.choose("0701")
    tab.uses.use.chosen.emit("0701")
    draw(tab, 300)
    assert tab.uses.use.code == ""
    tab.parcels.undo_button.click()
    assert drawn_names(tab) == ["1"] and tab.uses.use.code == "0701"
    QTest.keyClick(canvas, *UNDO)
    assert drawn_names(tab) == [] and not tab.parcels.undo_button.isVisible()
    assert tab.uses.use.isHidden()


def test_all_drawings_are_removed_at_once_and_come_back_with_their_use(tab):
    draw(tab)
    tab.uses.use.choose("0701")
    tab.uses.use.chosen.emit("0701")
    draw(tab, 300)
    tab.parcels.clear_button.click()
    assert drawn_names(tab) == [] and not tab.parcels.clear_button.isVisible()
    QTest.keyClick(tab.parcels.file_button, *UNDO)
    assert drawn_names(tab) == ["1", "2"]
    QTest.keyClick(tab.parcels.file_button, *UNDO)  # and the steps before it, too
    assert drawn_names(tab) == ["1"] and tab.uses.use.code == "0701"


def test_edits_in_qgis_keep_their_own_undo(tab, canvas, parcels):
    draw(tab)
    canvas.setCurrentLayer(parcels)
    parcels.startEditing()
    QTest.keyClick(canvas, *UNDO)
    assert drawn_names(tab) == ["1"]
    parcels.rollBack()


def test_after_the_layer_of_drawings_was_removed_by_hand_another_is_drawn(tab):
    draw(tab)
    QgsProject.instance().removeMapLayer(tab.parcels.choice.layer)
    tab.uses.use.chosen.emit("0701")  # of a parcel that is gone
    assert tab.uses.use.isHidden() and not tab.parcels.undo_button.isVisible()
    draw(tab)
    assert drawn_names(tab) == ["1"] and tab.uses.use.isVisible()


def test_ground_to_search_in_that_was_drawn_anew_gives_way_to_the_one_before(tab):
    ground = tab.sites.form.ground
    for x in (100, 300):
        ground.add_drawing(QgsGeometry.fromWkt(box(x, 100, 100, 100)))
    ground.undo()
    layer = QgsProject.instance().mapLayer(ground.choice.layer)
    (feature,) = layer.getFeatures()
    assert feature.geometry().boundingBox().xMinimum() == X + 100


def test_codes_that_begin_with_what_is_typed_come_first(tab):
    draw(tab)
    use = tab.uses.use
    QTest.keyClicks(use.lineEdit(), "07")
    popup = use.completer().popup()
    offered = [popup.model().index(row, 0).data() for row in range(popup.model().rowCount())]
    popup.hide()
    begin = [name.startswith("07") for name in offered]
    assert offered[0].startswith("07 ") and begin == sorted(begin, reverse=True) and not all(begin)
    assert use.completer().setCurrentRow(2)
    use.completer().activated[type(popup.model().index(0, 0))].emit(use.completer().currentIndex())
    assert use.code == offered[2].split()[0]


def test_a_parcel_that_is_drawn_after_one_was_removed_in_qgis_has_a_name_of_its_own(tab):
    draw(tab)
    draw(tab, 300)
    layer = QgsProject.instance().mapLayer(tab.parcels.choice.layer)
    layer.dataProvider().deleteFeatures([next(layer.getFeatures()).id()])
    draw(tab, 500)
    assert drawn_names(tab) == ["2", "3"]
