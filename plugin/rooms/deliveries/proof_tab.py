"""The tab Proof: compare a delivery with a template, go through its problems on the map, and correct them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import QgsGeometry
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QAction, QKeySequence
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.add.source_choice import Delivery
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.deliveries.problem_tree import ProblemTree
from onemap.plugin.rooms.deliveries.proof_form import ProofForm
from onemap.plugin.rooms.deliveries.proof_map import FindingGrounds, ProofMap
from onemap.plugin.rooms.review.review_person import ask_name
from onemap.plugin.widgets.buttons import embolden, push_button, switch_button, tool_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.questions import ask_text
from onemap.plugin.widgets.rows_and_columns import fill_room, row_of
from onemap.plugin.widgets.target_file import ask_target
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.core_words import layer_title
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.number_format import area_text
from onemap.plugin.words.translation import name_list, tr

REPORT_FORMS = file_forms([".xlsx", ".docx", ".html", ".pdf", ".json"])


class ProofTab(QWidget):
    """Proves one delivery at a time. It needs no library."""

    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)
    finished = pyqtSignal()  # the problems are shown
    delivery_requested = pyqtSignal(object)  # Delivery, to be added to the library

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self.asking = Asking(library.core, self)
        self.asking.refused.connect(self.refused)
        self.asking.busy_changed.connect(lambda _is_busy: self._enable())
        self.answer: dict[str, Any] = {}
        self._grounds: FindingGrounds | None = None
        self._memory = ""  # the file in which the core keeps what it has found
        self._highlight = Highlight(canvas)
        self.map = ProofMap()
        self.form = ProofForm()
        self.form.changed.connect(self._forget)
        self.work = WorkRow()
        self.work.follow(self.asking)
        self.tree = ProblemTree()
        self.tree.chosen.connect(self._show_problem)
        self._build()
        library.listed.connect(self.form.list_templates)
        self._enable()

    def _build(self) -> None:
        self.button = push_button(tr("Prove"), sign="check", action=lambda: self.prove())
        self.report_button = tool_button("document", tr("Write a report to send back"), action=self.choose_report)
        hint = tr("Show the problems and the delivered layers on the map")
        self.map_button = switch_button("overview", hint, lambda _on: self._show_layers(), is_flat=False, is_on=True)
        hint = tr("Add this delivery to the library…")
        self.add_button = tool_button("add", hint, lambda: self.delivery_requested.emit(Delivery(self.form.source)))
        buttons = row_of((self.button, 1), self.map_button, self.report_button, self.add_button, is_tight=True)
        self.grade, self.summary, self.details = (FittedLabel(textFormat=Qt.TextFormat.PlainText) for _line in range(3))
        embolden(self.grade)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.previous_button = tool_button("previous", tr("Problem before this (Shift+F8)"), lambda: self.step(-1))
        self.next_button = push_button(tr("Next problem (F8)"), sign="next", action=lambda: self.step(1))
        self.exception_button = push_button("", action=self.change_exception)
        self.steps = QWidget()
        wide = ((self.next_button, 1), (self.exception_button, 1))
        row_of(self.previous_button, *wide, inside=self.steps, is_tight=True)
        for key, way in (("F8", 1), ("Shift+F8", -1)):  # wherever the keyboard is: who mends works on the map
            shortcut = QAction(self)
            shortcut.setShortcut(QKeySequence(key))
            shortcut.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.triggered.connect(lambda _checked, way=way: self.step(way))
            self.addAction(shortcut)
        below = (self.grade, self.summary, (self.tree, 1), self.details, self.steps, 0)
        fill_room(self, self.form, buttons, self.work, *below)
        self._show_problem({})

    @property
    def is_working(self) -> bool:
        """Whether the core is at it."""
        return self.asking.is_busy

    def prove(self, **more: Any) -> None:
        """Prove the delivery; layers that were proved before are proved again only if they have changed.

        more: further parameters of the verb.
        """
        if self.is_working or not self.form.source:
            return
        folder = temporary_folder("proof")
        if not self._memory:
            self._memory = str(temporary_folder("proved") / "memory.json")
        params = {
            "source": self.form.source,
            "template": self.form.template.currentData(),
            "findings": str(folder / "findings.gpkg"),
            "again": self._memory,
            "view": True,
            **more,
        }
        title = tr("Prove {delivery}").format(delivery=Path(self.form.source).name)
        read = lambda answer: FindingGrounds(answer["findings"])  # noqa: E731 - of one line
        self.asking.ask("validate", params, self._show_answer, title, read=read, folder=str(folder))
        self.work.begin(tr("Starting…"))
        if unsaved := self.map.unsaved_layers():
            text = tr("Changes that are not saved are not proved: {layers}. Save them, and prove again.")
            self.message_sent.emit(text.format(layers=name_list(unsaved)))

    def step(self, way: int) -> None:
        """Go to the next problem, or to the one before."""
        if not self.tree.step(way) and self.answer:
            self.message_sent.emit(tr("There is no problem left."))

    def change_exception(self) -> None:
        """Grant an exception for the selected problem, or withdraw the selected exception."""
        about = self.tree.about_row()
        if about.get("granted"):
            self.prove(withdraw=[about["granted"]])
        elif about.get("hash"):
            name = ask_name(self)
            reasons: list[str] = []
            if name:
                question = tr("Why may this stay as it is? The reason stands in the report, with your name.")
                ask_text(self, tr("Grant an exception"), question, "", reasons.append)
            if reasons and reasons[0].strip():
                self.prove(grant=[about["hash"]], reason=reasons[0].strip(), by=name)

    def choose_report(self) -> None:
        """Ask where to write the report, and write it; changes since the last proof are proved first."""
        source = Path(self.form.source)
        start = str(source.parent / f"{source.stem} {tr('Report')}.xlsx")
        ask_target(
            self, tr("Report to send back"), start, REPORT_FORMS, lambda path: self.prove(report=[path], overwrite=True)
        )

    def leave_map(self) -> None:
        """Remove the highlight from the map; the layers stay, because they may be corrected in any room."""
        self._highlight.restore_view()

    def close_down(self) -> None:
        """Cancel, and let go of the map."""
        self.asking.forget()
        self._highlight.clear()

    def _show_answer(self, answer: dict[str, Any], grounds: FindingGrounds) -> None:
        chosen_hash = self.tree.about_row().get("hash", "")
        former, self._grounds = self._grounds, grounds
        self.answer = answer
        self._highlight.clear()
        self.tree.show_rows(answer["view"])
        self.grade.setText(answer["opening"][0])
        self.summary.setText("\n".join(answer["opening"][1:]))
        self._show_layers()
        if former is not None:
            shutil.rmtree(Path(former.path).parent, ignore_errors=True)
        self._enable()
        if not (chosen_hash and self.tree.choose_hash(chosen_hash)):
            self._show_problem({})
        if answer.get("report"):
            self.message_sent.emit(tr("The report is written: {path}").format(path=answer["report"]))
        self.finished.emit()

    def _show_layers(self) -> None:
        """Show the problems on the map, or take them off."""
        if not self.map_button.isChecked() or self._grounds is None:
            self.map.remove()
            return
        layer_codes = {problem["layer"] for problem in self.answer["problems"] if problem["x"] is not None}
        name = Path(self.form.source).name
        self.map.show(self._grounds.path, name, self.answer.get("layers") or [], layer_codes)
        self.map.refresh()

    def _show_problem(self, about: dict[str, Any]) -> None:
        """Zoom to a problem, and show all that is known of it."""
        self._enable()
        number = about.get("number")
        if number is None:
            self.details.setText("")
            self._highlight.restore_view()
            return
        problem = self.answer["problems"][number - 1]
        place = [problem["path"], problem["layer"] and layer_title(problem["layer"]), problem["feature"]]
        if problem["x"] is not None:
            place.append(f"{problem['x']:.2f}, {problem['y']:.2f}")
        self.details.setText("\n".join(filter(None, (problem["mend"], " · ".join(filter(None, place))))))
        QTimer.singleShot(0, self.tree.scroll_to_current)  # once the sentence below it has taken its room
        ground = self._grounds.grounds.get(number) if self._grounds is not None else None
        if ground is None:
            self._highlight.restore_view()
            return
        label = area_text(problem["area_m2"]) if problem["area_m2"] else problem["feature"] or ""
        self._highlight.show_grounds(QgsGeometry(), [(ground, self.tree.sign, label)], self._grounds.crs, around_m=30.0)

    def _forget(self) -> None:
        """Forget the last proof, because another delivery or template is chosen."""
        self.asking.forget()
        self.answer, self._grounds, self._memory = {}, None, ""
        self._highlight.clear()
        self.map.remove()
        self.tree.show_rows([])
        self._show_problem({})

    def _enable(self) -> None:
        is_idle, about = not self.is_working, self.tree.about_row()
        self.form.setEnabled(is_idle)
        self.button.setEnabled(is_idle and bool(self.form.source))
        self.button.setText(tr("Prove again") if self.answer else tr("Prove"))
        self.button.setToolTip(tr("What has not changed since is not proved anew") if self.answer else "")
        for button in (self.report_button, self.map_button, self.add_button):
            button.setEnabled(is_idle and bool(self.answer))
        has_problems = bool(self.answer.get("problems"))
        for button in (self.next_button, self.previous_button):
            button.setEnabled(has_problems)
        self.exception_button.setText(
            tr("Withdraw the exception") if about.get("granted") else tr("Grant an exception…")
        )
        self.exception_button.setEnabled(is_idle and bool(about.get("granted") or about.get("hash")))
        self.grade.setVisible(bool(self.answer))
        if not self.answer:
            self.summary.setText(tr("Choose a delivery and a template, and press Prove."))
        has_rows = self.tree.topLevelItemCount() > 0
        for part in (self.tree, self.details, self.steps):
            part.setVisible(has_rows)
