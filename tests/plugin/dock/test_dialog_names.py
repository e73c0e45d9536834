"""A screen reader has a name for every control of every dialog, and none stays behind when its dialog is gone."""

import pytest
from qgis.PyQt.QtWidgets import QListView, QPushButton

from onemap.plugin.add.add_dialog import AddDialog
from onemap.plugin.add.delivery_dialog import DeliveryDialog
from onemap.plugin.dock.machine_dialog import MachineDialog
from onemap.plugin.dock.publish_dialog import PublishDialog
from onemap.plugin.guide.guide import Guide
from onemap.plugin.library.server_dialog import ServerDialog
from onemap.plugin.review.review_changes import ChangesDialog
from onemap.plugin.review.review_step_dialog import StepDialog, StepQuestion
from onemap.plugin.services.service_dialog import ServiceDialog
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.tests.plugin.windows import windows_of_python

QUESTION = StepQuestion("title", "text", "Do it", "Which", (("a", "A"), ("b", "B")), days=3)
SHORT_QUESTION = StepQuestion("title", "text", "Do it")
NOTHING = {"layers": [], "packs": [], "parcels": [], "findings": [], "opinions": []}


DIALOGS = {
    "add": AddDialog,
    "delivery": DeliveryDialog,
    "service": ServiceDialog,
    "publish": PublishDialog,
    "server": lambda _library: ServerDialog(),
    "machine": lambda _library: MachineDialog(),
    "guide": lambda _library: Guide(),
    "step": lambda _library: StepDialog(QUESTION),
    "changes": lambda _library: ChangesDialog("project", NOTHING),
}
LESS = {"step without a choice": lambda _library: StepDialog(SHORT_QUESTION)}


@pytest.mark.parametrize("made", DIALOGS.values(), ids=list(DIALOGS))
def test_every_control_of_a_dialog_has_a_name(own_library, made):
    dialog = made(own_library)
    nameless = [
        f"{type(control).__name__} in {type(control.parent()).__name__}"
        for control in nameless_controls(dialog)
        # A list that drops down belongs to its box; a message's button says its text when there is one.
        if type(control) is not QListView and not isinstance(control, QPushButton)
    ]
    assert nameless == []
    getattr(dialog, "close_down", dialog.close)()


@pytest.mark.parametrize("made", [*DIALOGS.values(), *LESS.values()], ids=[*DIALOGS, *LESS])
def test_qt_owns_every_part_of_a_dialog(own_library, made):
    before = windows_of_python()
    dialog = made(own_library)
    assert [window for window in windows_of_python() if window not in before] == [dialog]
    getattr(dialog, "close_down", dialog.close)()
