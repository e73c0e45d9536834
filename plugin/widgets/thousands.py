"""Numbers that are typed, with their thousands apart."""

from __future__ import annotations

from qgis.PyQt.QtCore import QLocale
from qgis.PyQt.QtWidgets import QAbstractSpinBox


def part_thousands(box: QAbstractSpinBox) -> None:
    """Show the separators: QGIS takes them out of Qt's usual locale unless its own settings want them."""
    locale = box.locale()
    locale.setNumberOptions(locale.numberOptions() & ~QLocale.NumberOption.OmitGroupSeparator)
    box.setLocale(locale)
    box.setGroupSeparatorShown(True)
