"""The tab Compare: choose two plans, press Compare, and work through the differences."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal, problem_line
from onemap.plugin.desk.answers.answer_tree import remarks_in
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.compare.compare_details import changes_text, gone_text
from onemap.plugin.rooms.compare.compare_form import CompareForm, Plan
from onemap.plugin.rooms.compare.compare_results import Comparison, Spot, read_spots
from onemap.plugin.rooms.compare.compare_sides import PlanSides
from onemap.plugin.rooms.compare.compare_view import CompareView
from onemap.plugin.rooms.compare.contradictions_view import ContradictionsView
from onemap.plugin.widgets.buttons import empty_label, push_button, switch_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.form_fields import fold_button
from onemap.plugin.widgets.rows_and_columns import Pages, fill_room, row_of
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.option_names import dock_controls, name_controls
from onemap.plugin.words.translation import Count, sentences, tr


class CompareTab(QWidget):
    """One comparison at a time; its results stay until the next."""

    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)  # what a person should know of a plan
    finished = pyqtSignal()  # the spots of a comparison are shown

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._library, self._canvas = library, canvas
        # A comparison is of two versions, which are the same on every day.
        self.asking = Asking(library.core, self, lambda: library.path)
        self.asking.refused.connect(self.refused)
        self.asking.busy_changed.connect(lambda _is_busy: self._enable())
        self._plans: tuple[Plan, Plan] | None = None  # of what is shown
        self.form = CompareForm(library)
        self.form.changed.connect(self._enable)
        self.view = CompareView(library, canvas)
        self.view.refused.connect(self.refused)
        self.sides = PlanSides(library, canvas, self)
        self.sides.changed.connect(self.view.show_sides)
        self.view.sides_requested.connect(self._show_sides)
        self.view.spot_shown.connect(self.sides.mark)
        self.view.atlas.written.connect(self._report_atlas)
        self.pairs = ContradictionsView(library, self.form)
        self.pairs.refused.connect(self.refused)
        self.pairs.message_sent.connect(self.message_sent)
        self.pairs.pair_chosen.connect(self._open_pair)
        self.pairs.back_requested.connect(lambda: self.pairs_button.setChecked(False))
        self._build()
        library.listed.connect(self._enable)
        library.loading.connect(self._clear_other_library)
        self._enable()

    def _build(self) -> None:
        self.button = push_button(tr("Compare"), sign="compare", action=lambda: self.compare())
        self.summary = FittedLabel(textFormat=Qt.TextFormat.PlainText)
        self.summary.hide()
        self.form_button = fold_button(self.form, tr("Show which plans are compared, and choose others"))
        hint = tr("Who contradicts whom: every plan against every other, with the areas")
        self.pairs_button = switch_button("contradictions", hint, self._show_all_pairs)
        row = row_of(self.button, 0, self.form_button, self.pairs_button)
        self.work = WorkRow()
        self.work.follow(self.asking)
        self.work.follow(self.view.atlas.asking)
        self._empty = empty_label()
        self._pages = Pages(self._empty, self.view, self.pairs)
        fill_room(self, self.form, row, self.summary, self.work, (self._pages, 1))

    def close_down(self) -> None:
        """Disconnect from the canvas and the project."""
        self.leave_map()
        self.sides.end()
        self.pairs.close_down()
        self.view.clear()
        self.asking.cancel()

    def compare(self, known_run: str = "") -> None:
        """Compare the chosen plans.

        known_run: a run that has just compared them, so that nothing need be computed again.
        """
        if self.is_comparing or not self.form.is_complete:
            return
        self.leave_map()
        folder = temporary_folder("compare")
        target = str(folder / "comparison.gpkg")
        a, b = self.form.plans
        params = {**self.form.params(), "as_of": self._library.day, "out": target, "view": True}
        params["against"] = known_run or params["against"]

        def show(answer: dict[str, Any], spots: list[Spot]) -> None:
            answer = {name: value for name, value in answer.items() if name != "changed"} if known_run else answer
            self._show(Comparison(target, answer, self._library.path, (a.title, b.title)), spots)
            self._plans = (a, b)

        self.asking.ask(
            "compare",
            params,
            show,
            tr("Compare two plans"),
            read=lambda answer: read_spots(target, answer),
            folder=str(folder),
        )

    def cancel(self) -> None:
        """Cancel what is running."""
        for asking in (self.asking, self.view.atlas.asking, self.pairs.asking):
            asking.cancel()

    @property
    def is_comparing(self) -> bool:
        """Whether a comparison is running."""
        return self.asking.is_busy

    def leave_map(self) -> None:
        """Remove plans and highlight from the map and restore the view."""
        self.sides.end()
        self.view.highlight.restore_view()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Make Esc cancel, or else remove the plans from the map, or else list all spots; with any focus in the tab."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.is_comparing or self.view.atlas.asking.is_busy or self.pairs.is_working:
            self.cancel()
        elif self.sides.is_on or self.view.highlight.is_on:
            self.leave_map()
        else:
            self.view.matrix.clearSelection()

    def _show(self, comparison: Comparison, spots: list[Spot]) -> None:
        try:
            self.view.show_comparison(comparison, spots)
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        texts = [" | ".join(comparison.plans)]
        if comparison.changes is not None:
            texts.append(changes_text(comparison.changes))
        texts += remarks_in(comparison.answer)
        self.summary.setText(sentences(*texts))
        self.summary.show()
        moment = moment_text(str(comparison.record.get("started") or ""))
        self.summary.setToolTip("\n".join([*texts, moment, gone_text(comparison.changes or {})]).strip())
        self.pairs_button.setChecked(False)
        self.form_button.setChecked(False)  # the list needs the height
        self._pages.setCurrentWidget(self.view)
        self.form.request_history()
        self.finished.emit()
        problems = comparison.answer.get("problems") or []
        if problems:
            self.message_sent.emit(name_controls("\n".join(map(problem_line, problems)), dock_controls()))

    def _enable(self) -> None:
        self.button.setEnabled(self.form.is_complete and not self.is_comparing)
        a, b = self.form.plans
        if self.is_comparing:
            self._empty.clear()
        elif not self.form.plan_a.count():
            self._empty.setText(tr("There is no plan to compare yet. Add plans in the room Map."))
        elif a is not None and a == b:
            self._empty.setText(tr("Choose two different plans, or two versions of one."))
        elif not self.form.matrix.currentData():
            self._empty.setText(tr("No matrix was made for these two layers. Choose one, or a file."))
        else:
            self._empty.setText(tr("Choose two plans, then press Compare."))

    def _clear_other_library(self) -> None:
        comparison = self.view.comparison
        if comparison is not None and comparison.library_path != self._library.path:
            self.leave_map()
            self.view.clear()
            self.summary.clear()
            self.form_button.setChecked(True)
            self._show_all_pairs(self.pairs_button.isChecked())

    def _show_sides(self, mode: str) -> None:
        """Show both plans on the map in a mode; an empty mode ends it."""
        if not mode or self._plans is None:
            self.sides.end()
            self.view.show_sides("")
            return
        spots = self.view.spot_layer.layer if self.view.spot_layer is not None else None
        try:
            self.sides.show(mode, self._plans, spots)
            self.view.zoom()  # both plans are looked at where the chosen spot is
        except Refusal as refusal:
            self.view.show_sides("")
            self.refused.emit(refusal)

    def _show_all_pairs(self, is_on: bool) -> None:
        """Show the table of contradictions, or return to the comparison of two plans."""
        self.leave_map()
        self.form.setVisible(not is_on and self.form_button.isChecked())
        for widget in (self.button, self.form_button):
            widget.setVisible(not is_on)
        self.summary.setVisible(not is_on and bool(self.summary.text()))
        self._pages.setCurrentWidget(
            self.pairs if is_on else (self.view if self.view.comparison is not None else self._empty)
        )

    def _open_pair(self, pair: dict[str, str]) -> None:
        """Show the whole comparison of two plans; the core has it stored, and computes only later changes."""
        self.pairs_button.setChecked(False)
        self.form.choose_pair(pair["a"], pair["b"], pair["matrix"])
        self.compare(known_run=pair["run"])

    def _report_atlas(self, path: str, answer: dict[str, Any]) -> None:
        if "sheets" not in answer:  # the report
            self.message_sent.emit(tr("Written: {path}").format(path=path))
            return
        message = tr("The atlas has {count:# sheet|# sheets}: {path}").format(count=Count(answer["sheets"]), path=path)
        if answer.get("left_out"):
            message = sentences(message, tr("{count:# was|# were} left out.").format(count=Count(answer["left_out"])))
        self.message_sent.emit(message)
