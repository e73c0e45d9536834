"""The verdict follows while a corner is dragged: the real core with a layer that is being edited."""

import os
import signal
import sqlite3
from contextlib import closing

import pytest
from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtTest import QTest

from onemap.plugin.rooms.check.edit_follower import PAUSE_MS
from onemap.tests.plugin.small_town import PACK, X, Y, box, check, open_in, wait_for, write_layer
from onemap.tests.plugin.windows import ends_its_core

pytestmark = pytest.mark.slow


def open_check_tab(dock, library):
    """The tab Check of the dock on the screen, with a library."""
    dock.show()
    open_in(dock, library)
    dock.tabs.setCurrentIndex(1)
    return dock.check_tab


@pytest.fixture
def desk(dock, library, parcels):
    """The visible dock with the tab Check open and the town's parcels being edited; and B's id."""
    open_check_tab(dock, library)
    dock.check_tab.parcels.choose_layer(parcels)
    assert parcels.startEditing()
    yield dock, parcels, next(one.id() for one in parcels.getFeatures() if one["DKBH"] == "B")
    if parcels in QgsProject.instance().mapLayers().values():
        parcels.rollBack()


def drag(layer, feature, corner, x, y):
    """Move a corner of a feature, as QGIS's vertex tool does."""
    assert layer.moveVertex(X + x, Y + y, feature, corner)


def wait_for_verdict(live):
    """Until the last shape has its verdict."""
    wait_for(lambda: not live.is_working and live.summary.text())


def corner_of(layer, feature, x, y):
    """The number of the corner at this place."""
    _point, number, *_rest = (
        layer.getFeature(feature).geometry().closestVertex(QgsGeometry.fromWkt(f"POINT ({X + x} {Y + y})").asPoint())
    )
    return number


def runs_in(library):
    """The number of runs in the library."""
    with closing(sqlite3.connect(library)) as connection:
        return connection.execute("SELECT count(*) FROM onemap_runs").fetchone()[0]


def test_a_dragged_corner_changes_the_verdict_and_leaves_no_run(desk, library):
    dock, layer, parcel = desk
    tab, before = dock.check_tab, runs_in(library)
    corner = corner_of(layer, parcel, 400, 100)
    drag(layer, parcel, corner, 390, 100)
    wait_for_verdict(tab.live)
    assert [one.verdict for one in tab.live.results.model.parcels] == ["unknown"]
    # The slanted side runs from (400, 200) to (100, 100): of the farmland, west of 150, it cuts 50² / 6.
    drag(layer, parcel, corner, 100, 100)
    wait_for_verdict(tab.live)
    (checked,) = tab.live.results.model.parcels
    assert (checked.parcel, checked.verdict) == ("B", "prohibited")
    assert checked.findings[0].area_m2 == pytest.approx(50**2 / 6)
    assert tab.live.summary.text().startswith("B: unknown → prohibited.")
    assert tab.live.results.highlight.labels == ["417 m²"]
    assert tab._pages.currentWidget() is tab.live
    assert runs_in(library) == before
    check(dock)  # of all, and kept
    assert tab._pages.currentWidget() is tab.results
    assert runs_in(library) == before + 1


def test_many_moves_are_answered_by_the_last_shape(desk):
    dock, layer, parcel = desk
    live, results = dock.check_tab.live, []
    live.results_shown.connect(lambda: results.append(True))
    corner = corner_of(layer, parcel, 400, 100)
    for step in range(40):
        drag(layer, parcel, corner, 395 - step, 100)
    drag(layer, parcel, corner, 100, 100)
    wait_for_verdict(live)
    assert live.results.model.parcels[0].findings[0].area_m2 == pytest.approx(50**2 / 6)
    assert len(results) < 5


def test_a_shape_that_crosses_itself_has_no_verdict_and_the_next_one_has(desk):
    dock, layer, parcel = desk
    live = dock.check_tab.live
    corner = corner_of(layer, parcel, 400, 100)
    drag(layer, parcel, corner, 600, 180)
    wait_for_verdict(live)
    assert live.results.model.parcels == []
    assert live.summary.text().startswith("No verdict for this shape.\nB · The geometry is invalid")
    assert "--" not in live.summary.text()
    assert dock.notice.text == ""
    dock.check_tab.button.click()
    wait_for(lambda: dock.notice.text)
    assert "“Repair and check”" in dock.notice.text
    assert dock.check_tab._pages.currentWidget() is dock.check_tab._empty_page
    drag(layer, parcel, corner, 410, 100)
    wait_for_verdict(live)
    assert live.results.model.parcels[0].verdict == "unknown"
    layer.rollBack()  # changes that are thrown away take their verdict along
    assert live.summary.text() == ""
    assert dock.check_tab._pages.currentWidget() is dock.check_tab._empty_page


