"""What the dock shows while the sample city is made."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QLabel, QVBoxLayout, QWidget

from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.translation import tr


class SamplePage(QWidget):
    """How far it is, and the way to stop it."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancelled)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr("Making the sample city")))
        layout.addWidget(self.work)
        layout.addStretch()
