"""What others do meanwhile: the core is asked again when somebody has written into the open library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import QFileInfo, QObject, QTimer, pyqtSignal

from onemap.plugin.connection.server_location import is_server
from onemap.plugin.library.open_library import OpenLibrary

LOOK_MS = 5_000
SERVER_LOOKS = 4  # a server does not say that it was written into: it is asked at every fourth look
JOURNALS = ("", "-wal", "-journal")
Stamp = tuple[tuple[int, int], ...]


class LibraryFollower(QObject):
    """Looks every few seconds, while somebody looks at the answer; a look at a file that is as it was asks nobody."""

    answered = pyqtSignal(dict)

    def __init__(
        self, library: OpenLibrary, verb: str, params: Callable[[], dict[str, Any]], parent: QObject | None = None
    ) -> None:
        """Take what is asked. params: of the verb as they are now; an answer for others is dropped."""
        super().__init__(parent)
        self._library, self._verb, self._params = library, verb, params
        self._stamp: Stamp = ()
        self._looks = 0
        self.is_asking = False
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
        """Ask if the library may be another than at the last look."""
        path = self._library.path
        if not path or self.is_asking or self._library.core.is_working:  # what it writes is ours, and listed then
            return
        self._looks += 1
        stamp = () if is_server(path) else stamp_of(path)  # what is written from now on comes next time
        if self._looks % SERVER_LOOKS if is_server(path) else stamp == self._stamp:
            return
        self.is_asking = True
        params = self._params()
        request = self._library.core.ask(self._verb, params)
        request.answered.connect(lambda answer: self._take(params, stamp, answer))
        request.ended.connect(self._rest)

    def _take(self, params: dict[str, Any], stamp: Stamp, answer: dict[str, Any]) -> None:
        if params == self._params():
            self._stamp = stamp
            self.answered.emit(answer)

    def _rest(self) -> None:
        """Look again next time, whether there was an answer or, as of a library out of reach, none."""
        self.is_asking = False


def stamp_of(path: str) -> Stamp:
    """When a library and its journals were written, in milliseconds, and how long they are.

    An empty journal is left out: who only reads makes one.
    """
    files = [QFileInfo(path + ending) for ending in JOURNALS]
    return tuple((file.lastModified().toMSecsSinceEpoch(), file.size()) for file in files if file.size() > 0)
