"""The dock on an invisible screen, and a camera that takes pictures of it for the picture book."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable

from qgis.core import QgsCoordinateReferenceSystem, QgsProject
from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsMapCanvas
from qgis.PyQt.QtCore import QEventLoop, QPoint, QTimer, pyqtBoundSignal
from qgis.PyQt.QtGui import QColor, QImage, QPalette
from qgis.PyQt.QtWidgets import QScrollArea, QStyleFactory, QWidget

from onemap.plugin.connection.core_session import Core
from onemap.plugin.dock.dock import OneMapDock
from onemap.plugin.widgets.scroll_area import FRAME_PX
from onemap.resources.workshop.colour_vision import DEFICIENCIES, seen_colour

LONGEST_MS = 120_000
DRAWN_MS = 400  # until what was asked for is on the screen
MAP_RESIZED_MS = 800  # until QGIS draws a map of another size anew
MAP_PX = (640, 640)
DARK = {
    "Window": "#31363b",
    "WindowText": "#eff0f1",
    "Base": "#232629",
    "AlternateBase": "#31363b",
    "Text": "#eff0f1",
    "Button": "#31363b",
    "ButtonText": "#eff0f1",
    "ToolTipBase": "#31363b",
    "ToolTipText": "#eff0f1",
    "Highlight": "#3daee9",
    "HighlightedText": "#ffffff",
    "Link": "#2980b9",
    "Light": "#4d5358",  # the line below tabs, which would be white
}
DISABLED_IN_DARK = "#7f8c8d"


def wait(milliseconds: int) -> None:
    """Let Qt work for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_for(claim: Callable[[], object]) -> None:
    """Let Qt work until a claim holds. Raises TimeoutError."""
    for _look in range(LONGEST_MS // 20):
        if claim():
            return
        wait(20)
    raise TimeoutError


class DockCamera:
    """A dock with an open library, and a camera for it."""

    def __init__(self, request: dict) -> None:
        self.request = request
        self._seen_otherwise: list[tuple[str, QImage]] = []
        canvas = QgsMapCanvas()
        crs = QgsCoordinateReferenceSystem(request["crs"])
        QgsProject.instance().setCrs(crs)
        canvas.setDestinationCrs(crs)
        canvas.resize(*MAP_PX)
        self._bridge = QgsLayerTreeMapCanvasBridge(QgsProject.instance().layerTreeRoot(), canvas)
        self.canvas, self.core = canvas, Core()
        self.dock = OneMapDock(self.core, canvas, lambda *_: None, lambda: None, lambda: None)
        self.dock.setFloating(True)
        self.dock.resize(*request["size"])
        self.dock.show()

    def close(self) -> None:
        """End the core; then save the pictures as people with deficient colour vision see them, if asked for."""
        self.dock.close_down()
        self.core.stop()
        for name, picture in self._seen_otherwise:
            grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
            grey.save(f"{self.request['begin']}-{name}-grey.png")
            for deficiency in DEFICIENCIES:
                seen_picture(picture, deficiency).save(f"{self.request['begin']}-{name}-{deficiency}.png")

    def show_room(self, room: QWidget) -> None:
        """Bring a room to the front."""
        self.dock.tabs.setCurrentIndex(self.dock.tab_index(room))

    def take_room(self, name: str, room: QWidget) -> None:
        """Keep a picture of a room."""
        self.show_room(room)
        self.take(name)

    def wait_for_answer(self, signal: pyqtBoundSignal, ask: Callable[[], object]) -> None:
        """Ask something, and let Qt work until the signal reports an answer, or the dock a refusal."""
        answers: list = []
        signal.connect(lambda *_told: answers.append(True))
        ask()
        wait_for(lambda: answers or self.dock.notice.text)

    def take_window(self, name: str, window: QWidget) -> None:
        """Keep a picture of a window, and close it."""
        self.take_open_window(name, window)
        window.close()

    def take_open_window(self, name: str, window: QWidget) -> None:
        """Keep a picture of a window that stays open, in the size that it has on a usual screen."""
        give_usual_size(window)
        wait(DRAWN_MS)
        self.keep(name, window.grab().toImage())

    def take(self, room: str) -> None:
        """Keep a picture of the dock."""
        wait(DRAWN_MS)
        self.keep(room, self.dock.grab().toImage())

    def keep(self, name: str, picture: QImage) -> None:
        """Save a picture; if asked for, also in grey and as people with deficient colour vision see it.

        Grey shows how a printer without colours prints it. These forms are made at the end, because meanwhile the core
        would finish the work that is about to be cancelled.
        """
        picture.save(f"{self.request['begin']}-{name}.png")
        if self.request.get("visions"):
            self._seen_otherwise.append((name, picture))


def give_usual_size(window: QWidget) -> None:
    """Give a dialog the size in its module if Qt's screen for pictures, 800 pixels wide, has made it smaller."""
    before = window.size()
    width, height = getattr(sys.modules[type(window).__module__], "SIZE_PX", (0, 0))
    screen = window.screen().availableGeometry()
    if width and window.width() >= screen.width() - FRAME_PX[0]:
        window.resize(width, window.height())
    if height and window.height() >= screen.height() - FRAME_PX[1]:
        window.resize(window.width(), height)
    if window.size() != before:
        wait(MAP_RESIZED_MS)


def bring_into_sight(widget: QWidget) -> None:
    """Scroll the area around a widget until the widget's upper edge is visible, as a reader does."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if above is not None:
        top = widget.mapTo(above.widget(), QPoint(0, 0)).y()
        above.verticalScrollBar().setValue(max(top - above.viewport().height() // 4, 0))


def seen_picture(picture: QImage, deficiency: str) -> QImage:
    """A picture as somebody with a deficiency sees it."""
    whole = picture.convertToFormat(QImage.Format.Format_RGB32)
    data = whole.constBits()
    data.setsize(whole.sizeInBytes())
    pixels = array("I", bytes(data))
    table = {}
    for pixel in set(pixels):
        colour = [(pixel >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
        red, green, blue = (round(255 * part) for part in seen_colour(tuple(colour), deficiency))
        table[pixel] = 0xFF000000 | red << 16 | green << 8 | blue
    new_pixels = array("I", [table[pixel] for pixel in pixels]).tobytes()
    return QImage(new_pixels, whole.width(), whole.height(), whole.bytesPerLine(), whole.format()).copy()


def palette_of(theme: str) -> QPalette:
    """The colours of a theme: light as the style Fusion has them, or dark."""
    palette = QStyleFactory.create("Fusion").standardPalette()
    for role, colour in DARK.items() if theme == "dark" else ():
        palette.setColor(getattr(QPalette.ColorRole, role), QColor(colour))
    for role in ("WindowText", "Text", "ButtonText") if theme == "dark" else ():
        # A theme tells what cannot be used just now; colours set for all states would not.
        palette.setColor(QPalette.ColorGroup.Disabled, getattr(QPalette.ColorRole, role), QColor(DISABLED_IN_DARK))
    if theme == "dark":  # or Fusion draws a light shadow beside what cannot be used in a menu
        palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Light, QColor(DARK["Window"]))
    return palette
