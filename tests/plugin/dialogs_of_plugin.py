"""Every dialog of the plugin, as first shown, for tests to look at."""

from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.answers_dialog import AnswersDialog
from onemap.plugin.desk.add.delivery_dialog import DeliveryDialog
from onemap.plugin.desk.guide.guide import Guide
from onemap.plugin.desk.library.server_dialog import ServerDialog
from onemap.plugin.desk.packs.pack_dialog import PackDialog
from onemap.plugin.desk.parcels.corners_dialog import CornersDialog
from onemap.plugin.desk.parcels.facts_dialog import FactsDialog
from onemap.plugin.dock.district_dialog import DistrictDialog
from onemap.plugin.dock.machine_dialog import MachineDialog
from onemap.plugin.dock.options_page import OptionsPage
from onemap.plugin.dock.profile_dialog import ProfileDialog
from onemap.plugin.dock.publish_dialog import PublishDialog
from onemap.plugin.qgis.algorithms.code_field import CodeDialog
from onemap.plugin.qgis.services.service_dialog import ServiceDialog
from onemap.plugin.rooms.review.review_calendar import CalendarDialog
from onemap.plugin.rooms.review.review_reading import ReadingDialog, changes_text
from onemap.plugin.rooms.review.review_step_dialog import StepDialog, StepQuestion

QUESTION = StepQuestion("title", "text", "Do it", "Which", (("a", "A"), ("b", "B")), days=3)
SHORT_QUESTION = StepQuestion("title", "text", "Do it")

DIALOGS = {
    "add": AddDialog,
    "answers": AnswersDialog,
    "calendar": CalendarDialog,
    "corners": CornersDialog,
    "delivery": DeliveryDialog,
    "district": DistrictDialog,
    "code": lambda _library: CodeDialog("title", [], "", "", ("", ""), None),
    "machine": lambda _library: MachineDialog(),
    "settings": lambda _library: OptionsPage(),
    "pack": PackDialog,
    "profile": ProfileDialog,
    "publish": PublishDialog,
    "guide": lambda _library: Guide(),
    "server": lambda _library: ServerDialog(),
    "changes": lambda _library: ReadingDialog("project", changes_text([])),
    "step": lambda _library: StepDialog(QUESTION),
    "service": ServiceDialog,
    "facts": lambda library: FactsDialog(library, {}, "", {}),
}
LESS = {"step without a choice": lambda _library: StepDialog(SHORT_QUESTION)}  # with parts that are not asked


def close(dialog):
    """Release a dialog."""
    getattr(dialog, "close_down", dialog.close)()
    dialog.deleteLater()
