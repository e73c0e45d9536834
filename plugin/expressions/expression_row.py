"""A line of the dock while expressions are answered: of which layer, and how far."""

from __future__ import annotations

from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from onemap.plugin.words.translation import tr

SILENT_MS = 3000  # after so long without a question all are answered, or nobody asks any more


class ExpressionRow(QWidget):
    """Seen only while there is something to tell; to stop it, stop the drawing (Esc) or what else asks."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.setSpacing(2)
        layout.addWidget(self.said)
        layout.addWidget(self.bar)
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.setInterval(SILENT_MS)
        self._silence.timeout.connect(self.hide)
        self.hide()

    def tell(self, layer: str, done: int, total: int) -> None:
        """Say how many polygons of a layer have been asked for."""
        text = tr("Checking {done} of {total} polygons of “{layer}” for an expression")
        self.said.setText(text.format(done=f"{done:,}", total=f"{total:,}", layer=layer))
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        self.show()
        self._silence.start()
