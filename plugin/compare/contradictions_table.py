"""The contradictions between plans as a table: plans against plans, hectares in the cells.

Where the plans do not fit beside one another the table is a list of their pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from qgis.PyQt.QtGui import QColor, QFont

from onemap.plugin.library.layer_list import CatalogueLayer
from onemap.plugin.widgets.alignment import LEFT, RIGHT
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import M2_PER_HECTARE, NOT_MEASURED, large_area_number, large_unit, share_text
from onemap.plugin.words.translation import Count, tr

_ROOT = QModelIndex()  # of a model: above all rows
DECIMALS = 2
MAX_ALPHA = 110  # how opaque the ground of the largest cell is, of 255
WARM = "#F97316"
HINT = Qt.ItemDataRole.ToolTipRole


@dataclass(frozen=True)
class Contradiction:
    """One pair of plans by one matrix.

    hectares: the area in conflict; None where they could not be compared, for the reason.
    """

    a: str
    b: str
    matrix: str
    title: str
    spots: int
    hectares: float | None
    compared_ha: float
    only_a_ha: float
    only_b_ha: float
    unlike_ha: float
    run: str
    reason: str

    @property
    def hint(self) -> str:
        """All its figures, in lines."""
        if self.hectares is None:
            return f"{self.title}\n{self.reason}"
        share = self.hectares / self.compared_ha if self.compared_ha else None
        lines = [
            self.title,
            tr("{area} {unit} in conflict, {share} of {compared} {unit} compared, in {count:# spot|# spots}").format(
                area=_number(self.hectares),
                unit=large_unit(),
                share=share_text(share),
                compared=_number(self.compared_ha),
                count=Count(self.spots),
            ),
            tr(
                "In {unit}: construction in the first only {a}; in the second only {b}; both, of unlike classes {c}"
            ).format(
                unit=large_unit(), a=_number(self.only_a_ha), b=_number(self.only_b_ha), c=_number(self.unlike_ha)
            ),
        ]
        return "\n".join(lines)


def contradictions_in(answer: dict[str, Any]) -> list[Contradiction]:
    """The pairs of an answer."""
    return [
        Contradiction(
            *(str(row[name]) for name in ("a", "b", "matrix", "title")),
            int(row.get("conflicts") or 0),
            row.get("conflict_ha"),
            *(float(row.get(name) or 0.0) for name in ("compared_ha", "ha_03", "ha_04", "ha_05")),
            str(row.get("run") or ""),
            str(row.get("reason") or ""),
        )
        for row in answer.get("pairs") or ()
    ]


@dataclass(frozen=True)
class PairCell:
    """All comparisons of two plans."""

    pairs: tuple[Contradiction, ...] = field(default=())

    @property
    def hectares(self) -> float | None:
        """The sum over the matrices; None where nothing could be compared."""
        areas = [pair.hectares for pair in self.pairs if pair.hectares is not None]
        return sum(areas) if areas else None

    @property
    def hint(self) -> str:
        """The figures of each comparison, in lines."""
        return "\n\n".join(pair.hint for pair in self.pairs)


class ContradictionsModel(QAbstractTableModel):
    """First plans down, second plans across, in the order of the catalogue; or a list of pairs."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._down: list[CatalogueLayer] = []
        self._across: list[CatalogueLayer] = []
        self._cells: dict[tuple[str, str], PairCell] = {}
        self._largest = 0.0
        self._is_list = False

    @property
    def is_list(self) -> bool:
        """Whether the table is a list of pairs."""
        return self._is_list

    @property
    def plans_across(self) -> list[str]:
        """The titles of the second plans."""
        return [layer.title for layer in self._across]

    def set_list(self, is_list: bool) -> None:
        """Show a list of pairs, or plans against plans."""
        self.beginResetModel()
        self._is_list = is_list
        self.endResetModel()

    def show_pairs(self, pairs: list[Contradiction], layers: list[CatalogueLayer]) -> None:
        """Show the contradictions.

        layers: the catalogue, for the order.
        """
        self.beginResetModel()
        ordered = sorted(layers, key=lambda layer: layer.place)
        self._down = [layer for layer in ordered if layer.code in {pair.a for pair in pairs}]
        self._across = [layer for layer in ordered if layer.code in {pair.b for pair in pairs}]
        self._cells = {}
        for pair in pairs:
            cell = self._cells.get((pair.a, pair.b), PairCell())
            self._cells[pair.a, pair.b] = PairCell((*cell.pairs, pair))
        self._largest = max((cell.hectares or 0.0 for cell in self._cells.values()), default=0.0)
        self.endResetModel()

    def cell_at(self, index: QModelIndex) -> PairCell:
        """The cell at an index."""
        if not index.isValid():
            return PairCell()
        if self._is_list:
            return self._cells[self._listed_pairs[index.row()]]
        return self._cells.get((self._down[index.row()].code, self._across[index.column()].code), PairCell())

    @property
    def _listed_pairs(self) -> list[tuple[str, str]]:
        """The pairs as a list: what contradicts most first, what nobody could compare last; alike, by their plans."""
        codes = [(down.code, across.code) for down in self._down for across in self._across]
        areas = {pair: self._cells[pair].hectares for pair in codes if pair in self._cells}
        return sorted(areas, key=lambda pair: (areas[pair] is None, -(areas[pair] or 0.0)))

    def _pair_title(self, pair: tuple[str, str]) -> str:
        titles = {layer.code: layer.title for layer in (*self._down, *self._across)}
        return f"{titles[pair[0]]}\u00a0| {titles[pair[1]]}"  # no line begins with the sign between them

    def rowCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of first plans, or of pairs."""
        if parent.isValid():
            return 0
        return len(self._listed_pairs) if self._is_list else len(self._down)

    def columnCount(self, parent: QModelIndex = _ROOT) -> int:
        """The number of second plans; of a list two: pair and hectares."""
        if parent.isValid():
            return 0
        return 2 if self._is_list else len(self._across)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The plans' titles; their department as a tooltip."""
        if self._is_list:
            titles = [tr("Plans"), large_unit()]
            if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
                return (LEFT, RIGHT)[section]  # as what stands below them
            is_title = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
            return titles[section] if is_title else None
        layers = self._across if orientation == Qt.Orientation.Horizontal else self._down
        if role == Qt.ItemDataRole.DisplayRole:
            return layers[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:  # the whole name, on several lines
            is_across = orientation == Qt.Orientation.Horizontal
            return (int(Qt.AlignmentFlag.AlignCenter) if is_across else LEFT) | int(Qt.TextFlag.TextWordWrap)
        if role == Qt.ItemDataRole.ToolTipRole:
            layer = layers[section]
            return f"{layer.title} ({layer.code}), {word('departments', layer.department)}"
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The content of a cell: hectares, a dash where nothing could be compared, nothing for no pair."""
        cell = self.cell_at(index)
        hectares = cell.hectares
        if not cell.pairs:
            return None
        if self._is_list and index.column() == 0:
            title = self._pair_title(self._listed_pairs[index.row()])
            return title if role == Qt.ItemDataRole.DisplayRole else cell.hint if role == HINT else None
        if role == Qt.ItemDataRole.DisplayRole:
            return NOT_MEASURED if hectares is None else _number(hectares)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if role == HINT:
            return cell.hint
        if hectares and role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(True)
            return font
        if hectares and role == Qt.ItemDataRole.BackgroundRole:
            ground = QColor(WARM)
            ground.setAlpha(round(MAX_ALPHA * (hectares / self._largest) ** 0.5))  # small ones are seen too
            return ground
        return None


def _number(hectares: float) -> str:
    """An area of the core's, which says hectares, in the unit of the settings."""
    return large_area_number(hectares * M2_PER_HECTARE, DECIMALS)
