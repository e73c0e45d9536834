"""The library for which a dialog was opened; the dock may show another one by now."""

from __future__ import annotations

from collections.abc import Callable

from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.desk.library.distinct_place import distinct_place
from onemap.plugin.desk.library.open_library import OpenLibrary, title_of
from onemap.plugin.words.translation import tr, with_label


class DialogLibrary(QObject):
    """The library of a dialog that does not block the dock; the dialog shows and sends only what belongs to it.

    path, day: as they were when the dialog was opened.
    """

    _changed = pyqtSignal()  # the dock has another library or day, or has this one again

    def __init__(
        self, library: OpenLibrary, dialog: QObject, follow: Callable[[], None], is_writing: bool = True
    ) -> None:
        """Hold the library that is open now.

        follow: called when the dock shows another library or day, or this library again, or when rights have changed.
        is_writing: whether the dialog changes the library, as only its owner may; else its requests depend on the day.
        """
        super().__init__(dialog)
        self._changed.connect(follow)
        self._library, self._is_writing = library, is_writing
        self.path, self.day = library.path, library.day
        self._own_name = library.own_name
        for signal in (library.loading, library.listed):
            signal.connect(self._changed)

    @property
    def is_open(self) -> bool:
        """Whether the dock still has this library."""
        return self.path == self._library.path

    @property
    def obstacle(self) -> str:
        """The reason why nothing can be sent now, and the remedy; empty for none."""
        if not self.is_open:
            text = tr(
                "This window is of {library}, and another library is open by now. Open that one again, or close this "
                "window and begin anew."
            )
            return text.format(library=self._name)
        if self._is_writing:
            return self._library.rights.why_not_owner
        if self.day != self._library.day:
            text = tr(
                "This window is as of {day}, and another day is chosen by now. Choose that day again, or close this "
                "window and begin anew."
            )
            return text.format(day=self.day or tr("today"))
        return ""

    def say(self, message: str) -> str:
        """A message about this library, with the library's name if another library is open by now."""
        return message if self.is_open else with_label(self._name, message)

    @property
    def _name(self) -> str:
        return name_beside(self._own_name, self.path, self._library.path)


def name_beside(own_name: str, path: str, other: str) -> str:
    """The name of the library at a path, distinguished from another library that may have the same name."""
    return title_of(own_name, distinct_place(path, [other]) if path != other else None)
