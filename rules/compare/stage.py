"""How far a comparison is, told by work done: every stage has its share of the whole, every block its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from onemap.rules.overlay.threads import Crew, Part, Result

_LOOK_SHARE = 0.02  # of what is left of a stage, for each look at whether to stop
Item = TypeVar("Item")


@dataclass(frozen=True)
class Stage(Crew):
    """A crew that tells how far it is, from `start` to `end` of the whole (0 to 1), whenever it looks whether to stop.

    Of many like parts each is its share of half of what is left, so that a stage is never told to be done before it is.
    at: how far it is.
    """

    start: float = 0.0
    end: float = 1.0
    tell: Callable[[float], None] = lambda share: None
    at: list[float] = field(default_factory=lambda: [0.0])

    @staticmethod
    def telling(workers: int, tell: Callable[[float], None], start: float, end: float) -> "Stage":
        """A stage of a crew of so many threads; tell may raise Cancelled."""
        reached = [start]

        def looked() -> None:
            reached[0] += (end - reached[0]) * _LOOK_SHARE
            tell(reached[0])

        return Stage(workers, looked, start, end, tell, reached)

    def each(self, work: Callable[[Part], Result], parts: Sequence[Part]) -> list[Result]:
        """work(part) for each part, in their order, as any crew does it."""
        step = (self.end - self.at[0]) / 2 / max(len(parts), 1)

        def told(part: Part) -> Result:
            done = work(part)
            self.at[0] = min(self.at[0] + step, self.end)
            self.tell(self.at[0])
            return done

        return Crew(self.workers, lambda: self.tell(self.at[0])).each(told, parts)

    def part(self, first: float, last: float) -> "Stage":
        """A part of the stage, from `first` to `last` of it (0 to 1)."""
        whole = self.end - self.start
        return Stage.telling(self.workers, self.tell, self.start + first * whole, self.start + last * whole)


def part_of(crew: Crew, first: float, last: float) -> Crew:
    """The crew for a part of its work, from `first` to `last` of it (0 to 1)."""
    return crew.part(first, last) if isinstance(crew, Stage) else crew


def in_turn(items: Sequence[Item], crew: Crew) -> Iterator[tuple[Item, Crew]]:
    """Items of about one size, one after the other, each with the crew for it, which has looked whether to stop."""
    for number, item in enumerate(items):
        mine = part_of(crew, number / len(items), (number + 1) / len(items))
        mine.check()
        yield item, mine
