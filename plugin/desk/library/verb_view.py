"""A view that asks the core for one verb at a time: it shows progress, can be cancelled, and passes on refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.work_row import WorkRow


class VerbView(QWidget):
    """A subclass shows `work`, sends requests with `_ask_core`, and enables its widgets by `is_working`.

    Its content is cleared when another library or day is chosen.
    """

    refused = pyqtSignal(object)  # Refusal
    results_shown = pyqtSignal()  # what was found is shown

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self._shown_scope: tuple[str, str] | None = None  # library and day of what is shown
        self.asking = Asking(library.core, self, library.scope)
        self.asking.busy_changed.connect(lambda _is_busy: self._enable())
        self.asking.refused.connect(self._refuse)
        self.work = WorkRow()
        self.work.follow(self.asking)
        library.loading.connect(self._leave_scope)

    @property
    def is_working(self) -> bool:
        """Whether a request is running."""
        return self.asking.is_busy

    def cancel(self) -> None:
        """Cancel the request; results that are complete stay in the library."""
        self.asking.cancel()

    def clear(self) -> None:
        """Clear the results."""
        raise NotImplementedError

    def _ask_core(
        self,
        verb: str,
        params: dict[str, Any],
        show: Callable[[dict[str, Any]], None],
        title: str = "",
        folder: str = "",
    ) -> None:
        """Send a verb, and show its answer in place of the former one. folder: for the answer's files."""
        self.asking.ask(verb, params, lambda answer: self._show_anew(show, answer), title, folder=folder)

    def _show_anew(self, show: Callable[[dict[str, Any]], None], answer: dict[str, Any]) -> None:
        self.clear()
        self._shown_scope = self._library.scope()
        show(answer)

    def _refuse(self, refusal: Refusal) -> None:
        self.refused.emit(refusal)

    def _leave_scope(self) -> None:
        if self._shown_scope not in (None, self._library.scope()):
            self._shown_scope = None
            self.clear()

    def _enable(self) -> None:
        raise NotImplementedError
