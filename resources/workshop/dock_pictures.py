"""Pictures of the dock's rooms, for the picture book: the real dock and core, on a screen that nobody sees.

Run by `build.py pictures` with QGIS's Python, as: python dock_pictures.py REQUEST.json. The request names library,
parcels, language, theme (light or dark), points of the font, size of the dock, how the names of the pictures begin,
which rooms (without it all), and whether they are also shown in grey and as people see them who do not see all colours.
"""

from __future__ import annotations

import json
import os
import sys
from array import array
from collections.abc import Callable
from pathlib import Path

from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject
from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsMapCanvas
from qgis.PyQt.QtCore import QEventLoop, QPoint, QTimer
from qgis.PyQt.QtGui import QColor, QImage, QPalette
from qgis.PyQt.QtWidgets import QScrollArea, QStyleFactory, QWidget

from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.dock.dock import OneMapDock
from onemap.plugin.profile import settings
from onemap.plugin.words.translation import install_translator
from onemap.resources.workshop.colour_vision import DEFICIENCIES, seen_colour

LONGEST_MS = 120_000
LISTED_MS = 4_000  # until the cases of a library are listed
DRAWN_MS = 400  # until what was asked for is on the screen
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


class Photographer:
    """A dock on a library, and the pictures of its rooms."""

    def __init__(self, request: dict) -> None:
        self._request = request
        canvas = QgsMapCanvas()
        crs = QgsCoordinateReferenceSystem(request["crs"])
        QgsProject.instance().setCrs(crs)
        canvas.setDestinationCrs(crs)
        canvas.resize(*MAP_PX)
        self._bridge = QgsLayerTreeMapCanvasBridge(QgsProject.instance().layerTreeRoot(), canvas)
        self._canvas, self._core = canvas, Core()
        self._dock = OneMapDock(self._core, canvas, lambda *_: None, lambda: None, lambda: None)
        self._dock.setFloating(True)
        self._dock.resize(*request["size"])
        self._dock.show()

    def take_all(self) -> None:
        """Go through the rooms as a planner does; of a request that names rooms, through those alone."""
        self._dock.open_library(self._request["library"])
        wait_for(lambda: self._dock.library.layers or self._dock.notice.text)
        rooms = {
            "map": self._take_map,
            "check": self._take_check,
            "compare": self._take_compare,
            "review": self._take_review,
            "numbers": self._take_numbers,
            "dialogs": self._take_dialogs,
        }
        for name in self._request.get("rooms") or rooms:
            rooms[name]()

    def close(self) -> None:
        """End the core."""
        self._dock.close_down()
        self._core.stop()

    def _take_room(self, name: str, room: QWidget) -> None:
        self._dock.tabs.setCurrentIndex(self._dock.tab_index(room))
        self._take(name)

    def _take_map(self) -> None:
        """The layers, the versions of one, the tools below, and the map itself."""
        tab = self._dock.map_tab
        self._take_room("map", tab)
        entries = (entry for entry in self._dock.library.layers if len(entry.versions) > 1)
        entry = next(entries, None)
        if entry is not None:
            item = tab.item_of(entry.code)
            tab.tree.scrollToItem(item)
            tab.tree.setCurrentItem(item)
            self._take("map-versions")
            tab.tree.setCurrentItem(None)
        self._take_identify()
        for theme in tab.themes.buttons:
            tab.themes.buttons[theme].click()
            self._take_ground(f"ground-{theme.replace('_', '-')}")

    def _take_identify(self) -> None:
        """What lies at the middle of the map, and in a box around it."""
        view, canvas = self._dock.identify, self._canvas
        canvas.zoomToFullExtent()
        answered: list = []
        view.answered.connect(lambda: answered.append(True))
        view.use_way("box")
        self._take("map-identify-tool")
        view.ask_in(canvas.extent().buffered(-0.45 * canvas.extent().width()))
        wait_for(lambda: answered or self._dock.notice.text)
        self._take("map-identify-box")
        view.use_way("point")
        view.ask_at(canvas.center())
        wait_for(lambda: len(answered) > 1 or self._dock.notice.text)
        view.tree.setCurrentItem(view.tree.topLevelItem(0).child(0).child(0))
        self._take("map-identify-point")
        view.clear()
        view.button.setChecked(False)

    def _take_ground(self, name: str) -> None:
        """The map, as everybody sees it."""
        canvas = self._canvas
        canvas.show()
        canvas.zoomToFullExtent()
        wait(DRAWN_MS)
        canvas.waitWhileRendering()
        self._keep(name, canvas.grab().toImage())
        canvas.hide()

    def _take_check(self) -> None:
        dock, tab = self._dock, self._dock.check_tab
        dock.tabs.setCurrentIndex(dock.tab_index(tab))
        tab.parcels.choose_file(self._request["parcels"])
        done: list = []
        tab.finished.connect(lambda: done.append(True))
        tab.check()
        wait_for(lambda: done or dock.notice.text)
        self._take("check")
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

    def _take_compare(self) -> None:
        tab = self._dock.compare_tab
        self._take_room("compare", tab)
        if tab.form.is_complete:
            done: list = []
            tab.finished.connect(lambda: done.append(True))
            tab.compare()
            wait_for(lambda: done or self._dock.notice.text)
            self._take("compare-spots")
        pairs = tab.pairs
        tab.pairs_button.setChecked(True)
        shown: list = []
        pairs.results_shown.connect(lambda: shown.append(True))
        pairs.ask()
        wait_for(lambda: shown or self._dock.notice.text)
        self._take("compare-contradictions")

    def _take_review(self) -> None:
        tab = self._dock.review_tab
        self._dock.tabs.setCurrentIndex(self._dock.tab_index(tab))
        for _look in range(LISTED_MS // 20):  # a library may have no case
            if tab.list.lines:
                break
            wait(20)
        self._take("review")
        if tab.list.lines:
            page = tab.case_page
            tab.open_case(tab.list.lines[0].case)
            wait_for(lambda: page.case is not None or self._dock.notice.text)
            self._take("review-case")
            page.tabs.setCurrentIndex(page.tabs.indexOf(page.findings))
            page.table.choose("planning")
            wait_for(lambda: page.findings.results.run is not None or self._dock.notice.text)
            self._take("review-findings")
            page.findings.results.summary_button.setChecked(True)
            self._take("review-unasked")

    def _take_numbers(self) -> None:
        """The indicators of the divisions, and what is to be looked at."""
        dock, tab = self._dock, self._dock.numbers_tab
        dock.tabs.setCurrentIndex(dock.tab_index(tab))
        for name, view, button in (
            ("numbers", tab.indicators, tab.measure_button),
            ("numbers-warnings", tab.warnings, tab.look_button),
        ):
            shown: list = []
            view.results_shown.connect(lambda answers=shown: answers.append(True))
            button.click()
            wait_for(lambda answers=shown: answers or dock.notice.text)
            top = view.tree.topLevelItem(0)
            top.setExpanded(True)
            view.tree.setCurrentItem(top.child(0))
            wait(DRAWN_MS)
            bring_into_sight(view)
            self._take(name)

    def _take_dialogs(self) -> None:
        """What is added, and what is published."""
        dock = self._dock
        dock.add_layer("")
        dock.add_dialog.form.source.choose(SourceFile(self._request["parcels"]))
        wait_for(lambda: not dock.add_dialog.is_working)
        self._take_window("dialog-add", dock.add_dialog)
        dock.publish()
        self._take_window("dialog-publish", dock.publish_dialog)
        dock.map_tab.delivery_button.click()
        self._take_window("dialog-delivery", dock.delivery_dialog)

    def _take_window(self, name: str, window: QWidget) -> None:
        wait(DRAWN_MS)
        self._keep(name, window.grab().toImage())
        window.close()

    def _take(self, room: str) -> None:
        """Keep a picture of the dock."""
        wait(DRAWN_MS)
        self._keep(room, self._dock.grab().toImage())

    def _keep(self, name: str, picture: QImage) -> None:
        """Keep a picture; where it is asked for, also as people see it who do not see all colours, and in grey.

        In grey it shows what a printer without colours leaves of it.
        """
        picture.save(f"{self._request['begin']}-{name}.png")
        if not self._request.get("visions"):
            return
        grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
        grey.save(f"{self._request['begin']}-{name}-grey.png")
        for deficiency in DEFICIENCIES:
            seen_picture(picture, deficiency).save(f"{self._request['begin']}-{name}-{deficiency}.png")


def bring_into_sight(widget: QWidget) -> None:
    """Scroll what a widget lies in until its upper edge is seen, as somebody does who reads on."""
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
    changed = array("I", [table[pixel] for pixel in pixels]).tobytes()
    return QImage(changed, whole.width(), whole.height(), whole.bytesPerLine(), whole.format()).copy()


def palette_of(theme: str) -> QPalette:
    """The colours of a theme: light as the style Fusion has them, or dark."""
    palette = QStyleFactory.create("Fusion").standardPalette()
    for role, colour in DARK.items() if theme == "dark" else ():
        palette.setColor(getattr(QPalette.ColorRole, role), QColor(colour))
    for role in ("WindowText", "Text", "ButtonText") if theme == "dark" else ():
        # A theme tells what cannot be used just now; colours set for all states would not.
        palette.setColor(QPalette.ColorGroup.Disabled, getattr(QPalette.ColorRole, role), QColor(DISABLED_IN_DARK))
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
