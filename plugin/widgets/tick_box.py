"""A tick box with a text; its edge is visible in any theme, where the style draws it too pale."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QApplication, QCheckBox

from onemap.plugin.words.contrast import quiet_brush

STYLE_DARKENS = 140  # per cent: the style Fusion draws the edge as the ground of the box, that much darker
Role = QPalette.ColorRole


class TickBox(QCheckBox):
    """A check box whose palette sets a dark edge; nothing else in it is drawn in that colour."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text, toolTip=hint)
        self._follow_theme()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme, also when the box moves to a window with another theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ParentChange):
            self._follow_theme()

    def _follow_theme(self) -> None:
        above = self.parentWidget()
        theme = above.palette() if above is not None else QApplication.palette()
        edge = quiet_brush(theme, Role.WindowText, Role.Window).color()
        edge = edge.lighter(STYLE_DARKENS)
        if self.palette().color(Role.Window) != edge:
            mine = QPalette()
            mine.setColor(Role.Window, edge)
            self.setPalette(mine)
