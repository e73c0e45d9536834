"""What is wrong with a file, problem by problem, and the way to each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QListWidget, QListWidgetItem, QWidget

from onemap.plugin.option_names import in_controls
from onemap.plugin.refusals import problem_line
from onemap.plugin.translation import tr
from onemap.plugin.verdicts import sign_icon

LINES_WANTED = 4
LEVELS = {"refuse": "prohibited", "warn": "restricted", "note": "notice"}  # the signs of verdicts as severe
ABSENT = "field.absent"  # one line for all of them: most files lack most fields that nobody needs


class ProblemList(QListWidget):
    """One line for each problem; one with a place on the map can be gone to."""

    place_asked = pyqtSignal(object)  # the problem

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
        order = list(LEVELS)
        listed = [one for one in problems if one.get("code") != ABSENT]
        listed.sort(key=lambda one: order.index(one["level"]) if one.get("level") in order else -1)
        for problem in listed:
            item = QListWidgetItem(in_controls(problem_line(problem, known), self._controls))
            verdict = LEVELS.get(str(problem.get("level") or ""))
            if verdict:
                item.setIcon(sign_icon(verdict, self.palette()))
            item.setData(Qt.ItemDataRole.UserRole, problem)
            if problem.get("feature") not in (None, "") or problem.get("row"):
                item.setToolTip(tr("Click: go to it on the small map"))
            self.addItem(item)
        absent = [str(one.get("field")) for one in problems if one.get("code") == ABSENT]
        if absent:
            text = tr("Fields of the schema that the file lacks: {fields}")
            item = QListWidgetItem(text.format(fields=", ".join(absent)))
            item.setIcon(sign_icon(LEVELS["note"], self.palette()))
            item.setData(Qt.ItemDataRole.UserRole, {"code": ABSENT})
            self.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        self.place_asked.emit(item.data(Qt.ItemDataRole.UserRole))
