"""Past checks in the dock: opened, compared, named, deleted; results belong to their library, once on the map."""

import shutil
import zipfile

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QDate
from qgis.PyQt.QtWidgets import QStyle

from onemap.plugin.desk.results.result_layers import result_layers
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import awaited, box, check, open_in, wait_for, write_layer


@pytest.fixture
def checked_dock(dock, library, parcels, tmp_path):
    """The dock with a copy of the town's library, its parcels checked."""
    path = str(tmp_path / "mine.gpkg")
    shutil.copyfile(library, path)
    open_in(dock, path)
    dock.check_tab.parcels.choose_layer(parcels)
    check(dock)
    return dock


def past_rows(dock):
    """Show the past checks, and return their rows once they are there."""
    past = dock.check_tab.past
    dock.check_tab.past_button.setChecked(False)
    dock.check_tab.past_button.setChecked(True)
    wait_for(lambda: not past.is_working)
    return [past.tree.topLevelItem(row) for row in range(past.tree.topLevelItemCount())]


def test_a_check_that_the_library_could_not_keep_says_so(checked_dock, town):
    tab, run = checked_dock.check_tab, checked_dock.check_tab.results.run
    assert "not kept" not in tab._run_label.text() and run.id in tab._run_label.toolTip()
    answer = core("check", run.library_path, town / "parcels.gpkg", "--unrecorded")  # as on a drive of the network
    tab._show_results(run.path, answer, tab.results.model.parcels)
    assert tab._run_label.text().endswith("not kept: the library may only be read")
    assert answer["run"]["id"] not in tab._run_label.toolTip()  # under which nobody finds it


def test_a_past_check_is_opened_again_with_its_findings(checked_dock):
    tab = checked_dock.check_tab
    before = {parcel.parcel: (parcel.verdict, len(parcel.findings)) for parcel in tab.results.model.parcels}
    first = tab.results.run.id
    check(checked_dock)
    rows = past_rows(checked_dock)
    tab.past.tree.setCurrentItem(rows[1])
    with awaited(tab.finished, lambda: checked_dock.notice.text):
        tab.past.open_button.click()
    assert tab.results.run.id == first and not tab.past_button.isChecked()
    assert {parcel.parcel: (parcel.verdict, len(parcel.findings)) for parcel in tab.results.model.parcels} == before
    assert not tab.results.remedy_button.isEnabled()


@pytest.mark.parametrize("way", ["open", "compare", "name"])
def test_a_check_that_was_deleted_elsewhere_says_so_and_leaves_the_list(checked_dock, way):
    check(checked_dock)
    tab = checked_dock.check_tab
    rows = past_rows(checked_dock)
    tab.past.tree.setCurrentItem(rows[1])
    gone = tab.past.current["id"]
    done = []
    request = checked_dock.core.ask("runs", {"library": checked_dock.library.path, "run": gone, "remove": True})
    request.answered.connect(done.append)  # as from another window
    wait_for(lambda: done)
    if way == "name":
        tab.past.rename("Ours")
    else:
        {"open": tab.past.open_button, "compare": tab.past.compare_button}[way].click()
    wait_for(lambda: checked_dock.notice.text and not tab.past.is_working)
    assert checked_dock.notice.text == "This check is no longer in the library: it was deleted elsewhere."
    wait_for(lambda: tab.past.tree.topLevelItemCount() == len(rows) - 1)
    assert tab.past.current["id"] != gone


@pytest.mark.parametrize("change", [{"remove": True}, {"name": "Ours"}], ids=["deleted", "named"])
def test_what_another_window_does_with_a_check_is_listed_without_a_press(checked_dock, change):
    first = checked_dock.check_tab.results.run.id
    check(checked_dock)
    past = checked_dock.check_tab.past
    rows = past_rows(checked_dock)
    past.tree.setCurrentItem(rows[0])
    chosen = past.current["id"]
    past.follower.look()
    wait_for(lambda: not past.follower.asking.is_busy)
    done = []
    request = checked_dock.core.ask("runs", {"library": checked_dock.library.path, "run": first, **change})
    request.answered.connect(done.append)  # as from another window
    wait_for(lambda: done)
    past.follower.look()
    wait_for(lambda: not past.follower.asking.is_busy)
    names = [past.tree.topLevelItem(row).text(0) for row in range(past.tree.topLevelItemCount())]
    assert len(names) == len(rows) - ("remove" in change)
    assert ("Ours" in names) == ("name" in change)
    assert past.current["id"] == chosen


