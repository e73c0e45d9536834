"""The words of the pages, which stand with all other words in the messages."""

from typing import Any

from onemap.layers.messages import sentences


def site_words(language: str) -> dict[str, Any]:
    """The words of the site by their names."""
    words: dict[str, Any] = sentences(language)["site"]
    return words
