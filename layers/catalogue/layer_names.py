"""Which layers of the catalogue a name means, and the refusal of a code that is not in it."""

import difflib
import re
from collections.abc import Mapping, Sequence

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.messages import LANGUAGES, perhaps

_LEAST_CORE = 3  # signs of a name that may stand in a title: fewer are in too many
_LEAST_SIGNS = 2  # of a Chinese title that may stand in a name
_MOST_MEANT = 3


def known_layer(
    catalogue: Mapping[str, LayerEntry],
    code: str,
    field: str | None,
    *,
    error: type[OneMapError] = OneMapError,
    file: str | None = None,
) -> LayerEntry:
    """Return the layer of a code. field: where the code was given; error, file: the refusal's type and library.

    Raises `error` layer.unknown, with the codes that may be meant: in another case, by a title, mistyped.
    """
    if code not in catalogue:
        raise error("layer.unknown", file=file, layer=code, field=field, meant=meant_codes(code, catalogue))
    return catalogue[code]


def meant_codes(code: str, catalogue: Mapping[str, LayerEntry]) -> dict[str, str]:
    """Return by language the codes that an unknown code may mean, as the end of a message."""
    likely_codes = [*layers_by_name(code, [*catalogue.values()])] or difflib.get_close_matches(code.upper(), catalogue)
    return {language: perhaps(likely_codes[:_MOST_MEANT], language) for language in LANGUAGES}


def layers_by_name(name: str, catalogue: Sequence[LayerEntry]) -> dict[str, str]:
    """Return the codes that a name means, with the reason: code, whole title, or part of one; the longest wins."""
    text = re.sub(r"\s", "", name)
    for why, mark in (("code", _code_mark), ("title", _title_mark), ("part of title", _core_mark)):
        lengths = {entry.code: mark(entry, text) for entry in catalogue}
        best = max(lengths.values(), default=0)
        if best:
            return {code: why for code, length in lengths.items() if length == best}
    return {}


def _code_mark(entry: LayerEntry, text: str) -> int:
    """Return the length of the code if it occurs in a name, apart from other letters; else 0."""
    pattern = rf"(?<![A-Za-z]){re.escape(entry.code)}(?![A-Za-z])"
    return len(entry.code) if re.search(pattern, text, re.IGNORECASE) else 0


def _title_mark(entry: LayerEntry, text: str) -> int:
    """Return the length of the longest title in a name, in either language, ignoring punctuation; else 0."""
    titles, signless = [re.sub(r"\W", "", title) for title in entry.title.values()], re.sub(r"\W", "", text).lower()
    return max((len(title) for title in titles if _says_something(title) and title.lower() in signless), default=0)


def _says_something(title: str) -> bool:
    """Whether a title is longer than the one or two characters that may occur in any name."""
    return len(title) >= (_LEAST_CORE if title.isascii() else _LEAST_SIGNS)


def _core_mark(entry: LayerEntry, text: str) -> int:
    """Return the length of a name without digits and punctuation if it occurs in a title; else 0."""
    core = re.sub(r"[\W\d_]|年度?$", "", text)
    is_part = len(core) >= _LEAST_CORE and any(core.lower() in title.lower() for title in entry.title.values())
    return len(core) if is_part else 0
