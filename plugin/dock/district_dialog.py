"""The dialog of the library's district: its size, its history, the layers that do not cover it; and a new district."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QFormLayout, QHeaderView, QLineEdit, QWidget

from onemap.plugin.desk.answers.answer_tree import NAME, VALUE, AnswerTree
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.buttons import close_button, offer, push_button, wrapped_label
from onemap.plugin.widgets.form_fields import fill_form
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.translation import tr

SIZE_PX = (620, 480)


class DistrictDialog(WorkingDialog):
    """The core's rows of the district, a file of polygons that replaces it, and the reason, which the log keeps."""

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("The library's district"), parent)
        self._library = library
        self._params = {"library": library.path, "view": True}
        self.rows = AnswerTree(tr("The library's district"), [tr("District"), tr("Area or reason")])
        for column, mode in ((NAME, QHeaderView.ResizeMode.Interactive), (VALUE, QHeaderView.ResizeMode.Stretch)):
            self.rows.header().setSectionResizeMode(column, mode)
        self.rows.header().resizeSection(NAME, SIZE_PX[0] // 2)
        self.file = QgsFileWidget()
        self.file.setDialogTitle(tr("A file of polygons: the district from now on"))
        self.file.lineEdit().setPlaceholderText(tr("Drop a file here, or choose one"))
        self.file.fileChanged.connect(lambda _path: self._enable())
        self.reason = QLineEdit(placeholderText=tr("why it changes; the log keeps it"))
        self.reason.textChanged.connect(lambda _text: self._enable())
        self._has_district = library.has_district
        self._build()
        name_accessibly(self)
        HelpKey(self)
        self._enable()

    def begin(self) -> None:
        """Show the dialog, and the district as the library has it."""
        self.show()
        self._ask_core("district", self._params, self._show_answer, tr("Starting…"))

    def change(self) -> None:
        """Give the library the district of the chosen file."""
        self.notice.hide()
        params = {**self._params, "district": self.file.filePath().strip(), "reason": self.reason.text().strip()}
        title = tr("Change the district")
        self._ask_core("district", params, self._show_changed, title, title)

    def _build(self) -> None:
        head = wrapped_label(
            tr(
                "A layer may say that it covers the district: where it has no feature, a check then finds nothing. "
                "When the district changes, versions keep the ground for which they speak."
            )
        )
        form = fill_form(QFormLayout(), (tr("New district"), self.file), (tr("Reason"), self.reason), is_wide=True)
        self.button = push_button(tr("Change"), sign="keep", action=lambda _checked: self.change())
        buttons = row_of(0, self.button, close_button(self))
        column_of(head, (self.rows, 1), form, self.notice, self.work, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)

    def _show_answer(self, answer: dict[str, Any]) -> None:
        self.rows.show_rows(answer["view"])
        self._has_district = answer["area_m2"] is not None
        self._enable()

    def _show_changed(self, answer: dict[str, Any]) -> None:
        self._show_answer(answer)
        text = tr("The district is changed.")
        self.notice.say(text if answer["changed"] else tr("This is the library's district already."))
        if answer["changed"]:
            self.file.setFilePath("")
            self.reason.clear()
            self._library.refresh()

    def _enable(self) -> None:
        for control in (self.file, self.reason):
            control.setEnabled(not self.is_working)
        has_reason = bool(self.reason.text().strip()) or not self._has_district
        why_not = self._library.rights.why_not_owner or ("" if has_reason else tr("State the reason first."))
        offer(self.button, why_not, bool(self.file.filePath().strip()) and not self.is_working)
