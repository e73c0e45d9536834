"""The words of the field (verdicts, reasons, departments, libraries), as the core sends them."""

from __future__ import annotations

from typing import Any

_words: dict[str, dict[str, str]] = {}


def learn(answer: dict[str, Any]) -> None:
    """Store the answer of the core's verb `words`."""
    _words.clear()
    _words.update({subject: dict(words) for subject, words in answer.items() if isinstance(words, dict)})


def are_known() -> bool:
    """Whether the core has sent its words."""
    return bool(_words)


def word(subject: str, code: str) -> str:
    """The word for a code, such as word("verdicts", "prohibited"); the code itself while no words are known."""
    return _words.get(subject, {}).get(code, code)


def all_words(subject: str) -> dict[str, Any]:
    """All codes of a subject with their words; empty while no words are known."""
    return _words.get(subject, {})


def words_of(subject: str, codes: str) -> str:
    """The words for several codes that are separated by commas."""
    return ", ".join(word(subject, code.strip()) for code in codes.split(",") if code.strip())
