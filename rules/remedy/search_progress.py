"""How far a search is, by the checks that it takes: each reads its layers, and judges grounds."""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from onemap.layers.progress import Progress
from onemap.rules.check.check import BEGUN, JUDGED, LAYERS_READ

_READING = 0.5  # of what judging takes: to read the layers, as long as nobody knows
_AGAIN = 0.5  # of that, at every later check
Result = TypeVar("Result")


class SearchProgress:
    """The progress of a search, by the share of all checks and their grounds that are expected.

    What it takes to read the layers shows at the first check, in grounds; the others find most of it kept.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0.0
        self._left = self._checks = 0
        self._reading: float | None = None

    def expect(self, grounds: int, checks: int = 1) -> None:
        """So many more are checked at most, in so many checks: what is known of it changes with what is found."""
        self._left, self._checks = grounds, checks

    def checked(self, count: int, check: Callable[[Progress], Result], step: str | None = None) -> Result:
        """What a check of so many grounds finds, whose progress moves that of the search.

        step: what is done meanwhile; None for what the check itself says.
        """
        first = self._reading is None
        reading = _READING * count if self._reading is None else _AGAIN * self._reading
        later = _AGAIN * reading if first else reading
        expected = self._done + reading + later * max(self._checks - 1, 0) + max(self._left, count)
        began, read = time.process_time(), 0.0

        def say(fraction: float, said: str) -> None:
            nonlocal read
            if not read and fraction >= LAYERS_READ - 1e-9:
                read = time.process_time()
            part = np.interp(fraction, (BEGUN, LAYERS_READ, JUDGED), (0.0, reading, reading + count))
            self._progress.at((self._done + float(part)) / max(expected, 1), step or said)

        result = check(Progress(say))
        if first:
            judging_s = time.process_time() - read
            reading = self._reading = count * (read - began) / judging_s if read and judging_s > 0 else 0.0
        self._done += reading + count
        self._left, self._checks = max(self._left - count, 0), max(self._checks - 1, 0)
        return result
