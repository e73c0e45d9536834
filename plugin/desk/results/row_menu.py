"""The menu of a row, by the mouse and by the keyboard."""

from __future__ import annotations

import sys
from collections.abc import Callable

from qgis.PyQt.QtCore import QEvent, QObject, QPoint, Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QApplication, QMenu


class RowMenu(QObject):
    """Opens a list's menu at the mouse, or from the keyboard at the current row, which may have to be scrolled to.

    Under X11 Qt knows only the Menu key, which many keyboards lack, so Shift+F10 is handled here. On other systems both
    keys cause the same event. The menu closes when the list is made anew, because its row is gone then.
    """

    def __init__(self, view: QAbstractItemView, open_at: Callable[[QPoint], None]) -> None:
        """Attach the menu to a list. open_at: opens the menu at a position in the list's viewport."""
        super().__init__(view)
        self._view, self._open_at, self._is_open = view, open_at, False
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open)
        view.model().modelAboutToBeReset.connect(self._close)
        if sys.platform.startswith("linux"):
            view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Shift+F10, before it becomes a shortcut."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        if event.key() != Qt.Key.Key_F10 or event.modifiers() != Qt.KeyboardModifier.ShiftModifier:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self._open(self._row_place())
        return True

    def _row_place(self) -> QPoint:
        return self._view.visualRect(self._view.currentIndex()).center()

    def _open(self, place: QPoint) -> None:
        if not self._view.viewport().rect().contains(place):
            self._view.scrollTo(self._view.currentIndex())
            place = self._row_place()
        self._is_open = True
        self._open_at(place)
        self._is_open = False

    def _close(self) -> None:
        """Close the menu, which waits for a choice in an event loop of its own."""
        menu = QApplication.activePopupWidget()
        if self._is_open and isinstance(menu, QMenu):
            menu.close()
