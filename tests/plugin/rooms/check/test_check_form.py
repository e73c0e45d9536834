"""The question folds away above the findings, and says when it no longer is the one they answer."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from onemap.tests.plugin.small_town import box, check, lay_out, open_in, wait_for, write_layer


@pytest.fixture
def tab(dock, library, usual_font):
    """The tab Check as on a screen of 1366 × 768, where QGIS leaves the panel 576 pixels."""
    dock.setFloating(True)
    dock.resize(320, 576)
    dock.show()
    dock.activateWindow()
    open_in(dock, library)
    dock.tabs.setCurrentIndex(dock.tab_index(dock.check_tab))
    return dock.check_tab


def state_use(tab, code):
    """State a use by choosing it in the list."""
    tab.uses.use.choose(code)
    tab.uses.use.chosen.emit(code)


def test_after_a_check_law_and_buttons_are_in_sight_and_a_line_says_what_was_asked(dock, tab, parcels):
    tab.parcels.choose_layer(parcels)
    tab.button.setFocus()
    check(dock)
    results, area = tab.results, dock.tabs.currentWidget()
    results.tree.setCurrentIndex(results.model.index(0, 0, results.model.index(0, 0)))
    lay_out()
    assert area.verticalScrollBar().maximum() == 0
    assert tab.parcels.isHidden() is False and not tab.parcels.isVisible()
    for widget in (results.explain_button, results.remedy_button, results.export_button, tab.button):
        assert not widget.visibleRegion().isEmpty()
    assert "Basis" in results.details.text()
    assert tab._run_label.text().startswith("parcels · 20") and "Rules of the test" in tab._run_label.toolTip()
    assert QApplication.focusWidget() is results.tree
    QTest.mouseClick(tab.form_button, Qt.MouseButton.LeftButton)
    assert tab.parcels.isVisible()


def test_a_parcel_that_is_drawn_has_its_use_and_its_verdict_on_one_screen(dock, tab):
    tab.live.button.setChecked(True)
    try:
        tab.parcels.add_drawing(QgsGeometry.fromWkt(box(100, 100, 100, 100)))
        wait_for(lambda: not tab.live.is_working and tab.live.summary.text())
        lay_out()
        assert tab.uses.use.isVisible() and tab.live.results.tree.isVisible()
        assert dock.tabs.currentWidget().verticalScrollBar().maximum() == 0
    finally:
        tab.live.button.setChecked(False)


def test_findings_take_no_focus_from_where_somebody_works_meanwhile(dock, tab, parcels):
    tab.parcels.choose_layer(parcels)
    dock.header.date.setFocus()
    check(dock)
    assert not tab.results.tree.hasFocus()


def test_the_form_unfolds_once_there_are_no_findings_any_more(dock, tab, parcels):
    tab.parcels.choose_layer(parcels)
    check(dock)
    assert not tab.parcels.isVisible()
    dock.library.set_day(QDate(2020, 1, 1))
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs and tab.parcels.isVisible())


def test_another_use_marks_the_findings_until_they_are_checked_again(dock, tab):
    tab.live.button.setChecked(False)
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(100, 100, 100, 100)))
    state_use(tab, "0701")
    check(dock)
    assert tab.outdated.isHidden()
    state_use(tab, "1207")
    assert tab.outdated.isVisible() and "Use" in tab.outdated.text()
    state_use(tab, "0701")
    assert tab.outdated.isHidden()  # as it was asked
    state_use(tab, "1207")
    tab.facts.take({"parcels": {"x": 1}})
    assert "Use, Facts" in tab.outdated.text()
    tab.facts.take({})
    check(dock)
    assert tab.outdated.isHidden() and tab.outdated.text() == ""


def test_a_parcel_drawn_since_is_no_other_use_of_those_that_were_checked(dock, tab):
    tab.live.button.setChecked(False)
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(100, 100, 100, 100)))
    check(dock)
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(400, 100, 100, 100)))
    assert tab.uses.use.isVisible()  # the form is there again, since it asks what this one is for
    state_use(tab, "0701")
    assert tab.outdated.text() == ""


def test_a_drawn_parcel_that_is_gone_or_drawn_anew_marks_the_findings(dock, tab):
    tab.live.button.setChecked(False)
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(400, 100, 100, 100)))
    check(dock)
    tab.parcels.clear_button.click()
    assert says_parcels_changed(tab)
    tab.parcels.undo_button.click()
    lay_out()
    assert tab.outdated.text() == ""  # the same shape is back
    tab.parcels.undo_button.click()
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(100, 100, 100, 100)))
    assert says_parcels_changed(tab)  # one parcel again, and clear as the other was


def test_a_drawn_parcel_is_checked_again_at_once_when_its_use_changes(dock, tab):
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(140, 100, 100, 100)))
    wait_for(lambda: not tab.live.is_working and tab.live.summary.text())
    tab.live.summary.clear()
    state_use(tab, "0701")
    assert tab.live.is_working
    wait_for(lambda: not tab.live.is_working and tab.live.summary.text())
    tab.parcels.undo_button.click()
    wait_for(lambda: not tab.live.is_working and tab.live.summary.text() == "")
    assert tab._pages.currentWidget() is tab._empty_page


@pytest.fixture
def one_parcel(dock, tab, tmp_path):
    """A layer of one parcel, clear of the farmland, that is checked; nothing is checked while it is edited."""
    path = write_layer(tmp_path / "one.gpkg", ["DKBH", "note"], [(box(400, 100, 100, 100), "B", "x")])
    layer = QgsVectorLayer(path, "one", "ogr")
    QgsProject.instance().addMapLayer(layer)
    tab.live.button.setChecked(False)
    tab.parcels.choose_layer(layer)
    check(dock)
    assert tab.outdated.text() == ""
    yield layer
    layer.rollBack()
    tab.live.button.setChecked(True)


def says_parcels_changed(tab):
    """Whether the line is shown, and says that the parcels have changed."""
    lay_out()
    assert tab.outdated.isVisible() == bool(tab.outdated.text())
    return tab.outdated.text() == "Changed since this check: Parcels. Check again for verdicts that hold."


def test_edits_of_the_parcels_mark_the_findings_until_they_are_thrown_away_or_checked(dock, tab, one_parcel):
    for change in (
        lambda: one_parcel.changeGeometry(1, QgsGeometry.fromWkt(box(10, 100, 100, 100))),
        lambda: one_parcel.changeAttributeValue(1, 2, "y"),
        lambda: one_parcel.deleteFeature(1),
    ):
        one_parcel.startEditing()
        change()
        assert says_parcels_changed(tab)
        one_parcel.rollBack()
        assert not says_parcels_changed(tab)
    one_parcel.startEditing()
    one_parcel.changeGeometry(1, QgsGeometry.fromWkt(box(10, 100, 100, 100)))
    assert one_parcel.commitChanges()
    assert says_parcels_changed(tab)
    check(dock)
    assert not says_parcels_changed(tab)


def test_what_was_checked_unsaved_is_the_same_saved_and_another_thrown_away(dock, tab, one_parcel):
    one_parcel.startEditing()
    one_parcel.changeGeometry(1, QgsGeometry.fromWkt(box(420, 100, 100, 100)))
    new = QgsFeature(one_parcel.fields())
    new["DKBH"] = "N"
    new.setGeometry(QgsGeometry.fromWkt(box(700, 100, 100, 100)))
    one_parcel.addFeature(new)
    check(dock)
    one_parcel.commitChanges(False)
    assert not says_parcels_changed(tab)
    one_parcel.changeAttributeValue(1, 2, "y")
    check(dock)
    one_parcel.rollBack()
    assert says_parcels_changed(tab)


def test_another_filter_coordinate_system_or_file_of_the_parcels_marks_the_findings(tab, one_parcel, tmp_path):
    before = one_parcel.crs()
    one_parcel.setCrs(QgsCoordinateReferenceSystem("EPSG:4548"))
    assert says_parcels_changed(tab)
    one_parcel.setCrs(before)
    assert not says_parcels_changed(tab)
    one_parcel.setSubsetString("DKBH = 'A'")
    assert says_parcels_changed(tab)
    one_parcel.setSubsetString("")
    assert not says_parcels_changed(tab)
    before = one_parcel.source()
    other = write_layer(tmp_path / "other.gpkg", ["DKBH", "note"], [(box(10, 100, 100, 100), "B", "x")])
    one_parcel.setDataSource(other, "one", "ogr")
    assert says_parcels_changed(tab)
    one_parcel.setDataSource(before, "one", "ogr")
    assert not says_parcels_changed(tab)


def test_a_check_of_a_selection_or_with_a_filter_says_so_whatever_is_selected_next(dock, tab, parcels):
    tab.parcels.choose_layer(parcels)
    parcels.selectByIds([2])
    check(dock)
    parcels.removeSelection()
    assert tab._run_label.text().startswith("parcels: selection (1) · ")
    parcels.setSubsetString("DKBH <> 'A'")
    check(dock)
    assert tab._run_label.text().startswith("parcels (2) · ")


def test_parcels_that_change_during_their_check_or_while_others_are_chosen_mark_its_findings(tab, one_parcel, parcels):
    done = []
    tab.finished.connect(lambda: done.append(True))
    one_parcel.startEditing()
    tab.button.click()
    one_parcel.changeGeometry(1, QgsGeometry.fromWkt(box(10, 100, 100, 100)))
    wait_for(lambda: done)
    assert says_parcels_changed(tab)
    tab.parcels.choose_layer(parcels)
    tab.button.click()
    wait_for(lambda: len(done) == 2)
    tab.parcels.choose_layer(one_parcel)
    parcels.setCrs(QgsCoordinateReferenceSystem("EPSG:4548"))
    assert not says_parcels_changed(tab)  # other parcels are another question
    tab.parcels.choose_layer(parcels)
    assert says_parcels_changed(tab)
