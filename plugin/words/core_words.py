"""The words of the subject (verdicts, reasons, departments, libraries), as the core says them."""

from __future__ import annotations

from typing import Any

_words: dict[str, dict[str, str]] = {}


def learn(answer: dict[str, Any]) -> None:
    """Keep what the core's verb `words` answered."""
    _words.clear()
    _words.update({subject: dict(words) for subject, words in answer.items() if isinstance(words, dict)})


def known() -> bool:
    """Whether the core has told its words."""
    return bool(_words)


def word(subject: str, code: str) -> str:
    """The word for a code, such as word("verdicts", "prohibited"); the code itself until the core has told."""
    return _words.get(subject, {}).get(code, code)


def all_words(subject: str) -> dict[str, Any]:
    """All codes of a subject with their words; empty until the core has told."""
    return _words.get(subject, {})


def words_of(subject: str, codes: str) -> str:
    """The words for several codes that stand with commas between them."""
    return ", ".join(word(subject, code.strip()) for code in codes.split(",") if code.strip())
