"""A view that asks the core for one verb at a time: it shows progress, can be cancelled, and passes on refusals."""

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


class VerbView(QWidget):
    """A subclass shows `work`, calls `_follow` with its request, and enables its widgets by `is_working`."""

    refused = pyqtSignal(object)  # Refusal
    results_shown = pyqtSignal()  # what was found is shown

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._request: Request | None = None
        self._result_scope = ("", "")  # library and day of what is shown
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancel)
        self.work.hide()

    @property
    def is_working(self) -> bool:
        """Whether a request is running."""
        return self._request is not None

    def cancel(self) -> None:
        """Cancel the request; what was finished before stays in the library."""
        if self._request is not None:
            self._request.cancel()

    def clear(self) -> None:
        """Clear the results."""
        raise NotImplementedError

    @property
    def _current_scope(self) -> tuple[str, str]:
        """The library and the day that are chosen now."""
        return self._library.path, self._library.day

    def _follow(self, request: Request, show: Callable[[dict[str, Any]], None], discard: Callable[[], None]) -> None:
        """Show the progress of a request, then its answer.

        show: called with the answer.
        discard: called instead, where the library or the day has changed since.
        """
        scope = self._current_scope
        self._request = request
        self.work.begin(tr("Starting…"))
        self._enable()
        request.progressed.connect(self.work.show_progress)
        request.answered.connect(lambda answer: self._take_answer(scope, answer, show, discard))
        request.refused.connect(self._refuse)

    def _take_answer(
        self,
        scope: tuple[str, str],
        answer: dict[str, Any],
        show: Callable[[dict[str, Any]], None],
        discard: Callable[[], None],
    ) -> None:
        self._end()
        self.clear()
        if scope != self._current_scope:
            discard()
            return
        self._result_scope = scope
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
