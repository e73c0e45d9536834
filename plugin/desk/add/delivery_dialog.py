"""The dialog of a delivery: a department's folder as a table of files and their layers, added in one go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtWidgets import QFileDialog, QLineEdit, QMenu, QSplitter, QToolButton, QWidget

from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.add.answers_dialog import AnswersDialog
from onemap.plugin.desk.add.coverage_choice import coverage_box, coverage_row, value_in, with_file_button
from onemap.plugin.desk.add.delivery_row_page import DeliveryRowPage
from onemap.plugin.desk.add.delivery_table import DeliveryTable
from onemap.plugin.desk.add.planned_layers import ADDED, REFUSED, PlannedLayer, plan_text, planned_layers
from onemap.plugin.desk.add.source_choice import Delivery, dropped_delivery, holds_delivery
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.dialog_library import DialogLibrary
from onemap.plugin.desk.library.layer_list import DEPARTMENTS, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.buttons import close_button, push_button, tool_button, wrapped_label
from onemap.plugin.widgets.form_fields import TightForm, choice_box, fill_form, shrink
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.target_file import ask_file, ask_target
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.core_words import layer_name, word
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import Count, name_list, sentences, tr, with_label

DISTRICT = "district"  # of the core's words for a coverage
SIZE_PX = (1040, 680)  # whole titles with their codes, within a screen of 1280
MAX_NAMES = 6
REPORT_FORMS = file_forms([".xlsx", ".pdf", ".docx", ".html", ".json"])


class DeliveryDialog(WorkingDialog):
    """Adds a delivery as a whole or not at all; after a refusal it can add the rows that were not refused."""

    added = pyqtSignal(dict, str)  # the core's answer, and what to say of it
    failed = pyqtSignal(object)  # Refusal, while the dialog is closed

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Add a whole delivery"), parent, add_controls())
        self.setAcceptDrops(True)
        self._library = library
        self._home = DialogLibrary(library, self, self._enable)
        self._sent_rows: list[PlannedLayer] = []  # the rows that are being added
        self._tables_before: set[str] = set()  # of the library's versions, when that began
        self._is_broken_off = False  # that was cancelled, and the list of what went in before is still to come
        self.delivery = Delivery()
        self.line = QLineEdit(placeholderText=tr("Drop a folder here, or choose one"))
        self.line.setAcceptDrops(False)  # the whole dialog takes what is dropped
        self.line.editingFinished.connect(self._choose_typed)
        self.button = tool_button("ingest", tr("Choose a folder"), action=self._choose_folder)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        departments = ((word("departments", code), code) for code in DEPARTMENTS)
        self.department = choice_box([(tr("any department"), ""), *departments])
        shrink(self.department)
        self.department.activated.connect(lambda _index: self._look_again())
        self.covers = coverage_box(tr("as the last version said"))
        self.covers.currentTextChanged.connect(lambda _text: self._enable())
        self.transform = QLineEdit(placeholderText=tr("none, or the one that is known of a layer"))
        self.transform.editingFinished.connect(self._transform_typed)
        self.report = QLineEdit(placeholderText=tr("none"))
        self._transform_shown = ""  # with which the plan was made
        self._report_written = ""  # that this dialog wrote itself, and may write again
        self.dropped = wrapped_label()
        self._form = TightForm()
        self.answers_button = push_button(tr("Remembered answers…"), action=self.show_answers, autoDefault=False)
        self.answers: AnswersDialog | None = None
        self.table = DeliveryTable()
        self.table.show_targets(library.layers)
        library.listed.connect(self._list_targets)
        self.table.changed.connect(self._enable)
        self.table.itemSelectionChanged.connect(self._show_row)
        self.table.target_chosen.connect(self._show_row)
        self.row_page = DeliveryRowPage()
        self.row_page.changed.connect(self.table.refresh_states)
        self._build()
        equip_window(self)
        self._enable()

    def begin(self, delivery: Delivery) -> None:
        """Show the dialog. delivery: an empty one asks for a folder or an archive."""
        self.show()
        self.raise_()
        self.line.setFocus()
        self.show_plan(delivery.folder, delivery.files)

    def show_plan(self, folder: str, files: tuple[str, ...] = ()) -> None:
        """Ask the core which files of a folder go into which layers; nothing is added.

        files: the only files to look at; empty for all.
        """
        if not folder or self.is_working:
            return
        self.delivery = Delivery(folder, files)
        self.line.setText(folder)
        self.dropped.setText(tr("Only what was dropped: {files}").format(files=_names_of(files)))
        self._form.show_row(self.dropped, bool(files))
        self.notice.hide()
        self.table.show_rows([])
        self._transform_shown = self.transform.text().strip()
        params = {"plan": _new_plan(), "department": self.department.currentData(), "file": list(files)}
        step = tr("Looking through the delivery…")
        self._ask(params, step, self._show_rows)

    def _show_rows(self, answer: dict[str, Any]) -> None:
        """Show the plan."""
        self.table.show_rows(planned_layers(answer))
        if self._home.is_open:  # else it is not known what its layers have
            self._propose_ground()

    def _list_targets(self) -> None:
        """Take the layers of the library as they are listed: first, where the dialog was opened before they were."""
        if self._home.is_open:
            is_new = not self.table.knows_layers
            self.table.show_targets(self._library.layers)
            if self._is_broken_off:
                self._mark_added()
            if is_new and self.table.rows:
                self._propose_ground()

    def _propose_ground(self) -> None:
        """Propose the district where no layer of the plan has a version that could say its ground."""
        codes = {row.code for row in self.table.rows}
        is_first = not any(self._versions(code) for code in codes if code)
        self.covers.setItemText(0, tr("not stated") if is_first else tr("as the last version said"))
        if is_first and self._library.has_district and not value_in(self.covers):
            self.covers.setCurrentIndex(self.covers.findData(DISTRICT))

    def add(self, each: bool = False) -> None:
        """Add the rows that have a layer. each: add layer by layer, so that a refused one does not stop the others."""
        if not self.add_button.isEnabled():
            return
        self.notice.hide()
        self._is_broken_off = False
        self._sent_rows, self._tables_before = self.table.ready, {version.table for version in self._versions()}
        plan = _new_plan()
        Path(plan).write_text(
            plan_text([*self._sent_rows, *self.table.unreadable_rows], value_in(self.covers)), encoding="utf-8"
        )
        title = tr("Add {count:# layer|# layers} of a delivery").format(count=Count(len(self.table.planned_versions)))
        params: dict[str, Any] = {"plan": plan, "each": each}
        report = self.report.text().strip()
        if report:
            if report == self._report_written:
                Path(report).unlink(missing_ok=True)  # of the attempt before; its place was chosen for this
            params["report"] = [report]
            self._report_written = report
        self._ask(params, title, self._show_added, title)

    def show_answers(self) -> None:
        """Show the remembered answers of layers, to change or forget them."""
        if self.answers is None:
            self.answers = AnswersDialog(self._library, self)
        self.answers.begin()

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal at the rows that it names, with a button that adds the other rows."""
        if refusal.is_cancel:
            self._is_broken_off = True
            if self._home.is_open:
                self._library.refresh()  # what went in layer by layer before the cancel is there
            return
        for row in self._sent_rows:
            row.problems = [problem for problem in refusal.problems if _speaks_of(problem, row)]
            if row.problems:
                row.status = REFUSED
        is_of_rows = any(row.problems for row in self._sent_rows)
        if is_of_rows and any(not row.problems for row in self._sent_rows):
            refusal.mend = (tr("Add the others"), lambda: self.add(each=True))
        self.table.refresh_states()
        self._show_row()
        if self.isVisible():
            self.notice.refuse(refusal)
        else:
            self.failed.emit(refusal)

    def close_down(self) -> None:
        """Stop and close, before the dialog is deleted."""
        self._library.listed.disconnect(self._list_targets)
        if self.answers is not None:
            self.answers.close_down()
        super().close_down()

    def _build(self) -> None:
        menu = QMenu(self)
        menu.addAction(icon("ingest"), tr("Folder…"), self._choose_folder)
        menu.addAction(tr("Archive (.zip, .7z)…"), self._choose_archive)
        self.button.setMenu(menu)
        path_row = row_of((self.line, 1), self.button)
        of_datum = tr("A file of parameters, for layers of another datum")
        of_report = tr("What was taken and what was refused, to send back: .xlsx, .pdf, .docx, .html or .json")
        form = fill_form(
            self._form,
            (tr("Delivery"), path_row),
            ("", self.dropped),
            (tr("Layers of"), self.department),
            # For which ground data speaks decides what is clear: it is asked before anything else.
            (tr("All of it covers"), coverage_row(self.covers)),
            (tr("Change of datum"), with_file_button(self.transform, of_datum, self._choose_transform)),
            (tr("Report"), with_file_button(self.report, of_report, self._choose_report)),
            is_wide=True,
            is_wrapping=True,
        )
        self._form.show_row(self.dropped, False)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        parts.addWidget(self.row_page)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 1)
        parts.setChildrenCollapsible(False)
        self.hint = wrapped_label()
        self.add_button = push_button(tr("Add"), sign="add", action=lambda _checked: self.add(), default=True)
        buttons = row_of(self.answers_button, 0, self.add_button, close_button(self))
        column_of(form, self.notice, (parts, 1), self.work, self.hint, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)

    def _show_row(self) -> None:
        number = self.table.currentRow()
        selected = self.table.selectionModel().hasSelection() and 0 <= number < len(self.table.rows)
        row = self.table.rows[number] if selected else None
        self.row_page.show_row(row, self.table.target_of(row) if row is not None else None)

    def _show_added(self, answer: dict[str, Any]) -> None:
        refusals = {(record["source"], record["layer"] or ""): record for record in answer.get("refused") or []}
        statuses = {(record["source"], record["layer"] or ""): record["status"] for record in answer["plan"]}
        for row in self._sent_rows:
            key = (row.source, row.layer)
            row.status, row.problems = statuses[key], refusals[key]["problems"] if key in refusals else []
        self.table.refresh_states()
        self._show_row()
        count = len(answer.get("added") or [])
        message = tr("Layers with a new version: {count}.").format(count=count)
        if answer.get("unchanged"):
            text = tr("Unchanged, and not written: {count}.").format(count=len(answer["unchanged"]))
            message = sentences(message, text)
        late = [layer_name(record["code"]) for record in answer.get("added") or [] if not record.get("in_force", True)]
        if late:
            text = tr("Not in force: {layers}; the list of layers says why.")
            message = sentences(message, text.format(layers=name_list(late)))
        if refusals:
            message = sentences(message, tr("Refused: {count}; the table says why.").format(count=len(refusals)))
        self.notice.say(message)
        self.added.emit(answer, self._home.say(message))

    def _versions(self, code: str = "") -> list[Version]:
        return [version for entry in self._library.layers if code in ("", entry.code) for version in entry.versions]

    def _mark_added(self) -> None:
        """After a cancel, mark the rows that went into the library before it."""
        self._is_broken_off = False
        new = {
            code: sum(version.table not in self._tables_before for version in self._versions(code))
            for code in {row.code for row in self._sent_rows}
        }
        for version in dict.fromkeys(row.version for row in self._sent_rows):  # they went in in this order
            code = version[0]
            if new[code] > 0:
                new[code] -= 1
                for row in self._sent_rows:
                    row.status = ADDED if row.version == version else row.status
        self.table.refresh_states()

    def _ask(
        self, params: dict[str, Any], step: str, on_answer: Callable[[dict[str, Any]], None], title: str = ""
    ) -> None:
        transform_params = {"transform": self._transform_shown} if self._transform_shown else {}
        params = {
            "library": self._home.path,
            "folder": self.delivery.folder,
            "view": True,
            **transform_params,
            **params,
        }
        self._ask_core("ingest", params, on_answer, step, title)

    def _enable(self) -> None:
        controls = (self.line, self.button, self.department, self.covers, self.table, self.row_page)
        for control in (*controls, self.transform, self.report, self.answers_button):
            control.setEnabled(not self.is_working and not self._home.obstacle)
        stop = self._missing_step()
        self.hint.setText(stop or self._outlook())
        self.hint.setVisible(bool(self.hint.text()) and not self.is_working)
        self.add_button.setEnabled(not self.is_working and not stop)

    def _missing_step(self) -> str:
        """The next step before anything can be added; empty for none."""
        if self._home.obstacle:
            return self._home.obstacle
        if not self.delivery.folder:
            return tr("Choose a folder.")
        for row in self.table.ready:
            obstacle = self.table.obstacle(row)
            if obstacle:
                return with_label(row.name, obstacle)
        rasters = self.table.codes_of_several(rasters=True)
        if rasters:
            text = tr("Several rasters become {layers}: give each another label, or leave one out.")
            return text.format(layers=name_list(map(layer_name, rasters)))
        if self.table.ready:
            return ""
        is_begun = any(row.is_in_library for row in self.table.rows)
        if is_begun and not self.table.waiting:
            return tr("All that has a layer is in the library.")
        return tr("Nothing else in it is matched to a layer.") if is_begun else tr("Nothing in it has a layer yet.")

    def _outlook(self) -> str:
        """The effect that Add would have."""
        text = tr("Layers that go in: {count}.").format(count=len(self.table.planned_versions))
        several = name_list(map(layer_name, self.table.codes_of_several(rasters=False)))
        files = tr("Several files become one version: {layers}. Only different versions have labels of their own.")
        files_text = files.format(layers=several) if several else ""
        waiting = len(self.table.waiting)
        left = tr("Still without a layer, and so left out: {count}.").format(count=waiting) if waiting else ""
        is_whole = value_in(self.covers) == DISTRICT
        ground = tr("Where a layer has no feature, a check finds nothing there.") if is_whole else ""
        return sentences(text, files_text, left, ground)

    def _look_again(self) -> None:
        self.show_plan(self.delivery.folder, self.delivery.files)

    def _choose_typed(self) -> None:
        text = self.line.text().strip().strip('"')
        if text and text != self.delivery.folder:
            self.show_plan(text)

    def _choose_folder(self) -> None:
        self.show_plan(
            QFileDialog.getExistingDirectory(self, tr("A folder that a department sent"), self.delivery.folder)
        )

    def _choose_archive(self) -> None:
        filters = tr("Archive (*.zip *.7z)")
        ask_file(self, tr("An archive that a department sent"), self.show_plan, filters)

    def _transform_typed(self) -> None:
        if self.transform.text().strip() != self._transform_shown:
            self._look_again()

    def _choose_transform(self) -> None:
        ask_file(self, tr("A file of parameters"), self.transform.setText, "TOML (*.toml *.txt)")
        self._transform_typed()

    def _choose_report(self) -> None:
        folder = self.delivery.folder
        start = str(Path(folder).parent / f"{tr('Report')}.xlsx") if folder else ""

        def take(path: str) -> None:
            self._report_written = path  # that it may be replaced was asked already
            self.report.setText(path)

        ask_target(self, tr("Report to send back"), start, REPORT_FORMS, take)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a folder, an archive or several files that are dropped anywhere on the dialog."""
        if holds_delivery(event.mimeData(), archives=True):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look through what is dropped."""
        event.acceptProposedAction()
        with refusals_told(self.notice.refuse):
            delivery = dropped_delivery(event.mimeData(), archives=True)
            if delivery is not None:
                self.show_plan(delivery.folder, delivery.files)


def _names_of(files: tuple[str, ...]) -> str:
    """The first names of the dropped files, and the number of the others."""
    names = name_list(Path(path).name for path in files[:MAX_NAMES])
    more = len(files) - MAX_NAMES
    return tr("{files} and {count} more").format(files=names, count=more) if more > 0 else names


def _new_plan() -> str:
    """The place of a plan file that is not there yet."""
    return QgsProcessingUtils.generateTempFilename("plan.toml")


def _speaks_of(problem: dict[str, Any], row: PlannedLayer) -> bool:
    """Whether a problem concerns a row: it names the row's file, and its layer if the file has several."""
    is_named = f"/{row.source}".endswith(f"/{problem.get('file')}")
    return is_named and (not row.layer or str(problem.get("layer") or row.layer) == row.layer)
