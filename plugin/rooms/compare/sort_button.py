"""The choice of the measure by which a list is sorted, including measures whose columns are hidden."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QMenu, QTableView, QToolButton

from onemap.plugin.words.translation import tr, with_label

AS_LISTED = -1


class SortButton(QToolButton):
    """A menu of the columns of a table; numbers are sorted in descending order."""

    def __init__(self, table: QTableView, numbers: frozenset[int]) -> None:
        popup = QToolButton.ToolButtonPopupMode.InstantPopup
        super().__init__(table, text=tr("Sort"), accessibleName=tr("Sort the list"), popupMode=popup)
        self._table, self._numbers = table, numbers
        self._hidden: frozenset[int] = frozenset()
        self._menu = QMenu(self, aboutToShow=self.list_columns)
        self.setMenu(self._menu)
        table.horizontalHeader().sortIndicatorChanged.connect(lambda *_: self._show_column())
        self._show_column()

    def leave_out(self, columns: frozenset[int]) -> None:
        """Offer all columns but these."""
        self._hidden = columns

    def list_columns(self) -> QMenu:
        """The menu, with a mark at the column by which the list is sorted."""
        self._menu.clear()
        sort_column = self._table.horizontalHeader().sortIndicatorSection()
        for column in (AS_LISTED, *range(self._table.model().columnCount())):
            if column in self._hidden:
                continue
            action = self._menu.addAction(self._title(column), lambda at=column: self._sort(at))
            action.setCheckable(True)
            action.setChecked(column == sort_column)
        return self._menu

    def _sort(self, column: int) -> None:
        is_number = column in self._numbers
        self._table.sortByColumn(column, Qt.SortOrder.DescendingOrder if is_number else Qt.SortOrder.AscendingOrder)

    def _title(self, column: int) -> str:
        if column == AS_LISTED:
            return tr("By type, then by area")
        return str(self._table.model().headerData(column, Qt.Orientation.Horizontal))

    def _show_column(self) -> None:
        column = self._table.horizontalHeader().sortIndicatorSection()
        own_column = column if column < self._table.model().columnCount() else AS_LISTED
        self.setToolTip(with_label(tr("Sorted"), self._title(own_column)))
