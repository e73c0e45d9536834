"""The dock without a window, the real core behind it: open, tick, check, cancel, survive."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from qgis.core import QgsApplication, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, Qt
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QListView,
    QPushButton,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.add.place_preview import district_in, district_table
from onemap.plugin.desk.map.map_layers import layer_on_map
from onemap.plugin.desk.map.table_layers import table_layer
from onemap.plugin.desk.parcels.polygon_tool import DrawParcelTool
from onemap.plugin.profile import settings
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import CRS, X, Y, awaited, box, check, open_in, wait_for, write_layer
from onemap.tests.plugin.windows import ends_its_core, own_dock


@pytest.fixture
def open_dock(dock, library, parcels):
    """The dock with the town's library open and its parcels chosen."""
    open_in(dock, library)
    dock.check_tab.parcels.choose_layer(parcels)
    return dock


def test_a_project_that_is_opened_with_the_panel_is_not_changed(dock, library, tmp_path):
    assert QgsProject.instance().write(str(tmp_path / "planner.qgz"))
    open_in(dock, library)
    assert QgsProject.instance().mapLayers() == {}
    assert not QgsProject.instance().isDirty()


@pytest.mark.slow
def test_layers_opened_while_the_library_was_out_of_wal_mode_are_read_after_a_check(dock, library, parcels, tmp_path):
    """As when QGIS has closed a project of it before: it takes the file out of WAL mode then."""
    path = str(tmp_path / "closed.gpkg")
    shutil.copyfile(library, path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    layer = QgsVectorLayer(f"{path}|layername=YJJBNTTB__1", "farmland", "ogr")
    QgsProject.instance().addMapLayer(layer)
    assert len(list(layer.getFeatures())) == 1
    open_in(dock, path)
    check(dock)
    assert len(list(layer.getFeatures())) == 1


@ends_its_core
@pytest.mark.slow
def test_the_library_keeps_its_journal_while_qgis_reads_it(dock, library, town, tmp_path, capfd):
    """A lock of QGIS's that is lost lets whoever else writes take the journal away under the map."""
    path = str(tmp_path / "read.gpkg")
    shutil.copyfile(library, path)
    layer = table_layer(path, "YJJBNTTB__1", "farmland")
    QgsProject.instance().addMapLayer(layer)
    open_in(dock, path)
    dock.core.stop()
    core(
        "add",
        path,
        town / "farmland.gpkg",
        "--as",
        "ZZ",
        "--define",
        "name=x,department=land,library=base,kind=vector,geometry=polygon",
        "--covers=district",
    )
    assert Path(f"{path}-wal").exists()  # whoever closes last takes it away, and QGIS has not closed
    added = table_layer(path, "ZZ__1", "added")
    assert [len(list(one.getFeatures())) for one in (layer, added)] == [1, 1]
    assert district_in(district_table(path)).area() == pytest.approx(1_000_000)
    assert "IMMUTABLE" not in capfd.readouterr().err


def test_a_dock_without_a_library_says_how_to_get_one(dock):
    dock.begin()
    assert dock.pages.currentWidget() is dock.empty_page
    ways = {button.text(): button for button in dock.empty_page.findChildren(QPushButton)}
    assert len(ways) == 4
    ways["Open a library on a server…"].click()
    assert dock.server_dialog.isVisible()
    dock.server_dialog.close()


def test_the_tree_shows_what_is_in_force_and_what_is_missing(open_dock):
    farmland = open_dock.map_tab.item_of("YJJBNTTB")
    redline = open_dock.map_tab.item_of("STBHHX")
    assert farmland.text(1) == "2025-01-01 ●"
    assert "no data" in redline.text(1)


def test_the_library_of_an_earlier_day_shows_its_layers_as_not_in_force(open_dock):
    with awaited(open_dock.library.listed):
        open_dock.library.set_day(QDate(2024, 6, 1))
    assert "not yet" in open_dock.map_tab.item_of("YJJBNTTB").text(1)


def test_a_tick_puts_a_layer_on_the_map_read_only_and_unticking_takes_it_away(open_dock):
    item = open_dock.map_tab.item_of("YJJBNTTB")
    item.setCheckState(0, Qt.CheckState.Checked)
    version = open_dock.library.layers[[one.code for one in open_dock.library.layers].index("YJJBNTTB")].in_force
    layer = layer_on_map(open_dock.library, version)
    assert layer.featureCount() == 1
    assert layer.readOnly()
    item.setCheckState(0, Qt.CheckState.Unchecked)
    assert layer_on_map(open_dock.library, version) is None


def test_a_layer_removed_in_qgis_is_unticked_in_the_tree(open_dock):
    item = open_dock.map_tab.item_of("YJJBNTTB")
    item.setCheckState(0, Qt.CheckState.Checked)
    ours = [layer.id() for layer in QgsProject.instance().mapLayers().values() if layer.customProperty("onemap/table")]
    QgsProject.instance().removeMapLayers(ours)
    wait_for(lambda: item.checkState(0) == Qt.CheckState.Unchecked)


def test_the_search_hides_what_does_not_match_by_name_or_code(open_dock):
    open_dock.map_tab.search.setText("YJJBNTTB")
    assert not open_dock.map_tab.item_of("YJJBNTTB").isHidden()
    assert open_dock.map_tab.item_of("STBHHX").isHidden()


def test_one_press_hides_the_layers_without_data_and_says_how_many_there_are(open_dock):
    tab, empty = open_dock.map_tab, sum(not entry.versions for entry in open_dock.library.layers)
    assert tab.empty_button.text() == f"○ {empty}" and empty > 1
    tab.empty_button.click()
    assert tab.item_of("STBHHX") is None and tab.item_of("YJJBNTTB") is not None
    assert settings.get("hide_empty_layers")
    tab.empty_button.click()
    assert tab.item_of("STBHHX") is not None


def test_a_check_lists_parcels_by_severity_with_their_findings(open_dock):
    check(open_dock)
    model = open_dock.check_tab.results.model
    assert model.parcel_at(model.index(0, 0)).parcel == "A"
    first = model.index(0, 0)
    finding = model.finding_at(model.index(0, 0, first))
    assert (finding.verdict, round(finding.area_m2)) == ("prohibited", 5000)
    assert model.data(model.index(0, 1, first)) == "5,000 m²"
    assert model.data(model.index(0, 2, first)) == "50.0 %"
    assert "第三十五条" in model.data(model.index(0, 0, first), Qt.ItemDataRole.ToolTipRole)


def test_the_counts_filter_the_list(open_dock):
    check(open_dock)
    counts = open_dock.check_tab.results.counts
    assert counts.buttons["prohibited"].text().startswith("1 ")
    assert not counts.buttons["clear"].isEnabled()
    counts.buttons["prohibited"].click()
    assert open_dock.check_tab.results.model.rowCount() == 1
    counts.buttons["prohibited"].click()
    assert open_dock.check_tab.results.model.rowCount() == 3


def test_a_finding_is_shown_on_the_map_with_its_measure_and_leaving_restores_the_view(open_dock, canvas):
    check(open_dock)
    tab = open_dock.check_tab
    before = canvas.extent()
    tab.results.tree.clicked.emit(tab.results.model.index(0, 0, tab.results.model.index(0, 0)))
    assert tab.results.highlight.is_on
    assert tab.results.highlight.labels == ["5,000 m²"]
    assert canvas.extent().contains(QgsRectangle(X + 100, Y + 100, X + 200, Y + 200))
    assert canvas.extent().width() < before.width()
    tab.leave()
    assert not tab.results.highlight.is_on
    assert canvas.extent() == before


def test_only_the_selection_is_checked(open_dock, parcels):
    parcels.selectByExpression("\"DKBH\" IN ('A', 'C')")
    assert "selection (2)" in open_dock.check_tab.parcels.box.currentText()
    check(open_dock)
    assert open_dock.check_tab.results.model.rowCount() == 2


def test_a_drawn_parcel_is_checked(open_dock):
    open_dock.check_tab.parcels.add_drawing(QgsGeometry.fromWkt(box(0, 0, 50, 50)))
    check(open_dock)
    model = open_dock.check_tab.results.model
    parcel = model.parcel_at(model.index(0, 0))
    assert (parcel.parcel, parcel.verdict, round(parcel.area_m2)) == ("1", "prohibited", 2500)


def test_results_are_put_on_the_map_in_a_file_that_stays(open_dock):
    check(open_dock)
    open_dock.check_tab.results.keep_button.click()
    layers = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    checked = layers["Checked parcels"]
    assert checked.featureCount() == 3
    kept = Path(checked.source().split("|")[0])
    assert kept.exists()
    assert settings.language() == "en"
    assert "prohibited" in [category.value() for category in checked.renderer().categories()]
    verdict = checked.fields().field("verdict")
    assert verdict.alias() == "Verdict"
    assert {"clear": "clear"} in verdict.editorWidgetSetup().config()["map"]


def test_a_refusal_is_shown_in_the_core_s_words(open_dock, tmp_path):
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"not a map")
    open_dock.check_tab.parcels.choose_file(str(broken))
    open_dock.check_tab.button.click()
    wait_for(lambda: open_dock.notice.text)
    assert "broken.gpkg" in open_dock.notice.text
    assert not open_dock.check_tab.is_checking


