"""Trying a file instead of a layer: which parcels would have another verdict, and why."""

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from qgis.core import QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtGui import QTextLayout
from qgis.PyQt.QtWidgets import QFileDialog

from onemap.plugin.desk.answers.name_delegate import JOIN
from onemap.tests.plugin.small_town import X, Y, box, checked_tab, wait_for, write_layer

pytestmark = pytest.mark.slow


@pytest.fixture
def tab(library, town, canvas, shared_core):
    made = checked_tab(library, town / "parcels.gpkg", canvas, shared_core)
    yield made
    made.close_down()
    made.deleteLater()


def moved_farmland(folder):
    """Farmland off parcel A and on a corner of parcel B: 10 m square."""
    return write_layer(folder / "moved.gpkg", ["BSM"], [(box(400, 100, 10, 10), "F2")])


def attempt(tab, path):
    """Try a file in place of the farmland; returns whether the changes are shown, and what was refused."""
    done, refusals = [], []
    tab.trial_finished.connect(lambda: done.append(True))
    tab.refused.connect(refusals.append)
    tab.try_file("YJJBNTTB", path)
    wait_for(lambda: done or refusals)
    return bool(done), refusals


def test_the_parcels_that_change_are_listed_with_the_rules_that_say_so(tab, tmp_path):
    assert attempt(tab, moved_farmland(tmp_path)) == (True, [])
    tree = tab.trial.tree
    changes = {tree.topLevelItem(row).text(0): tree.topLevelItem(row).child(0).text(0) for row in range(2)}
    assert changes == {
        "A · prohibited → unknown": "Occupies permanent basic farmland: prohibited 5,000 m² → clear",
        "B · unknown → prohibited": "Occupies permanent basic farmland: clear → prohibited 100 m²",
    }
    assert "2 of 3 parcels" in tab.trial.summary.text()
    assert "moved.gpkg" in tab.trial.summary.text().replace(JOIN, "")


@pytest.mark.parametrize("width", [200, 240, 280, 320, 360])
def test_a_file_with_a_chinese_name_is_named_in_one_line(tab, tmp_path, width):
    file = tmp_path / "农田2023调整.gpkg"
    write_layer(file, ["BSM"], [(box(400, 100, 10, 10), "F2")])
    assert attempt(tab, str(file)) == (True, [])
    layout = QTextLayout(tab.trial.summary.text(), tab.trial.summary.font())
    layout.beginLayout()
    lines, line = [], layout.createLine()
    while line.isValid():
        line.setLineWidth(width)
        lines.append(layout.text()[line.textStart() :][: line.textLength()].replace(JOIN, ""))
        line = layout.createLine()
    assert [one for one in lines if file.name in one], lines


def test_a_change_is_shown_on_the_map_where_it_is(tab, tmp_path, canvas):
    attempt(tab, moved_farmland(tmp_path))
    tree = tab.trial.tree
    gained = tree.topLevelItem(1).child(0)
    tree.itemClicked.emit(gained, 0)
    assert tab.trial.highlight.labels == ["100 m²"]
    assert canvas.extent().contains(QgsRectangle(X + 400, Y + 100, X + 410, Y + 110))
    lost = tree.topLevelItem(0).child(0)
    tree.itemClicked.emit(lost, 0)
    assert tab.trial.highlight.labels == ["5,000 m²"]


def test_the_way_back_leads_to_the_check_as_it_was_and_leaves_no_file(tab, tmp_path):
    attempt(tab, moved_farmland(tmp_path))
    folder = Path(tab.trial._folder)
    assert (folder / "trial.gpkg").exists()
    tab.trial.leave()
    assert tab._pages.currentWidget() is tab.results
    assert tab.results.model.rowCount() == 3
    assert not folder.exists()


def test_the_library_is_as_before_a_trial(tab, library, tmp_path):
    def layers():
        answers = []
        tab._library.core.ask("layers", {"library": library}).answered.connect(answers.append)
        wait_for(lambda: answers)
        return answers[0]["layers"]

    before = layers()
    attempt(tab, moved_farmland(tmp_path))
    assert layers() == before


def test_a_file_that_will_not_do_is_refused_and_the_check_stays(tab, tmp_path):
    lost = write_layer(tmp_path / "lost.shp", ["BSM"], [(box(0, 0, 1, 1), "F")], crs=None, driver="ESRI Shapefile")
    shown, refusals = attempt(tab, lost)
    assert not shown
    assert refusals[0].is_about("crs.missing")
    assert refusals[0].mend is None
    assert tab._pages.currentWidget() is tab.results


