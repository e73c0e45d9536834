"""Separators of thousands in numbers that are typed."""

from __future__ import annotations

from qgis.PyQt.QtCore import QLocale
from qgis.PyQt.QtWidgets import QAbstractSpinBox


def separate_thousands(box: QAbstractSpinBox) -> None:
    """Show separators of thousands, which QGIS removes from Qt's locale unless its own settings want them."""
    locale = box.locale()
    locale.setNumberOptions(locale.numberOptions() & ~QLocale.NumberOption.OmitGroupSeparator)
    box.setLocale(locale)
    box.setGroupSeparatorShown(True)
