"""The cache of answers to expressions: each shape is checked once against the open library."""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from qgis.core import QgsProcessingUtils

from onemap.plugin.connection.refusals import Refusal, cancel_refusal
from onemap.plugin.connection.server_location import is_server
from onemap.plugin.desk.results.results import CheckedParcel
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import file_state
from onemap.plugin.qgis.expressions.expression_client import POLL_S, BlockingCore, CoreTimeout
from onemap.plugin.qgis.expressions.expression_request import CheckQuestion, Shape, check_shapes, fitting_shapes
from onemap.plugin.words.translation import tr

MAX_CACHED = 20_000  # answers, of some kilobytes at most
MAX_SHAPES = 256  # shapes in one question: about a second of work
PATIENCE_S = 1.5  # how long a question about many is waited for after a cancel: its answers serve the next drawing
SERVER_CHECK_S = 10.0  # how long a library on a server may have changed unseen; a file's change is seen at once
QUESTION_PARTS = 4  # of a look; the rest is how the library's files look


class AnswerCache:
    """Answers for any thread; one request at a time goes to the core, all other answers come from the cache."""

    def __init__(self, core: BlockingCore) -> None:
        self._core = core
        self._question = CheckQuestion()
        self._turn = threading.Lock()  # who holds it may ask the core
        self._guard = threading.Lock()  # of what is remembered, for a moment only
        self._cached: OrderedDict = OrderedDict()  # a shape's key → CheckedParcel, or a Refusal of the shape
        self._library_state: tuple[Any, str] = (None, "")  # how the library looked last, and the state it was in
        self._max_shapes = MAX_SHAPES
        self._folder = QgsProcessingUtils.tempFolder()  # QGIS empties it at its end

    @property
    def count(self) -> int:
        """The number of cached answers."""
        return len(self._cached)

    def follow(self, question: CheckQuestion) -> None:
        """From now on answer for this library, day and rules; for the same ones, look at the library's state again."""
        with self._guard:
            self._question = question
            self._library_state = (None, self._library_state[1])
            self._max_shapes = MAX_SHAPES

    def check(
        self,
        shape: Shape,
        prefetch: Callable[[int, Callable[[Shape], bool]], Iterable[Shape]],
        is_cancelled: Callable[[], bool],
    ) -> CheckedParcel:
        """The verdict and the findings of a polygon.

        prefetch: called with a number and a test of what is known; returns shapes that are likely to be asked for next.

        Raises Refusal: no library, no core, a refusal of the core, or a cancel.
        """
        if self._core.is_closed:
            raise cancel_refusal()
        question = self._question
        if question.refusal is not None:
            raise _copy_of(question.refusal)
        if not question.library:
            raise Refusal(tr("No library is open. Open one in the One Map panel."))
        fingerprint = _fingerprint(question)
        answer = self._cached_answer(fingerprint, shape)
        if answer is None:
            # Before the turn: to read a layer may need the main thread, which may be waiting for its turn.
            next_shapes = prefetch(
                self._max_shapes - 1, lambda next_shape: self._cached_answer(fingerprint, next_shape) is not None
            )
            with self._wait_for_turn(is_cancelled):
                fingerprint = _fingerprint(question)
                self._check_state(question, fingerprint, is_cancelled)
                answer = self._cached_answer(fingerprint, shape)
                if answer is None:
                    unknown_shapes = [
                        next_shape for next_shape in next_shapes if self._cached_answer(fingerprint, next_shape) is None
                    ]
                    answer = self._ask(question, shape, unknown_shapes, is_cancelled)
        if isinstance(answer, Refusal):
            raise _copy_of(answer)
        return answer

    def _ask(
        self, question: CheckQuestion, shape: Shape, others: list[Shape], is_cancelled: Callable[[], bool]
    ) -> CheckedParcel | Refusal:
        """Ask the core to check a shape, and others with it; all answers are cached."""
        shapes = fitting_shapes(shape, (next_shape for next_shape in others if next_shape.key != shape.key))
        is_over = _patience_test(is_cancelled) if len(shapes) > 1 else is_cancelled
        try:
            answers = check_shapes(self._core, question, shapes, self._folder, is_over)
        except CoreTimeout:
            if len(shapes) == 1:
                raise
            self._max_shapes = max(1, len(shapes) // 4)
            answers = check_shapes(self._core, question, [shape], self._folder, is_cancelled)
        with self._guard:
            if question == self._question:  # else they are of a library that is no longer open
                self._cached.update(answers)
                while len(self._cached) > MAX_CACHED:
                    self._cached.popitem(last=False)
        return answers[shape.key]

    def _cached_answer(self, fingerprint: tuple, shape: Shape) -> CheckedParcel | Refusal | None:
        with self._guard:
            if self._library_state[0] != fingerprint or shape.key not in self._cached:
                return None
            self._cached.move_to_end(shape.key)
            return self._cached[shape.key]

    @contextmanager
    def _wait_for_turn(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait until no other thread asks the core."""
        while not self._turn.acquire(timeout=POLL_S):
            if is_cancelled():
                raise cancel_refusal()
        try:
            yield
        finally:
            self._turn.release()

    def _check_state(self, question: CheckQuestion, fingerprint: tuple, is_cancelled: Callable[[], bool]) -> None:
        """Clear the cache unless the library is in the state for which the answers were given.

        A stored run or opinion changes the file, but no verdict; so the core is asked for the list of layers.
        """
        if self._library_state[0] == fingerprint:
            return
        params = {"library": question.library, "as_of": question.as_of}
        layers = self._core.ask("layers", params, question.login, is_cancelled)
        description = json.dumps([layers, fingerprint[:QUESTION_PARTS]], sort_keys=True, default=str)
        state = hashlib.sha256(description.encode("utf-8")).hexdigest()
        with self._guard:
            if state != self._library_state[1]:
                self._cached.clear()
            # Another library may have been opened meanwhile; then the next question checks again.
            self._library_state = (fingerprint if question == self._question else None, state)


def _copy_of(refusal: Refusal) -> Refusal:
    """A copy of a refusal, because raising the same exception again and again would keep every traceback."""
    return Refusal(refusal.message, refusal.problems, refusal.exit_code)


def _patience_test(is_cancelled: Callable[[], bool]) -> Callable[[], bool]:
    """Whether a cancel came a while ago."""
    cancelled_at: list[float] = []

    def is_over() -> bool:
        if is_cancelled() and not cancelled_at:
            cancelled_at.append(time.monotonic())
        return bool(cancelled_at) and time.monotonic() - cancelled_at[0] > PATIENCE_S

    return is_over


def _fingerprint(question: CheckQuestion) -> tuple:
    """The question, and the states of its files; a change may mean that the library has changed."""
    day = question.as_of or datetime.date.today().isoformat()
    packs = tuple((path, *file_state(path)) for path in question.packs)
    key = (question.library, day, packs, settings.language())
    if is_server(question.library):
        return (*key, int(time.monotonic() / SERVER_CHECK_S))
    return (*key, file_state(question.library), file_state(question.library + "-wal"))
