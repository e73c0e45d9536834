"""Requests to the core, each owned by the object that sends it: an answer that nobody waits for is not shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal

from onemap.plugin.connection.core_session import Core, Request
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import BackgroundTask, one_shot_timer, refusal_of
from onemap.plugin.words.translation import tr

GLANCE_MS = 300
Show = Callable[..., None]  # is given the answer, and what `read` has made of it
Refuse = Callable[[Refusal], None]
Discard = Callable[[], object]
Read = Callable[[dict[str, Any]], Any]


class Asking(QObject):
    """One object's requests to the core, and the handling of their answers.

    An answer is shown if its owner still exists, if neither `forget` nor a newer request came since, and if `scope` has
    the same value as at the request. An answer that is not shown leaves nothing busy.
    """

    refused = pyqtSignal(object)  # Refusal of a question without a `refuse` of its own
    progressed = pyqtSignal(float, str)  # 0 to 1, and what is being done
    busy_changed = pyqtSignal(bool)
    slow = pyqtSignal()  # an answer takes longer than a glance

    def __init__(
        self,
        core: Core,
        owner: QObject,
        scope: Callable[[], object] | None = None,
        is_writing: bool = False,
    ) -> None:
        """Prepare requests for an owner.

        scope: returns what answers depend on, such as library and day; without it, answers are always shown.
        is_writing: requests write, so a newer request does not replace an older one, and running ones go on.
        """
        super().__init__(owner)
        self._core = core
        self.scope = scope or _any_scope
        self.is_writing = is_writing
        self._open: list[_Question] = []
        self._patience = one_shot_timer(self, GLANCE_MS, self.slow)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._open)

    def ask(
        self,
        verb: str,
        params: dict[str, Any],
        show: Show,
        title: str = "",
        *,
        refuse: Refuse | None = None,
        discard: Discard | None = None,
        read: Read | None = None,
        folder: str = "",
    ) -> Request:
        """Ask the core for a verb; others who wait for the same answer may `follow` the returned request.

        show: called with the answer, and with what `read` returns.
        title: if given, QGIS's task bar shows the work, which goes on even if nobody waits for it any more.
        refuse: called with the refusal, instead of the signal.
        discard: called instead of both if nobody waits any more.
        read: reads the answer's files in a thread.
        folder: the folder of the answer's files; it is removed unless `show` is called, which then owns it.
        """
        request = self._core.ask(verb, params, title)
        self.follow(request, show, refuse=refuse, discard=discard, read=read, folder=folder)
        return request

    def follow(
        self,
        request: Any,
        show: Show,
        *,
        refuse: Refuse | None = None,
        discard: Discard | None = None,
        read: Read | None = None,
        folder: str = "",
    ) -> None:
        """Wait for a request, of the core or of any object with its signals, as if it had been sent here."""
        question = self._begin(_Question(self, show, refuse, discard, read, folder))
        question.follow(request)

    def show_known(self, answer: Any, show: Show, read: Read) -> None:
        """Show an answer that is already known, once its files are read."""
        self._begin(_Question(self, show, None, None, read, "")).take(answer)

    def _begin(self, question: _Question) -> _Question:
        earlier, self._open = ([], self._open) if self.is_writing else (self._open, [])
        self._open.append(question)
        for one in earlier:
            one.let_go()
        self._patience.start()
        self.busy_changed.emit(True)
        return question

    def cancel(self) -> None:
        """Break off what runs; its refusal says so."""
        for question in list(self._open):
            question.cancel()

    def forget(self) -> None:
        """Stop waiting for all answers. Work in QGIS's task bar, and work that writes, goes on."""
        for question in list(self._open):
            self.close(question)
            question.let_go()

    def awaits(self, question: _Question) -> bool:
        """Whether an answer to a question is still to be shown."""
        return question in self._open

    def close(self, question: _Question) -> None:
        """End the wait for an answer."""
        if question in self._open:
            self._open.remove(question)
            if not self._open:
                self._patience.stop()
                self.busy_changed.emit(False)


class _Question(QObject):
    """One request until its end; Qt disconnects it when its owner is deleted."""

    def __init__(
        self,
        asking: Asking,
        show: Show,
        refuse: Refuse | None,
        discard: Discard | None,
        read: Read | None,
        folder: str,
    ) -> None:
        super().__init__(asking)
        self._asking, self._scope = asking, asking.scope()
        self._show, self._refuse = show, refuse or asking.refused.emit
        self._discard, self._read, self._folder = discard, read, folder
        self._request: Any = None
        self._is_cancelled = False
        self._reading_task: BackgroundTask | None = None

    def follow(self, request: Any) -> None:
        """Wait for a request."""
        self._request = request
        request.progressed.connect(self._tell)
        request.answered.connect(self.take)
        request.refused.connect(self._take_refusal)

    def cancel(self) -> None:
        """Cancel the request; the short reading of an answer is not cancelled."""
        if self._reading_task is None:
            self._is_cancelled = True
            self._request.cancel()

    def let_go(self) -> None:
        """Stop work that nobody waits for, unless the user sees it working, or it writes."""
        if self._reading_task is not None:
            self._reading_task.forget()
            self._end(None)
        elif not self._asking.is_writing:
            self._request.let_go()

    def _is_awaited(self, is_of_any_scope: bool = False) -> bool:
        return self._asking.awaits(self) and (is_of_any_scope or self._scope == self._asking.scope())

    def _tell(self, fraction: float, step: str) -> None:
        if self._asking.awaits(self) and not self._is_cancelled:
            self._asking.progressed.emit(fraction, step)

    def take(self, answer: Any) -> None:
        """Show the answer, or drop it if nobody waits for it."""
        if self._read is None or not self._is_awaited():
            self._end(self._show, answer)
            return
        self._reading_task = BackgroundTask(
            tr("Read the results"),
            lambda _report: self._read(answer),
            lambda rows, error: self._take_rows(answer, rows, error),
        )
        self.destroyed.connect(self._reading_task.forget)  # a thread may outlive whoever asked
        self._reading_task.start()

    def _take_rows(self, answer: Any, rows: Any, error: Exception | None) -> None:
        if error is None:
            self._end(self._show, answer, rows)
        else:
            self._take_refusal(refusal_of(error))

    def _take_refusal(self, refusal: Refusal) -> None:
        # That something was not written is said whatever is open by now.
        self._end(self._refuse, refusal, is_of_any_scope=self._asking.is_writing)

    def _end(self, show: Show | None, *answer: Any, is_of_any_scope: bool = False) -> None:
        is_awaited = self._is_awaited(is_of_any_scope)
        self._asking.close(self)
        self.deleteLater()
        if self._folder and not (is_awaited and show is self._show):
            shutil.rmtree(self._folder, ignore_errors=True)
        if is_awaited and show is not None:
            show(*answer)
        elif self._discard is not None:
            self._discard()


def _any_scope() -> None:
    """The scope of requests that concern no open library."""
