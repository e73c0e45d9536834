"""A pool of cores in child processes: each answers one question at a time, with limits of memory and time."""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.verbs.web.serve_child import MOST_BYTES, ServeChild, VerbAnswer, refusal_of

_GRACE_S = 5.0  # for a core to end what it was told to cancel


class CorePool:
    """A pool with as many cores as questions are answered at once; one that ended is replaced when it is needed.

    The core that answered last is asked first, because it still has what it read. gives_way: run with low priority, if
    the system has priorities.
    """

    def __init__(
        self, count: int, language: str, seconds: float, most: int = MOST_BYTES, *, gives_way: bool = False
    ) -> None:
        self.seconds = seconds
        self._language, self._most, self._gives_way = language, most, gives_way
        self._free: queue.LifoQueue[ServeChild | None] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(None)  # the first is started when it is needed, each further one after an answer
        self._all: set[ServeChild] = set()
        self._starting = threading.Lock()
        # Not in a pool of one that is signed in, nor after the end: whoever asks then is answered web.core_ended.
        self._may_start = True

    @classmethod
    def of_child(cls, child: ServeChild, seconds: float) -> "CorePool":
        """A pool of one existing core, in which an account is signed in; it is never replaced."""
        pool = cls(0, child.language, seconds)
        pool._may_start = False
        pool._all.add(child)
        pool._free.put(child)
        return pool

    def give_way(self) -> None:
        """Lower the priority of the cores below that of other processes."""
        for child in self._all:
            child.get_ready(gives_way=True)

    @contextlib.contextmanager
    def _core(self) -> Iterator[ServeChild | None]:
        """A free core, replaced if it has ended; None if there is none and none may be started."""
        child = self._free.get()
        try:
            if child is None or not child.is_alive:
                child = self._started_core(child)
            yield child
        finally:
            self._start_another()
            self._free.put(child)

    def _started_core(self, before: ServeChild | None = None) -> ServeChild | None:
        """A new core in place of a former one; the former one if none may be started."""
        with self._starting:
            if not self._may_start:
                return before
            if before is not None:
                self._all.discard(before)
                before.end()
            child = ServeChild(self._language, self._most, gives_way=self._gives_way)
            self._all.add(child)
            return child

    def _start_another(self) -> None:
        """Start a core before it is needed, so that nobody waits for it while the others work."""
        with contextlib.suppress(queue.Empty):
            other = self._free.get_nowait()
            self._free.put(self._started_core() if other is None else other)

    def ask(
        self,
        verb: str,
        values: Mapping[str, Any],
        report: Callable[[float, str], None],
        on_begin: Callable[[Callable[[], None]], None],
    ) -> VerbAnswer:
        """Ask a free core, and wait for its answer. on_begin: called with a function that cancels the question.

        A question that takes longer than the limit is interrupted, and answered with web.too_long. If a core ends
        meanwhile, or has ended and none may be started, the answer is web.core_ended.
        """
        late, language = threading.Event(), str(values.get("lang", self._language))
        with self._core() as child:
            if child is None:
                return refusal_of(OneMapError("web.core_ended"), language)
            timers: list[threading.Timer] = []
            is_answered, turn = threading.Event(), threading.Lock()

            def at_number(number: int) -> None:
                def stop() -> None:
                    child.cancel(number)
                    with turn:
                        if not is_answered.is_set():  # else the core is working for the next by then
                            timers.append(_timer(_GRACE_S, child.end))

                def end_late() -> None:
                    late.set()
                    stop()

                timers.append(_timer(self.seconds, end_late))
                on_begin(stop)

            try:
                answer = child.ask(verb, values, report, at_number)
            finally:
                with turn:
                    is_answered.set()
                for timer in timers:
                    timer.cancel()
        if late.is_set() and answer.result is None:
            error = OneMapError("web.too_long", seconds=f"{self.seconds:,.0f}")
            return refusal_of(error, language)
        return answer

    def end(self) -> None:
        """End all cores; no other is started."""
        with self._starting:
            self._may_start = False
            for child in self._all:
                child.ask_to_end()
            for child in self._all:
                child.end()


def _timer(seconds: float, act: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
    return timer