@ends_its_core
def test_a_core_that_is_killed_is_told_and_the_next_move_starts_another(desk):
    dock, layer, parcel = desk
    live = dock.check_tab.live
    corner = corner_of(layer, parcel, 400, 100)
    os.kill(dock.core.process_id, signal.SIGSTOP)  # so that it has not answered when it is killed
    drag(layer, parcel, corner, 390, 100)
    wait_for(lambda: live.asking.is_busy)
    os.kill(dock.core.process_id, signal.SIGKILL)
    wait_for(lambda: not live.is_working)
    assert live.results.model.parcels == []
    assert "ended unexpectedly" in live.summary.text()
    drag(layer, parcel, corner, 380, 100)
    wait_for_verdict(live)
    assert live.results.model.parcels[0].verdict == "unknown"


def test_nothing_is_checked_where_nobody_looks_or_wants_it(desk):
    dock, layer, parcel = desk
    live = dock.check_tab.live
    corner = corner_of(layer, parcel, 400, 100)
    dock.tabs.setCurrentIndex(0)
    drag(layer, parcel, corner, 390, 100)
    wait_for(lambda: not live.is_working)
    dock.tabs.setCurrentIndex(1)
    live.button.click()
    drag(layer, parcel, corner, 380, 100)
    assert not live.is_working
    assert live.summary.text() == ""


def test_a_drawn_parcel_has_its_verdict_at_once(desk):
    dock, _layer, _parcel = desk
    tab = dock.check_tab
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(140, 100, 100, 100)))
    wait_for_verdict(tab.live)
    (checked,) = tab.live.results.model.parcels
    assert (checked.verdict, checked.findings[0].area_m2) == ("prohibited", pytest.approx(1000.0))


def test_what_is_edited_where_nobody_looks_has_no_verdict_until_it_is_looked_at(desk):
    """B is moved onto the farmland (10 by 100 m of it) while another tab is shown, then while the dock is hidden."""
    dock, layer, parcel = desk
    tab, live = dock.check_tab, dock.check_tab.live
    before = QgsGeometry.fromWkt(box(390, 100, 100, 100))

    def verdicts():
        return [(one.parcel, one.verdict) for one in live.results.model.parcels]

    for hide, show in (
        (lambda: dock.tabs.setCurrentIndex(0), lambda: dock.tabs.setCurrentIndex(1)),
        (dock.hide, dock.show),
    ):
        layer.changeGeometry(parcel, before)
        wait_for_verdict(live)
        assert verdicts() == [("B", "unknown")]
        hide()
        layer.changeGeometry(parcel, QgsGeometry.fromWkt(box(140, 100, 100, 100)))
        wait_for(lambda: not live.is_working)
        assert (verdicts(), live.summary.text()) == ([], "No verdict for this shape.")
        show()
        wait_for(verdicts)
        assert verdicts() == [("B", "prohibited")]
        assert live.results.model.parcels[0].findings[0].area_m2 == pytest.approx(1000)
        assert tab._pages.currentWidget() is live


def test_what_is_edited_during_a_check_is_checked_once_it_has_ended(desk):
    dock, layer, parcel = desk
    tab, live, done = dock.check_tab, dock.check_tab.live, []
    tab.finished.connect(lambda: done.append([one.verdict for one in tab.results.model.parcels]))
    tab.button.click()
    layer.changeGeometry(parcel, QgsGeometry.fromWkt(box(140, 100, 100, 100)))
    wait_for(lambda: live.results.model.parcels)
    assert done == [["prohibited", "unknown", "unknown"]]
    assert live.summary.text().startswith("B: unknown → prohibited.")
    assert tab._pages.currentWidget() is live


