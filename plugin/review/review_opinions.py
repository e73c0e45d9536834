"""The table of the ten opinions: department, conclusion, state, deadline."""

from __future__ import annotations

from collections.abc import Collection

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.answers.name_delegate import NameDelegate, wrap_names
from onemap.plugin.review.review_cases import Case, Opinion
from onemap.plugin.review.review_words import (
    UNSEEN,
    WRITTEN,
    author_text,
    conclusion_word,
    opinion_state,
)
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import name_list, tr, with_label

DEPARTMENT, CONCLUSION, STATE, TEXT = range(4)
CODE = Qt.ItemDataRole.UserRole
MIN_TEXT_PX = 620  # from this width on the texts are shown
ROWS, MIN_ROWS = 10, 4


class _LowRows(NameDelegate):
    """All ten departments are to be seen at once."""

    margin_px = 1


class OpinionTable(QTreeWidget):
    """Ten rows; departments that are not asked are grey."""

    chosen = pyqtSignal(str)  # department

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Opinions of the departments"))
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        wrap_names(self, _LowRows(self))
        self.setHeaderLabels([tr("Department"), tr("Conclusion"), tr("State"), tr("Opinion")])
        header = self.header()
        header.setStretchLastSection(False)
        for column in (CONCLUSION, STATE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self._fit()
        self.currentItemChanged.connect(self._choose)

    def show_case(self, case: Case, unsaved: Collection[str], changed: Collection[str]) -> None:
        """Show a case's opinions.

        unsaved: departments with typed text that is not sent.
        changed: departments with unseen changes by others.
        """
        chosen = self.department
        self.blockSignals(True)
        self.clear()
        for opinion in case.opinions:
            self.addTopLevelItem(self._row(opinion, opinion.department in unsaved, opinion.department in changed))
        self.blockSignals(False)
        self.updateGeometry()
        if chosen:
            self.choose(chosen)

    @property
    def department(self) -> str:
        """The chosen department; empty for none."""
        return self.currentItem().data(0, CODE) if self.currentItem() is not None else ""

    def choose(self, department: str) -> None:
        """Choose a department."""
        for row in range(self.topLevelItemCount()):
            if self.topLevelItem(row).data(0, CODE) == department:
                self.setCurrentItem(self.topLevelItem(row))

    def resizeEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Show the texts where there is room."""
        super().resizeEvent(event)
        self._fit()
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()  # names wrap otherwise now

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """All ten rows, however high their names are."""
        return QSize(super().sizeHint().width(), self._height_of(sum(self._row_heights())))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Some rows whole, wherever it is scrolled to, where the dock is low; of very high ones as many lines."""
        heights, line = self._row_heights(), self._line_height
        highest = max(sum(heights[at : at + MIN_ROWS]) for at in range(ROWS - MIN_ROWS + 1))
        return QSize(super().minimumSizeHint().width(), self._height_of(min(highest, 2 * MIN_ROWS * line)))

    def _row_heights(self) -> list[int]:
        """Of ten rows, those that are not there yet with one line each."""
        items = map(self.topLevelItem, range(self.topLevelItemCount()))
        heights = [self.rowHeight(self.indexFromItem(item)) for item in items]
        return heights + [self._line_height] * (ROWS - len(heights))

    @property
    def _line_height(self) -> int:
        return self.fontMetrics().height() + _LowRows.margin_px

    def _height_of(self, rows: int) -> int:
        """With its head and frame; rows: their height in pixels."""
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
            self.chosen.emit(item.data(0, CODE))

    def _row(self, opinion: Opinion, is_unsaved: bool, is_changed: bool) -> QTreeWidgetItem:
        name = word("departments", opinion.department)
        marks = (f" {UNSEEN}" if is_changed else "") + (" *" if is_unsaved else "")
        first_line = opinion.text.splitlines()[0] if opinion.text else ""
        item = QTreeWidgetItem(
            [
                name + marks,
                conclusion_word(opinion.conclusion),
                opinion_state(opinion),
                first_line,
            ]
        )
        item.setData(0, CODE, opinion.department)
        tip = "\n".join(_details(opinion, is_unsaved, is_changed))
        for column in range(self.columnCount()):
            item.setToolTip(column, tip)
            if not opinion.routed and opinion.by_machine:
                grey = quiet_brush(self.palette(), QPalette.ColorRole.Text, QPalette.ColorRole.Base)
                item.setForeground(column, grey)
        if opinion.overdue:
            font = item.font(STATE)
            font.setBold(True)
            item.setFont(STATE, font)
        return item


def _details(opinion: Opinion, is_unsaved: bool, is_changed: bool) -> list[str]:
    lines = [with_label(word("departments", opinion.department), opinion.why), author_text(opinion)]
    lines += [tr("Due: {day}").format(day=opinion.due)] if opinion.due else []
    lines += [tr("The clock stands still since {day}").format(day=opinion.stopped_on)] if opinion.stopped_on else []
    if opinion.stale_because:
        versions = name_list(opinion.stale_titles)
        lines.append(tr("What it rests on was superseded: {what}").format(what=versions))
    lines += [tr("Changed since you looked")] if is_changed else []
    if opinion.state == "drafted" and not opinion.by_machine:
        lines.append(f"{WRITTEN} " + tr("Written by a person, and not yet signed"))
    lines += [tr("Words typed here are not saved yet")] if is_unsaved else []
    return lines + ["", opinion.text]
