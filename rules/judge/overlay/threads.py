"""Threads that share a piece of work, report progress, and stop when the work is cancelled."""

import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TypeVar

from onemap.layers.progress import SILENT, Progress

Part = TypeVar("Part")
Result = TypeVar("Result")
_HELPERS = ThreadPoolExecutor(64)  # which stay: to begin a thread takes longer than many a part


@dataclass(frozen=True)
class Threads:
    """How many threads share a piece of work.

    progress: of this piece. parts: an estimate of how many calls of `each` make up most of it; None if not known: then
    each call of `each` counts for half of the rest.
    """

    workers: int = 1
    progress: Progress = SILENT
    parts: float | None = None

    @classmethod
    def of(cls, workers: int | None, progress: Progress) -> "Threads":
        """As many threads as are asked for, or as the machine has cores."""
        return cls(workers or os.cpu_count() or 1, progress)

    def part(self, begin: float, end: float, step: str | None = None) -> "Threads":
        """The same threads for a part of the work, as in `Progress.part`."""
        return replace(self, progress=self.progress.part(begin, end, step))

    def each(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """work(part) for each part, in their order; numpy and GEOS leave the interpreter's lock meanwhile."""
        share = 1 - math.exp(-2 / self.parts) if self.parts else 1 - 0.5 ** (1 / max(len(parts), 1))

        def do_part(part: Part) -> Result:
            self.progress.check()
            result = work(part)
            self.progress.forward(share)
            return result

        if self.workers > 1 and len(parts) > 1:
            return _share_out(do_part, parts, self.workers)
        return [do_part(part) for part in parts]

    def in_turn(self, items: Sequence[Part]) -> Iterator[tuple[Part, "Threads"]]:
        """Items of similar size, one after the other, each with the threads for it."""
        for item, progress in zip(items, self.progress.parts([1] * len(items)), strict=True):
            progress.at(0.0)
            yield item, replace(self, progress=progress)


def _share_out(work: Callable[[Part], Result], parts: Sequence[Part], workers: int) -> list[Result]:
    """work(part) for each part, in their order; whichever thread is free takes the next part.

    This thread is one of them, so a caller inside such work never waits for a thread that waits for it. Raises what any
    part raised, after all threads have stopped.
    """
    left, results = iter(range(len(parts))), dict[int, Result]()  # each number comes to one thread

    def take() -> None:
        try:
            for number in left:
                results[number] = work(parts[number])
        finally:
            deque(left, maxlen=0)  # after an error nobody takes another

    helpers = [_HELPERS.submit(take) for _ in range(min(workers, len(parts)) - 1)]
    try:
        take()
    finally:
        busy_helpers = [helper for helper in helpers if not helper.cancel()]
        wait(busy_helpers)
    for helper in busy_helpers:
        helper.result()
    return [results[number] for number in range(len(parts))]
