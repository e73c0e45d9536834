"""The contradictions among all plans: every pair is compared; a row opens the comparison of its two plans."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QTreeWidgetItem

from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.connection.refusals import refusals_told
from onemap.plugin.desk.answers.answer_tree import AnswerTree, remarks_in
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.verb_view import VerbView
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.rooms.compare.compare_form import CompareForm
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.target_file import ask_document
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import Count, sentences, tr

TABLE = "contradictions.xlsx"
XLSX = file_forms([".xlsx"])
ALWAYS, WIDE_PX = 2, 560  # the columns of the narrowest dock; from here on there is room for all


class ContradictionsView(VerbView):
    """Shows one answer until the next one, or until the library or the day changes."""

    pair_chosen = pyqtSignal(object)  # the plans `a` and `b`, their matrix and run
    back_requested = pyqtSignal()
    message_sent = pyqtSignal(str)

    def __init__(self, library: OpenLibrary, form: CompareForm) -> None:
        super().__init__(library)
        self._form = form
        self._folder = ""
        self._build()
        library.loading.connect(self._enable)
        self._enable()

    def _build(self) -> None:
        self.summary = wrapped_label(_invitation())
        self.tree = AnswerTree(tr("Who contradicts whom"), is_flat=True)
        self.tree.setToolTip(tr("Areas in conflict; a click opens the comparison of the two plans"))
        self.tree.itemClicked.connect(lambda item, _column: self._open(item))
        self.tree.itemActivated.connect(lambda item, _column: self._open(item))
        hint = tr("Compares every pair of plans in force for which there is a matrix")
        self.button = push_button(tr("Compare all plans"), sign="contradictions", hint=hint, action=self.ask)
        self.save_button = push_button(tr("Save as Excel…"), sign="export", action=self._choose_target)
        self.back_button = push_button(tr("Back to two plans"), sign="back", action=self.back_requested)
        # Beside one another the buttons are wider than the narrowest dock.
        buttons = column_of(self.button, self.save_button, self.back_button)
        column_of(self.summary, (self.tree, 1), self.work, buttons, inside=self, is_tight=True)

    def ask(self) -> None:
        """Ask the core to compare every pair."""
        if self.is_working or not self._library.path:
            return
        folder = str(temporary_folder("contradictions"))
        params = {
            "library": self._library.path,
            "as_of": self._library.day,
            "matrix": self._form.files,
            "out": str(Path(folder) / TABLE),
            "view": True,
            **self._form.limits(),
        }
        title = tr("Who contradicts whom")
        self._ask_core("contradictions", params, lambda answer: self._show(folder, answer), title, folder)

    def clear(self) -> None:
        """Clear the table."""
        self.tree.clear()
        self.summary.setText(_invitation())
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""
        self._enable()

    def close_down(self) -> None:
        """Cancel, and remove the temporary files."""
        self.cancel()
        self.clear()

    def save(self, path: str) -> None:
        """Copy the core's own table to a path."""
        with refusals_told(self.refused.emit):
            copy_file(Path(self._folder) / TABLE, path)
            self.message_sent.emit(tr("Written: {path}").format(path=path))

    def _choose_target(self) -> None:
        ask_document(self, tr("Save as Excel"), tr("Plans against each other"), XLSX, self.save)

    def _show(self, folder: str, answer: dict[str, Any]) -> None:
        self._folder = folder
        self.tree.show_table(answer["view"][0])
        self._fit()
        self.summary.setText("\n".join([_summary_text(answer["pairs"]), *remarks_in(answer)]))
        self._enable()
        self.results_shown.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many columns as there is room for; the tooltip of a row has the others."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.tree.hide_columns(ALWAYS, self.width() < WIDE_PX)

    def _open(self, item: QTreeWidgetItem) -> None:
        pair = self.tree.about(item)
        if pair is not None and pair["run"]:
            self.pair_chosen.emit(pair)

    def _enable(self) -> None:
        self.button.setEnabled(not self.is_working and bool(self._library.path))
        self.save_button.setEnabled(bool(self._folder))


def _invitation() -> str:
    return tr("Every plan against every other for which there is a matrix: the areas in conflict.")


def _summary_text(pairs: list[dict[str, Any]]) -> str:
    if not pairs:
        return tr("The library has no two plans for which there is a matrix.")
    compared_pairs = [pair for pair in pairs if pair["conflict_ha"] is not None]
    against = sum(bool(pair["conflict_ha"]) for pair in compared_pairs)
    text = tr("{count:# pair|# pairs} compared, {against} with contradictions.")
    text = text.format(count=Count(len(compared_pairs)), against=Count(against))
    failed = len(pairs) - len(compared_pairs)
    return sentences(text, tr("{count} could not be compared: see –.").format(count=f"{failed:,}")) if failed else text
