"""The bar of the dock's rooms: all of their names stay readable where the dock is narrow."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtWidgets import QTabBar

LEAST_MARGIN_PX = 12  # of a name, both sides together


class RoomBar(QTabBar):
    """Tabs that come closer before one of them has to be scrolled to."""

    def tabSizeHint(self, index: int) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the style wants it while all fit; else with less beside the name."""
        wanted = super().tabSizeHint(index)
        hints = [super(RoomBar, self).tabSizeHint(tab).width() for tab in range(self.count())]
        room = self.parentWidget().width() if self.parentWidget() is not None else sum(hints)
        if sum(hints) <= room:
            return wanted
        name = self.fontMetrics().horizontalAdvance(self.tabText(index))
        return QSize(min(wanted.width(), name + LEAST_MARGIN_PX), wanted.height())

    def minimumTabSizeHint(self, index: int) -> QSize:  # noqa: N802 - Qt's name
        """A name is not cut."""
        return self.tabSizeHint(index)