def test_what_the_core_remarks_on_a_check_is_said_until_the_next(dock, own_library, parcels, tmp_path):
    columns = [(box(100 * at, 0, 100, 1000), f"F{at}") for at in range(10)]
    for day, kept in (("2020-01-01", columns), ("2021-01-01", columns[:1])):
        path = write_layer(tmp_path / f"{day}.gpkg", ["BSM"], kept)
        core("add", own_library.path, path, "--as", "YJJBNTTB", "--covers", "district", "--valid-from", day)
    open_in(dock, own_library.path)
    dock.check_tab.parcels.choose_layer(parcels)
    dock.check_tab.button.click()
    wait_for(lambda: dock.check_tab.results.model.rowCount())
    assert "was added with a remark that bears on the parcels or on ground near them" in dock.notice.text
    assert "Permanent basic farmland" in dock.notice.text
    dock.check_tab.parcels.add_drawing(QgsGeometry.fromWkt(box(3000, 3000, 50, 50)))
    dock.check_tab.button.click()
    wait_for(lambda: "No use and no kind of project is stated" in dock.notice.text)  # the parcel that was drawn
    assert "was added with a remark" not in dock.notice.text


@ends_its_core
def test_a_killed_core_is_said_and_the_next_check_works(open_dock):
    os.kill(open_dock.core.process_id, signal.SIGKILL)
    wait_for(lambda: open_dock.notice.text)
    assert "Nothing in the library is lost" in open_dock.notice.text
    assert not open_dock.core.process_id
    open_dock.notice.hide()
    check(open_dock)
    assert open_dock.core.process_id