@pytest.mark.parametrize("suffix", [".xlsx", ".gpkg", ".pdf"])
def test_a_trial_is_written_for_the_office_and_its_run_is_not_kept(tab, library, tmp_path, monkeypatch, suffix):
    before = recorded_runs(tab, library)
    attempt(tab, moved_farmland(tmp_path))
    target, done, refused, messages = tmp_path / f"trial{suffix}", [], [], []
    button = tab.trial.export_button
    button.message_sent.connect(done.append)
    button.refused.connect(refused.append)
    tab.message_sent.connect(messages.append)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    titles = {".xlsx": "Excel", ".gpkg": "GeoPackage", ".pdf": "PDF"}
    next(action for action in button.menu().actions() if titles[suffix] in action.text()).trigger()
    wait_for(lambda: done or refused)
    assert refused == [] and messages == [f"The results are in {target}."]
    if suffix == ".xlsx":
        book = zipfile.ZipFile(target)
        assert any(b"Layers replaced for a trial" in book.read(name) for name in book.namelist())
        assert verdicts_of_sheet(target) == {"A": "unknown", "B": "prohibited", "C": "unknown"}
    if suffix == ".gpkg":
        rows = QgsVectorLayer(f"{target}|layername=parcels", "parcels", "ogr").getFeatures()
        assert {row["parcel"]: row["verdict"] for row in rows} == {"A": "unknown", "B": "prohibited", "C": "unknown"}
    if suffix == ".pdf":
        text = subprocess.run(["pdftotext", "-layout", target, "-"], capture_output=True, text=True).stdout
        assert "Results of a trial" in text and re.search(r"^\s*A\s+prohibited\s+unknown", text, re.MULTILINE)
    assert tab._pages.currentWidget() is tab.trial
    assert recorded_runs(tab, library) == before


def test_a_check_that_the_library_could_not_keep_is_written_all_the_same(tab, tmp_path):
    tab.results.run.record["recorded"] = False  # as in a library that may only be read
    target, done, refused = tmp_path / "results.xlsx", [], []
    button = tab.results.export_button
    button.message_sent.connect(done.append)
    button.refused.connect(refused.append)
    button.write(str(target))
    wait_for(lambda: done or refused)
    assert refused == []
    assert verdicts_of_sheet(target) == {"A": "prohibited", "B": "unknown", "C": "unknown"}


def test_what_follows_a_check_is_not_asked_of_parcels_that_changed_since(library, town, canvas, shared_core, tmp_path):
    path = shutil.copyfile(town / "parcels.gpkg", tmp_path / "parcels.gpkg")
    tab = checked_tab(library, path, canvas, shared_core)
    assert attempt(tab, moved_farmland(tmp_path)) == (True, [])  # the parcels are as they were
    write_layer(path, ["DKBH", "note"], [(box(10, 100, 100, 100), "B", "")])
    refused = []
    tab.trial.export_button.refused.connect(refused.append)
    tab.trial.export_button.write(str(tmp_path / "trial.xlsx"))
    tab.trial.leave()
    tab.refused.connect(refused.append)
    tab.try_file("YJJBNTTB", moved_farmland(tmp_path))
    tab._ask_remedy(tab.results.model.parcels[0])
    assert not tab.is_checking and not tab.remedy.asking.is_busy and tab._pages.currentWidget() is tab.results
    assert [str(refusal).partition(".gpkg")[0] for refusal in refused] == ["Changed since this check: parcels"] * 3
    assert not (tmp_path / "trial.xlsx").exists()
    tab.close_down()
    tab.deleteLater()


def verdicts_of_sheet(path):
    """Each parcel's verdict in the first sheet of a workbook, as GDAL reads it."""
    sheet = QgsVectorLayer(f"{path}|layername=Parcels", "parcels", "ogr")
    return {row[0]: row[1] for row in sheet.getFeatures()}


def recorded_runs(tab, library):
    """The number of checks in the library."""
    answers = []
    tab._library.core.ask("runs", {"library": library, "kind": "check"}).answered.connect(answers.append)
    wait_for(lambda: answers)
    return len(answers[0]["runs"])
