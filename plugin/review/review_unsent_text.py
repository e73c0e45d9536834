"""Words that somebody has typed and not yet sent: kept for as long as QGIS runs, whatever else is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field

Key = tuple[str, int, str]  # case, round, department


@dataclass(frozen=True)
class Typed:
    """What is typed for one department's opinion. base: conclusion and text over which it was begun."""

    conclusion: str
    text: str
    basis: str
    answers: dict[str, str] = field(default_factory=dict)
    base: tuple[str, str] = ("", "")


class TypedWords:
    """Typed words by case, round and department."""

    def __init__(self) -> None:
        self._kept: dict[Key, Typed] = {}

    def of(self, key: Key) -> Typed | None:
        """What is typed; None for nothing."""
        return self._kept.get(key)

    def keep(self, key: Key, typed: Typed) -> None:
        """Keep what is typed."""
        self._kept[key] = typed

    def drop(self, key: Key) -> None:
        """It was sent, or given up."""
        self._kept.pop(key, None)

    def departments(self, case: str, round_: int) -> set[str]:
        """The departments of a case for which something is typed."""
        return {key[2] for key in self._kept if key[:2] == (case, round_)}
