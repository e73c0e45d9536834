"""Letters with Alt: none has two meanings in a dialog, and the dock takes none from QGIS's menu bar."""

from collections import Counter

import pytest
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QAbstractButton, QGroupBox, QLabel, QMenu, QTabBar

from onemap.plugin.desk.library.layer_list import MapTheme
from onemap.plugin.desk.map.theme_buttons import ThemeButtons
from onemap.plugin.dock.header import LibraryButton
from onemap.plugin.profile import settings
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import install_translator, remove_translator
from onemap.tests.plugin.dialogs_of_plugin import DIALOGS, close
from onemap.tests.plugin.small_town import open_in


@pytest.fixture(params=["en", "zh"])
def language(request):
    """The plugin in a language."""
    settings.put("language", request.param)
    translator = install_translator()
    yield request.param
    remove_translator(translator)


def letters(window):
    """The letters that do something in a window together with Alt; those of its menus by menu."""
    texts = [button.text() for button in window.findChildren(QAbstractButton)]
    texts += [box.title() for box in window.findChildren(QGroupBox)]
    texts += [label.text() for label in window.findChildren(QLabel) if label.buddy() is not None]
    texts += [bar.tabText(at) for bar in window.findChildren(QTabBar) for at in range(bar.count())]
    sets = [texts, *([action.text() for action in menu.actions()] for menu in window.findChildren(QMenu))]
    return [[QKeySequence.mnemonic(text).toString() for text in one] for one in sets]


def clashes(sets):
    counts = [Counter(filter(None, one)) for one in sets]
    return [key for one in counts for key, count in one.items() if count > 1]


def test_two_buttons_of_one_letter_would_be_seen(own_library):
    dialog = DIALOGS["machine"](own_library)
    dialog.copy_button.setText("&Copy")
    dialog.save_button.setText("&Cut")
    assert clashes(letters(dialog)) == ["Alt+C"]
    close(dialog)


@pytest.mark.parametrize("name", DIALOGS)
@pytest.mark.usefixtures("language")
def test_no_letter_has_two_meanings_in_a_dialog(own_library, name):
    dialog = DIALOGS[name](own_library)
    assert clashes(letters(dialog)) == []
    close(dialog)


@pytest.mark.usefixtures("language")
def test_the_dock_takes_no_letter_from_the_menu_bar_of_qgis(dock, library):
    open_in(dock, library)
    assert [key for one in letters(dock) for key in one if key] == []


def test_an_ampersand_in_a_name_is_shown_and_is_no_key(application):
    button = LibraryButton()
    button.resize(300, 30)
    button.show_name("R&D park", None)
    themes = ThemeButtons()
    themes.show_themes([MapTheme("own", "Roads & rails", "", ())])
    assert as_written("R&D") == "R&&D"
    for shown in (button, themes.buttons["own"]):
        assert "&&" in shown.text() and QKeySequence.mnemonic(shown.text()).isEmpty()
    assert button.accessibleName() == "R&D park"
