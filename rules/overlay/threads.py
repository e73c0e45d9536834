"""The threads that share a piece of work, which say how far it is and stop where nobody waits for it any more."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from onemap.layers.progress import SILENT, Progress

Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Threads:
    """How many threads share a piece of work.

    progress: of this piece.
    parts: about how many parts of `each` are most of it; None if nobody knows: then each call of `each` is half of what
        is left.
    """

    workers: int = 1
    progress: Progress = SILENT
    parts: float | None = None

    @classmethod
    def of(cls, workers: int | None, progress: Progress) -> "Threads":
        """As many threads as are asked for, else as the machine has cores."""
        return cls(workers or os.cpu_count() or 1, progress)

    def part(self, begin: float, end: float, step: str | None = None) -> "Threads":
        """The same threads for a part of the work, as `Progress.part`."""
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
            with ThreadPoolExecutor(self.workers) as pool:
                return list(pool.map(do_part, parts))
        return [do_part(part) for part in parts]

    def in_turn(self, items: Sequence[Part]) -> Iterator[tuple[Part, "Threads"]]:
        """Items of about one size, one after the other, each with the threads for it."""
        for item, progress in zip(items, self.progress.parts([1] * len(items)), strict=True):
            progress.at(0.0)
            yield item, replace(self, progress=progress)