@ends_its_core
def test_a_core_killed_in_the_middle_of_a_check_gives_the_button_back(open_dock):
    refused = []
    open_dock.check_tab.refused.connect(refused.append)
    open_dock.check_tab.button.click()
    os.kill(open_dock.core.process_id, signal.SIGKILL)
    wait_for(lambda: refused)
    assert open_dock.check_tab.button.isEnabled()
    assert not refused[0].is_cancel


def test_a_cancelled_check_ends_without_a_message(open_dock):
    refused = []
    open_dock.check_tab.refused.connect(refused.append)
    open_dock.check_tab.button.click()
    assert not open_dock.check_tab.button.isEnabled()
    open_dock.check_tab.cancel_button.click()
    wait_for(lambda: refused)
    assert refused[0].is_cancel
    assert open_dock.notice.text == ""
    assert open_dock.check_tab.button.isEnabled()


@ends_its_core
@pytest.mark.slow
def test_a_core_that_does_not_answer_a_cancel_is_ended(open_dock):
    number = open_dock.core.process_id
    refused = []
    open_dock.check_tab.refused.connect(refused.append)
    os.kill(number, signal.SIGSTOP)  # alive, and deaf
    open_dock.check_tab.button.click()
    open_dock.check_tab.cancel_button.click()
    wait_for(lambda: refused, limit_ms=6000)
    assert refused[0].is_cancel
    assert not open_dock.core.process_id


