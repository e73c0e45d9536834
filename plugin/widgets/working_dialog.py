"""A dialog that asks the core for one thing at a time: progress, cancel, the answer or the refusal, and rest again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtWidgets import QDialog, QWidget

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.widgets.work_row import WorkRow


class WorkingDialog(QDialog):
    """What its descendants add: `_enable`, which is called whenever work begins or ends, and `refuse`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request: Any = None  # of the core, or whatever has its signals
        self.work = WorkRow()
        self.work.cancelled.connect(self._cancel)

    @property
    def is_working(self) -> bool:
        """Whether an answer is waited for."""
        return self._request is not None

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal."""
        raise NotImplementedError

    def _enable(self) -> None:
        raise NotImplementedError

    def _follow(self, request: Any, step: str, on_answer: Callable[[Any], None]) -> None:
        """Show how a request goes on. step: what is done, until the core says more."""
        self._request = request
        request.progressed.connect(self.work.show_progress)
        # First the dialog is at rest again, then it shows what came out.
        request.answered.connect(self._end_request)
        request.refused.connect(self._end_request)
        request.answered.connect(on_answer)
        request.refused.connect(self.refuse)
        self.work.begin(step)
        self._enable()

    def _leave_request(self) -> None:
        """Follow a request no more; what it has begun goes on, and QGIS's task bar shows it."""
        if self._request is not None:
            for signal in (self._request.answered, self._request.refused, self._request.progressed):
                signal.disconnect()
            self._end_request()

    def _cancel(self) -> None:
        if self._request is not None:
            self._request.cancel()

    def _end_request(self, *_what: object) -> None:
        self._request = None
        self.work.hide()
        self._enable()
