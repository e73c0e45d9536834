"""Progress and cancellation of a piece of work: one value, passed from the caller down to where the work is done.

Whoever waits gives a `report`; it raises Cancelled to stop the work, wherever that says how far it is or asks.
"""

import contextlib
import itertools
import threading
from collections.abc import Callable, Sequence

from onemap.layers.errors import Cancelled

Report = Callable[[float, str], None]


class _OverallProgress:
    """The last report on the whole: a share, which never goes back, and the words of its step."""

    def __init__(self, report: Report) -> None:
        self.share, self._step, self._report = 0.0, "", report
        self.has_begun = False  # nothing was said yet
        self._one = threading.RLock()  # threads say it one after the other

    def say(self, share: float, step: str | None) -> None:
        with self._one:
            self.share, self._step = max(self.share, share), self._step if step is None else step
            self.has_begun = True
            self._report(self.share, self._step)


class Progress:
    """Says of a piece of work how much of it is done, from `begin` to `end` of the whole that a report is given.

    Every method but `finish` may raise Cancelled.
    """

    def __init__(self, report: Report | None = None) -> None:
        """The whole of a piece of work.

        report: is called with the share of the whole that is done (0 to 1) and the step's text; None for nobody.
        """
        self._whole = _OverallProgress(report) if report else None
        self._begin, self._end = 0.0, 1.0
        self._step: str | None = None

    def part(self, begin: float, end: float, step: str | None = None) -> "Progress":
        """A part of this piece, from `begin` to `end` of it (0 to 1).

        step: what is done in it, for which no part of it has other words.
        """
        part = Progress()
        part._whole, part._step = self._whole, step if self._step is None else self._step
        part._begin, part._end = self._of_whole(begin), self._of_whole(end)
        return part

    def parts(self, costs: Sequence[float]) -> list["Progress"]:
        """The parts of this piece, one after the other, each as long as its cost."""
        ends = [0.0, *itertools.accumulate(map(float, costs))]
        return [
            self.part(begin / (ends[-1] or 1.0), end / (ends[-1] or 1.0)) for begin, end in itertools.pairwise(ends)
        ]

    def at(self, share: float, step: str | None = None) -> None:
        """Report that this share of the piece (0 to 1) is done.

        step: what is done next, if that is another than before.
        """
        if self._whole is not None:
            self._whole.say(self._of_whole(min(max(share, 0.0), 1.0)), step if self._step is None else self._step)

    @property
    def reached_share(self) -> float:
        """The share of the piece (0 to 1) that was reported last; 0 if there is no listener."""
        length = self._end - self._begin
        return min(max((self._whole.share - self._begin) / length, 0.0), 1.0) if self._whole and length else 0.0

    def forward(self, share: float) -> None:
        """Report this share of the remaining piece as done; for work of unknown length, which never reaches the end."""
        if self._whole is not None:
            reached = max(self._whole.share, self._begin)
            self._whole.say(reached + max(self._end - reached, 0.0) * share, self._step)

    def finish(self) -> None:
        """All of it is done, and what it made is in its place: a request to stop comes too late, and is not heard.

        Of work that never said how far it is nothing is said now.
        """
        if self._whole is not None and self._whole.has_begun:
            with contextlib.suppress(Cancelled):
                self.at(1.0, "")

    def check(self) -> None:
        """Ask whether to stop; what was said last is said again, before anything was the words of this piece."""
        if self._whole is not None:
            self._whole.say(0.0, None if self._whole.has_begun else self._step)

    def _of_whole(self, share: float) -> float:
        return self._begin + (self._end - self._begin) * share


SILENT = Progress()  # of work for which nobody waits