@ends_its_core
@pytest.mark.slow
@pytest.mark.parametrize(("stopped", "first"), [("first", "cancelled"), ("second", "refused")])
def test_what_waits_while_a_core_that_does_not_stop_is_ended_is_asked_of_the_next_one(open_dock, stopped, first):
    """What it may have begun is refused: it might be done twice."""
    core, outcomes, deaths = open_dock.core, {}, []
    core.died.connect(deaths.append)

    def ask(name):
        request = core.ask("layers", {"library": open_dock.library.path})
        request.answered.connect(lambda answer: outcomes.update({name: "answered"}))
        request.refused.connect(
            lambda refusal: outcomes.update({name: "cancelled" if refusal.is_cancel else "refused"})
        )
        return request

    ask("before")  # all that the dock itself has asked
    wait_for(lambda: outcomes)
    number = core.process_id
    os.kill(number, signal.SIGSTOP)
    asked = {name: ask(name) for name in ("first", "second", "third", "fourth")}
    asked[stopped].cancel()
    asked["third"].let_go()
    wait_for(lambda: len(outcomes) == 1 + len(asked))
    second = "cancelled" if stopped == "second" else "answered"
    assert outcomes == {
        "before": "answered",
        "first": first,
        "second": second,
        "third": "cancelled",
        "fourth": "answered",
    }
    assert core.process_id not in (0, number)
    assert deaths == []


@ends_its_core
def test_a_missing_core_is_said_and_the_mend_offered(dock, library, monkeypatch):
    monkeypatch.setattr("onemap.plugin.connection.core_session.FOLDER", Path("/nowhere"))
    dock.show()
    dock.open_library(library)
    assert dock.pages.currentWidget() is dock.setup_page
    assert "core is not set up" in dock.setup_page.text
    assert dock.setup_page.button.isEnabled()
    labels = dock.setup_page.findChildren(QLabel)
    assert [label.text() for label in labels if label.isVisible() and not label.text()] == []  # it would be a gap


def test_the_page_that_sets_the_core_up_says_that_there_is_one_and_leads_back(dock, library):
    dock.show()
    open_in(dock, library)
    dock.header.setup_requested.emit()
    assert "core is set up: " in dock.setup_page.text
    dock.setup_page.back_button.click()
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)


def test_a_library_that_is_gone_is_named_once_with_a_button_to_open_another(dock, tmp_path):
    gone = str(tmp_path / "gone.gpkg")
    dock.open_library(gone)
    wait_for(lambda: dock.notice.text)
    assert dock.notice.text == f"There is no library {gone}."
    assert dock.notice._button.text() == "Open a library…"
    (tmp_path / "other.gpkg").touch()
    dock.open_library(str(tmp_path / "other.gpkg"))
    wait_for(lambda: "other" in dock.notice.text)
    assert "onemap new" not in dock.notice.text
    assert dock.notice._button.text() == "Open a library…"


@pytest.mark.slow
@ends_its_core
def test_a_layer_that_cannot_be_opened_has_the_core_say_why_and_what_to_do(dock, library, tmp_path):
    moved = tmp_path / "moved.gpkg"
    shutil.copyfile(library, moved)
    open_in(dock, moved)
    dock.core.stop()
    moved.unlink()
    dock.map_tab.item_of("YJJBNTTB").setCheckState(0, Qt.CheckState.Checked)
    wait_for(lambda: "There is no library" in dock.notice.text)
    assert dock.map_tab.item_of("YJJBNTTB").checkState(0) == Qt.CheckState.Unchecked


def test_a_tab_without_results_is_as_low_as_what_it_says(open_dock):
    before = open_dock.check_tab.minimumSizeHint().height()
    check(open_dock)
    assert before < open_dock.check_tab.minimumSizeHint().height()


def test_every_list_of_the_tabs_has_a_name_for_who_cannot_see_it(open_dock):
    unnamed = [
        f"{type(one.parent()).__name__}: {type(one).__name__}"
        for one in open_dock.tabs.findChildren(QAbstractItemView)
        if not isinstance(one, QHeaderView)
        and not isinstance(one.window(), QFrame)  # what a box lets drop down has its box's name
        and not one.accessibleName()
    ]
    assert unnamed == []


