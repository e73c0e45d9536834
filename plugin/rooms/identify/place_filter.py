"""The locator's filter `om`: coordinates, place names, their pinyin or its initials, numbers of plots and features,
and the parcels of the map by number and name.

QGIS runs a filter in a thread of its own, but the core is asked in the main thread. A question and its answer pass
between the threads through a queue.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeedback,
    QgsGeometry,
    QgsLocatorContext,
    QgsLocatorFilter,
    QgsLocatorResult,
    QgsPointXY,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.place_list import Place, find_parcels
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

SHORT_PREFIX, PREFIX = "om ", "onemap"
WAIT_S, LOOKS = 0.1, 100  # how long an answer is waited for at a time, and how often
ShowPlace = Callable[[QgsGeometry, QgsCoordinateReferenceSystem], None]
AskPlace = Callable[[QgsPointXY, QgsCoordinateReferenceSystem], None]


class PlaceQuestions(QObject):
    """Looks up the places for a text, in the main thread: the core's, then the parcels of the map."""

    wanted = pyqtSignal(str, object)  # the text, and the queue for the places

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self.asking = Asking(library.core, self, library.scope)
        self.wanted.connect(self._ask, Qt.ConnectionType.QueuedConnection)

    def _ask(self, text: str, answers: queue.Queue) -> None:
        parcels = [_record(parcel) for parcel in find_parcels(text)]
        if not self._library.path:
            answers.put(parcels)
            return
        params = {"library": self._library.path, "text": text, "as_of": self._library.day}
        self.asking.ask(
            "find",
            params,
            lambda answer: answers.put([*answer["places"], *parcels]),
            refuse=lambda _refusal: answers.put(parcels),
            discard=lambda: answers.put(parcels),
        )


def _record(parcel: Place) -> dict[str, Any]:
    """A parcel of the map as the core has its places."""
    bounds, inside = parcel.geometry.boundingBox(), parcel.geometry.pointOnSurface().asPoint()
    return {
        "name": parcel.name,
        "title": parcel.title,
        "x": inside.x(),
        "y": inside.y(),
        "crs": parcel.crs.authid() or parcel.crs.toWkt(),
        "bounds": [bounds.xMinimum(), bounds.yMinimum(), bounds.xMaximum(), bounds.yMaximum()],
    }


class PlaceFilter(QgsLocatorFilter):
    """Finds places of the open library for QGIS's search; choosing one zooms to it and lists what lies there."""

    def __init__(self, questions: PlaceQuestions, show_place: ShowPlace, ask_place: AskPlace) -> None:
        super().__init__()
        self._questions, self._show_place, self._ask_place = questions, show_place, ask_place
        # QGIS gives prefixes of less than three letters to its own filters only: `om` is looked for in the text.
        self.setUseWithoutPrefix(True)

    def name(self) -> str:
        """Its name in QGIS's settings."""
        return PREFIX

    def displayName(self) -> str:
        """Its name for people."""
        return tr("One Map: places, plots, coordinates")

    def prefix(self) -> str:
        """The prefix that is typed before the text."""
        return PREFIX

    def clone(self) -> PlaceFilter:
        """Another one for a search."""
        return PlaceFilter(self._questions, self._show_place, self._ask_place)

    def fetchResults(self, text: str, context: QgsLocatorContext, feedback: QgsFeedback) -> None:
        """Find places, in a thread of QGIS; a text without either prefix finds none."""
        is_short = text.lower().startswith(SHORT_PREFIX)
        if not (is_short or context.usingPrefix):
            return
        sought = text[len(SHORT_PREFIX) :] if is_short else text
        for place in self._places(sought.strip(), feedback):
            result = QgsLocatorResult(self, place["name"], place)
            result.description = place["title"]
            result.icon = icon("identify")
            self.resultFetched.emit(result)

    def triggerResult(self, result: QgsLocatorResult) -> None:
        """Go to a place, and ask what lies there."""
        data = result.userData  # a function in some versions of QGIS, a value in others
        place: dict[str, Any] = data() if callable(data) else data
        system = QgsCoordinateReferenceSystem(place["crs"])
        self._show_place(QgsGeometry.fromRect(QgsRectangle(*place["bounds"])), system)
        self._ask_place(QgsPointXY(place["x"], place["y"]), system)

    def _places(self, text: str, feedback: QgsFeedback) -> list[dict[str, Any]]:
        if not text:
            return []
        answers: queue.Queue = queue.Queue()
        self._questions.wanted.emit(text, answers)
        for _look in range(LOOKS):
            if feedback.isCanceled():
                return []
            try:
                return list(answers.get(timeout=WAIT_S))
            except queue.Empty:
                continue
        return []
