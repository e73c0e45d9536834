"""Follow changes by others: ask the core again after somebody has written to the open library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import QFileInfo, QObject, QTimer, pyqtSignal

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_location import is_server
from onemap.plugin.desk.library.open_library import OpenLibrary

LOOK_MS = 5_000
SERVER_LOOKS = 4  # a server does not say that it was written into: it is asked at every fourth look
SILENT_LOOKS = 6  # so many looks without an answer, and what is shown may be old
JOURNALS = ("", "-wal", "-journal")
Stamp = tuple[tuple[int, int], ...]


class LibraryFollower(QObject):
    """Checks the library every few seconds while its answer is on view; an unchanged file causes no request."""

    answered = pyqtSignal(dict)
    silenced = pyqtSignal()  # the core has not answered for long, though nothing is shown that it works at

    def __init__(
        self, library: OpenLibrary, verb: str, params: Callable[[], dict[str, Any]], parent: QObject | None = None
    ) -> None:
        """Prepare the request. params: returns the verb's current parameters; an answer for others is dropped."""
        super().__init__(parent)
        self._library, self._verb, self._params = library, verb, params
        self._stamp: Stamp | None = ()
        self._looks = self._unanswered_looks = 0
        self.asking = Asking(library.core, self, params)
        self.asking.refused.connect(self._forget)
        self.timer = QTimer(self, interval=LOOK_MS, timeout=self.look)

    def follow(self, is_looked_at: bool) -> None:
        """Begin or end to look."""
        if is_looked_at:
            self.timer.start()
        else:
            self.timer.stop()

    def look(self) -> None:
        """Ask the core if the library may have changed since the last look."""
        path = self._library.path
        if not path or self._library.core.is_working:  # what it writes is ours, and listed then
            return
        self._unanswered_looks = self._unanswered_looks + 1 if self.asking.is_busy else 0
        if self.asking.is_busy:
            if self._unanswered_looks % SILENT_LOOKS == 0:  # more than once: another message may have had its place
                self.silenced.emit()
            return
        self._looks += 1
        stamp = () if is_server(path) else stamp_of(path)  # what is written from now on comes next time
        if self._looks % SERVER_LOOKS if is_server(path) else stamp == self._stamp:
            return
        self.ask(stamp)

    def ask(self, stamp: Stamp = ()) -> None:
        """Ask the core, whether or not the library seems changed. stamp: of its files, as far as that is known."""
        self.asking.ask(self._verb, self._params(), lambda answer: self._take(stamp, answer))

    def _forget(self, _refusal: Refusal) -> None:
        """Ask at the next look whatever the file looks like: one that was moved away comes back as it was."""
        self._stamp = None

    def _take(self, stamp: Stamp, answer: dict[str, Any]) -> None:
        self._stamp = stamp
        self.answered.emit(answer)


def stamp_of(path: str) -> Stamp:
    """The times of change, in milliseconds, and the sizes of a library and its journals.

    An empty journal is left out, because a mere reader creates one.
    """
    files = [QFileInfo(path + ending) for ending in JOURNALS]
    return tuple((file.lastModified().toMSecsSinceEpoch(), file.size()) for file in files if file.size() > 0)
