"""How far a search is, by the checks that it takes: each reads its layers, and judges grounds."""

import time
from collections.abc import Callable
from typing import TypeVar

from onemap.rules.check.check import BEGUN, JUDGED, LAYERS_READ

_READING = 0.5  # of what judging takes: to read the layers, as long as nobody knows
_AGAIN = 0.5  # of that, at every later check
Report = Callable[[float, str], None]
Result = TypeVar("Result")


class Tally:
    """Counts checks and their grounds, and tells which share of all the work that is expected is done.

    What it takes to read the layers shows at the first check, in grounds; the others find most of it kept.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done = 0.0
        self._left = self._checks = 0
        self._reading: float | None = None

    def expect(self, grounds: int, checks: int = 1) -> None:
        """So many more are checked at most, in so many checks: what is known of it changes with what is found."""
        self._left, self._checks = grounds, checks

    def checked(self, count: int, check: Callable[[Report], Result], step: str | None = None) -> Result:
        """What a check of so many grounds finds; step: what is said meanwhile, else what the check itself says."""
        first = self._reading is None
        reading = _READING * count if self._reading is None else _AGAIN * self._reading
        later = _AGAIN * reading if first else reading
        expected = self._done + reading + later * max(self._checks - 1, 0) + max(self._left, count)
        began, read = time.process_time(), 0.0

        def told(fraction: float, said: str) -> None:
            nonlocal read
            if not read and fraction >= LAYERS_READ - 1e-9:
                read = time.process_time()
            part = reading * _share(fraction, BEGUN, LAYERS_READ) + count * _share(fraction, LAYERS_READ, JUDGED)
            self._report((self._done + part) / max(expected, 1), step or said)

        result = check(told)
        if first:
            judging_s = time.process_time() - read
            reading = self._reading = count * (read - began) / judging_s if read and judging_s > 0 else 0.0
        self._done += reading + count
        self._left, self._checks = max(self._left - count, 0), max(self._checks - 1, 0)
        return result


def _share(fraction: float, begin: float, end: float) -> float:
    """How much of a part of the work is done."""
    return min(max((fraction - begin) / (end - begin), 0.0), 1.0)
