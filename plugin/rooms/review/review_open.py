"""The form that opens a case on parcels, or its next round on new parcels, and the check that follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import QFileDialog, QLineEdit, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.dialog_library import name_beside
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.facts_choice import FactsChoice
from onemap.plugin.desk.parcels.land_width_row import LandWidthRow
from onemap.plugin.desk.parcels.parcel_choice import Choice, ParcelChoice, no_parcels_text
from onemap.plugin.desk.parcels.parcel_mends import ParcelMends
from onemap.plugin.desk.parcels.parcel_use import ParcelUse
from onemap.plugin.desk.parcels.rules_choice import RulesChoice
from onemap.plugin.profile.paths import listed_place, temporary_folder
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.rooms.review.review_person import PersonButton
from onemap.plugin.widgets.buttons import MainButton, push_button, tool_button, wrapped_label
from onemap.plugin.widgets.form_fields import TightForm, fill_form
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.translation import tr


class CaseForm(QWidget):
    """One form for a new case, and for the next round of a case."""

    case_opened = pyqtSignal(dict)  # the case, as the core answered
    refused = pyqtSignal(object)  # Refusal
    back_requested = pyqtSignal()
    opened_elsewhere = pyqtSignal(str)  # what to say of a case of a library that is not open any more

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, person: PersonButton) -> None:
        super().__init__()
        self._library, self._person = library, person
        self.asking = Asking(library.core, self, lambda: library.path, is_writing=True)  # a case is of every day
        self.asking.busy_changed.connect(lambda _is_busy: self._enable())
        self._case: Case | None = None
        self.attached_files: list[str] = []
        self.title = wrapped_label()
        self.project = QLineEdit(maxLength=200, textChanged=lambda _text: self._enable())
        self.parcels = ParcelChoice(library, canvas)
        self.parcels.changed.connect(self._enable)
        self.mends = ParcelMends(library.core, self)
        self.mends.mended.connect(lambda: self.send())
        self.mends.refused.connect(self.refused)
        self.rules = RulesChoice(library)
        self.uses = ParcelUse(self.parcels, self)
        self.land = LandWidthRow(self.parcels, self)
        self.facts = FactsChoice(library, self.rules, self.parcels)
        self.facts.refused.connect(self.refused)
        self.files = wrapped_label(tr("none"))
        self.files_row = self._make_files_row()
        self.reason = QLineEdit()
        self.send_button = MainButton()
        self.send_button.clicked.connect(lambda: self.send())
        self.back_button = push_button(tr("Back"), sign="back", action=self.back_requested)
        self.work = WorkRow()
        self.work.follow(self.asking)
        self._build()
        self.land.changed.connect(self._enable)
        library.listed.connect(self._enable)

    def _make_files_row(self) -> QWidget:
        attach = tool_button("file", tr("Attach files, which stay with the case"), action=self._choose_files)
        files_row = QWidget()
        row_of((self.files, 1), attach, inside=files_row, is_tight=True)
        return files_row

    def _build(self) -> None:
        fields = QWidget()  # from the first: a row that is taken out of a form without one loses its place for Tab
        self.form = TightForm(fields)
        above = ((tr("Project"), self.project), (tr("Parcels"), self.parcels))
        fill_form(self.form, *above, is_wrapping=True, is_tight=True)
        self.land.add_to(self.form)
        self.uses.add_to(self.form)
        below = ((tr("Rules"), self.rules), (tr("Facts"), self.facts), (tr("Files"), self.files_row))
        fill_form(self.form, *below, (tr("Reason"), self.reason))
        buttons = row_of(self.send_button, self.back_button, 0)
        column_of(self.title, fields, buttons, self.work, 0, inside=self, is_tight=True)

    @property
    def is_working(self) -> bool:
        """Whether the core is checking."""
        return self.asking.is_busy

    def begin(self, case: Case | None = None) -> None:
        """Show the form for a new case, or for the next round of a given case."""
        if self.is_working:
            return
        self._case = case
        if case is None:
            self.title.setText(tr("A new case: its parcels are checked, and ten opinions drafted."))
            self.send_button.setText(tr("Open the case"))
            self.project.clear()
        else:
            text = tr(
                "New parcels for “{project}”: they are checked, and round {round} begins. The opinions of this "
                "round become void and stay readable."
            )
            self.title.setText(text.format(project=case.project, round=case.round + 1))
            self.send_button.setText(tr("Begin round {round}").format(round=case.round + 1))
        self.facts.clear()
        self.reason.clear()
        self._attach([])
        for widget in (self.project, self.facts, self.files_row, self.rules):
            self.form.show_row(widget, case is None)
        self.form.show_row(self.reason, case is not None)
        if case is None:  # a new round keeps the facts of its case
            self.facts.ask()
        self._enable()

    def send(self) -> None:
        """Ask the core to check the parcels and open the case, or its next round."""
        if self.is_working or not self.send_button.isEnabled():
            return
        user, choice = self._person.name(), self.parcels.choice
        if not user or self.mends.read_anew(choice):
            return
        folder = temporary_folder("case")
        try:
            source = self.parcels.source(str(folder))
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        params: dict[str, Any] = {
            "library": self._library.path,
            "parcels": source.path,
            "layer": source.layer,
            "crs": source.crs,
            "by": user,
            "on": self._library.step_day,
            "code_system": self.uses.system,
            "view": True,
            **self.land.params,
            **self.mends.params_for(choice),
        }
        if self._case is None:
            title = tr("Open a case")
            params.update(project=self.project.text().strip(), data=self.facts.path, pack=self.rules.packs)
            params["attach"] = self.attached_files or None
        else:
            title = tr("Revise a case")
            params.update(case=self._case.id, reason=self.reason.text().strip(), expect=self._case.revision)
        verb = "review open" if self._case is None else "review revise"
        path, own_name = self._library.path, self._library.own_name
        self.asking.ask(
            verb,
            params,
            self.case_opened.emit,
            title,
            refuse=lambda refusal: self._refuse(refusal, choice, params),
            discard=lambda: self._leave(path, own_name),
        )

    def _leave(self, path: str, own_name: str) -> None:
        """Go back, and name the library of a case that is not shown. path, own_name: of that library."""
        text = tr("The case was written into {library}. It is not shown: another library was opened meanwhile.")
        self.back_requested.emit()
        self.opened_elsewhere.emit(text.format(library=name_beside(own_name, path, self._library.path)))

    def close_down(self) -> None:
        """Disconnect from the canvas and the project."""
        self.parcels.close_down()
        self.asking.cancel()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc cancels the work, or goes back."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.is_working:
            self.work.cancel_button.click()
        else:
            self.back_requested.emit()

    def _enable(self) -> None:
        has_name = self._case is not None or bool(self.project.text().strip())
        is_chosen = self.parcels.choice is not None and not self.land.is_missing
        is_ready = has_name and bool(self._library.path) and is_chosen and not self.is_working
        self.send_button.setEnabled(is_ready)
        hint = "" if has_name else tr("Give the project a name")
        if self.parcels.choice is None:
            hint = no_parcels_text()
        elif self.land.is_missing:
            hint = tr("State the width of the land")
        self.send_button.setToolTip(hint)
        self.back_button.setEnabled(not self.is_working)

    def _refuse(self, refusal: Refusal, choice: Choice | None, params: dict[str, Any]) -> None:
        self.mends.offer(refusal, choice, params)
        self.land.offer(refusal, choice)
        self.refused.emit(refusal)

    def _choose_files(self) -> None:
        paths, _filter = QFileDialog.getOpenFileNames(self, tr("Files of the project"))
        if paths:
            files_before = self.attached_files
            self._attach(
                [*files_before, *(path for path in paths if listed_place(path, files_before) not in files_before)]
            )

    def _attach(self, paths: list[str]) -> None:
        self.attached_files = paths
        self.files.setText("\n".join(Path(path).name for path in paths) or tr("none"))
