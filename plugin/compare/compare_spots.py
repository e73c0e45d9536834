"""The spots of a comparison as a list that sorts by every measure and is filtered by cells of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from onemap.plugin.compare.compare_looks import difference_name, difference_rank, swatch
from onemap.plugin.compare.compare_results import Spot
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import NOT_MEASURED, area_text, length_text
from onemap.plugin.words.translation import tr

RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
MARK = "✓ "


def state_name(state: str) -> str:
    """New or changed, as a person says it."""
    return {"new": tr("new"), "changed": tr("changed")}.get(state, "")


def _decision_text(spot: Spot) -> str:
    return MARK + word("decisions", spot.decision) if spot.decision else ""


def _classes_text(spot: Spot) -> str:
    return f"{spot.class_a or NOT_MEASURED} | {spot.class_b or NOT_MEASURED}"


def _dates_text(spot: Spot) -> str:
    return f"{spot.date_a or NOT_MEASURED} | {spot.date_b or NOT_MEASURED}"


def _cause_text(spot: Spot) -> str:
    return word("causes", spot.cause) if spot.cause else ""


def _compactness_text(spot: Spot) -> str:
    return NOT_MEASURED if spot.compactness is None else f"{spot.compactness:.2f}"


class Column:
    """One column of the list: its name, what it shows, by what it sorts, and whether it is a number."""

    def __init__(
        self, title: str, hint: str, text: Callable[[Spot], str], key: Callable[[Spot], Any], is_number: bool = False
    ) -> None:
        self.title, self.hint, self.text, self.key, self.is_number = title, hint, text, key, is_number


def columns() -> list[Column]:
    """The columns, the ones that are read most first."""
    return [
        Column(tr("Type"), "", lambda spot: spot.kind, lambda spot: difference_rank(spot.kind)),
        Column(tr("Area"), "", lambda spot: area_text(spot.area_m2), lambda spot: spot.area_m2, True),
        Column(tr("Decision"), "", _decision_text, lambda spot: spot.decision or None),
        Column(tr("Cause"), tr("Proposed by the figures; a person decides"), _cause_text, lambda spot: spot.cause),
        Column(
            tr("Width"),
            tr("Mean width: twice the area by the outline"),
            lambda spot: length_text(spot.mean_width_m),
            lambda spot: spot.mean_width_m,
            True,
        ),
        Column(tr("Classes"), tr("The class in plan A and in plan B"), _classes_text, _classes_text),
        Column(
            tr("Shift"),
            tr("How far the line of one plan lies from that of the other"),
            lambda spot: length_text(spot.shift_m),
            lambda spot: spot.shift_m,
            True,
        ),
        Column(
            tr("To a line"),
            tr("How far the spot reaches from the nearest line of a plan"),
            lambda spot: length_text(spot.line_distance_m),
            lambda spot: spot.line_distance_m,
            True,
        ),
        Column(
            tr("Compactness"),
            tr("1 is a circle; near 0 is a ribbon"),
            _compactness_text,
            lambda spot: spot.compactness,
            True,
        ),
        Column(tr("Dates"), tr("From when plan A and plan B hold"), _dates_text, _dates_text),
        Column(tr("Cluster"), "", lambda spot: spot.cluster, lambda spot: spot.cluster),
        Column(
            tr("Since then"),
            tr("Against the earlier comparison"),
            lambda spot: state_name(spot.state),
            lambda spot: spot.state,
        ),
    ]


class SpotsModel(QAbstractTableModel):
    """Spots, filtered and sorted here: tens of thousands of them are no matter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns()
        self._all: list[Spot] = []
        self._shown: list[Spot] = []
        self._cells: frozenset = frozenset()
        self._undecided_only = self._changed_only = False
        self._order: tuple[int, bool] | None = None  # column, and whether the greatest is first

    def set_spots(self, spots: list[Spot]) -> None:
        """Show another comparison, in the order given."""
        self._all, self._cells, self._order = spots, frozenset(), None
        self._show()

    @property
    def all_spots(self) -> list[Spot]:
        """All spots of the comparison, listed or not."""
        return self._all

    @property
    def shown(self) -> list[Spot]:
        """The spots that are listed."""
        return self._shown

    def choose(self, cells: frozenset) -> None:
        """List the spots of these cells of the matrix; of all where there is none."""
        self._cells = cells
        self._show()

    def list_only(self, undecided: bool, changed: bool) -> None:
        """List only what is not yet decided, and only what is new or changed."""
        self._undecided_only, self._changed_only = undecided, changed
        self._show()

    def take_decision(self, names: Iterable[str], decision: str, reason: str) -> list[Spot]:
        """Mark spots as decided; returns them."""
        wanted = set(names)
        marked = {spot.name: spot.decided(decision, reason) for spot in self._all if spot.name in wanted}
        self._all = [marked.get(spot.name, spot) for spot in self._all]
        self._shown = [marked.get(spot.name, spot) for spot in self._shown]
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(self._columns) - 1))
        return list(marked.values())

    def spot_at(self, index: QModelIndex) -> Spot | None:
        """The spot of a row."""
        return self._shown[index.row()] if index.isValid() and index.row() < len(self._shown) else None

    def row_of(self, name: str) -> int:
        """The row of a spot; -1 where it is not listed."""
        return next((row for row, spot in enumerate(self._shown) if spot.name == name), -1)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; what was not measured comes last."""
        self._order = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self._show()

    def _show(self) -> None:
        self.beginResetModel()
        self._shown = [
            spot
            for spot in self._all
            if (not self._cells or spot.cell in self._cells)
            and not (self._undecided_only and (spot.decision or not spot.is_decidable))
            and not (self._changed_only and not spot.state)
        ]
        if self._order is not None:
            column, descending = self._order
            key = self._columns[column].key
            known = [spot for spot in self._shown if key(spot) is not None]
            unknown = [spot for spot in self._shown if key(spot) is None]
            self._shown = sorted(known, key=key, reverse=descending) + unknown
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        """How many are listed."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        """How many columns."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """The columns' names."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._columns[section].hint or None
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What to show of a spot."""
        spot = self.spot_at(index)
        if spot is None:
            return None
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(spot)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.is_number:
            return RIGHT
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return swatch(spot.kind)
        if role == Qt.ItemDataRole.ToolTipRole:
            return difference_name(spot.kind) if index.column() == 0 else column.text(spot)
        return None
