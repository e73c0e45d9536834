"""A bar of tabs, for the rooms and inside them: all names stay readable in a narrow dock."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QPaintEvent, QPalette
from qgis.PyQt.QtWidgets import QStyle, QStyleOptionFocusRect, QStyleOptionTab, QStylePainter, QTabBar

LEAST_MARGIN_PX = 8  # of a name, both sides together
FOCUS_INSET_PX = 3


class RoomBar(QTabBar):
    """Tabs that move closer together before they would have to be scrolled."""

    def tabSizeHint(self, index: int) -> QSize:
        """The style's width of a tab if all fit, else a width with a narrower margin around the name."""
        usual_size = super().tabSizeHint(index)
        if not self._is_tight():
            return usual_size
        name = self.fontMetrics().horizontalAdvance(self.tabText(index))
        return QSize(min(usual_size.width(), name + LEAST_MARGIN_PX), usual_size.height())

    def minimumTabSizeHint(self, index: int) -> QSize:
        """A name is not cut."""
        return self.tabSizeHint(index)

    def minimumSizeHint(self) -> QSize:
        """A width for all names side by side, so that no tab has to be scrolled to."""
        names = (
            self.fontMetrics().horizontalAdvance(self.tabText(tab)) + LEAST_MARGIN_PX for tab in self._tabs_on_show
        )
        return QSize(sum(names), super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tabs; the names of tight ones extend over the style's margins."""
        if not self._is_tight():
            super().paintEvent(event)
            return
        painter = QStylePainter(self)
        others = [tab for tab in self._tabs_on_show if tab != self.currentIndex()]
        for tab in [*others, self.currentIndex()]:  # the chosen one lies over its neighbours
            option = QStyleOptionTab()
            self.initStyleOption(option, tab)
            painter.drawControl(QStyle.ControlElement.CE_TabBarTabShape, option)
            is_enabled, role = self.isTabEnabled(tab), QPalette.ColorRole.WindowText
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextShowMnemonic)
            painter.drawItemText(self.tabRect(tab), flags, self.palette(), is_enabled, self.tabText(tab), role)
            if self.hasFocus() and tab == self.currentIndex():
                focus = QStyleOptionFocusRect()
                focus.initFrom(self)
                focus.rect = self.tabRect(tab).adjusted(
                    FOCUS_INSET_PX, FOCUS_INSET_PX, -FOCUS_INSET_PX, -FOCUS_INSET_PX
                )
                painter.drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, focus)

    def _is_tight(self) -> bool:
        room = self.parentWidget().width() if self.parentWidget() is not None else self.width()
        return sum(super(RoomBar, self).tabSizeHint(tab).width() for tab in self._tabs_on_show) > room

    @property
    def _tabs_on_show(self) -> list[int]:
        """The tabs that can be chosen."""
        return [tab for tab in range(self.count()) if self.isTabVisible(tab)]
