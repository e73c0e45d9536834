"""What is wrong with a field of a form, written below it in the core's own words."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QLabel, QSizePolicy, QWidget

from onemap.plugin.words.verdicts import readable_colour


class FieldError(QLabel):
    """Hidden while nothing is wrong; a screen reader reads it with the field."""

    def __init__(self, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._control = control
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def say(self, text: str) -> None:
        """Show what is wrong; empty for nothing."""
        self.setText(text)
        self.setStyleSheet(f"color: {readable_colour('prohibited', self.palette()).name()};")
        self._control.setAccessibleDescription(text)
        self.setVisible(bool(text))

    def clear(self) -> None:
        """Nothing is wrong any more."""
        if self.text():
            self.say("")
