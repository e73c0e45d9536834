"""Columns of a table that fit its width: the first columns in full; if even the first is too wide, its names wrap."""

from __future__ import annotations

from math import ceil

from qgis.PyQt.QtCore import QEvent, QModelIndex, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetricsF
from qgis.PyQt.QtWidgets import QHeaderView, QStyle, QTableView

from onemap.plugin.desk.answers.name_delegate import wrapped_height

ALWAYS = 2  # of the columns, from the first: a name, and its measure
MOST_ROWS = 80  # whose names are measured; Qt would measure a thousand of each column
ROW_MARGIN_PX = 8
AROUND_PX, GRID_PX = 6, 1  # beside the text of a cell, and between two


class ColumnFit(QObject):
    """Keeps a table from scrolling sideways; what it hides must be shown elsewhere, such as in the details."""

    fitted = pyqtSignal()  # the rows may be of another height

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self._unwanted: frozenset[int] = frozenset()
        self._widths: list[int] = []  # with which a column cuts nothing
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.horizontalHeader().setResizeContentsPrecision(MOST_ROWS)
        table.viewport().installEventFilter(self)

    def measure(self, unwanted: frozenset[int] = frozenset()) -> None:
        """Measure the present content of the table. unwanted: columns that are hidden at any width."""
        table, self._unwanted = self._table, unwanted
        header = table.horizontalHeader()
        columns = range(table.model().columnCount())
        for column in columns:
            table.setColumnHidden(column, False)  # Qt finds that the head of a hidden one needs no room
        self._widths = [max(self._text_width(one), header.sectionSizeHint(one)) for one in columns]
        self.fit()

    def measure_again(self) -> None:
        """Measure what has changed in the table since."""
        self.measure(self._unwanted)

    def fit(self) -> None:
        """Show the columns that fit, in order; the first wraps if it must, and the last takes the remaining width."""
        if not self._widths:
            return
        whole = self._table.viewport().width()
        visible_columns: list[int] = []
        for column, width in enumerate(self._widths):
            if column in self._unwanted:
                continue
            if len(visible_columns) >= ALWAYS and sum(self._widths[one] for one in visible_columns) + width > whole:
                break  # no later one takes the place of one that is used more
            visible_columns.append(column)
        rest = whole - sum(self._widths[one] for one in visible_columns)
        for column, width in enumerate(self._widths):
            self._table.setColumnHidden(column, column not in visible_columns)
            if column in visible_columns:
                more = rest if column == visible_columns[0 if rest < 0 else -1] else 0
                self._table.setColumnWidth(column, width + more)
        self._table.verticalHeader().setDefaultSectionSize(self._row_height(visible_columns[0]) + ROW_MARGIN_PX)
        self.fitted.emit()

    def _text_width(self, column: int) -> int:
        """The width that cuts no text; Qt's own hint takes ten times as long, as it reads all of each cell."""
        metrics = QFontMetricsF(self._table.font())  # in whole pixels a text may be rounded below what it takes
        texts = {str(cell.data()) for cell in self._cells(column)}
        widest = ceil(max(map(metrics.horizontalAdvance, texts), default=0))
        return widest + self._icon_width(column) + AROUND_PX + GRID_PX

    def _cells(self, column: int) -> list[QModelIndex]:
        model = self._table.model()
        return [model.index(row, column) for row in range(min(model.rowCount(), MOST_ROWS))]

    def _icon_width(self, column: int) -> int:
        if not any(cell.data(Qt.ItemDataRole.DecorationRole) is not None for cell in self._cells(column)[:1]):
            return 0
        return self._table.style().pixelMetric(QStyle.PixelMetric.PM_SmallIconSize) + AROUND_PX

    def _row_height(self, column: int) -> int:
        """The height of every row: that of the highest name, as measuring tens of thousands at each resize is slow."""
        table = self._table
        line = table.fontMetrics().height()
        if table.columnWidth(column) >= self._widths[column]:
            return line
        width = max(table.columnWidth(column) - AROUND_PX - self._icon_width(column), 1)
        names = {str(cell.data()) for cell in self._cells(column)}
        return max([line, *(wrapped_height(name, table.font(), width) for name in names)])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the columns again when the width of the table changes."""
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return super().eventFilter(watched, event)
