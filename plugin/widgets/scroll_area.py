"""Parts of a dialog or a page that scroll if there is no room, and the size of a dialog on a small screen."""

from __future__ import annotations

from qgis.gui import QgsScrollArea
from qgis.PyQt.QtCore import QEvent, QObject, QSize, Qt, QTimer
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QWidget

FRAME_PX = (16, 48)  # that a window manager puts around a window, with its title


class RoomArea(QgsScrollArea):
    """The area of a room: low enough not to enlarge QGIS's window, and wide enough to cut nothing."""

    def __init__(self, room: QWidget) -> None:
        super().__init__()
        self._sought: QWidget | None = None
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the control that has the focus
        self.setWidget(room)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """The width that the room needs beside its scroll bar."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self.widget().minimumSizeHint().width() + bar, super().minimumSizeHint().height())

    def bring_into_sight(self, part: QWidget) -> None:
        """Scroll to a part of the room after it has been laid out."""
        self._sought = part
        QTimer.singleShot(0, self._scroll_to_sought)

    def _scroll_to_sought(self) -> None:
        self.ensureWidgetVisible(self._sought)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more room when something comes into it."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def scroll_area(content: QWidget, kind: type[QScrollArea] = QScrollArea, is_wide: bool = False) -> QScrollArea:
    """An area without a frame, whose content is as wide as the area.

    kind: in QGIS's own area the wheel scrolls, even over a field.
    is_wide: content that cannot be so narrow scrolls sideways too.
    """
    area = kind()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    if not is_wide:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def resize_on_screen(window: QWidget, width: int, height: int) -> None:
    """Give a window a size in pixels, or what its screen has room for, so that every button can be reached."""
    screen = (window.parentWidget() or window).screen().availableGeometry()
    window.resize(min(width, screen.width() - FRAME_PX[0]), min(height, screen.height() - FRAME_PX[1]))
