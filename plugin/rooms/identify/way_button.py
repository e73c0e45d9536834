"""The choice to ask about a point, a line or a box, with a hint at how each is drawn."""

from __future__ import annotations

from functools import partial

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QAction
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from onemap.plugin.rooms.identify.identify_tool import BOX, LINE, POINT, WAYS
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr, with_label

ICONS = {POINT: "identify_point", LINE: "identify_line", BOX: "identify_box"}


class WayButton(QToolButton):
    """A button that shows the chosen way, and lists all three when pressed."""

    way_chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self.actions_by_way: dict[str, QAction] = {}
        for way in WAYS:
            action = menu.addAction(icon(ICONS[way]), way_title(way), partial(self.way_chosen.emit, way))
            action.setCheckable(True)
            self.actions_by_way[way] = action
        self.setMenu(menu)
        self.show_way(POINT)

    def show_way(self, way: str) -> None:
        """Show a way as the chosen one."""
        for name, action in self.actions_by_way.items():
            action.setChecked(name == way)
        self.setIcon(icon(ICONS[way]))
        self.setToolTip(with_label(tr("What is asked about"), way_title(way)))
        self.setAccessibleName(self.toolTip())


def way_title(way: str) -> str:
    """The name of a way of asking."""
    return {POINT: tr("At a point"), LINE: tr("Along a line"), BOX: tr("In a box")}[way]


def way_hint(way: str) -> str:
    """How to draw with mouse or keyboard."""
    return {
        POINT: tr("Click on the map; drag for a box. Enter: the middle of the map."),
        LINE: tr("Click the corners; end with a double click or Enter. Insert: the middle of the map as a corner."),
        BOX: tr("Drag a box, or click two corners. Enter: all that the map shows."),
    }[way]