@pytest.mark.usefixtures("usual_font")
def test_the_dock_is_not_wider_than_320_pixels_and_fits_a_low_screen(open_dock):
    check(open_dock)
    bar = open_dock.style().pixelMetric(open_dock.style().PixelMetric.PM_ScrollBarExtent)
    for number in range(open_dock.tabs.count()):
        tab = open_dock.tabs.widget(number).widget()  # what is wider would be cut off, not scrolled
        assert tab.minimumSizeHint().width() + bar <= 320
    assert open_dock.minimumSizeHint().width() <= 320
    assert open_dock.minimumSizeHint().height() <= 400  # else QGIS's window is higher than 720
    for page in (open_dock.setup_page, open_dock.empty_page, open_dock.sample_page, open_dock.notice):
        assert page.minimumSizeHint().width() <= 320


@pytest.mark.usefixtures("usual_font")
def test_a_tab_at_work_is_not_wider_than_the_narrowest_dock(open_dock):
    tab = open_dock.check_tab
    tab.check()
    assert not tab.cancel_button.isHidden()
    bar = open_dock.style().pixelMetric(open_dock.style().PixelMetric.PM_ScrollBarExtent)
    assert tab.minimumSizeHint().width() + bar <= 320
    tab.cancel()
    wait_for(lambda: not tab.is_checking)


def test_today_is_said_in_the_colour_of_text_after_another_day_too(open_dock):
    line = open_dock.header.date.lineEdit()
    for day in (QDate(2020, 1, 1), QDate()):
        open_dock.library.set_day(day)
        wait_for(lambda: open_dock.pages.currentWidget() is open_dock.tabs)
    assert line.text() == "today" and line.styleSheet() == ""
    open_dock.header.date.setDate(QDate(2020, 1, 1))
    open_dock.header.date.clear()  # as its cross does
    assert line.text() == "today" and line.styleSheet() == ""
    assert open_dock.library.day == ""  # and not the date of today, which would be another one tomorrow


def test_what_was_asked_is_whole_below_the_buttons(open_dock):
    check(open_dock)
    label = open_dock.check_tab._run_label
    assert label.text().startswith("parcels · 20") and label.wordWrap() and not label.isHidden()
    open_dock.library.set_day(QDate(2020, 1, 1))
    assert label.isHidden()


@ends_its_core
def test_closing_the_dock_ends_the_core(dock, library):
    dock.open_library(library)
    wait_for(lambda: dock.core.process_id and dock.library.layers)
    number = dock.core.process_id
    dock.close_down()
    dock.core.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_results_are_not_shown_under_another_day(open_dock):
    check(open_dock)
    open_dock.library.set_day(QDate(2024, 6, 1))
    assert open_dock.check_tab.results.model.rowCount() == 0


def test_a_check_is_shown_in_qgis_s_task_bar_and_can_be_cancelled_there(open_dock):
    refused = []
    open_dock.check_tab.refused.connect(refused.append)
    open_dock.check_tab.button.click()
    (task,) = [one for one in QgsApplication.taskManager().activeTasks() if one.description() == "Check parcels"]
    task.cancel()
    wait_for(lambda: refused)
    assert refused[0].is_cancel


def test_verdicts_reasons_and_departments_are_told_in_the_core_s_own_words(library, canvas, shared_core, parcels):
    settings.put("language", "zh")
    core_words.learn({})
    with own_dock(canvas, shared_core) as dock:
        open_in(dock, library)
        dock.check_tab.parcels.choose_layer(parcels)
        check(dock)
        model = dock.check_tab.results.model
        assert model.data(model.index(0, 0)) == "A · 禁止"
        second = model.index(1, 0, model.index(0, 0))
        assert "无法判定" in model.details_at(second)
        assert "layer_missing" not in model.details_at(second)
        assert dock.map_tab.item_of("YJJBNTTB").parent().text(0) == "自然资源和规划局（土地）"
    core_words.learn({})


def test_departments_are_called_as_the_library_s_own_profile_has_it(dock, library, tmp_path):
    path = tmp_path / "profiled.gpkg"
    shutil.copyfile(library, path)
    profile = tmp_path / "profiled.profile.toml"
    profile.write_text('[departments.land]\nname = { zh = "土地处", en = "Land desk" }\n', encoding="utf-8")
    open_in(dock, path)
    assert dock.map_tab.item_of("YJJBNTTB").parent().text(0) == "Land desk"
    profile.write_text("[departments.land]\nname = 3\n", encoding="utf-8")
    open_in(dock, library)
    assert dock.map_tab.item_of("YJJBNTTB").parent().text(0) != "Land desk"
    dock.open_library(str(path))
    wait_for(lambda: dock.library.layers and dock.notice.text)
    assert "profiled.profile.toml" in dock.notice.text


