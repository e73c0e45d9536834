"""The threads that share a piece of work, and how they hear that they should stop."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Crew:
    """How many threads work, and how they learn that they should stop: `check` raises Cancelled."""

    workers: int = 1
    check: Callable[[], None] = lambda: None

    def each(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """work(part) for each part, in their order; numpy and GEOS leave the interpreter's lock meanwhile."""

        def done(part: Part) -> Result:
            self.check()
            return work(part)

        if self.workers > 1 and len(parts) > 1:
            with ThreadPoolExecutor(self.workers) as pool:
                return list(pool.map(done, parts))
        return [done(part) for part in parts]
