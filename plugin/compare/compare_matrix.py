"""The matrix of a comparison: types down, uses across, hectares in the cells; chosen cells filter the spots."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QItemSelection, QModelIndex, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from onemap.plugin.compare.compare_looks import difference_name, difference_rank, swatch
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import share_text
from onemap.plugin.words.translation import tr

M2_PER_HA = 10_000.0
SMALLEST_HA = 0.01
TYPE, ALL = 0, 1
USES = ("construction", "other", "unknown", "")
ROWS_SHOWN = 4
MAX_TYPES_SHARE = 0.62  # of the table's width
MatrixCell = tuple[str, str, str]  # type, use of A, use of B


def use_name(use: str) -> str:
    """The name of a use; an empty use means that the plan does not cover the ground."""
    return word("uses", use or "none")


def hectares_text(area_m2: float) -> str:
    """An area in hectares with two decimals; a small one is not shown as zero."""
    hectares = area_m2 / M2_PER_HA
    return f"< {SMALLEST_HA}" if 0 < hectares < SMALLEST_HA else f"{hectares:,.2f}"


class MatrixModel(QAbstractTableModel):
    """The matrix as the core sent it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells: dict[MatrixCell, dict[str, Any]] = {}
        self._kinds: list[str] = []
        self._uses: list[tuple[str, str]] = []

    def set_rows(self, rows: list[dict[str, Any]]) -> None:
        """Show another matrix."""
        self.beginResetModel()
        self._cells = {(str(row["type"]), row["use_a"] or "", row["use_b"] or ""): row for row in rows}
        self._kinds = sorted({cell[0] for cell in self._cells}, key=difference_rank)
        first = {
            uses: min(difference_rank(cell[0]) for cell in self._cells if cell[1:] == uses) for uses in self._pairs
        }
        self._uses = sorted(self._pairs, key=lambda uses: (first[uses], [USES.index(use) for use in uses]))
        self.endResetModel()

    @property
    def _pairs(self) -> set[tuple[str, str]]:
        return {cell[1:] for cell in self._cells}

    def cells_at(self, index: QModelIndex) -> set[MatrixCell]:
        """The matrix cells of a table cell: one, or all of a type."""
        kind = self._kinds[index.row()]
        if index.column() <= ALL:
            return {cell for cell in self._cells if cell[0] == kind}
        return {(kind, *self._uses[index.column() - 2])} & set(self._cells)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        """The number of types."""
        return 0 if parent.isValid() else len(self._kinds)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        """The type, its whole area, and each pair of uses."""
        return 0 if parent.isValid() else 2 + len(self._uses)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section > TYPE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and section > ALL:
            uses = [use_name(use) for use in self._uses[section - 2]]
            return tr("{a} in plan A, {b} in plan B; in hectares").format(a=uses[0], b=uses[1])
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == TYPE:
            return tr("Type")
        if section == ALL:
            return tr("Hectares")
        uses = [use_name(use) for use in self._uses[section - 2]]
        return tr("A: {a}\nB: {b}").format(a=uses[0], b=uses[1])

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text, icon or alignment of a cell."""
        if not index.isValid():
            return None
        kind = self._kinds[index.row()]
        rows = [self._cells[cell] for cell in self.cells_at(index)]
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == TYPE:
                return difference_name(kind)
            return hectares_text(sum(row["area_m2"] for row in rows)) if rows else ""
        if role == Qt.ItemDataRole.DecorationRole and index.column() == TYPE:
            return swatch(kind)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > TYPE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and rows:
            area = sum(row["area_m2"] for row in rows)
            text = tr("{type}: {count} spots, {area} ha, {share} of the ground compared")
            return text.format(
                type=difference_name(kind),
                count=f"{sum(row['spots'] for row in rows):,}",
                area=f"{area / M2_PER_HA:,.4f}",
                share=share_text(sum(row["share"] for row in rows)),
            )
        return None


class MatrixTable(QTableView):
    """The matrix as a table; the chosen cells filter the list and select spots on the map."""

    chosen = pyqtSignal(frozenset)  # of cells; empty: all

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = MatrixModel(self)
        self.setModel(self.matrix)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.setAutoScroll(False)  # a click leaves the types in sight
        self.setToolTip(tr("Choose cells to list their spots and select them on the map; Esc shows all"))
        self.selectionModel().selectionChanged.connect(self._emit_chosen)

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        """Show another matrix, with no cell chosen."""
        self.matrix.set_rows(rows)
        self.chosen.emit(frozenset())
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        height += self.horizontalScrollBar().sizeHint().height()
        height += min(ROWS_SHOWN, self.matrix.rowCount()) * self.verticalHeader().defaultSectionSize()
        self.setMinimumHeight(height)
        self._fit_types()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keep the hectares beside the types in sight."""
        super().resizeEvent(event)
        self._fit_types()

    def _fit_types(self) -> None:
        header = self.horizontalHeader()
        if self.matrix.columnCount():
            header.setSectionResizeMode(TYPE, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(
                TYPE, min(self.sizeHintForColumn(TYPE), round(MAX_TYPES_SHARE * self.viewport().width()))
            )

    def _emit_chosen(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        cells: set[MatrixCell] = set()
        for index in self.selectionModel().selectedIndexes():
            cells |= self.matrix.cells_at(index)
        self.chosen.emit(frozenset(cells))
