"""What others do meanwhile: the cases of the open library are asked for again when somebody has written into it."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QFileInfo, QObject, QTimer, pyqtSignal

from onemap.plugin.connection.server_location import is_server
from onemap.plugin.library.open_library import OpenLibrary

LOOK_MS = 5_000
SERVER_LOOKS = 4  # a server does not say that it was written into: it is asked at every fourth look
JOURNALS = ("", "-wal", "-journal")
Stamp = tuple[tuple[int, int], ...]


class CaseFollower(QObject):
    """Looks every few seconds, while somebody looks at the cases; a look at a file that is as it was asks nobody."""

    listed = pyqtSignal(dict)  # answer of `review list`

    def __init__(self, library: OpenLibrary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._stamp: Stamp = ()
        self._looks = 0
        self._is_asking = False
        self.timer = QTimer(self)
        self.timer.setInterval(LOOK_MS)
        self.timer.timeout.connect(self.look)

    def follow(self, is_looked_at: bool) -> None:
        """Begin or end to look."""
        if is_looked_at:
            self.timer.start()
        else:
            self.timer.stop()

    def look(self) -> None:
        """Ask for the cases if the library may be another than at the last look."""
        path = self._library.path
        if not path or self._is_asking:
            return
        self._looks += 1
        stamp = () if is_server(path) else stamp_of(path)  # what is written from now on comes next time
        if self._looks % SERVER_LOOKS if is_server(path) else stamp == self._stamp:
            return
        self._is_asking = True
        request = self._library.core.ask("review list", {"library": path, "on": self._library.step_day})
        request.answered.connect(lambda answer: self._take(path, stamp, answer))
        request.ended.connect(self._rest)

    def _take(self, path: str, stamp: Stamp, answer: dict[str, Any]) -> None:
        if path == self._library.path:
            self._stamp = stamp
            self.listed.emit(answer)

    def _rest(self) -> None:
        """Look again next time, whether there was an answer or, as of a library out of reach, none."""
        self._is_asking = False


def stamp_of(path: str) -> Stamp:
    """When a library and its journals were written, in milliseconds, and how long they are.

    An empty journal is left out: who only reads makes one.
    """
    files = [QFileInfo(path + ending) for ending in JOURNALS]
    return tuple((file.lastModified().toMSecsSinceEpoch(), file.size()) for file in files if file.size() > 0)
