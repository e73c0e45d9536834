"""The problem of a field in a form, written below it in the core's own words."""

from __future__ import annotations

from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QLabel, QSizePolicy, QWidget

from onemap.plugin.widgets.buttons import show_text
from onemap.plugin.words.verdicts import readable_colour


class FieldError(QLabel):
    """Hidden while nothing is wrong; a screen reader reads it with the field."""

    def __init__(self, control: QWidget) -> None:
        super().__init__()
        self._control = control
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def say(self, text: str) -> None:
        """Show what is wrong; empty for nothing."""
        colour = readable_colour("prohibited", _as_on_window(self.palette())).name()
        self.setStyleSheet(f"color: {colour};")
        self._control.setAccessibleDescription(text)
        show_text(self, text)

    def clear(self) -> None:
        """Clear the error."""
        if self.text():
            self.say("")


def _as_on_window(palette: QPalette) -> QPalette:
    """The palette for a text on the window's background instead of a list's."""
    of_window = QPalette(palette)
    of_window.setColor(QPalette.ColorRole.Base, palette.color(QPalette.ColorRole.Window))
    return of_window
