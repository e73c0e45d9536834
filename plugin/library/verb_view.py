"""A view that asks the core one thing at a time: what runs is shown in a row, can be stopped, and may be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.core_session import Request
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.translation import tr


class AskingView(QWidget):
    """Whoever inherits shows the row `work`, follows what it asks, and enables its widgets by `is_working`."""

    refused = pyqtSignal(object)  # Refusal
    shown = pyqtSignal()  # what was found is shown

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._request: Request | None = None
        self._asked_of = ("", "")  # library and day of what is shown
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancel)
        self.work.hide()

    @property
    def is_working(self) -> bool:
        """Whether the core is at it."""
        return self._request is not None

    def cancel(self) -> None:
        """Stop what runs; what was finished before stays in the library."""
        if self._request is not None:
            self._request.cancel()

    def clear(self) -> None:
        """Forget what was found."""
        raise NotImplementedError

    @property
    def _here(self) -> tuple[str, str]:
        """The library and the day that are chosen now."""
        return self._library.path, self._library.day

    def _follow(self, request: Request, show: Callable[[dict[str, Any]], None], forget: Callable[[], None]) -> None:
        """Show how far a request is, then its answer; `forget` what somebody has gone away from meanwhile."""
        asked_of = self._here
        self._request = request
        self.work.begin(tr("Starting…"))
        self._enable()
        request.progressed.connect(self.work.show_progress)
        request.answered.connect(lambda answer: self._answered(asked_of, answer, show, forget))
        request.refused.connect(self._refuse)

    def _answered(
        self,
        asked_of: tuple[str, str],
        answer: dict[str, Any],
        show: Callable[[dict[str, Any]], None],
        forget: Callable[[], None],
    ) -> None:
        self._end()
        self.clear()
        if asked_of != self._here:
            forget()
            return
        self._asked_of = asked_of
        show(answer)

    def _refuse(self, refusal: Refusal) -> None:
        self._end()
        self.refused.emit(refusal)

    def _end(self) -> None:
        self._request = None
        self.work.hide()
        self._enable()

    def _enable(self) -> None:
        raise NotImplementedError
