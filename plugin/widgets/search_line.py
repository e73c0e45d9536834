"""A line to search by, whose hint looks the same before and after somebody has searched."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QLineEdit

from onemap.plugin.widgets.icons import icon


class SearchLine(QLineEdit):
    """Qt's line with a glass and a cross; QGIS's own makes its hint slanting and pale once it is emptied."""

    def __init__(self, hint: str) -> None:
        super().__init__(placeholderText=hint, clearButtonEnabled=True)
        self.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