def test_two_checks_are_compared(checked_dock):
    check(checked_dock)
    tab = checked_dock.check_tab
    rows = past_rows(checked_dock)
    assert not tab.past.compare_button.isEnabled()  # the newest is the one on display
    tab.past.tree.setCurrentItem(rows[1])
    with awaited(tab.trial_finished, lambda: checked_dock.notice.text):
        tab.past.compare_button.click()
    assert " 0 of 3 parcels changed verdict." in tab.trial.summary.text()
    tab.trial.leave()
    assert tab.results.run is not None and tab.results.model.rowCount() == 3


def test_checks_of_other_parcels_are_compared_by_those_that_both_have(checked_dock, tmp_path):
    tab, first = checked_dock.check_tab, checked_dock.check_tab.results.run.id
    # Of A, B and C one is there, now off the farmland, and Z is new: one of one changed, two are gone, one came.
    rows = [(box(600, 600, 40, 40), "A"), (box(10, 10, 40, 40), "Z")]
    tab.parcels.choose_file(write_layer(tmp_path / "others.gpkg", ["DKBH"], rows))
    check(checked_dock)
    with awaited(tab.trial_finished):
        tab.compare_with(first, "First")
    assert tab.trial.summary.text() == (
        "Against “First” 1 of 1 parcel changed verdict. Parcels only in “First”: 2. "
        "Parcels only in the check on display: 1."
    )
    assert tab.trial.tree.topLevelItemCount() == 4


def test_a_rule_that_a_check_did_not_ask_is_not_clear_in_it(checked_dock, town):
    tab, answers = checked_dock.check_tab, []
    params = {"library": checked_dock.library.path, "parcels": str(town / "parcels.gpkg"), "only": ["STBHHX"]}
    checked_dock.core.ask("check", params).answered.connect(answers.append)  # as from another window
    wait_for(lambda: answers)
    tab.compare_with(answers[0]["run"]["id"], "Few")
    wait_for(lambda: tab._pages.currentWidget() is tab.trial)
    assert "did not ask the same rules" in tab.trial.summary.text()
    row = tab.trial.tree.topLevelItem(0)
    assert [row.child(number).text(0) for number in range(row.childCount())] == [
        "Occupies permanent basic farmland: not asked → prohibited 5,000 m²"
    ]


def test_a_check_has_the_name_of_its_parcels_though_their_layer_went_meanwhile(checked_dock, parcels):
    tab, name = checked_dock.check_tab, parcels.name()
    with awaited(tab.finished):
        tab.check()
        QgsProject.instance().removeMapLayer(parcels.id())
    assert tab._run_label.text().startswith(f"{name} · ")


def test_a_check_is_named_and_deleted(checked_dock):
    check(checked_dock)
    past = checked_dock.check_tab.past
    rows = past_rows(checked_dock)
    past.tree.setCurrentItem(rows[1])
    past.rename("第一稿")
    wait_for(lambda: not past.is_working and past.tree.topLevelItem(1).text(0) == "第一稿")
    past.delete()  # the named one is still chosen
    wait_for(lambda: not past.is_working and past.tree.topLevelItemCount() == len(rows) - 1)
    assert "第一稿" not in [past.tree.topLevelItem(row).text(0) for row in range(past.tree.topLevelItemCount())]


def test_the_answer_of_a_library_that_was_left_is_not_shown_under_the_next(checked_dock, library, tmp_path):
    other = str(tmp_path / "other.gpkg")
    shutil.copyfile(library, other)
    tab = checked_dock.check_tab
    tab.check()
    checked_dock.open_library(other)
    wait_for(lambda: not tab.is_checking and checked_dock.notice.text)
    assert "not shown" in checked_dock.notice.text
    assert "(mine.gpkg)" in checked_dock.notice.text  # the next one may be called the same
    assert tab.results.run is None and tab.results.model.rowCount() == 0


