"""Typed text that is not sent yet, kept while QGIS runs."""

from __future__ import annotations

from dataclasses import dataclass, field

OpinionKey = tuple[str, str]  # case, department: new parcels void an opinion, not what is typed


@dataclass(frozen=True)
class UnsentText:
    """The typed text for one department's opinion.

    base: the conclusion and text that it was begun on.
    """

    conclusion: str
    text: str
    basis: str
    answers: dict[str, str] = field(default_factory=dict)
    base: tuple[str, str] = ("", "")


class UnsentTexts:
    """Typed texts by case and department."""

    def __init__(self) -> None:
        self._texts: dict[OpinionKey, UnsentText] = {}

    def of(self, key: OpinionKey) -> UnsentText | None:
        """The typed text; None for none."""
        return self._texts.get(key)

    def keep(self, key: OpinionKey, text: UnsentText) -> None:
        """Store a typed text."""
        self._texts[key] = text

    def drop(self, key: OpinionKey) -> None:
        """Remove a text that was sent, or given up."""
        self._texts.pop(key, None)

    def departments(self, case: str) -> set[str]:
        """The departments of a case with typed text."""
        return {key[1] for key in self._texts if key[0] == case}
