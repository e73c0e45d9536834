"""The library's district is shown, set later, and changed with a reason."""

import pytest

from onemap.plugin.dock.district_dialog import DistrictDialog
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import awaited, box, wait_for, write_layer


@pytest.fixture
def dialog(own_library):
    made = DistrictDialog(own_library)
    made.begin()
    wait_for(lambda: not made.is_working)
    yield made
    made.close_down()
    made.deleteLater()


def texts(dialog):
    tree = dialog.rows
    return [(tree.topLevelItem(n).text(0), tree.topLevelItem(n).text(1)) for n in range(tree.topLevelItemCount())]


def change(dialog, path, reason=""):
    dialog.file.setFilePath(str(path))
    dialog.reason.setText(reason)
    assert dialog.button.isEnabled()
    dialog.button.click()
    wait_for(lambda: not dialog.is_working)


def test_the_district_changes_with_a_reason_and_the_dock_learns_it(dialog, own_library, tmp_path):
    write_layer(tmp_path / "zone.gpkg", ["BSM"], [(box(0, 0, 10, 10), "Z")])
    core("add", own_library.path, str(tmp_path / "zone.gpkg"), "--as", "STBHHX", "--covers=district")
    write_layer(tmp_path / "wide.gpkg", ["A"], [(box(-3000, -3000, 9000, 9000), "W")])
    assert texts(dialog)[0][0] == "District"
    dialog.file.setFilePath(str(tmp_path / "wide.gpkg"))
    assert not dialog.button.isEnabled() and dialog.button.toolTip() == "State the reason first."
    with awaited(own_library.listed):
        change(dialog, tmp_path / "wide.gpkg", "撤县设区")
        assert dialog.notice.text == "The district is changed."
        (area, changes, short) = texts(dialog)
        assert area == ("District", "8,100.0000 ha") and "撤县设区" in changes[1]
        assert short[0] == "Layers that do not speak for all of it"
        assert "Ecological red line" in dialog.rows.topLevelItem(2).child(0).text(0)
    assert (dialog.file.filePath(), dialog.reason.text()) == ("", "")
    change(dialog, tmp_path / "wide.gpkg", "once more")
    assert dialog.notice.text == "This is the library's district already."


def test_a_file_that_is_no_district_is_refused_in_words(dialog, tmp_path):
    change(dialog, tmp_path / "none.gpkg", "x")
    assert "none.gpkg" in dialog.notice.text and dialog.reason.text() == "x"
