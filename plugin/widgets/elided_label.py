"""A line of text with “…” if it does not fit: at its end, or around the part that must be read."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFontMetrics, QPainter, QPaintEvent
from qgis.PyQt.QtWidgets import QLabel, QSizePolicy

from onemap.plugin.widgets.alignment import LEFT


class ElidedLabel(QLabel):
    """One line, cut to the available width; set the whole text as the tooltip too."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def visible_text(self) -> str:
        """The text as it is drawn, cut to the width."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the text that fits."""
        painter = QPainter(self)
        area, flags = self.contentsRect(), LEFT
        role = self.foregroundRole()
        self.style().drawItemText(painter, area, flags, self.palette(), self.isEnabled(), self.visible_text, role)


def elided_around(text: str, start: int, end: int, width: int, metrics: QFontMetrics) -> str:
    """A text cut at both ends to a width in pixels; its letters from `start` to `end` stay, with as many beside."""
    if metrics.horizontalAdvance(text) <= width:
        return text
    least = _elided_both(text, start, end)
    if metrics.horizontalAdvance(least) > width:
        return metrics.elidedText(least, Qt.TextElideMode.ElideMiddle, max(width, 0))
    is_left = True
    while True:
        sides = [(start - 1, end), (start, end + 1)]
        longer = [
            (first, last)
            for first, last in (sides if is_left else reversed(sides))
            if first >= 0 and last <= len(text) and metrics.horizontalAdvance(_elided_both(text, first, last)) <= width
        ]
        if not longer:
            return _elided_both(text, start, end)
        (start, end), is_left = longer[0], not is_left


def _elided_both(text: str, start: int, end: int) -> str:
    return ("…" if start > 0 else "") + text[start:end] + ("…" if end < len(text) else "")
