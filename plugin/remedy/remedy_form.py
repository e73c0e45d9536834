"""The limits within which a parcel is cut, moved or turned until it passes."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QFormLayout, QPushButton, QWidget

from onemap.plugin.widgets.form_fields import field_row, number_box
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

MAX_AREA_M2, MAX_LENGTH_M, MAX_TURN_DEG = 1e9, 1e4, 180.0
MIN_FIELD_PX = 60  # of a field: beside another and its label in the narrowest dock


class RemedyForm(QWidget):
    """The least part, the largest move and turn, and the button that starts a new search."""

    search_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.min_part = number_box(MAX_AREA_M2, 0, " m²", tr("Drop parts that are smaller than this"))
        self.min_width = number_box(MAX_LENGTH_M, 1, " m", tr("Drop parts that are thinner than this"))
        self.move = number_box(
            MAX_LENGTH_M, 0, " m", tr("How far the whole parcel may be moved in search of a place that passes")
        )
        self.turn = number_box(
            MAX_TURN_DEG, 0, "°", tr("How far the whole parcel may be turned, to either side, until it passes")
        )
        for box, zero_text in (
            (self.min_part, tr("any size")),
            (self.min_width, tr("any width")),
            (self.move, tr("no move")),
            (self.turn, tr("no turn")),
        ):
            box.setSpecialValueText(zero_text)
            box.setMinimumWidth(MIN_FIELD_PX)
        self.one_piece = QCheckBox(tr("In one piece"))
        self.one_piece.setToolTip(tr("Keep only the largest part"))
        self.button = QPushButton(icon("remedy"), tr("Look again"))
        self.button.setToolTip(tr("Look again for what would pass, within these limits"))
        self.button.clicked.connect(lambda: self.search_requested.emit())
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(tr("Parts from"), field_row(self.min_part, self.min_width, 1))
        form.addRow(tr("Move, turn"), field_row(self.move, self.turn, 1))
        form.addRow(self.one_piece, self.button)

    def params(self) -> dict[str, Any]:
        """The parameters of the core's verb `remedy`; limits that are not set are left out."""
        return {
            "min_part": self.min_part.value() or None,
            "min_width": self.min_width.value() or None,
            "move": self.move.value() or None,
            "turn": self.turn.value() or None,
            "one_piece": self.one_piece.isChecked(),
        }

    def show_limits(self, limits: dict[str, Any]) -> None:
        """Show the limits of a stored remedy."""
        for box, name in (
            (self.min_part, "min_part_m2"),
            (self.min_width, "min_width_m"),
            (self.move, "move_m"),
            (self.turn, "turn_deg"),
        ):
            box.setValue(float(limits.get(name) or 0.0))
        self.one_piece.setChecked(bool(limits.get("one_piece")))
