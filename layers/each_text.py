"""All texts inside a value, at any depth: in a table, a list, or the facts of a problem."""

from collections.abc import Callable
from typing import Any

from onemap.layers.errors import Problem


def texts_in(value: Any) -> list[str]:
    """Every text in a value of JSON."""
    texts: list[str] = []

    def take(text: str) -> str:
        texts.append(text)
        return text

    each_text(value, take)
    return texts


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """A value of JSON, or a fact of a problem, with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: each_text(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [each_text(item, change) for item in value]
    if isinstance(value, Problem):
        return Problem(value.code, each_text(value.facts, change), change(value.message), change(value.mend))
    return value
