"""Pictures of the dock's rooms, for the picture book: the real dock and core, on a screen that nobody sees.

Run by `build.py pictures` with QGIS's Python, as: python dock_pictures.py REQUEST.json. The request names library,
parcels, language, theme (light or dark), points of the font, size of the dock, and how the names of the pictures begin.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtGui import QColor, QImage, QPalette
from qgis.PyQt.QtWidgets import QStyleFactory

from onemap.plugin.connection.core_session import Core
from onemap.plugin.dock.dock import OneMapDock
from onemap.plugin.profile import settings
from onemap.plugin.words.translation import install_translator

LONGEST_MS = 120_000
DRAWN_MS = 400  # until what was asked for is on the screen
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
}


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


class Photographer:
    """A dock on a library, and the pictures of its rooms."""

    def __init__(self, request: dict) -> None:
        self._request = request
        canvas = QgsMapCanvas()
        crs = QgsCoordinateReferenceSystem(request["crs"])
        QgsProject.instance().setCrs(crs)
        canvas.setDestinationCrs(crs)
        self._canvas, self._core = canvas, Core()
        self._dock = OneMapDock(self._core, canvas, lambda *_: None, lambda: None, lambda: None)
        self._dock.setFloating(True)
        self._dock.resize(*request["size"])
        self._dock.show()

    def take_all(self) -> None:
        """Go through the rooms as a planner does."""
        dock, tab = self._dock, self._dock.check_tab
        dock.open_library(self._request["library"])
        wait_for(lambda: dock.library.layers or dock.notice.text)
        self._take("map")
        dock.tabs.setCurrentIndex(dock.tab_index(tab))
        tab.parcels.choose_file(self._request["parcels"])
        done: list = []
        tab.finished.connect(lambda: done.append(True))
        tab.check()
        wait_for(lambda: done or dock.notice.text)
        self._take("check", is_grey_too=True)
        model, results = tab.results.model, tab.results
        results.tree.setCurrentIndex(model.index(0, 0, model.index(0, 0)))
        before = results.details.text()
        results.explain_button.click()
        wait_for(lambda: results.details.text() != before)
        self._take("check-explained")
        results.summary_button.setChecked(True)
        self._take("check-sums")
        results.summary_button.setChecked(False)
        tab.past_button.setChecked(True)
        wait_for(lambda: not tab.past.is_working)
        self._take("check-past")
        tab.past_button.setChecked(False)
        for name, room in (("compare", dock.compare_tab), ("review", dock.review_tab)):
            dock.tabs.setCurrentIndex(dock.tab_index(room))
            self._take(name)

    def close(self) -> None:
        """End the core."""
        self._dock.close_down()
        self._core.stop()

    def _take(self, room: str, is_grey_too: bool = False) -> None:
        """Keep a picture of the dock; in grey it shows what a printer without colours leaves of it."""
        wait(DRAWN_MS)
        picture = self._dock.grab().toImage()
        picture.save(f"{self._request['begin']}-{room}.png")
        if is_grey_too:
            grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
            grey.save(f"{self._request['begin']}-{room}-grey.png")


def palette_of(theme: str) -> QPalette:
    """The colours of a theme: light as the style Fusion has them, or dark."""
    palette = QStyleFactory.create("Fusion").standardPalette()
    for role, colour in DARK.items() if theme == "dark" else ():
        palette.setColor(getattr(QPalette.ColorRole, role), QColor(colour))
    return palette


def dress(application: QgsApplication, request: dict) -> None:
    """Give the program its theme, font and language."""
    application.setStyle("Fusion")
    application.setPalette(palette_of(request["theme"]))
    font = application.font()
    font.setPointSizeF(request["points"])
    application.setFont(font)
    settings.put("language", request["language"])


def main(request: dict) -> int:
    """Take the pictures; returns the exit code."""
    application = QgsApplication([], True)
    application.initQgis()
    dress(application, request)
    translator = install_translator()  # lives as long as the dock
    photographer = Photographer(request)
    try:
        photographer.take_all()
    except TimeoutError:
        sys.stderr.write("the dock did not do what was asked of it in time\n")
        return 1
    finally:
        photographer.close()
        del translator
    return 0


if __name__ == "__main__":
    code = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.flush()
    os._exit(code)  # Python would take QGIS's objects down in no order
