"""How many parcels have which verdict; a click shows only those."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from onemap.plugin.translation import tr
from onemap.plugin.verdicts import SEVERITY, sign_icon
from onemap.plugin.words import word

COLUMNS = 3


class VerdictCounts(QWidget):
    """Six buttons, most severe first; pressed ones filter."""

    chosen = pyqtSignal(object)  # frozenset of verdicts

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        for place, verdict in enumerate(SEVERITY):
            button = QToolButton()
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setIcon(sign_icon(verdict, self.palette()))
            button.setIconSize(QSize(14, 14))
            button.toggled.connect(self._choose)
            self.buttons[verdict] = button
            layout.addWidget(button, place // COLUMNS, place % COLUMNS)

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show a run's counts, and all parcels."""
        for verdict, button in self.buttons.items():
            count = int(counts.get(verdict, 0))
            button.blockSignals(True)
            button.setChecked(False)
            button.blockSignals(False)
            button.setText(f"{count:,} {word('verdicts', verdict)}")
            button.setEnabled(count > 0)
            text = tr("Show only the parcels that are: {verdict}")
            button.setToolTip(text.format(verdict=word("verdicts", verdict)))
        self.chosen.emit(frozenset(SEVERITY))

    def _choose(self) -> None:
        pressed = frozenset(verdict for verdict, button in self.buttons.items() if button.isChecked())
        self.chosen.emit(pressed or frozenset(SEVERITY))
