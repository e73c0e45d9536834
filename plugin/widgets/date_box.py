"""A day as ISO 8601 writes it, with a calendar, and its text for the core."""

from __future__ import annotations

from qgis.gui import QgsDateEdit
from qgis.PyQt.QtCore import Qt


def date_box(no_day: str = "") -> QgsDateEdit:
    """A day to choose; it can be cleared, and is, where no_day says how that is shown."""
    box = QgsDateEdit()
    box.setAllowNull(bool(no_day))
    box.setNullRepresentation(no_day)
    box.setDisplayFormat("yyyy-MM-dd")
    box.setCalendarPopup(True)
    if no_day:
        box.clear()
    return box


def day_text(box: QgsDateEdit) -> str:
    """The chosen day as the core takes it; empty for none."""
    return "" if box.isNull() else box.date().toString(Qt.DateFormat.ISODate)