def test_differences_are_kept_in_the_library_by_the_algorithm_with_its_run_filled_in(dock, library):
    asked = []
    dock._ask_algorithm = lambda *given: asked.append(given[:2])
    dock.library.path = library
    dock.compare_tab.view.atlas.keep_requested.emit("20261120T1", "03,04")
    assert asked == [("onemap:spots", {"LIBRARY": library, "RUN": "20261120T1", "TYPE": "03,04"})]


def test_every_control_has_a_name_for_a_screen_reader(open_dock):
    """A button says its text; those whose text comes with what they stand for have none yet."""
    check(open_dock)
    nameless = [
        type(control).__name__
        for control in nameless_controls(open_dock)
        if not isinstance(control, (QPushButton, QListView)) and not control.objectName().startswith("qt_")
    ]
    assert nameless == []


def test_the_buttons_of_the_dock_s_frame_are_named_in_the_language_of_the_plugin(dock):
    names = {name: dock.findChild(QAbstractButton, f"qt_dockwidget_{name}button") for name in ("close", "float")}
    assert {name: button.accessibleName() for name, button in names.items()} == {"close": "Close", "float": "Float"}
    assert {name: button.toolTip() for name, button in names.items()} == {"close": "Close", "float": "Float"}


def test_the_counts_have_names_before_there_are_any_and_say_the_count_then(dock):
    counts = dock.check_tab.results.counts
    assert counts.buttons["prohibited"].accessibleName() == "prohibited"
    counts.show_counts({"prohibited": 2})
    assert counts.buttons["prohibited"].accessibleName() == "2 prohibited"


def test_an_old_refusal_goes_when_the_next_step_succeeds_and_a_message_stays(open_dock):
    listed = []
    open_dock.library.listed.connect(lambda: listed.append(True))
    open_dock.notice.refuse(Refusal("too bad"))
    open_dock.library.refresh()
    wait_for(lambda: listed)
    assert open_dock.notice.text == ""
    open_dock.notice.say("a message")
    open_dock.library.refresh()
    wait_for(lambda: len(listed) == 2)
    assert open_dock.notice.text == "a message"


def test_the_library_s_own_layers_are_no_parcels_unless_somebody_chooses_them(dock, library, parcels):
    QgsProject.instance().removeMapLayer(parcels)
    open_in(dock, library)
    dock.map_tab.item_of("YJJBNTTB").setCheckState(0, Qt.CheckState.Checked)
    choice = dock.check_tab.parcels
    wait_for(lambda: choice.box.count() == 1)  # layers that come together are listed together
    assert choice.choice is None and not dock.check_tab.button.isEnabled()
    mine = QgsVectorLayer(f"Polygon?crs={CRS}", "mine", "memory")
    QgsProject.instance().addMapLayer(mine)
    assert choice.choice.layer == mine.id() and dock.check_tab.button.isEnabled()


def test_a_drawn_parcel_is_asked_for_its_use_and_the_check_is_told(open_dock):
    tab = open_dock.check_tab
    tab.live.button.setChecked(False)
    use, systems = tab.uses.use, tab.uses.systems
    assert use.isHidden() and systems.isHidden()
    tab.parcels.add_drawing(QgsGeometry.fromWkt(box(100, 100, 100, 100)))
    assert not use.isHidden() and not systems.isHidden()
    assert use.count() > 100  # the national classes
    use.choose("0701")
    use.chosen.emit(use.code)
    layer, feature = tab.uses.last_drawn
    assert layer.getFeature(feature).attributes() == ["1", "0701", "land-sea-2023"]
    systems.setCurrentIndex(systems.findData("urban-gb50137"))
    assert layer.getFeature(feature).attributes() == ["1", None, None]  # 0701 is no code of the other system
    assert use.findData("0701") < 0
    use.choose("R2")
    use.chosen.emit(use.code)
    assert layer.getFeature(feature).attributes() == ["1", "R2", "urban-gb50137"]
    check(open_dock)
    assert tab.results.model.rowCount() == 1
    assert tab._params["code_system"] is None  # the parcel says it


