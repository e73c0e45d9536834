"""Layers that another desk adds to the open library appear in the list and on the map without a press."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject
from qgis.PyQt.QtCore import QDate, Qt
from qgis.PyQt.QtWidgets import QPushButton

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_logins import keep_entry
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.library.library_follower import JOURNALS, SERVER_LOOKS, SILENT_LOOKS
from onemap.plugin.dock.other_desks import MISSES
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import CRS, PACK, X, Y, box, check, wait_for, write_layer
from onemap.tests.plugin.town_server import PASSWORD

FARMLAND = "YJJBNTTB"


@pytest.fixture
def other_file(tmp_path):
    """Farmland a year later, and red lines that have not been added yet."""
    return write_layer(tmp_path / "later.gpkg", ["BSM"], [(box(0, 0, 150, 300), "F1"), (box(400, 0, 50, 50), "F2")])


@pytest.fixture
def shared_dock(dock, library, tmp_path):
    """The dock with a library of its own open, and its farmland on the map."""
    path = str(tmp_path / "shared.gpkg")
    shutil.copyfile(library, path)
    dock.open_library(path)
    wait_for(lambda: dock.library.layers and dock.library.packs)
    item = dock.map_tab.item_of(FARMLAND)
    if item.checkState(0) != Qt.CheckState.Checked:
        item.setCheckState(0, Qt.CheckState.Checked)
    return dock


def farmland_on_map():
    [layer] = [one for one in QgsProject.instance().mapLayers().values() if one.customProperty("onemap/code")]
    return layer


def look(dock):
    """One look of the follower, to its end."""
    dock.other_desks.follower.look()
    wait_for(lambda: not dock.other_desks.follower.asking.is_busy)


@pytest.mark.slow
def test_a_version_that_another_desk_adds_is_listed_drawn_and_named(shared_dock, other_file):
    tab, path = shared_dock.map_tab, shared_dock.library.path
    look(shared_dock)
    assert shared_dock.notice.text == ""  # it is as it was read
    add = AddDialog(shared_dock.library)
    add.form.choose_target(FARMLAND)
    add.fields.show_fields(add.form.chosen_target.fields, {"BSM": ["F1"], "其他": ["x"]}, {"BSM": "其他"})
    listed, loading = [], []
    shared_dock.library.listed.connect(lambda: listed.append(True))
    shared_dock.library.loading.connect(lambda: loading.append(True))
    core("add", path, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    tab.tree.setCurrentItem(tab.item_of(FARMLAND))
    shared_dock.other_desks.follower.timer.setInterval(50)
    shared_dock.other_desks.follow(True)
    wait_for(lambda: listed)
    shared_dock.other_desks.follow(False)
    assert tab.item_of(FARMLAND).text(1) == "2026-01-01 ●"
    assert tab.item_of(FARMLAND).childCount() == 2
    assert tab.versions.slider.maximum() == 1 and not tab.versions.isHidden()
    assert (farmland_on_map().featureCount(), farmland_on_map().name()[-10:]) == (2, "2026-01-01")
    assert shared_dock.notice.text.endswith("Permanent basic farmland 2026-01-01.")
    assert loading == []  # nobody's work is taken away for it
    assert add.fields.matches == {"BSM": "其他"}  # what was matched by hand in a dialog stays
    add.close_down()


@pytest.mark.slow
def test_a_version_that_another_desk_retires_leaves_list_map_and_verdicts_not_in_silence(shared_dock, parcels):
    shared_dock.check_tab.parcels.choose_layer(parcels)
    check(shared_dock)
    look(shared_dock)
    core("retire", shared_dock.library.path, FARMLAND, "2025-01-01", "--reason=by mistake")
    look(shared_dock)
    wait_for(lambda: shared_dock.notice.text)
    assert "is shown as it is now: Permanent basic farmland 2025-01-01 ✕ retired." in shared_dock.notice.text
    assert not shared_dock.check_tab.changed_versions.isHidden()


@pytest.mark.slow
def test_the_verdicts_of_older_versions_or_rules_say_that_they_are(shared_dock, parcels, other_file, tmp_path):
    tab = shared_dock.check_tab
    tab.parcels.choose_layer(parcels)
    check(shared_dock)
    assert tab.changed_versions.isHidden()
    core("add", shared_dock.library.path, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    look(shared_dock)
    wait_for(lambda: shared_dock.map_tab.item_of(FARMLAND).childCount() == 2)
    assert not tab.changed_versions.isHidden()
    assert "other versions than were asked here: Permanent basic farmland." in tab.changed_versions.text()
    check(shared_dock)
    assert tab.changed_versions.isHidden()
    other_rules = tmp_path / "pack.toml"
    other_rules.write_text(PACK.replace('"restricted"', '"prohibited"'), encoding="utf-8")
    core("pack", "enact", shared_dock.library.path, other_rules, "--reason=stricter")
    look(shared_dock)
    wait_for(lambda: not tab.changed_versions.isHidden())
    assert "other versions than were asked here: Rules of the test." in tab.changed_versions.text()
    assert shared_dock.notice.text.endswith("as it is now: Rules of the test.")


@pytest.mark.slow
def test_what_lies_here_and_a_balance_say_that_they_are_of_older_versions(shared_dock, tmp_path):
    path, place, balance = shared_dock.library.path, shared_dock.identify, shared_dock.numbers_tab.balance
    survey = write_layer(tmp_path / "survey.gpkg", ["BSM", "DLBM"], [(box(0, 0, 1000, 1000), "P1", "0101")])
    add = ("add", path, survey, "--as", "DLTB", "--covers=district")
    core(*add, "--valid-from=2025-01-01")
    shared_dock.show()  # it opens its library, as at the first sight of it
    wait_for(balance.layer.count)
    answered = []
    for done in (place.answered, balance.results_shown):
        done.connect(lambda: answered.append(True))
    place.ask(QgsPointXY(X + 200, Y + 200), QgsCoordinateReferenceSystem(CRS))
    wait_for(lambda: len(answered) == 1)
    balance.count()
    wait_for(lambda: len(answered) == 2)
    assert place.changed_versions.isHidden() and balance.changed_versions.isHidden()
    core(*add, "--valid-from=2026-01-01")
    look(shared_dock)
    wait_for(lambda: shared_dock.map_tab.item_of("DLTB").childCount() == 2)
    for view in (place, balance):
        assert not view.changed_versions.isHidden() and "asked here: Land use" in view.changed_versions.text()
    place.ask(QgsPointXY(X + 200, Y + 200), QgsCoordinateReferenceSystem(CRS))
    balance.count()
    wait_for(lambda: len(answered) == 4)
    assert place.changed_versions.isHidden() and balance.changed_versions.isHidden()


@pytest.mark.slow
def test_a_version_of_a_day_to_come_is_listed_and_the_map_stays(shared_dock, other_file):
    core("add", shared_dock.library.path, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2090-01-01")
    look(shared_dock)
    wait_for(lambda: shared_dock.map_tab.item_of(FARMLAND).childCount() == 2)
    assert farmland_on_map().featureCount() == 1
    states = [shared_dock.map_tab.item_of(FARMLAND).child(n).text(1) for n in range(2)]
    assert sorted("not yet" in state for state in states) == [False, True]


@pytest.mark.slow
def test_a_message_that_waits_for_somebody_is_not_replaced(shared_dock, other_file):
    shared_dock.notice.say("Something went wrong.", is_refusal=True)
    core("add", shared_dock.library.path, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    look(shared_dock)
    wait_for(lambda: shared_dock.map_tab.item_of(FARMLAND).childCount() == 2)
    assert shared_dock.notice.text == "Something went wrong."


@pytest.mark.slow
def test_an_answer_for_a_day_that_was_left_is_dropped(shared_dock, other_file):
    core("add", shared_dock.library.path, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    shared_dock.other_desks.follower.look()
    shared_dock.library.set_day(QDate(2025, 6, 1))
    wait_for(
        lambda: (
            shared_dock.map_tab.item_of(FARMLAND).childCount() == 2
            and not shared_dock.other_desks.follower.asking.is_busy
        )
    )
    assert shared_dock.map_tab.item_of(FARMLAND).text(1) == "2025-01-01 ●"


def test_a_library_that_is_moved_away_and_back_is_missed_once_and_found_again(shared_dock):
    path = Path(shared_dock.library.path)
    look(shared_dock)
    away = path.rename(path.with_name("away.gpkg"))
    look(shared_dock)
    assert shared_dock.notice.text == ""  # it may be the moment in which somebody puts another copy there
    look(shared_dock)
    assert shared_dock.notice.text == f"There is no library {path}."
    shared_dock.notice.hide()
    look(shared_dock)
    assert shared_dock.notice.text == ""
    shared_dock.refuse(Refusal("It is gone."))
    away.rename(path)
    look(shared_dock)
    wait_for(lambda: not shared_dock.library.reading.is_busy)
    assert (shared_dock.notice.text, farmland_on_map().featureCount()) == ("", 1)


def test_a_library_that_is_opened_while_a_missed_one_comes_back_is_not_told_as_changed(shared_dock, library, tmp_path):
    other, path = shutil.copyfile(library, tmp_path / "other.gpkg"), Path(shared_dock.library.path)
    core("retire", other, FARMLAND, "2025-01-01", "--reason=by mistake")
    look(shared_dock)
    away = path.rename(path.with_name("away.gpkg"))
    for _look in range(MISSES):
        look(shared_dock)
    away.rename(path)
    look(shared_dock)
    assert shared_dock.library.reading.is_busy
    read = []
    shared_dock.library.read.connect(lambda: read.append(shared_dock.library.path))
    shared_dock.library.open(str(other))
    wait_for(lambda: read)
    assert (read, shared_dock.notice.text) == ([str(other)], "")


def replace_library(path, copy=""):
    """Move a library away with its journals, and another copy into its place if there is one."""
    for ending in (*JOURNALS, "-shm"):
        if Path(path + ending).exists():
            Path(path + ending).rename(f"{path}.away{ending}")
    if copy:
        Path(copy).replace(path)


@pytest.mark.slow
def test_a_map_of_a_library_that_is_replaced_by_another_copy_shows_that_copy(
    shared_dock, library, other_file, tmp_path
):
    path, add = shared_dock.library.path, ("--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    core("add", path, other_file, *add)
    look(shared_dock)
    wait_for(lambda: farmland_on_map().featureCount() == 2)
    shared_dock.notice.hide()
    other_copy = str(shutil.copyfile(library, tmp_path / "copy.gpkg"))
    core(
        "add",
        other_copy,
        write_layer(tmp_path / "three.gpkg", ["BSM"], [(box(n * 60, 0, 50, 50), "F") for n in range(3)]),
        *add,
    )
    shared_dock.core.stop()  # it closes the file
    replace_library(path, other_copy)
    look(shared_dock)
    wait_for(lambda: len(list(farmland_on_map().getFeatures())) == 3)
    assert shared_dock.notice.text.endswith("Permanent basic farmland 2026-01-01.")
    shared_dock.notice.hide()
    shared_dock.core.stop()
    replace_library(path)
    for _look in range(MISSES):
        look(shared_dock)
    shutil.copyfile(library, path)  # an older copy
    look(shared_dock)
    wait_for(
        lambda: shared_dock.map_tab.item_of(FARMLAND).childCount() == 0 and not shared_dock.library.reading.is_busy
    )
    assert "is shown as it is now: Permanent basic farmland" in shared_dock.notice.text
    assert farmland_on_map().name().endswith("2025-01-01")


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no program is stopped here")
def test_a_core_that_stands_still_is_told_and_started_again_by_a_click(shared_dock):
    notice, follower = shared_dock.notice, shared_dock.other_desks.follower
    path = Path(shared_dock.library.path)
    look(shared_dock)
    for is_helped in (False, True):
        first = shared_dock.core.process_id
        os.kill(first, signal.SIGSTOP)
        path.touch()
        for _look in range(SILENT_LOOKS):
            follower.look()
            assert notice.text == ""
        follower.look()
        assert "what is shown may be old" in notice.text
        notice.say("Something else.")
        for _look in range(SILENT_LOOKS):
            follower.look()
        assert "what is shown may be old" in notice.text
        if is_helped:
            notice.findChild(QPushButton).click()
            wait_for(lambda: not follower.asking.is_busy)
            look(shared_dock)
        else:
            away = path.rename(path.with_name("away.gpkg"))
            os.kill(first, signal.SIGCONT)
            wait_for(lambda: not follower.asking.is_busy)
            away.rename(path)
        assert (notice.text, shared_dock.core.process_id != first) == ("", is_helped)


def test_what_was_found_yesterday_does_not_stand_as_of_today(shared_dock, parcels):
    shared_dock.library.today = QDate.currentDate().addDays(-1)  # the dock stays open over night
    shared_dock.check_tab.parcels.choose_layer(parcels)
    check(shared_dock)
    shared_dock.other_desks.follower.timer.timeout.emit()
    assert shared_dock.check_tab.results.model.rowCount() == 0
    assert shared_dock.notice.text.startswith("A new day has begun")
    wait_for(lambda: not shared_dock.library.reading.is_busy)
    check(shared_dock)
    shared_dock.other_desks.follower.timer.timeout.emit()
    assert shared_dock.check_tab.results.model.rowCount() == 3


@pytest.mark.slow
def test_what_is_folded_or_open_stays_so_when_the_list_is_made_anew(shared_dock, other_file):
    tree = shared_dock.map_tab.tree
    department = shared_dock.map_tab.item_of(FARMLAND).parent()
    assert department.isExpanded()
    department.setExpanded(False)
    core("add", shared_dock.library.path, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    look(shared_dock)
    wait_for(lambda: shared_dock.map_tab.item_of(FARMLAND).childCount() == 2)
    assert not shared_dock.map_tab.item_of(FARMLAND).parent().isExpanded()
    shared_dock.map_tab.item_of(FARMLAND).setExpanded(True)  # its versions
    shared_dock.map_tab.fill()
    assert shared_dock.map_tab.item_of(FARMLAND).isExpanded()
    assert tree.topLevelItemCount() > 0


@pytest.mark.slow
def test_a_library_on_a_server_is_asked_at_every_fourth_look(dock, postgres, entry, town, other_file):
    server = postgres.library("desks", town)
    keep_entry(server.location, entry("guarded", PASSWORD))
    dock.open_library(server.location)
    wait_for(lambda: dock.library.layers and dock.library.packs)
    server.core("add", server.location, other_file, "--as", FARMLAND, "--covers=district", "--valid-from=2026-01-01")
    for _look in range(SERVER_LOOKS):
        assert dock.map_tab.item_of(FARMLAND).text(1) == "○ no data"
        look(dock)
    wait_for(lambda: "2026-01-01" in dock.map_tab.item_of(FARMLAND).text(1))
    assert "2026-01-01" in dock.notice.text
