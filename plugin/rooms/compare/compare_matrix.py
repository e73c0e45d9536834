"""The matrix of a comparison: types, and below each the pairs of uses; selected rows filter the spots."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QIcon, QResizeEvent
from qgis.PyQt.QtWidgets import QAbstractItemView

from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.rooms.compare.compare_looks import swatch
from onemap.plugin.words.translation import tr

SHARE = 2  # it and the spots are shown where there is room
WIDE_PX, ROW_MARGIN_PX = 420, 4
ROWS_SHOWN = 2  # at least: the list of spots below needs the room
MatrixCell = tuple[str, str, str]  # type, use of A, use of B


class MatrixTree(AnswerTree):
    """The matrix in the core's rows; selected rows filter the list and select spots on the map."""

    chosen = pyqtSignal(frozenset)  # of cells; empty: all

    def __init__(self) -> None:
        super().__init__(tr("Matrix"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTabKeyNavigation(False)
        self.setToolTip(tr("Choose rows to list their spots and select them on the map; Esc shows all"))
        self.itemSelectionChanged.connect(lambda: self.chosen.emit(self._cells))

    def show_view(self, view: list[dict[str, Any]]) -> None:
        """Show another matrix, with nothing chosen."""
        self.show_table(view[0] if view else {"columns": [], "rows": []})
        self._fit()
        self.chosen.emit(frozenset())
        row = 2 * self.fontMetrics().height() + ROW_MARGIN_PX  # names wrap in a narrow dock
        self.setMinimumHeight(self.header().sizeHint().height() + 2 * self.frameWidth() + ROWS_SHOWN * row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show shares and counts where there is room."""
        super().resizeEvent(event)
        self._fit()

    def icon_of(self, sign: str) -> QIcon | None:
        """The look of a type on the map."""
        return swatch(sign)

    @property
    def _cells(self) -> frozenset[MatrixCell]:
        """The selected cells of the matrix; selecting a type selects all of its uses."""
        rows = [self.row_of(item) for item in self.selectedItems()]
        cells = [below["about"] for row in rows for below in row["rows"] or [row]]
        return frozenset((one["type"], one["use_a"], one["use_b"]) for one in cells)

    def _fit(self) -> None:
        self.hide_columns(SHARE, self.width() < WIDE_PX)