def test_parcels_that_name_their_use_are_asked_by_which_codes(open_dock, town, tmp_path):
    tab = open_dock.check_tab
    assert tab.uses.systems.isHidden()  # these parcels have no use
    path = write_layer(tmp_path / "uses.gpkg", ["DKBH", "YDXZ"], [(box(400, 100, 100, 100), "A", "U1")])
    tab.parcels.choose_file(path)
    assert not tab.uses.systems.isHidden()
    check(open_dock)
    assert tab._params["code_system"] is None
    tab.uses.systems.setCurrentIndex(tab.uses.systems.findData("survey"))
    check(open_dock)
    assert tab.results.run.record["parameters"]["code_system"] == "survey"
    with_system = write_layer(
        tmp_path / "told.gpkg", ["YDXZ", "code_system"], [(box(400, 100, 100, 100), "U1", "survey")]
    )
    tab.parcels.choose_file(with_system)
    assert tab.uses.systems.isHidden()


def test_the_parcel_is_measured_while_it_is_drawn(canvas):
    tool = DrawParcelTool(canvas)
    corners = [QgsPointXY(X, Y), QgsPointXY(X + 200, Y), QgsPointXY(X + 200, Y + 100)]
    tool._show_measure(corners)
    # By hand: the last side 100 m, the outline 200 + 100 + 223.6 m, half of 200 m × 100 m = 15 mu.
    assert tool.measure.text().splitlines() == ["Last side: 100.0 m", "Outline: 523.6 m", "10,000 m² · 15.00 mu"]
    tool._clear()
    assert tool.measure.isHidden()


def test_a_pack_of_a_file_is_called_as_it_calls_itself(open_dock, town, tmp_path):
    rules = open_dock.check_tab.rules
    rules.add_file(str(town / "pack.toml"))
    assert rules.packs == [str(town / "pack.toml")]
    wait_for(lambda: rules.box.currentText() != "pack.toml")
    own = rules.box.itemText(0)
    assert rules.box.currentText() == own  # the library was made with this very pack
    broken = tmp_path / "broken.toml"
    broken.write_text("[pack]\n", encoding="utf-8")
    rules.add_file(str(broken))
    open_dock.check_tab.button.click()
    wait_for(lambda: open_dock.notice.text)
    assert rules.box.currentText() == "broken.toml" and "broken.toml" in open_dock.notice.text


def test_a_library_without_what_the_rules_ask_says_so_and_offers_to_add(dock, empty_library, library, tmp_path):
    path = str(tmp_path / "empty.gpkg")
    shutil.copyfile(empty_library, path)
    open_in(dock, path)
    tab = dock.check_tab
    assert "No layer that the rules ask" in tab._empty.text() and not tab.add_button.isHidden()
    tab.add_button.click()
    assert dock.add_dialog.isVisible()
    dock.add_dialog.close()
    open_in(dock, library)
    assert tab.add_button.isHidden()
    dock.library.set_day(QDate(2024, 6, 1))  # before its data is in force
    wait_for(lambda: not tab.add_button.isHidden())


def test_the_sums_of_a_check_wrap_the_departments_names(open_dock):
    check(open_dock)
    open_dock.tabs.setCurrentIndex(open_dock.tab_index(open_dock.check_tab))
    open_dock.show()
    summary = open_dock.check_tab.results.summary
    open_dock.check_tab.results.summary_button.setChecked(True)
    summary.resize(300, 200)
    summary.topLevelItem(0).setText(0, "自然资源和规划局" * 4)
    summary.setColumnWidth(0, 100)
    summary.executeDelayedItemsLayout()
    heights = [summary.visualItemRect(summary.topLevelItem(row)).height() for row in range(2)]
    line = summary.fontMetrics().height()
    assert heights[0] >= 3 * line and heights[1] < 2 * line


def test_every_entry_of_the_panel_s_menus_has_an_icon_of_its_own(open_dock):
    for menu in (open_dock.header.more_menu, open_dock.header.button.menu()):
        menu.aboutToShow.emit()
        steps = [action for action in menu.actions() if action.text() and "   " not in action.text()]  # and no library
        assert [step.text() for step in steps if step.icon().isNull()] == []
        assert len({step.icon().cacheKey() for step in steps}) == len(steps) > 3
