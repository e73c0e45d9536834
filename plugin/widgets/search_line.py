"""A search line whose hint looks the same before and after a search."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QLineEdit

from onemap.plugin.widgets.icons import icon


class SearchLine(QLineEdit):
    """Qt's line with a magnifier and a cross; QGIS's own shows its hint in pale italics once it is emptied."""

    def __init__(self, hint: str) -> None:
        super().__init__(placeholderText=hint, clearButtonEnabled=True)
        self.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
