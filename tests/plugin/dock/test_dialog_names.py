"""A screen reader has a name for every control of every dialog."""

import pytest
from qgis.PyQt.QtWidgets import QListView, QPushButton

from onemap.plugin.add.add_dialog import AddDialog
from onemap.plugin.dock.machine_dialog import MachineDialog
from onemap.plugin.guide.guide import Guide
from onemap.plugin.library.server_dialog import ServerDialog
from onemap.plugin.review.review_changes import ChangesDialog
from onemap.plugin.review.review_step_dialog import StepDialog, StepQuestion
from onemap.plugin.services.service_dialog import ServiceDialog
from onemap.plugin.widgets.accessible_names import nameless_controls

QUESTION = StepQuestion("title", "text", "Do it", "Which", (("a", "A"), ("b", "B")), days=3)
NOTHING = {"layers": [], "packs": [], "parcels": [], "findings": [], "opinions": []}


@pytest.mark.parametrize(
    "made",
    [
        AddDialog,
        ServiceDialog,
        lambda _library: ServerDialog(),
        lambda _library: MachineDialog(),
        lambda _library: Guide(),
        lambda _library: StepDialog(QUESTION),
        lambda _library: ChangesDialog("project", NOTHING),
    ],
    ids=["add", "service", "server", "machine", "guide", "step", "changes"],
)
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
    dialog.deleteLater()
