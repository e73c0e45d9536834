"""Refusals: a stable code and the facts its sentence needs; the words are in resources/messages."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

PLACES = ("file", "layer", "feature", "field")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where. `facts` fill the placeholders of its sentence."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> dict[str, str | None]:
        """File, layer, feature and field, as text or None."""
        return {name: None if self.facts.get(name) is None else str(self.facts[name]) for name in PLACES}


class OneMapError(Exception):
    """A refusal of one or several problems.

    `code` and `facts` describe the first; a refusal that found more carries them in `problems`.
    """

    exit_code = 3

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.problems: tuple[Problem, ...] = (Problem(code, facts),)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "OneMapError":
        """A refusal that lists every problem, at least one."""
        found = tuple(problems)
        error = cls(found[0].code, **found[0].facts)
        error.problems = found
        return error

    @property
    def code(self) -> str:
        """The first problem's stable code, such as "crs.missing"."""
        return self.problems[0].code


class UsageError(OneMapError):
    """The command itself is wrong: an unknown verb, option or value."""

    exit_code = 2


class Cancelled(Exception):
    """Someone asked to stop; nothing half-written is left."""

    exit_code = 130
