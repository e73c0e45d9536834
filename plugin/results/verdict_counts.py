"""The number of parcels with each verdict; a click filters by it."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QGridLayout, QSizePolicy, QToolButton, QWidget

from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import SEVERITY, sign_icon

COLUMNS = (6, 3, 2)  # in a row, as the width allows


class VerdictCounts(QWidget):
    """Six buttons, the most severe first; pressed ones filter."""

    chosen = pyqtSignal(object)  # frozenset of verdicts

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._columns = 0
        quiet = quiet_brush(self.palette(), QPalette.ColorRole.WindowText, QPalette.ColorRole.Window).color().name()
        self.buttons: dict[str, QToolButton] = {}
        for verdict in SEVERITY:
            button = QToolButton()
            button.setCheckable(True)
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setIcon(sign_icon(verdict, self.palette()))
            button.setIconSize(QSize(14, 14))
            button.setStyleSheet(f"QToolButton:disabled {{ color: {quiet}; }}")  # that there are none is to be read too
            button.toggled.connect(self._choose)
            self.buttons[verdict] = button
        self._arrange()

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show a run's counts, and clear the filter."""
        for verdict, button in self.buttons.items():
            count = int(counts.get(verdict, 0))
            button.blockSignals(True)
            button.setChecked(False)
            button.blockSignals(False)
            button.setText(f"{count:,} {word('verdicts', verdict)}")
            button.setEnabled(count > 0)
            text = tr("Show only the parcels that are: {verdict}")
            button.setToolTip(text.format(verdict=word("verdicts", verdict)))
        self._arrange()
        self.chosen.emit(frozenset(SEVERITY))

    def resizeEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Arrange as many in a row as can be read."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """At least two in a row."""
        return QSize(2 * self._widest() + self._grid.spacing(), super().minimumSizeHint().height())

    def _widest(self) -> int:
        return max(button.sizeHint().width() for button in self.buttons.values())

    def _arrange(self) -> None:
        max_columns = self.width() // (self._widest() + self._grid.spacing())
        columns = next((count for count in COLUMNS if count <= max_columns), COLUMNS[-1])
        if columns == self._columns:
            return
        self._columns = columns
        for position, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, position // columns, position % columns)

    def _choose(self) -> None:
        pressed = frozenset(verdict for verdict, button in self.buttons.items() if button.isChecked())
        self.chosen.emit(pressed or frozenset(SEVERITY))
