"""Columns of a table that fit its width: the first ones as far as they go, and words that were cut get the rest."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtWidgets import QHeaderView, QTableView

MAX_TEXT_PX = 96  # what one column of words is given, if there are others after it
MOST_USED = 3  # of the columns, from the first


class ColumnFit(QObject):
    """Keeps a table from scrolling sideways; what it hides has to stand elsewhere, as in the details."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        self._unwanted: frozenset[int] = frozenset()
        self._widths: list[int] = []  # that a column has at least
        self._whole_widths: list[int] = []  # with which it cuts nothing
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.viewport().installEventFilter(self)

    def measure(self, unwanted: frozenset[int] = frozenset()) -> None:
        """Measure what is in the table now. unwanted: columns that are hidden at any width."""
        table, self._unwanted = self._table, unwanted
        header = table.horizontalHeader()
        self._whole_widths = [
            max(table.sizeHintForColumn(column), header.sectionSizeHint(column))
            for column in range(table.model().columnCount())
        ]
        self._widths = [min(width, MAX_TEXT_PX) for width in self._whole_widths]
        self.fit()

    def fit(self) -> None:
        """Show the columns that fit, in their order; what they leave over is for what is cut, then the last one's."""
        whole = self._table.viewport().width()
        shown: list[int] = []
        for column, width in enumerate(self._widths):
            if column in self._unwanted:
                continue
            # The most used ones may be cut; before another one comes, they are whole.
            taken = self._whole_widths if len(shown) >= MOST_USED else self._widths
            if shown and sum(taken[one] for one in shown) + width > whole:
                break  # no later one takes the place of one that is used more
            shown.append(column)
        rest = max(whole - sum(self._widths[one] for one in shown), 0)
        for column, width in enumerate(self._widths):
            self._table.setColumnHidden(column, column not in shown)
            if column in shown:
                more = rest if column == shown[-1] else min(rest, self._whole_widths[column] - width)
                self._table.setColumnWidth(column, width + more)
                rest -= more

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fit the columns anew when the table is wider or narrower."""
        if event.type() == QEvent.Type.Resize:
            self.fit()
        return super().eventFilter(watched, event)
