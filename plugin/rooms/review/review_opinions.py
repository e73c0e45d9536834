"""The table of the ten opinions: department, conclusion, state, deadline."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from qgis.PyQt.QtCore import QSignalBlocker, QSize, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QHeaderView, QTreeWidgetItem

from onemap.plugin.desk.answers.answer_tree import AnswerTree, set_bold
from onemap.plugin.desk.answers.name_delegate import NameDelegate, wrap_names
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.rooms.review.review_words import UNSEEN
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.translation import tr

DEPARTMENT, _CONCLUSION, STATE, TEXT = range(4)
MIN_TEXT_PX = 620  # from this width on the texts are shown
ROWS, MIN_ROWS = 10, 4


class _LowRows(NameDelegate):
    """All ten departments are to be seen at once."""

    margin_px = 1


class OpinionTable(AnswerTree):
    """Ten rows; departments that are not asked are grey."""

    chosen = pyqtSignal(str)  # department

    def __init__(self) -> None:
        heads = (tr("Department"), tr("Conclusion"), tr("State"), tr("Opinion"))
        super().__init__(tr("Opinions of the departments"), heads, is_flat=True)
        wrap_names(self, _LowRows(self))
        self._fit()
        self.currentItemChanged.connect(self._choose)

    def show_case(self, case: Case, unsaved: Collection[str], changed_departments: Collection[str]) -> None:
        """Show a case's opinions.

        unsaved: departments with typed text that is not sent.
        changed_departments: departments with unseen changes by others.
        """
        chosen_department = self.department
        rows = [
            _mark_unseen(row, row["about"]["department"] in unsaved, row["about"]["department"] in changed_departments)
            for row in case.rows("opinions")
        ]
        with QSignalBlocker(self):
            self.show_rows(rows)
            for item in self.tops:
                self._paint(item, self.row_of(item))
        self.updateGeometry()
        if chosen_department:
            self.choose_department(chosen_department)

    def _paint(self, item: QTreeWidgetItem, row: dict[str, Any]) -> None:
        """Make a department that is not asked grey, and a late opinion bold; give all columns one tooltip."""
        grey = quiet_brush(self.palette())
        for column in range(self.columnCount()):
            item.setToolTip(column, row["hint"])
            if not row["about"]["is_asked"]:
                item.setForeground(column, grey)
        set_bold(item, row["about"]["is_overdue"], STATE)

    @property
    def department(self) -> str:
        """The chosen department; empty for none."""
        return str(self.current_about.get("department", ""))

    def choose_department(self, department: str) -> None:
        """Choose a department."""
        self.choose({"department": department})

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the texts where there is room."""
        super().resizeEvent(event)
        self._fit()
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()  # names wrap otherwise now

    def sizeHint(self) -> QSize:
        """All ten rows, however high their names are."""
        return QSize(super().sizeHint().width(), self._height_of(sum(self._row_heights())))

    def minimumSizeHint(self) -> QSize:
        """A height for some whole rows, wherever it is scrolled to; for very high rows a number of lines."""
        heights, line = self._row_heights(), self._line_height
        highest = max(sum(heights[at : at + MIN_ROWS]) for at in range(ROWS - MIN_ROWS + 1))
        return QSize(super().minimumSizeHint().width(), self._height_of(min(highest, 2 * MIN_ROWS * line)))

    def _row_heights(self) -> list[int]:
        """The heights of ten rows; a row that is not there yet takes one line."""
        heights = [self.rowHeight(self.indexFromItem(item)) for item in self.tops]
        return heights + [self._line_height] * (ROWS - len(heights))

    @property
    def _line_height(self) -> int:
        return self.fontMetrics().height() + _LowRows.margin_px

    def _height_of(self, rows: int) -> int:
        """The height of rows with head and frame. rows: their height in pixels."""
        return self.header().sizeHint().height() + rows + 2 * self.frameWidth()

    def _fit(self) -> None:
        is_wide = self.width() >= MIN_TEXT_PX
        self.setColumnHidden(TEXT, not is_wide)
        header = self.header()
        contents, stretch = QHeaderView.ResizeMode.ResizeToContents, QHeaderView.ResizeMode.Stretch
        header.setSectionResizeMode(DEPARTMENT, contents if is_wide else stretch)
        header.setSectionResizeMode(TEXT, stretch)

    def _choose(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        if item is not None:
            self.chosen.emit(self.department)


def _mark_unseen(row: dict[str, Any], is_unsaved: bool, is_changed: bool) -> dict[str, Any]:
    """The core's row of an opinion, with what only this desk knows: unseen changes, and text that is not sent."""
    name = row["name"] + (f" {UNSEEN}" if is_changed else "") + (" *" if is_unsaved else "")
    lines = [tr("Changed since you looked")] if is_changed else []
    lines += [tr("Words typed here are not saved yet")] if is_unsaved else []
    return {**row, "name": name, "hint": "\n".join([*lines, row["hint"]]), "rows": []}
