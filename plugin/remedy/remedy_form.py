"""Within which limits a parcel is cut, moved or turned until it passes."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QDoubleSpinBox, QFormLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.thousands import separate_thousands
from onemap.plugin.words.translation import tr

MOST_M2, MOST_M, MOST_DEG = 1e9, 1e4, 180.0
NARROW_PX = 60  # of a field: beside another and its label in the narrowest dock


class RemedyForm(QWidget):
    """Which parts are kept, how far to look for another place, and the button that looks again."""

    asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.min_part = _number(MOST_M2, 0, " m²", tr("any size"), tr("Drop parts that are smaller than this"))
        self.min_width = _number(MOST_M, 1, " m", tr("any width"), tr("Drop parts that are thinner than this"))
        self.move = _number(
            MOST_M, 0, " m", tr("no move"), tr("How far the whole parcel may be moved in search of a place that passes")
        )
        self.turn = _number(
            MOST_DEG,
            0,
            "°",
            tr("no turn"),
            tr("How far the whole parcel may be turned, to either side, until it passes"),
        )
        self.one_piece = QCheckBox(tr("In one piece"))
        self.one_piece.setToolTip(tr("Keep only the largest part"))
        self.button = QPushButton(icon("remedy"), tr("Look again"))
        self.button.setToolTip(tr("Look again for what would pass, within these limits"))
        self.button.clicked.connect(lambda: self.asked.emit())
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Parts from"), _beside(self.min_part, self.min_width))
        form.addRow(tr("Move, turn"), _beside(self.move, self.turn))
        form.addRow(self.one_piece, self.button)

    def params(self) -> dict[str, Any]:
        """What the core is asked; what is not limited, and not looked for, is left out."""
        return {
            "min_part": self.min_part.value() or None,
            "min_width": self.min_width.value() or None,
            "move": self.move.value() or None,
            "turn": self.turn.value() or None,
            "one_piece": self.one_piece.isChecked(),
        }

    def show_limits(self, told: dict[str, Any]) -> None:
        """The limits within which a kept remedy was found."""
        for box, name in (
            (self.min_part, "min_part_m2"),
            (self.min_width, "min_width_m"),
            (self.move, "move_m"),
            (self.turn, "turn_deg"),
        ):
            box.setValue(float(told.get(name) or 0.0))
        self.one_piece.setChecked(bool(told.get("one_piece")))


def _number(most: float, decimals: int, unit: str, nothing: str, hint: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0.0, most)
    box.setDecimals(decimals)
    box.setSuffix(unit)
    separate_thousands(box)
    box.setSpecialValueText(nothing)
    box.setToolTip(hint)
    box.setMinimumWidth(NARROW_PX)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box


def _beside(one: QWidget, other: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    row.addWidget(one, 1)
    row.addWidget(other, 1)
    return row
