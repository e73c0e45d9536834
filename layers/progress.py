"""Progress and cancellation of a piece of work: one value, passed from the caller down to where the work is done.

The caller gives a `report`, which raises Cancelled to stop the work when the work reports progress or calls `check`.
"""

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar

from onemap.layers.errors import Cancelled

Report = Callable[[float, str], None]
_TINY = 1e-9  # of the whole, which ends of pieces may be off


class _OverallProgress:
    """The last report on the whole: a share, which never goes back, and the words of its step."""

    def __init__(self, report: Report, settle: Callable[[], None]) -> None:
        self.share, self._step, self._report = 0.0, "", report
        self.has_begun = False  # nothing was said yet
        self._settle, self._is_settled = settle, False
        self._one = threading.RLock()  # threads say it one after the other

    def say(self, share: float, step: str | None) -> None:
        with self._one:
            self.share, self._step = max(self.share, share), self._step if step is None else step
            self.has_begun = True
            with contextlib.suppress(*([Cancelled] if self._is_settled else [])):
                self._report(self.share, self._step)

    def settle(self) -> None:
        if not self._is_settled:
            self._settle()
            self._is_settled = True


class Progress:
    """Reports how much of a piece of work is done, as a share of the whole from `begin` to `end`.

    Every method but `finish` may raise Cancelled.
    """

    def __init__(self, report: Report | None = None, settle: Callable[[], None] = lambda: None) -> None:
        """The whole of a piece of work.

        report: called with the share of the whole that is done (0 to 1) and the step's text; None for no listener.
        settle: called once, when requests to stop are to be ignored from then on; raises Cancelled if there was one.
        """
        self._whole = _OverallProgress(report, settle) if report else None
        self._begin, self._end = 0.0, 1.0
        self._step: str | None = None

    def part(self, begin: float, end: float, step: str | None = None) -> "Progress":
        """A part of this piece, from `begin` to `end` of it (0 to 1).

        step: the words for the work in this part; words of a larger part replace them.
        """
        part = Progress()
        part._whole, part._step = self._whole, step if self._step is None else self._step
        part._begin, part._end = self._of_whole(begin), self._of_whole(end)
        return part

    def parts(self, costs: Sequence[float]) -> list["Progress"]:
        """Divide this piece into consecutive parts, with lengths proportional to their costs."""
        ends = [0.0, *itertools.accumulate(map(float, costs))]
        return [
            self.part(begin / (ends[-1] or 1.0), end / (ends[-1] or 1.0)) for begin, end in itertools.pairwise(ends)
        ]

    def at(self, share: float, step: str | None = None) -> None:
        """Report that this share of the piece (0 to 1) is done.

        step: what is done next, if it changes.
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

    def settle(self) -> None:
        """Begin to put results in place: the work goes to its end, and a request to stop is too late from now on.

        A piece after which others come settles nothing.
        """
        if self._whole is not None and self._end > 1.0 - _TINY:
            self._whole.settle()

    def finish(self) -> None:
        """Report that all is done and its results are in place: a request to stop is too late now, and ignored.

        If the work has never reported progress, nothing is reported.
        """
        if self._whole is not None and self._whole.has_begun:
            with contextlib.suppress(Cancelled):
                self.at(1.0, "")

    def check(self) -> None:
        """Ask whether to stop, by repeating the last report; before any report, by announcing this piece's step."""
        if self._whole is not None:
            self._whole.say(0.0, None if self._whole.has_begun else self._step)

    def _of_whole(self, share: float) -> float:
        return self._begin + (self._end - self._begin) * share


SILENT = Progress()  # of work for which nobody waits
_SETTLE: ContextVar[Callable[[], None]] = ContextVar("settle")


@contextlib.contextmanager
def settling(progress: Progress) -> Iterator[None]:
    """Let `settle_work` in the block settle this work."""
    token = _SETTLE.set(progress.settle)
    try:
        yield
    finally:
        _SETTLE.reset(token)


def settle_work() -> None:
    """Settle the verb's work before the first of its results takes its place; see `Progress.settle`.

    Else it could be told as cancelled when its results are there. Raises Cancelled.
    """
    _SETTLE.get(SILENT.settle)()
