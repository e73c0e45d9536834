"""The fixed words of the documents in one language: resources/templates/words.toml."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache

from onemap.layers.messages import RESOURCES
from onemap.rules.review.cases.project_data import PUBLIC_FACTS


@lru_cache(maxsize=2)
def words(language: str) -> dict[str, str]:
    """Headings, column heads, captions and remarks by name."""
    with (RESOURCES / "templates" / "words.toml").open("rb") as file:
        return {name: entry[language] for name, entry in tomllib.load(file).items()}


def withheld_titles(departments: Mapping[str, str], language: str) -> dict[str, str]:
    """The parts that a public notice may leave out, by code: departments' opinions, and facts of the project.

    departments: their names by code.
    """
    fixed = words(language)
    facts = {key: fixed[f"field_{key}"] for key in PUBLIC_FACTS}
    return {**{code: fixed["withheld_opinion"].format(name=name) for code, name in departments.items()}, **facts}
