"""Problems of one kind in many features, as the checks find them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_KEPT = 10_000  # of one kind; the rest is counted

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Flaws:
    """One kind of problem, n times, and `more` times that are only counted.

    rows: (n,) places of the features in their frame, -1 if no single feature is meant; facts: the facts of each
    sentence; geometries: (n,) where each problem lies, None for its feature's place.
    """

    code: str
    rows: np.ndarray
    facts: Sequence[Facts]
    geometries: np.ndarray | None = None
    more: int = 0


class FlawList:
    """The problems of one kind, collected block by block; at most `most` are kept, None for all."""

    def __init__(self, code: str, most: int | None) -> None:
        self.code = code
        self.most = most
        self.count = 0
        self._rows: list[int] = []
        self._facts: list[Facts] = []

    def add(self, rows: np.ndarray, facts: Callable[[int], Facts]) -> None:
        """Add the next rows (k,), with the facts of each problem."""
        room = len(rows) if self.most is None else min(len(rows), self.most - len(self._rows))
        self._rows += rows[:room].tolist()
        self._facts += [facts(at) for at in range(room)]
        self.count += len(rows)

    def flaws(self) -> list[Flaws]:
        """A list with the one kind of problem, empty if it did not occur."""
        if self.count == 0:
            return []
        more = self.count - len(self._rows)
        return [Flaws(self.code, np.array(self._rows, dtype=np.int64), self._facts, more=more)]
