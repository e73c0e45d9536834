"""A piece of work as it is seen: how far it is, what is being done, and the way to stop it."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr


class WorkRow(QWidget):
    """A bar with a cross, and below them the step."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.step = QLabel()
        self.step.setWordWrap(True)
        self.step.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.cancel_button = QToolButton()
        self.cancel_button.setIcon(icon("cancel"))
        self.cancel_button.setToolTip(tr("Cancel"))
        self.cancel_button.clicked.connect(self._cancel)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.step)

    def begin(self, step: str) -> None:
        """Show that something is being done, before it is known how far it is."""
        self.bar.setRange(0, 0)
        self.step.setText(step)
        self.cancel_button.setEnabled(True)
        self.show()

    def show_progress(self, fraction: float, step: str) -> None:
        """Show how far it is."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        if step and self.cancel_button.isEnabled():
            self.step.setText(step)

    def _cancel(self) -> None:
        self.step.setText(tr("Cancelling…"))
        self.cancel_button.setEnabled(False)
        self.cancelled.emit()
