"""A sentence above a page: as high as its lines, without making the page higher than needed."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QLabel


class FittedLabel(QLabel):
    """A label that wraps. Below Qt's own label, a scroll area gives a page the preferred height of its lists."""

    def __init__(self, **properties: Any) -> None:
        """Make the label. properties: Qt's properties."""
        super().__init__(wordWrap=True, **properties)

    def hasHeightForWidth(self) -> bool:
        """Return False: the height is fixed whenever the width or the text changes."""
        return False

    def setText(self, text: str) -> None:
        """Show a text, and be as high as it is."""
        super().setText(text)
        self._fit()

    def clear(self) -> None:
        """Show nothing, as low as a line."""
        self.setText("")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the text at this width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _fit(self) -> None:
        self.setMinimumHeight(0)  # else Qt's answer is never less than the height of before
        self.setFixedHeight(max(self.heightForWidth(self.width()), self.fontMetrics().height()))
