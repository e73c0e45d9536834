"""A box to tick beside a text: its edge is seen in any theme; the style draws it nearly as bright as its ground."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QApplication, QCheckBox

from onemap.plugin.words.contrast import quiet_brush

STYLE_DARKENS = 140  # per cent: the style Fusion draws the edge as the ground of the box, that much darker
Role = QPalette.ColorRole


class TickBox(QCheckBox):
    """A check box whose palette says how dark the edge is; nothing else of it is drawn in that colour."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text, toolTip=hint)
        self._follow_theme()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme, also when the box comes into a window of another one."""
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
