"""The fixed words of the documents in one language: resources/templates/words.toml."""

import tomllib
from functools import lru_cache

from onemap.layers.messages import RESOURCES


@lru_cache(maxsize=2)
def words(language: str) -> dict[str, str]:
    """Headings, column heads, captions and remarks by name."""
    with (RESOURCES / "templates" / "words.toml").open("rb") as file:
        return {name: entry[language] for name, entry in tomllib.load(file).items()}