def test_what_was_edited_before_a_check_is_in_its_verdicts_and_asked_no_second_time(desk):
    dock, layer, parcel = desk
    tab = dock.check_tab
    layer.changeGeometry(parcel, QgsGeometry.fromWkt(box(140, 100, 100, 100)))
    check(dock)
    QTest.qWait(2 * PAUSE_MS)
    assert not tab.live.is_working and tab._pages.currentWidget() is tab.results
    assert [one.verdict for one in tab.results.model.parcels] == ["prohibited", "prohibited", "unknown"]


@pytest.mark.parametrize("change", ["another layer", "a file", "removed"])
def test_verdicts_of_parcels_that_are_chosen_no_more_go(desk, town, tmp_path, change):
    dock, layer, parcel = desk
    tab = dock.check_tab
    layer.changeGeometry(parcel, QgsGeometry.fromWkt(box(390, 100, 100, 100)))
    wait_for_verdict(tab.live)
    if change == "another layer":
        other = QgsVectorLayer(write_layer(tmp_path / "other.gpkg", ["DKBH"], [(box(0, 0, 9, 9), "B")]), "other", "ogr")
        QgsProject.instance().addMapLayer(other)
        tab.parcels.choose_layer(other)
    elif change == "a file":
        tab.parcels.choose_file(str(town / "parcels.gpkg"))
    else:
        QgsProject.instance().removeMapLayer(layer.id())
    wait_for(lambda: not tab.live.is_working)
    assert (tab.live.results.model.parcels, tab.live.summary.text()) == ([], "")
    assert tab._pages.currentWidget() is tab._empty_page


def test_a_value_that_is_typed_moves_the_verdict_as_a_corner_does(dock, library, tmp_path):
    """The rule spares what is a farm itself: B on the farmland is clear as a farm, prohibited as a factory."""
    rules = tmp_path / "farms.toml"
    text = PACK.partition('\n[[rule]]\nid = "redline.test"')[0]
    rules.write_text(
        text.replace('verdict = "prohibited"', 'verdict = "prohibited"\nwhen = "note <> \'farm\'"'), "utf-8"
    )
    rows = [(box(140, 100, 100, 100), "B", "farm")]
    layer = QgsVectorLayer(write_layer(tmp_path / "typed.gpkg", ["DKBH", "note"], rows), "typed", "ogr")
    QgsProject.instance().addMapLayer(layer)
    tab = open_check_tab(dock, library)
    tab.rules.add_file(str(rules))
    tab.parcels.choose_layer(layer)
    assert layer.startEditing()
    layer.changeGeometry(1, QgsGeometry.fromWkt(box(130, 100, 100, 100)))
    wait_for_verdict(tab.live)
    assert [one.verdict for one in tab.live.results.model.parcels] == ["clear"]
    layer.changeAttributeValue(1, layer.fields().indexOf("note"), "factory")
    assert tab.live.is_working
    wait_for_verdict(tab.live)
    assert tab.live.summary.text().startswith("B: clear → prohibited.")
    layer.undoStack().undo()
    assert tab.live.is_working
    wait_for_verdict(tab.live)
    assert [one.verdict for one in tab.live.results.model.parcels] == ["clear"]
    layer.rollBack()


def test_a_parcel_without_a_name_has_its_place_in_the_layer_in_every_check(dock, library, tmp_path):
    """The first lies on the farmland, the second off it: the second is called 2, whether alone or with the first."""
    path = write_layer(tmp_path / "nameless.gpkg", ["note"], [(box(10, 10, 50, 50), "a"), (box(400, 400, 50, 50), "b")])
    layer = QgsVectorLayer(path, "nameless", "ogr")
    QgsProject.instance().addMapLayer(layer)
    tab = open_check_tab(dock, library)
    tab.parcels.choose_layer(layer)

    def verdicts(view):
        return {one.parcel: one.verdict for one in view.results.model.parcels}

    check(dock)
    assert verdicts(tab) == {"1": "prohibited", "2": "unknown"}
    assert layer.startEditing()
    layer.changeGeometry(2, QgsGeometry.fromWkt(box(420, 410, 50, 50)))
    wait_for_verdict(tab.live)
    assert verdicts(tab.live) == {"2": "unknown"}
    assert tab.live.summary.text().startswith("2: unknown.")
    layer.rollBack()
    layer.selectByIds([2])
    check(dock)
    assert verdicts(tab) == {"2": "unknown"}
