"""The problem of a field in a form, written below it in the core's own words."""

from __future__ import annotations

from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QLabel, QSizePolicy, QWidget

from onemap.plugin.widgets.buttons import show_text
from onemap.plugin.words.verdicts import verdict_colour_on


class FieldError(QLabel):
    """Hidden while nothing is wrong; a screen reader reads it with the field."""

    def __init__(self, control: QWidget) -> None:
        super().__init__(wordWrap=True)
        self._control = control
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def say(self, text: str) -> None:
        """Show what is wrong; empty for nothing."""
        colour = verdict_colour_on(self.palette().color(QPalette.ColorRole.Window), "prohibited")
        self.setStyleSheet(f"color: {colour.name()};")
        self._control.setAccessibleDescription(text)
        show_text(self, text)

    def clear(self) -> None:
        """Clear the error."""
        if self.text():
            self.say("")
