"""The matrix of a comparison: types down, uses across, areas in the cells; chosen cells filter the spots.

Where the uses do not fit beside one another they stand as rows below their type.
"""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QItemSelection, QModelIndex, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFontMetrics, QResizeEvent
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from onemap.plugin.compare.compare_looks import difference_name, difference_rank, swatch
from onemap.plugin.widgets.alignment import LEFT, RIGHT
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import large_area_number, large_unit, share_text
from onemap.plugin.words.translation import Count, tr

_ROOT = QModelIndex()  # of a model: above all rows
DECIMALS, FULL_DECIMALS = 2, 4
TYPE, ALL = 0, 1
USES = ("construction", "other", "unknown", "")
ROWS_SHOWN = 2  # at least: the list of spots below needs the room
AROUND_PX, ICON_PX = 16, 24  # beside the text of a cell; what a swatch takes
BELOW = "    "  # before the uses that stand below their type
MatrixCell = tuple[str, str, str]  # type, use of A, use of B


def use_name(use: str) -> str:
    """The name of a use; an empty use means that the plan does not cover the ground."""
    return word("uses", use or "none")


class MatrixModel(QAbstractTableModel):
    """The matrix as the core sent it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cells: dict[MatrixCell, dict[str, Any]] = {}
        self._kinds: list[str] = []
        self._uses: list[tuple[str, str]] = []
        self._is_narrow = False

    @property
    def is_narrow(self) -> bool:
        """Whether the uses stand below their type."""
        return self._is_narrow

    def set_narrow(self, is_narrow: bool) -> None:
        """Let the uses stand below their type, or beside one another."""
        self.beginResetModel()
        self._is_narrow = is_narrow
        self.endResetModel()

    @property
    def _rows(self) -> list[tuple[str, tuple[str, str] | None]]:
        """The type of each row, and its uses where the row is of one pair of uses."""
        rows: list[tuple[str, tuple[str, str] | None]] = []
        for kind in self._kinds:
            rows.append((kind, None))
            pairs = [uses for uses in self._uses if (kind, *uses) in self._cells]
            if self._is_narrow and len(pairs) > 1:
                rows += [(kind, uses) for uses in pairs]
        return rows

    def width(self, metrics: QFontMetrics) -> int:
        """How wide the table is with the uses beside one another, in pixels."""
        types = [metrics.horizontalAdvance(difference_name(kind)) + ICON_PX for kind in self._kinds]
        heads = [(large_unit(),), *map(_use_lines, self._uses)]
        columns = [max(map(metrics.horizontalAdvance, lines)) for lines in heads]
        return max(types, default=0) + sum(columns) + (1 + len(columns)) * AROUND_PX

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
        kind, below = self._rows[index.row()]
        if below is not None:
            return {(kind, *below)}
        if index.column() <= ALL:
            return {cell for cell in self._cells if cell[0] == kind}
        return {(kind, *self._uses[index.column() - 2])} & set(self._cells)

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of types, and of the uses below them."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """The type, its whole area, and each pair of uses where there is room."""
        return 0 if parent.isValid() else 2 + (0 if self._is_narrow else len(self._uses))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section > TYPE else LEFT
        if role == Qt.ItemDataRole.ToolTipRole and section > ALL:
            uses = [use_name(use) for use in self._uses[section - 2]]
            return tr("{a} in plan A, {b} in plan B; in {unit}").format(a=uses[0], b=uses[1], unit=large_unit())
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if section == TYPE:
            return tr("Type")
        if section == ALL:
            return large_unit()
        return "\n".join(_use_lines(self._uses[section - 2]))

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text, icon or alignment of a cell."""
        if not index.isValid():
            return None
        kind, below = self._rows[index.row()]
        rows = [self._cells[cell] for cell in self.cells_at(index)]
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == TYPE:
                return difference_name(kind) if below is None else BELOW + " | ".join(map(use_name, below))
            return large_area_number(sum(row["area_m2"] for row in rows), DECIMALS) if rows else ""
        if role == Qt.ItemDataRole.DecorationRole and index.column() == TYPE and below is None:
            return swatch(kind)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > TYPE:
            return RIGHT
        if role == Qt.ItemDataRole.ToolTipRole and rows:
            area = sum(row["area_m2"] for row in rows)
            text = tr("{type}: {count:# spot|# spots}, {area} {unit}, {share} of the ground compared")
            figures = text.format(
                type=difference_name(kind),
                count=Count(sum(row["spots"] for row in rows)),
                area=large_area_number(area, FULL_DECIMALS),
                unit=large_unit(),
                share=share_text(sum(row["share"] for row in rows)),
            )
            return "\n".join([*(_use_lines(below) if below else ()), figures])
        return None


def _use_lines(uses: tuple[str, str]) -> list[str]:
    """The uses in both plans, a line each."""
    return tr("A: {a}\nB: {b}").format(a=use_name(uses[0]), b=use_name(uses[1])).split("\n")


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
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.verticalHeader().setMinimumSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        # The name of a type wraps; at once the rows would be as high as at the width before.
        for changed in (header.sectionResized, self.matrix.modelReset):
            changed.connect(self.resizeRowsToContents, Qt.ConnectionType.QueuedConnection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip(tr("Choose cells to list their spots and select them on the map; Esc shows all"))
        self.selectionModel().selectionChanged.connect(self._emit_chosen)

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        """Show another matrix, with no cell chosen."""
        self.matrix.set_rows(rows)
        self.chosen.emit(frozenset())
        self._fit()
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        height += min(ROWS_SHOWN, self.matrix.rowCount()) * self.verticalHeader().defaultSectionSize()
        self.setMinimumHeight(height)

    def refresh(self) -> None:
        """Show the same areas in the unit of the settings; the chosen cells stay chosen."""
        self.matrix.layoutChanged.emit()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the uses stand where they fit."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Nothing scrolls sideways: what does not fit beside the types stands below them."""
        is_narrow = self.matrix.width(self.fontMetrics()) > self.viewport().width()
        if is_narrow != self.matrix.is_narrow:
            had_choice = self.selectionModel().hasSelection()
            self.matrix.set_narrow(is_narrow)
            if had_choice:
                self.chosen.emit(frozenset())
        if self.matrix.rowCount():
            self.horizontalHeader().setSectionResizeMode(TYPE, QHeaderView.ResizeMode.Stretch)

    def _emit_chosen(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        cells: set[MatrixCell] = set()
        for index in self.selectionModel().selectedIndexes():
            cells |= self.matrix.cells_at(index)
        self.chosen.emit(frozenset(cells))
