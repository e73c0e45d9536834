"""Publishing from the dock: layers to tick, a project, and the message if one exists already."""

import shutil
import zipfile

import pytest
from qgis.PyQt.QtCore import QDate, Qt

from onemap.plugin.desk.answers.name_delegate import wrapped_height
from onemap.plugin.desk.library.state_delegate import CELL_MARGIN_PX
from onemap.plugin.dock.publish_dialog import STATE, TITLE
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import wait_for

pytestmark = pytest.mark.slow
LABEL = "冀政函〔2022〕118号批复划定的自然保护地整合优化方案（修订稿）"


@pytest.fixture(scope="module")
def three_layers(town, tmp_path_factory):
    """A library of three layers, of which one comes into force in November 2026, and one is withheld."""
    path, ground = tmp_path_factory.mktemp("published") / "一张图.gpkg", town / "farmland.gpkg"
    layers = (
        ("YJJBNTTB", ground, {"valid_from": "2026-01-01"}),
        ("STBHHX", ground, {"valid_from": "2026-11-01"}),
        ("ZRBHD", ground, {"fields": "BH=BSM", "label": LABEL}),
    )
    return make_library(path, town / "district.gpkg", *layers, pack=town / "pack.toml")


@pytest.fixture
def dialog(dock, three_layers, tmp_path):
    """The dialog for a day in March, with a project of the library's name beside it."""
    path = tmp_path / "一张图.gpkg"
    shutil.copyfile(three_layers, path)
    (tmp_path / "一张图.qgz").touch()
    (tmp_path / "一张图.catalogue.toml").write_text("[ZRBHD]\nwithheld = true\n", encoding="utf-8")
    assert not dock.header.publish_action.isEnabled()
    dock.library.as_of = QDate(2026, 3, 2)
    dock.open_library(str(path))
    wait_for(lambda: dock.library.layers and core_words.are_known())
    dock.header.publish_action.trigger()
    return dock.publish_dialog


def press_publish(dialog):
    dialog.publish_button.click()
    wait_for(lambda: not dialog.is_working)


def layers_in(project):
    with zipfile.ZipFile(project) as archive:
        text = next(archive.read(name) for name in archive.namelist() if name.endswith(".qgs")).decode()
    return {code for code in ("YJJBNTTB", "STBHHX", "ZRBHD") if f"{code}__" in text}


def test_what_is_in_force_and_not_withheld_is_ticked_and_published(dialog, tmp_path):
    assert dialog.chosen_codes == ["YJJBNTTB"]
    states = {item.data(0, Qt.ItemDataRole.UserRole): item.text(1) for item in dialog._layer_items()}
    assert states["STBHHX"] == "not in force"
    assert states["ZRBHD"].endswith("withheld")
    press_publish(dialog)
    project = tmp_path / "一张图-2.qgz"
    assert layers_in(project) == {"YJJBNTTB"}
    headline, *left_out = dialog.notice.text.split("\n")
    assert headline == f"The project has 1 layer: {project}"
    assert any("STBHHX" in line and core_words.word("reasons", "not_in_force") in line for line in left_out)


def test_a_tick_adds_what_is_withheld_and_without_any_there_is_nothing_to_publish(dialog, tmp_path):
    dialog.tick("YJJBNTTB", False)
    assert not dialog.publish_button.isEnabled()
    dialog.tick("ZRBHD", True)
    assert dialog.count.text() == "Layers: 1"
    press_publish(dialog)
    assert layers_in(tmp_path / "一张图-2.qgz") == {"ZRBHD"}


def test_a_project_that_is_there_is_replaced_only_by_a_click(dialog, tmp_path):
    project = tmp_path / "一张图.qgz"
    dialog.project.setFilePath(str(project))
    press_publish(dialog)
    assert project.stat().st_size == 0
    assert dialog.notice._button.text() == "Replace it"
    assert "“Replace it”" in dialog.notice.text and "Processing" not in dialog.notice.text
    dialog.notice._button.click()
    wait_for(lambda: not dialog.is_working)
    assert layers_in(project) == {"YJJBNTTB"}


def test_a_long_label_of_a_version_is_read_whole(dialog):
    tree = dialog.tree
    item = next(item for item in dialog._layer_items() if LABEL in item.text(STATE))
    needed = wrapped_height(item.text(STATE), tree.font(), tree.columnWidth(STATE) - CELL_MARGIN_PX)
    assert tree.visualItemRect(item).height() >= needed > 2 * tree.fontMetrics().height()
    assert tree.columnWidth(TITLE) > tree.columnWidth(STATE)
