"""Every control of every dialog has a name for screen readers, and no name remains after its dialog."""

import pytest
from qgis.PyQt.QtWidgets import QListView, QPushButton

from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.tests.plugin.dialogs_of_plugin import DIALOGS, LESS, close
from onemap.tests.plugin.windows import windows_of_python


@pytest.mark.parametrize("name", DIALOGS)
def test_every_control_of_a_dialog_has_a_name(own_library, name):
    dialog = DIALOGS[name](own_library)
    nameless = [
        f"{type(control).__name__} in {type(control.parent()).__name__}"
        for control in nameless_controls(dialog)
        # A list that drops down belongs to its box; a message's button says its text when there is one.
        if type(control) is not QListView and not isinstance(control, QPushButton)
    ]
    assert nameless == []
    close(dialog)


@pytest.mark.parametrize("name", [*DIALOGS, *LESS])
def test_qt_owns_every_part_of_a_dialog(own_library, name):
    before = windows_of_python()
    dialog = (DIALOGS | LESS)[name](own_library)
    assert [window for window in windows_of_python() if window not in before] == [dialog]
    close(dialog)
