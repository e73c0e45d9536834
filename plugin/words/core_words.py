"""The words of the field (verdicts, reasons, departments, libraries), as the core sends them."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsCoordinateReferenceSystem

from onemap.plugin.words.translation import name_list, tr

_words: dict[str, dict[str, str]] = {}
_layer_titles: dict[str, str] = {}


def learn(answer: dict[str, Any]) -> None:
    """Store the answer of the core's verb `words`."""
    _words.clear()
    _words.update({subject: dict(words) for subject, words in answer.items() if isinstance(words, dict)})


def learn_layers(titles: dict[str, str]) -> None:
    """Store the titles of the open library's layers, by code."""
    _layer_titles.clear()
    _layer_titles.update(titles)


def layer_title(code: str) -> str:
    """A layer's title; the code itself if no layer with that code is known."""
    return _layer_titles.get(code) or code


def layer_name(code: str) -> str:
    """A layer's title with its code in brackets; the code itself if no layer with that code is known."""
    title = _layer_titles.get(code)
    return tr("{title} ({code})").format(title=title, code=code) if title else code


def are_known() -> bool:
    """Whether the core has sent its words."""
    return bool(_words)


def word(subject: str, code: str) -> str:
    """The word for a code, such as word("verdicts", "prohibited"); the code itself if no words are known."""
    return _words.get(subject, {}).get(code, code)


def all_words(subject: str) -> dict[str, Any]:
    """All codes of a subject with their words; empty while no words are known."""
    return _words.get(subject, {})


def words_of(subject: str, codes: str) -> str:
    """The words for several codes, separated by commas."""
    return name_list(word(subject, code.strip()) for code in codes.split(",") if code.strip())


def crs_title(crs: QgsCoordinateReferenceSystem) -> str:
    """A system's name with its code, such as EPSG:4490: the core's name if it has one; empty for no system."""
    if not crs.isValid():
        return ""
    name = word("systems", crs.authid())
    return crs.userFriendlyIdentifier() if name == crs.authid() else f"{crs.authid()} - {name}"
