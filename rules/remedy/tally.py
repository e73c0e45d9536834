"""How far a search is, by the grounds that are checked: so many are, and at most so many more will be."""

from collections.abc import Callable
from typing import TypeVar

Report = Callable[[float, str], None]
Result = TypeVar("Result")


class Tally:
    """Counts grounds, and tells which share of all that are expected is checked."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done = self._left = 0

    def expect(self, most: int) -> None:
        """So many more are checked at most: what is known of it changes with what is found."""
        self._left = most

    def checked(self, count: int, check: Callable[[Report], Result], step: str | None = None) -> Result:
        """What a check of so many grounds finds; step: what is said meanwhile, else what the check itself says."""

        def told(fraction: float, said: str) -> None:
            expected = self._done + max(self._left, count)
            self._report((self._done + fraction * count) / max(expected, 1), step or said)

        result = check(told)
        self._done += count
        self._left = max(self._left - count, 0)
        return result
