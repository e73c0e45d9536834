"""On a screen of 1920 x 1080 at 200 %, which leaves 960 x 540, every dialog shows its buttons."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QLineEdit, QScrollArea, QWidget

from onemap.plugin.widgets.scroll_area import FRAME_PX, resize_on_screen
from onemap.tests.plugin.dialogs_of_plugin import DIALOGS, close

LOW_PX = (960, 540)


@pytest.fixture
def large_font(application):
    """Letters of 14 points at 96 dpi."""
    before, large = application.font(), application.font()
    large.setPixelSize(19)
    application.setFont(large)
    yield
    application.setFont(before)


@pytest.mark.parametrize("name", sorted(DIALOGS))
@pytest.mark.usefixtures("large_font")
def test_a_dialog_can_be_as_low_as_the_screen(own_library, name):
    dialog = DIALOGS[name](own_library)
    least = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
    assert least.width() <= LOW_PX[0] - FRAME_PX[0] and least.height() <= LOW_PX[1] - FRAME_PX[1]
    screen = QApplication.primaryScreen().availableGeometry()
    assert dialog.width() <= screen.width() and dialog.height() <= screen.height()
    close(dialog)


def test_a_window_larger_than_its_screen_opens_as_large_as_there_is_room(application):
    window = QWidget()
    resize_on_screen(window, 5000, 4000)
    screen = window.screen().availableGeometry()
    assert (window.width() + FRAME_PX[0], window.height() + FRAME_PX[1]) == (screen.width(), screen.height())
    resize_on_screen(window, 200, 100)
    assert (window.width(), window.height()) == (200, 100)


@pytest.mark.parametrize("name", sorted(DIALOGS))
def test_what_scrolls_is_no_stop_of_the_tab_key_on_the_way_to_its_fields(own_library, name):
    dialog = DIALOGS[name](own_library)
    fields = (QLineEdit, QComboBox)
    stops = [
        area
        for area in dialog.findChildren(QScrollArea)
        if area.widget() is not None and area.widget().findChildren(fields)
    ]
    assert [area for area in stops if area.focusPolicy() & Qt.FocusPolicy.TabFocus] == []
    close(dialog)