def test_the_answer_of_another_day_is_not_shown_either(checked_dock):
    tab = checked_dock.check_tab
    tab.check()
    checked_dock.library.set_day(QDate(2024, 6, 1))
    wait_for(lambda: not tab.is_checking and checked_dock.notice.text)
    assert tab.results.run is None


def test_results_on_the_map_are_replaced_and_cleared_by_one_button(checked_dock):
    results = checked_dock.check_tab.results
    results.keep_button.click()
    assert not results.keep_button.isEnabled()  # it is there
    first = {layer.id() for layer in result_layers()}
    check(checked_dock)
    results.keep_button.click()
    second = {layer.id() for layer in result_layers()}
    (group,) = [node for node in QgsProject.instance().layerTreeRoot().children() if node.name().startswith("Check of")]
    assert group.name().endswith(f"· {checked_dock.library.name}")  # whose results they are, whatever is open then
    assert first and len(second) == len(first) and not first & second
    results.clear_button.click()
    assert result_layers() == [] and not results.clear_button.isEnabled() and results.keep_button.isEnabled()
    groups = [node.name() for node in QgsProject.instance().layerTreeRoot().children()]
    assert not [name for name in groups if name.startswith("Check of")]
    results.keep_button.click()
    QgsProject.instance().removeAllMapLayers()  # as another project does
    assert results.keep_button.isEnabled() and not results.clear_button.isEnabled()


def test_two_libraries_of_one_name_are_told_apart(checked_dock, library, tmp_path):
    assert "(" not in checked_dock.library.name
    other = str(tmp_path / "theirs.gpkg")
    shutil.copyfile(library, other)
    checked_dock.open_library(other)
    wait_for(lambda: checked_dock.library.layers)
    assert checked_dock.library.name.endswith("(theirs.gpkg)")
    header = checked_dock.header
    header.menu.aboutToShow.emit()
    names = [action.text().split("   ")[0] for action in header.menu.actions()[:2]]
    name = checked_dock.library.name.partition(" (")[0]
    assert names == [f"{name} · theirs", f"{name} · mine"]


def test_a_long_name_of_a_library_stays_clear_of_the_menu_s_arrow(checked_dock, library, tmp_path):
    other = str(tmp_path / "the-library-of-the-bureau-on-the-other-side-of-the-river.gpkg")
    shutil.copyfile(library, other)
    checked_dock.open_library(other)
    button = checked_dock.header.button
    checked_dock.resize(320, 600)
    checked_dock.show()  # which reads the library once more; until then it is called by its file
    wait_for(
        lambda: checked_dock.library.layers and button.name.startswith("T") and button.mark and "…" in button.text()
    )
    arrow = button.style().pixelMetric(QStyle.PixelMetric.PM_MenuButtonIndicator, None, button)
    assert button.text().startswith("T")
    width = button.fontMetrics().horizontalAdvance(button.text()) + button.iconSize().width()
    assert width < button.width() - arrow
    assert button.accessibleName() == checked_dock.library.name and other in button.toolTip()
    checked_dock.hide()


@pytest.mark.parametrize("suffix", [".xlsx", ".gpkg", ".pdf"])
@pytest.mark.slow
def test_the_results_are_written_for_the_office(checked_dock, tmp_path, suffix):
    target = tmp_path / f"results{suffix}"
    button, done, refused = checked_dock.check_tab.results.export_button, [], []
    button.message_sent.connect(done.append)
    button.refused.connect(refused.append)
    button.write(str(target))
    wait_for(lambda: done or refused)
    assert refused == [] and target.stat().st_size > 1000
    if suffix == ".xlsx":
        assert 'name="Findings"' in zipfile.ZipFile(target).read("xl/workbook.xml").decode()
    if suffix == ".pdf":
        assert target.read_bytes().startswith(b"%PDF")
