"""What expressions are answered: a shape checked against the open library once, and remembered while that stands."""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils

from onemap.plugin.connection.refusals import CANCELLED_CODE, Refusal
from onemap.plugin.connection.server_location import is_server
from onemap.plugin.expressions.expression_client import POLL_S, BlockingCore, TooLate
from onemap.plugin.expressions.expression_request import Asked, Shape, check_shapes, in_one_file
from onemap.plugin.profile import settings
from onemap.plugin.results.results import CheckedParcel
from onemap.plugin.words.translation import tr

MOST_KEPT = 20_000  # answers, of some kilobytes at most
MOST_AT_ONCE = 256  # shapes in one question: about a second of work
PATIENCE_S = 1.5  # how long a question about many is waited for after a cancel: its answers serve the next drawing
SERVER_LOOK_S = 10.0  # how long a library on a server may have changed unseen; a file's change is seen at once
QUESTION_PARTS = 4  # of a look; the rest is how the library's files look


class Answers:
    """Asked from any thread; one question at a time goes to the core, all else is remembered."""

    def __init__(self, core: BlockingCore) -> None:
        self._core = core
        self._asked = Asked()
        self._turn = threading.Lock()  # who holds it may ask the core
        self._guard = threading.Lock()  # of what is remembered, for a moment only
        self._kept: OrderedDict = OrderedDict()  # a shape's key → CheckedParcel, or a Refusal of the shape
        self._seen: tuple[Any, str] = (None, "")  # how the library looked last, and the state it was in
        self._most = MOST_AT_ONCE
        self._folder = QgsProcessingUtils.tempFolder()  # QGIS empties it at its end

    @property
    def count(self) -> int:
        """How many answers are remembered."""
        return len(self._kept)

    def follow(self, asked: Asked) -> None:
        """From now on answer for another library, day or rules; or look at the same library anew."""
        with self._guard:
            self._asked = asked
            self._seen = (None, self._seen[1])
            self._most = MOST_AT_ONCE

    def check(
        self,
        shape: Shape,
        ahead: Callable[[int, Callable[[Shape], bool]], Iterable[Shape]],
        is_cancelled: Callable[[], bool],
    ) -> CheckedParcel:
        """The verdict of a polygon and its findings.

        ahead: what is likely to be asked for next, at most so many, of which it is not known yet; asked in one go.
        Raises Refusal: no library, no core, the core's own, or a cancel.
        """
        if self._core.is_closed:
            raise Refusal(tr("Cancelled."), exit_code=CANCELLED_CODE)
        asked = self._asked
        if asked.refusal is not None:
            raise _anew(asked.refusal)
        if not asked.library:
            raise Refusal(tr("No library is open. Open one in the One Map panel."))
        look = _look(asked)
        found = self._remembered(look, shape)
        if found is None:
            # Before the turn: to read a layer may need the main thread, which may be waiting for its turn.
            others = ahead(self._most - 1, lambda other: self._remembered(look, other) is not None)
            with self._my_turn(is_cancelled):
                look = _look(asked)
                self._see(asked, look, is_cancelled)
                found = self._remembered(look, shape)
                if found is None:
                    new = [other for other in others if self._remembered(look, other) is None]
                    found = self._ask(asked, shape, new, is_cancelled)
        if isinstance(found, Refusal):
            raise _anew(found)
        return found

    def _ask(
        self, asked: Asked, shape: Shape, others: list[Shape], is_cancelled: Callable[[], bool]
    ) -> CheckedParcel | Refusal:
        """Have the core check a shape, and others with it; all are remembered."""
        shapes = in_one_file(shape, (other for other in others if other.key != shape.key))
        is_over = _late(is_cancelled) if len(shapes) > 1 else is_cancelled
        try:
            answers = check_shapes(self._core, asked, shapes, self._folder, is_over)
        except TooLate:
            if len(shapes) == 1:
                raise
            self._most = max(1, len(shapes) // 4)
            answers = check_shapes(self._core, asked, [shape], self._folder, is_cancelled)
        with self._guard:
            if asked == self._asked:  # else they are of a library that is no longer open
                self._kept.update(answers)
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return answers[shape.key]

    def _remembered(self, look: tuple, shape: Shape) -> CheckedParcel | Refusal | None:
        with self._guard:
            if self._seen[0] != look or shape.key not in self._kept:
                return None
            self._kept.move_to_end(shape.key)
            return self._kept[shape.key]

    @contextmanager
    def _my_turn(self, is_cancelled: Callable[[], bool]) -> Iterator[None]:
        """Wait until nobody else asks the core."""
        while not self._turn.acquire(timeout=POLL_S):
            if is_cancelled():
                raise Refusal(tr("Cancelled."), exit_code=CANCELLED_CODE)
        try:
            yield
        finally:
            self._turn.release()

    def _see(self, asked: Asked, look: tuple, is_cancelled: Callable[[], bool]) -> None:
        """Forget all answers unless the library is in the state in which they were given.

        A run or an opinion that is written changes the file, but no verdict: the core says what layers there are.
        """
        if self._seen[0] == look:
            return
        params = {"library": asked.library, "as_of": asked.as_of}
        listed = self._core.ask("layers", params, asked.login, is_cancelled)
        said = json.dumps([listed, look[:QUESTION_PARTS]], sort_keys=True, default=str)
        state = hashlib.sha256(said.encode("utf-8")).hexdigest()
        with self._guard:
            if state != self._seen[1]:
                self._kept.clear()
            # Another library may have been opened meanwhile; then whoever asks next looks again.
            self._seen = (look if asked == self._asked else None, state)


def _anew(refusal: Refusal) -> Refusal:
    """The same once more: one that is raised again and again would keep whatever it was raised through."""
    return Refusal(refusal.message, refusal.problems, refusal.exit_code)


def _late(is_cancelled: Callable[[], bool]) -> Callable[[], bool]:
    """Whether a cancel was heard a while ago."""
    heard: list[float] = []

    def is_over() -> bool:
        if is_cancelled() and not heard:
            heard.append(time.monotonic())
        return bool(heard) and time.monotonic() - heard[0] > PATIENCE_S

    return is_over


def _look(asked: Asked) -> tuple:
    """The question, and how its files look: what is unlike an earlier look may be another library."""
    day = asked.as_of or datetime.date.today().isoformat()
    packs = tuple((path, *_looks_of(path)) for path in asked.packs)
    question = (asked.library, day, packs, settings.language())
    if is_server(asked.library):
        return (*question, int(time.monotonic() / SERVER_LOOK_S))
    return (*question, _looks_of(asked.library), _looks_of(asked.library + "-wal"))


def _looks_of(path: str) -> tuple[int, int]:
    """When a file was written last, and its size; nothing of one that is empty or not there."""
    try:
        found = Path(path).stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size) if found.st_size else (0, 0)
