"""What is wrong with a file, problem by problem, and the way to each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QListWidget, QListWidgetItem, QWidget

from onemap.plugin.connection.refusals import problem_lines
from onemap.plugin.words.option_names import name_controls
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import sign_icon

LINES_WANTED = 4
SIGNS = {"refuse": "prohibited", "warn": "restricted", "note": "notice"}  # the signs of verdicts as severe


class ProblemList(QListWidget):
    """One line for each problem; one with a place on the map can be gone to."""

    place_requested = pyqtSignal(object)  # the problem

    def __init__(self, controls: Mapping[str, str], parent: QWidget | None = None) -> None:
        """controls: what the command line's options are called where this stands."""
        super().__init__(parent)
        self._controls = controls
        self.setWordWrap(True)
        self.setMinimumHeight(LINES_WANTED * self.fontMetrics().lineSpacing())
        self.setAlternatingRowColors(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemActivated.connect(self._go)
        self.itemClicked.connect(self._go)

    def show_problems(self, problems: list[dict[str, Any]], known: Collection[str] = ()) -> None:
        """Show these instead. known: names that need not be repeated, the file's and its layer's."""
        self.clear()
        for told in problem_lines(problems, known):
            item = QListWidgetItem(name_controls(told.text, self._controls))
            if told.level in SIGNS:
                item.setIcon(sign_icon(SIGNS[told.level], self.palette()))
            item.setData(Qt.ItemDataRole.UserRole, told.problem)
            if told.problem.get("feature") not in (None, "") or told.problem.get("row"):
                item.setToolTip(tr("Click: go to it on the small map"))
            self.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        self.place_requested.emit(item.data(Qt.ItemDataRole.UserRole))
