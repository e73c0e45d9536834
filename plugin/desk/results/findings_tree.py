"""The list of parcels and findings: rows are as high as their names, and only visible rows are measured."""

from __future__ import annotations

from qgis.PyQt.QtCore import QModelIndex, QPoint, QRect
from qgis.PyQt.QtWidgets import QAbstractItemView, QStyle, QTreeView

from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.desk.results.results_model import AREA, NAME, ResultsModel
from onemap.plugin.words.translation import tr

ROWS_MEASURED = 50  # for the widths of the columns: of 10,000 rows Qt would measure the first thousand
NEAR_ROWS = 50  # parcels this close to those in sight are reached row by row
ROW_MARGIN_PX = 6
Hint = QAbstractItemView.ScrollHint


class FindingsTree(QTreeView):
    """A tree of parcels and their findings.

    Qt measures a row when it becomes visible; but to reach a row far away it would measure all rows before it. So the
    scroll bar is first set to the parcel's place, which counts rows and measures none.
    """

    def __init__(self, model: ResultsModel) -> None:
        super().__init__()
        self._least_rows = 1
        self.setModel(model)
        self.setIndentation(12)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        wrap_names(self)
        self.setAccessibleName(tr("Findings"))
        header = self.header()
        fit_columns(self)
        header.setResizeContentsPrecision(ROWS_MEASURED)
        self._measuring = one_shot_timer(self, 0, self._set_least_height)
        for change in (header.sectionResized, self.expanded, self.collapsed, model.modelReset):
            change.connect(lambda *_what: self._measuring.start(0))

    def keep_rows(self, count: int) -> None:
        """Keep room for this many rows of the height of the first rows."""
        self._least_rows = count
        self._set_least_height()

    def sizeHintForColumn(self, column: int) -> int:
        """The width of a column, wide enough for all rows; Qt measures only the visible ones."""
        texts = self.model().widest_areas if column == AREA else ()
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin, None, self) + 1
        widths = (self.fontMetrics().horizontalAdvance(text) + 2 * margin for text in texts)
        return max(super().sizeHintForColumn(column), *widths) if texts else super().sizeHintForColumn(column)

    def scrollTo(self, index: QModelIndex, hint: QAbstractItemView.ScrollHint = Hint.EnsureVisible) -> None:
        """Bring a row in sight."""
        self.executeDelayedItemsLayout()
        if index.isValid() and self.isVisible() and not self._is_near(index):
            self.verticalScrollBar().setValue(self._place_of(index))
        super().scrollTo(index, hint)

    def visualRect(self, index: QModelIndex) -> QRect:
        """The place of a row; empty for a row far from the visible ones, such as the former current row."""
        return super().visualRect(index) if self._is_near(index) else QRect()

    def _is_near(self, index: QModelIndex) -> bool:
        first = _parcel_row(self.indexAt(QPoint(0, 0)))
        return first >= 0 and abs(_parcel_row(index) - first) <= NEAR_ROWS

    def _place_of(self, index: QModelIndex) -> int:
        """The number of rows above the row of the index's parcel."""
        row = _parcel_row(index)
        return row + sum(map(self._rows_below, self.model().opened_above(row)))

    def _rows_below(self, index: QModelIndex) -> int:
        """How many rows are open below one."""
        if not self.isExpanded(index):
            return 0
        model, count = self.model(), self.model().rowCount(index)
        return count + sum(self._rows_below(model.index(row, NAME, index)) for row in range(count))

    def _set_least_height(self) -> None:
        """Reserve room for the first rows; in less room the whole page scrolls."""
        usual = self.fontMetrics().height() + ROW_MARGIN_PX
        heights: list[int] = []
        index = self.model().index(0, NAME)
        while index.isValid() and len(heights) < self._least_rows:
            heights.append(self.rowHeight(index))
            index = self.indexBelow(index)
        heights += [usual] * (self._least_rows - len(heights))
        self.setMinimumHeight(self.header().sizeHint().height() + 2 * self.frameWidth() + sum(heights))


def _parcel_row(index: QModelIndex) -> int:
    """The row of a parcel, or of the one above a finding; -1 where there is none."""
    while index.parent().isValid():
        index = index.parent()
    return index.row()
