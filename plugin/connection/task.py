"""Work in the background that must not freeze QGIS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import QgsApplication, QgsFeedback, QgsTask
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from onemap.plugin.connection.refusals import Refusal, cancel_refusal

_running: set[BackgroundTask] = set()  # without a Python reference finished() is never called


class Cancelled(Exception):
    """The user pressed cancel."""


class BackgroundTask(QgsTask):
    """Run work(progress) in a thread; then call on_done(result, error) in the main thread.

    work: uses no widget, layer or iface; its progress(fraction, step) raises Cancelled after a cancel.
    on_step: called in the main thread with the fraction and the step.
    feedback: cancelled together with the task, for work that waits inside QGIS.
    """

    def __init__(
        self,
        title: str,
        work: Callable[[Callable[[float, str], None]], Any],
        on_done: Callable[[Any, Exception | None], None],
        on_step: Callable[[float, str], None] | None = None,
        feedback: QgsFeedback | None = None,
    ) -> None:
        super().__init__(title, QgsTask.Flag.CanCancel)
        self._feedback = feedback
        self._work, self._on_done, self._on_step = work, on_done, on_step
        self._result: Any = None
        self._error: Exception | None = None
        self._step = ""
        self.progressChanged.connect(self._show_step)

    def start(self) -> BackgroundTask:
        """Give the task to QGIS, which shows it in its task bar."""
        _running.add(self)
        QgsApplication.taskManager().addTask(self)
        return self

    def cancel(self) -> None:
        """Ask the work to stop; QGIS's task bar calls this too."""
        if self._feedback is not None:
            self._feedback.cancel()
        super().cancel()

    def forget(self) -> None:
        """Cancel without calling back, because the caller is about to be deleted."""
        self._on_done, self._on_step = (lambda _result, _error: None), None
        self.cancel()

    def run(self) -> bool:
        """Run in the worker thread; an exception is kept for finished(), because it would crash QGIS here."""
        try:
            self._result = self._work(self._progress)
        except Exception as error:  # noqa: BLE001 - kept whole, and handed on by finished()
            self._error = error
        return self._error is None

    def finished(self, ok: bool) -> None:
        """Hand over the result in the main thread."""
        _running.discard(self)
        if not ok and self._error is None:  # cancelled before it began
            self._error = Cancelled()
        self._on_done(self._result, self._error)

    def _progress(self, fraction: float, step: str = "") -> None:
        if self.isCanceled():
            raise Cancelled
        self._step = step
        self.setProgress(100 * fraction)

    def _show_step(self, percent: float) -> None:
        if self._on_step is not None:
            self._on_step(percent / 100, self._step)


class BackgroundRequest(QObject):
    """Work in the background, with the signals and the `cancel` of a request to the core."""

    progressed = pyqtSignal(float, str)
    answered = pyqtSignal(object)  # the result
    refused = pyqtSignal(object)  # Refusal

    def __init__(
        self, title: str, work: Callable[[Callable[[float, str], None]], Any], feedback: QgsFeedback | None = None
    ) -> None:
        """Start the work; arguments as for `BackgroundTask`, which holds this object until it ends."""
        super().__init__()
        self._task = BackgroundTask(
            title, work, self._end, lambda share, step: self.progressed.emit(share, step), feedback
        ).start()

    def cancel(self) -> None:
        """Stop the work."""
        self._task.cancel()

    let_go = cancel

    def _end(self, result: Any, error: Exception | None) -> None:
        if self._task.isCanceled():
            self.refused.emit(cancel_refusal())
        elif error is not None:
            self.refused.emit(refusal_of(error))
        else:
            self.answered.emit(result)
        self.deleteLater()


def refusal_of(error: Exception) -> Refusal:
    """The error of a piece of work as a refusal, to be shown like one of the core."""
    if isinstance(error, Cancelled):
        return cancel_refusal()
    return error if isinstance(error, Refusal) else Refusal(str(error))


def one_shot_timer(owner: QObject, wait_ms: int, action: Callable[[], Any]) -> QTimer:
    """A timer that calls once, this long after its last start."""
    return QTimer(owner, singleShot=True, interval=wait_ms, timeout=action)
