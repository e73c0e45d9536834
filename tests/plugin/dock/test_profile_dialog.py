"""The bureau's profile as a form: read from the library, checked by the core, stored, and printed."""

import shutil

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.dock.options_page import OptionsFactory
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import wait_for

pytestmark = pytest.mark.slow
LEFT = Qt.MouseButton.LeftButton
KEPT = """
authority = "云州市自然资源和规划局"
head = "document"
code = "云自然资预审"
addressees = ["云州市人民政府", { zh = "云州区政府", en = "Yunzhou District" }]
seal = false
[fonts]
body = "仿宋"
[departments.environment]
name = { zh = "环保局", en = "Environment bureau" }
unit = "云州市生态环境局"
"""


@pytest.fixture
def path(library, tmp_path):
    copied = tmp_path / "city.gpkg"
    shutil.copyfile(library, copied)
    return copied


@pytest.fixture
def form(dock, path):
    """Open the form of the library from the dock's menu."""

    def open_dialog():
        dock.open_library(str(path))
        wait_for(lambda: dock.library.layers and core_words.are_known())
        dock.header.profile_action.trigger()
        wait_for(lambda: dock.profile_dialog.pages and not dock.profile_dialog.is_working)
        return dock.profile_dialog

    yield open_dialog
    if dock.profile_dialog is not None:
        dock.profile_dialog.close_down()


def press_keep(dialog):
    QTest.mouseClick(dialog.keep_button, LEFT)
    wait_for(lambda: not dialog.is_working)


def test_every_key_of_the_profile_has_a_field_and_shows_what_is_kept(form, path):
    path.with_name("city.profile.toml").write_text(KEPT, encoding="utf-8")
    dialog = form()
    assert list(dialog.pages) == [
        *("lead", "reform", "planning", "land", "environment", "construction"),
        *("transport", "municipal", "forestry", "agriculture", "water", "fonts"),
    ]
    lead = dialog.pages["lead"]
    assert list(lead) == [
        *("authority", "mark", "head", "code", "addressees", "copies", "contact", "signatory", "printed_by", "seal")
    ]
    assert lead["authority"].value == "云州市自然资源和规划局"
    assert (lead["head"].value, lead["seal"].value, lead["mark"].value) == ("document", False, None)
    assert lead["addressees"].value == ["云州市人民政府", {"zh": "云州区政府", "en": "Yunzhou District"}]
    assert dialog.field("departments.environment.name").value == {"zh": "环保局", "en": "Environment bureau"}
    assert dialog.field("fonts.body").value == "仿宋"
    assert "云州市自然资源和规划局" in dialog.preview.toPlainText()
    assert "云自然资预审〔" in dialog.preview.toPlainText()
    dialog.show_section("environment")
    assert "云州市生态环境局" in dialog.preview.toPlainText()
    dialog.show_section("water")
    assert "no head" in dialog.preview.toPlainText()
    # What is shown is what is written: nothing is lost on the way through the form.
    text = dialog.stated_text
    source = path.with_name("again.profile.toml")
    source.write_text(text, encoding="utf-8")
    again = core("profile", path, "--file", source)
    assert again["values"] == core("profile", path)["values"]


def test_what_is_typed_is_kept_with_the_library_and_stands_on_the_documents(form, path, dock):
    dialog = form()
    assert dialog.source.text() == "The library has no profile yet."
    lead = dialog.pages["lead"]
    lead["authority"].controls[0].insert("云州市自然资源和规划局")
    lead["authority"].controls[1].insert("Yunzhou Bureau")
    lead["code"].controls[0].insert("云自然资预审")
    lead["copies"].controls[0].insertPlainText("甲局\n乙局")
    dialog.show_section("land")
    dialog.field("departments.land.name").controls[0].insert("土地局")
    press_keep(dialog)
    assert "is kept" in dialog.notice.text
    kept = core("profile", path)
    assert kept["values"] == {
        "authority": {"zh": "云州市自然资源和规划局", "en": "Yunzhou Bureau"},
        "code": "云自然资预审",
        "copies": ["甲局", "乙局"],
        "departments": {"land": {"name": "土地局"}},
    }
    assert core("verify", path)["ok"]
    wait_for(lambda: core_words.word("departments", "land") == "土地局")  # the dock speaks of it by that name
    press_keep(dialog)
    assert "is kept" in dialog.notice.text
    path.with_name("city.profile.toml").write_text(KEPT, encoding="utf-8")  # by somebody else
    press_keep(dialog)
    assert "changed by somebody else" in dialog.notice.text and core("profile", path)["values"]["head"] == "document"


def test_the_head_follows_what_is_typed_before_anything_is_kept(form, path):
    dialog = form()
    QTest.keyClicks(dialog.pages["lead"]["authority"].controls[1], "Bureau of Y")
    wait_for(lambda: "Bureau of Y" in dialog.preview.toPlainText())
    assert not path.with_name("city.profile.toml").exists()


def test_what_the_core_refuses_stands_at_its_field_on_its_page_and_nothing_is_kept(form, path):
    dialog = form()
    dialog.show_section("lead")
    code = dialog.field("departments.water.code")
    code.controls[0].setText("长" * 121)
    press_keep(dialog)
    assert list(dialog.pages)[dialog.sections.currentRow()] == "water"
    assert code.error.isVisible()
    assert "at most 120" in code.error.text()
    assert (dialog.notice.text, path.with_name("city.profile.toml").exists()) == ("", False)
    code.controls[0].setText("水")
    assert not code.error.isVisible()
    press_keep(dialog)
    assert core("profile", path)["values"] == {"departments": {"water": {"code": "水"}}}


def test_a_profile_that_was_spoilt_by_hand_is_mended_in_the_form(form, path):
    path.with_name("city.profile.toml").write_text('authority = "云州局"\nhead = "flag"\n', encoding="utf-8")
    dialog = form()
    assert dialog.pages["lead"]["authority"].value == "云州局"
    assert "Write letter or document." in dialog.pages["lead"]["head"].error.text()
    press_keep(dialog)
    assert core("profile", path)["values"] == {"authority": "云州局"}


def test_every_control_has_a_name_and_the_form_works_by_keyboard(form):
    dialog = form()
    assert [control for control in nameless_controls(dialog) if control.isVisible()] == []
    first = dialog.pages["lead"]["authority"].controls[0]
    assert first.accessibleName() == "Issuing authority · in Chinese"
    first.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(first, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.pages["lead"]["authority"].controls[1]


def test_the_settings_open_it_where_a_library_is_open(form, dock):
    assert not OptionsFactory(lambda: None).createWidget().profile_button.isEnabled()
    dialog = form()
    dialog.close_down()
    page = OptionsFactory(lambda: dock.edit_profile).createWidget()
    QTest.mouseClick(page.profile_button, LEFT)
    wait_for(lambda: dock.profile_dialog is not dialog and dock.profile_dialog.pages)
    assert dock.profile_dialog.isVisible()
    dock.profile_dialog.close_down()
    page.deleteLater()
