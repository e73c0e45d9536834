"""Columns of a table that fit its width: the first ones as far as they go, the last of them with the rest of it."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtWidgets import QHeaderView, QTableView

MAX_TEXT_PX = 130  # what one column of words is given, if there are others after it


class ColumnFit(QObject):
    """Keeps a table from scrolling sideways; what it hides has to stand elsewhere, as in the details."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self._unwanted: frozenset[int] = frozenset()
        self._widths: list[int] = []
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.viewport().installEventFilter(self)

    def measure(self, unwanted: frozenset[int] = frozenset()) -> None:
        """Measure what is in the table now. unwanted: columns that are hidden at any width."""
        table, self._unwanted = self._table, unwanted
        header = table.horizontalHeader()
        self._widths = [
            min(max(table.sizeHintForColumn(column), header.sectionSizeHint(column)), MAX_TEXT_PX)
            for column in range(table.model().columnCount())
        ]
        self.fit()

    def fit(self) -> None:
        """Show the columns that fit, in their order; what a column leaves over is the last one's."""
        rest = self._table.viewport().width()
        shown: list[int] = []
        for column, width in enumerate(self._widths):
            if column in self._unwanted:
                continue
            if shown and width > rest:  # no later one takes the place of one that is used more
                break
            shown.append(column)
            rest -= width
        for column, width in enumerate(self._widths):
            self._table.setColumnHidden(column, column not in shown)
            if column in shown:
                self._table.setColumnWidth(column, width + (max(rest, 0) if column == shown[-1] else 0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fit the columns anew when the table is wider or narrower."""
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return super().eventFilter(watched, event)
