"""Fields of forms: numbers with a unit and separators of thousands, and two fields in one row."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.PyQt.QtCore import QLocale
from qgis.PyQt.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QSizePolicy, QWidget


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


def field_row(first: QWidget, second: QWidget, stretch: int = 0) -> QHBoxLayout:
    """Two fields in one row of a form.

    stretch: the share of the width for the second field, where the first has 1.
    """
    row = QHBoxLayout()
    row.setSpacing(4)
    row.addWidget(first, 1)
    row.addWidget(second, stretch)
    return row


def set_tab_order(first: QWidget, others: Iterable[QWidget]) -> None:
    """Let Tab go from a widget through others, which were made after what stands below them."""
    for other in others:
        QWidget.setTabOrder(first, other)
        first = other
