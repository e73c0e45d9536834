"""A law on which a rule rests: its article, and the days on which it is in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class LegalBasis:
    """A law and its article. subject: what the article is about, in each language.

    first_day, last_day: in force, None where the pack names none.
    """

    law: str
    article: str = ""
    edition: str = ""
    subject: Mapping[str, str] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "LegalBasis":
        """Read an entry of `basis` in a pack."""
        words = {name: entry[name] for name in ("law", "article", "edition", "subject") if name in entry}
        return cls(**words, first_day=_day(entry.get("from")), last_day=_day(entry.get("to")))

    @property
    def text(self) -> str:
        """Law and article, as a finding cites them."""
        return f"{self.law} {self.article}".strip()

    @property
    def days(self) -> tuple[date, ...]:
        """Its first and last day, as far as the pack names them."""
        return tuple(day for day in (self.first_day, self.last_day) if day is not None)

    def is_in_force(self, day: date) -> bool:
        """Whether it is in force on a day; without days it always is."""
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)


def articles_by_law(citations: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The articles of each law, each once, in the order in which the laws are first named."""
    by_law: dict[str, list[str]] = {}
    for law, article in citations:
        articles = by_law.setdefault(law, [])
        if article and article not in articles:
            articles.append(article)
    return by_law


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
