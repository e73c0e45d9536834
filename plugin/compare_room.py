"""The room Compare: choose two plans, press Compare, and work through the places where they disagree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils
from qgis.gui import QgsMapCanvas, QgsMapTool
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.compare_details import changes_text, gone_text
from onemap.plugin.compare_form import CompareForm, Plan
from onemap.plugin.compare_results import Comparison, Spot, read_spots
from onemap.plugin.compare_swipe import SwipeSide, SwipeTool
from onemap.plugin.compare_view import CompareView
from onemap.plugin.connection import Request
from onemap.plugin.figures import moment_text
from onemap.plugin.icons import icon
from onemap.plugin.map_layers import layer_on_map, open_version
from onemap.plugin.open_library import OpenLibrary
from onemap.plugin.refusals import Refusal, problem_line
from onemap.plugin.task import BackgroundTask
from onemap.plugin.translation import sentences, tr
from onemap.plugin.work_row import WorkRow


class CompareRoom(QWidget):
    """One comparison at a time; the last one's results stay until the next."""

    refused = pyqtSignal(object)  # Refusal
    told = pyqtSignal(str)  # what a person should know of a plan
    finished = pyqtSignal()  # the spots of a comparison are shown

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library, self._canvas = library, canvas
        self._request: Request | None = None
        self._reading: BackgroundTask | None = None
        self._swipe: SwipeTool | None = None
        self._tool_before: QgsMapTool | None = None
        self._plans: tuple[Plan, Plan] | None = None  # of what is shown
        self.form = CompareForm(library)
        self.form.changed.connect(self._enable)
        self.view = CompareView(library.core, canvas)
        self.view.refused.connect(self.refused)
        self.view.swipe_asked.connect(self._swipe_or_not)
        self._build()
        library.listed.connect(self._enable)
        library.loading.connect(self._forget_another)
        self._enable()

    def _build(self) -> None:
        self.button = QPushButton(icon("compare"), tr("Compare"))
        self.button.clicked.connect(lambda: self.compare())
        self.said = QLabel()
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addWidget(self.said, 1)
        self.form_button = QToolButton()
        self.form_button.setIcon(icon("settings"))
        self.form_button.setCheckable(True)
        self.form_button.setChecked(True)
        self.form_button.setAutoRaise(True)
        self.form_button.setToolTip(tr("Show which plans are compared, and choose others"))
        self.form_button.toggled.connect(self.form.setVisible)
        row.addWidget(self.form_button)
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancel)
        self.work.hide()
        self._empty = QLabel()
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._empty.setContentsMargins(12, 24, 12, 12)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addWidget(self.form)
        layout.addLayout(row)
        layout.addWidget(self.work)
        layout.addWidget(self._pages, 1)

    def close_down(self) -> None:
        """Let go of the canvas and of the project."""
        self.leave_map()
        self.form.close_down()
        self.view.clear()
        if self._reading is not None:
            self._reading.forget()
        elif self._request is not None:
            self._request.cancel()

    def compare(self) -> None:
        """Compare the chosen plans."""
        if self._request is not None or not self.form.is_complete:
            return
        self.leave_map()
        folder = Path(QgsProcessingUtils.generateTempFilename("compare"))
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder / "comparison.gpkg")
        a, b = self.form.plans
        params = {**self.form.params(), "as_of": self._library.day, "out": target}
        self._request = self._library.core.ask("compare", params, tr("Compare two plans"))
        self.work.begin(tr("Starting…"))
        self._enable()
        self._request.progressed.connect(self.work.show_progress)
        self._request.answered.connect(lambda answer: self._read(target, answer, (a, b)))
        self._request.refused.connect(self._refuse)

    def cancel(self) -> None:
        """Stop the comparison that is running."""
        if self._request is not None and self._reading is None:  # reading the results takes a moment only
            self._request.cancel()

    @property
    def is_comparing(self) -> bool:
        """Whether a comparison is running."""
        return self._request is not None

    def leave_map(self) -> None:
        """End the swipe, take the highlight away and restore the view."""
        self._end_swipe()
        self.view.spotlight.leave()

    def keyPressEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Esc, wherever the focus is in the room: cancel, else end the swipe, else show all spots again."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self._request is not None:
            self.cancel()
        elif self._swipe is not None or self.view.spotlight.is_on:
            self.leave_map()
        else:
            self.view.matrix.clearSelection()

    def _read(self, target: str, answer: dict[str, Any], plans: tuple[Plan, Plan]) -> None:
        def done(spots: list[Spot] | None, error: Exception | None) -> None:
            self._request = self._reading = None
            self.work.hide()
            if error is not None:
                self.refused.emit(error if isinstance(error, Refusal) else Refusal(str(error)))
            else:
                self._show(Comparison(target, answer, self._library.path, (plans[0].title, plans[1].title)), spots)
                self._plans = plans
            self._enable()

        changed = answer.get("changed")
        self._reading = BackgroundTask(
            tr("Read the results"), lambda _report: read_spots(target, changed), done
        ).start()

    def _show(self, comparison: Comparison, spots: list[Spot]) -> None:
        try:
            self.view.show_comparison(comparison, spots)
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        told = [" | ".join(comparison.plans)]
        if comparison.changed is not None:
            told.append(changes_text(comparison.changed))
        self.said.setText(sentences(*told))
        moment = moment_text(str(comparison.record.get("started") or ""))
        self.said.setToolTip("\n".join([*told, moment, gone_text(comparison.changed or {})]).strip())
        self.form_button.setChecked(False)  # the list needs the room
        self._pages.setCurrentWidget(self.view)
        self.form.ask_for_past()
        self.finished.emit()
        problems = comparison.answer.get("problems") or []
        if problems:
            self.told.emit("\n".join(problem_line(problem) for problem in problems))

    def _refuse(self, refusal: Refusal) -> None:
        self._request = None
        self.work.hide()
        self._enable()
        self.refused.emit(refusal)

    def _enable(self) -> None:
        self.button.setEnabled(self.form.is_complete and self._request is None)
        a, b = self.form.plans
        if self._request is not None:
            self._empty.clear()
        elif not self.form.plan_a.count():
            self._empty.setText(tr("There is no plan to compare yet. Add plans in the room Map."))
        elif a is not None and a == b:
            self._empty.setText(tr("Choose two different plans, or two versions of one."))
        elif not self.form.matrix.currentData():
            self._empty.setText(tr("No matrix was made for these two layers. Choose one, or a file."))
        else:
            self._empty.setText(tr("Choose two plans, then press Compare."))

    def _forget_another(self) -> None:
        """Results of another library are not shown as if they were of this one."""
        shown = self.view.comparison
        if shown is not None and shown.library_path != self._library.path:
            self.leave_map()
            self.view.clear()
            self.said.clear()
            self.form_button.setChecked(True)
            self._pages.setCurrentWidget(self._empty)

    def _swipe_or_not(self, on: bool) -> None:
        if not on or self._plans is None:
            self._end_swipe()
            return
        sides = []
        for plan in self._plans:
            layer = layer_on_map(self._library, plan.version) or open_version(self._library, plan.entry, plan.version)
            if not layer.isValid():
                self._end_swipe()
                said = tr("“{layer}” cannot be opened from {library}.")
                self.refused.emit(Refusal(said.format(layer=plan.title, library=self._library.path)))
                return
            spots = self.view.spot_layer.layer if self.view.spot_layer is not None else None
            sides.append(SwipeSide(plan.title, [one for one in (spots, layer) if one is not None]))
        self._tool_before = self._canvas.mapTool()
        self._swipe = SwipeTool(self._canvas, *sides)
        self._swipe.ended.connect(self._swipe_ended)
        self._canvas.setMapTool(self._swipe)
        self.view.buttons["swipe"].setChecked(True)

    def _end_swipe(self) -> None:
        if self._swipe is not None:
            self._canvas.unsetMapTool(self._swipe)
        self.view.buttons["swipe"].setChecked(False)

    def _swipe_ended(self) -> None:
        tool, before = self._swipe, self._tool_before
        self._swipe = self._tool_before = None
        self.view.buttons["swipe"].setChecked(False)
        if tool is not None:
            tool.deleteLater()
        if before is not None and self._canvas.mapTool() is None:
            self._canvas.setMapTool(before)
