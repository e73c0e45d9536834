"""Fields of forms: numbers with a unit and separators of thousands, lists that are narrow, two fields in one row."""

from __future__ import annotations

from qgis.PyQt.QtCore import QLocale
from qgis.PyQt.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QSizePolicy, QWidget

FEW_LETTERS = 6  # that a list asks room for


def separate_thousands(box: QAbstractSpinBox) -> None:
    """Show separators of thousands, which QGIS removes from Qt's locale unless its own settings want them."""
    locale = box.locale()
    locale.setNumberOptions(locale.numberOptions() & ~QLocale.NumberOption.OmitGroupSeparator)
    box.setLocale(locale)
    box.setGroupSeparatorShown(True)


def number_box(maximum: float, decimals: int, unit: str, hint: str) -> QDoubleSpinBox:
    """A field for a number from 0, as wide as there is room.

    unit: written after the number, with the space before it.
    hint: the tooltip.
    """
    box = QDoubleSpinBox()
    box.setRange(0.0, maximum)
    box.setDecimals(decimals)
    box.setSuffix(unit)
    separate_thousands(box)
    box.setToolTip(hint)
    box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return box


def shrink(box: QComboBox, letters: int = FEW_LETTERS) -> None:
    """Let a list be narrower than its longest name. letters: that it asks room for."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(letters)


def field_row(first: QWidget, second: QWidget, stretch: int = 0) -> QHBoxLayout:
    """Two fields in one row of a form.

    stretch: the share of the width for the second field, where the first has 1.
    """
    row = QHBoxLayout()
    row.setSpacing(4)
    row.addWidget(first, 1)
    row.addWidget(second, stretch)
    return row
