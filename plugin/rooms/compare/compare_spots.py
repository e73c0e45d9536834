"""The list of a comparison's spots; it can be sorted by each measure and filtered by cells of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from onemap.plugin.rooms.compare.compare_looks import difference_name, difference_rank, swatch
from onemap.plugin.rooms.compare.compare_results import Spot
from onemap.plugin.widgets.alignment import LEFT, RIGHT
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import NOT_MEASURED, area_text, length_text
from onemap.plugin.words.translation import tr

_ROOT = QModelIndex()  # of a model: above all rows
MARK = "✓ "
SLIVER = "90"  # the type of a difference too narrow to be one


def state_name(state: str) -> str:
    """The name of the state new or changed."""
    return {"new": tr("new"), "changed": tr("changed")}.get(state, "")


def _type_text(spot: Spot) -> str:
    """The type, with a mark for a decided spot: a narrow list has no column for the decision."""
    return (MARK if spot.decision else "") + difference_name(spot.kind)


def _decision_text(spot: Spot) -> str:
    return word("decisions", spot.decision) if spot.decision else ""


def _classes_text(spot: Spot) -> str:
    return f"{spot.class_a or NOT_MEASURED} | {spot.class_b or NOT_MEASURED}"


def _dates_text(spot: Spot) -> str:
    return f"{spot.date_a or NOT_MEASURED} | {spot.date_b or NOT_MEASURED}"


def _compactness_text(compactness: float | None) -> str:
    return NOT_MEASURED if compactness is None else f"{compactness:.2f}"


class SpotColumn:
    """One column of the list.

    text: the text for a spot.
    key: the sort key of a spot.
    """

    def __init__(
        self, title: str, hint: str, text: Callable[[Spot], str], key: Callable[[Spot], Any], is_number: bool = False
    ) -> None:
        self.title, self.hint, self.text, self.key, self.is_number = title, hint, text, key, is_number


def _measure(title: str, hint: str, name: str, write: Callable[[Any], str] = length_text) -> SpotColumn:
    """A column of a measure. name: of the measure in a spot; write: makes it a text."""
    measure = attrgetter(name)
    return SpotColumn(title, hint, lambda spot: write(measure(spot)), measure, is_number=True)


def columns() -> list[SpotColumn]:
    """The columns, the most used first."""
    return [
        SpotColumn(tr("Type"), "", _type_text, lambda spot: difference_rank(spot.kind)),
        _measure(tr("Area"), "", "area_m2", area_text),
        SpotColumn(tr("Decision"), "", _decision_text, lambda spot: spot.decision or None),
        SpotColumn(
            tr("Cause"),
            tr("Proposed by the figures; a person decides"),
            lambda spot: word("causes", spot.cause) if spot.cause else "",
            lambda spot: spot.cause,
        ),
        _measure(tr("Width"), tr("Mean width: twice the area by the outline"), "mean_width_m"),
        SpotColumn(tr("Classes"), tr("The class in plan A and in plan B"), _classes_text, _classes_text),
        _measure(tr("Shift"), tr("How far the line of one plan lies from that of the other"), "shift_m"),
        _measure(tr("To a line"), tr("How far the spot reaches from the nearest line of a plan"), "line_distance_m"),
        _measure(tr("Compactness"), tr("1 is a circle; near 0 is a ribbon"), "compactness", _compactness_text),
        SpotColumn(tr("Dates"), tr("From when plan A and plan B hold"), _dates_text, _dates_text),
        SpotColumn(tr("Cluster"), "", lambda spot: spot.cluster, lambda spot: spot.cluster),
        SpotColumn(
            tr("Since then"),
            tr("Against the earlier comparison"),
            lambda spot: state_name(spot.state),
            lambda spot: spot.state,
        ),
    ]


class SpotsModel(QAbstractTableModel):
    """Spots, filtered and sorted by the model itself, which copes with tens of thousands."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns()
        self.all_spots: list[Spot] = []  # all spots of the comparison, filtered or not
        self.filtered_spots: list[Spot] = []  # the spots in the list
        self._cells: frozenset = frozenset()
        self._undecided_only = self._changed_only = self._with_slivers = False
        self._order: tuple[int, bool] | None = None  # column, and whether the greatest is first

    @property
    def number_columns(self) -> frozenset[int]:
        """The columns of measures, which are sorted in descending order."""
        return frozenset(at for at, column in enumerate(self._columns) if column.is_number)

    def set_spots(self, spots: list[Spot]) -> None:
        """Show another comparison. spots: in the order to show."""
        self.all_spots, self._cells, self._order = spots, frozenset(), None
        self._show()

    def choose(self, cells: frozenset) -> None:
        """List the spots of these cells of the matrix; an empty set lists all."""
        self._cells = cells
        self._show()

    def set_filters(self, is_undecided_only: bool, is_changed_only: bool, is_with_slivers: bool) -> None:
        """List only undecided spots, or only new and changed ones; slivers are filtered only if no cells are chosen."""
        self._undecided_only, self._changed_only = is_undecided_only, is_changed_only
        self._with_slivers = is_with_slivers
        self._show()

    def store_decision(self, names: Iterable[str], decision: str, reason: str) -> list[Spot]:
        """Store a decision for spots; return them."""
        decided_names = set(names)
        decided_spots = {
            spot.name: spot.with_decision(decision, reason) for spot in self.all_spots if spot.name in decided_names
        }
        self.all_spots = [decided_spots.get(spot.name, spot) for spot in self.all_spots]
        self.filtered_spots = [decided_spots.get(spot.name, spot) for spot in self.filtered_spots]
        self.refresh()
        return list(decided_spots.values())

    def refresh(self) -> None:
        """Show the cells anew, whose texts have changed."""
        if self.filtered_spots:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.filtered_spots) - 1, len(self._columns) - 1))

    def spot_at(self, index: QModelIndex) -> Spot | None:
        """The spot of a row."""
        return self.filtered_spots[index.row()] if index.isValid() and index.row() < len(self.filtered_spots) else None

    def row_of(self, name: str) -> int:
        """The row of a spot; -1 where it is not in the list."""
        return next((row for row, spot in enumerate(self.filtered_spots) if spot.name == name), -1)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; spots without the measure come last."""
        self._order = (column, order == Qt.SortOrder.DescendingOrder) if column >= 0 else None
        self._show()

    def _show(self) -> None:
        self.beginResetModel()
        self.filtered_spots = [
            spot
            for spot in self.all_spots
            if (spot.cell in self._cells if self._cells else self._with_slivers or spot.kind != SLIVER)
            and not (self._undecided_only and (spot.decision or not spot.is_decidable))
            and not (self._changed_only and not spot.state)
        ]
        if self._order is not None:
            column, is_descending = self._order
            key = self._columns[column].key
            spots_with_key = [spot for spot in self.filtered_spots if key(spot) is not None]
            unmeasured = [spot for spot in self.filtered_spots if key(spot) is None]
            self.filtered_spots = sorted(spots_with_key, key=key, reverse=is_descending) + unmeasured
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of spots in the list."""
        return 0 if parent.isValid() else len(self.filtered_spots)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of columns."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The titles of the columns."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if self._columns[section].is_number else LEFT
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._columns[section].hint or None
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The text, icon or alignment of a cell."""
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
            texts = (_type_text(spot), _decision_text(spot)) if index.column() == 0 else (column.text(spot),)
            return "\n".join(filter(None, texts))
        return None
