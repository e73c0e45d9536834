"""An indicator in words: its measure, which way its value goes, and why it is unknown or cannot be compared."""

import re
from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase, sentences
from onemap.rules.charts.number_axis import value_text

_SIGNS = {"rise": "↗", "fall": "↘", "same": "→", None: "?"}  # of trends
_ATOM = re.compile(r"[A-Za-z]+[23]?")
# Those that findings have too stand in the messages under `reason`, the others under `indicator_reason`.
_OF_LAYERS = ("layer_missing", "not_in_force", "unreadable", "outside_coverage", "no_value", "arithmetic")


def indicator_reasons(reasons: str | None, language: str) -> str:
    """Reasons with commas between, in words."""
    words = [
        phrase(f"reason.{one}" if one in _OF_LAYERS else f"indicator_reason.{one}", language)
        for one in (reasons or "").split(",")
        if one
    ]
    return phrase("said.comma", language).join(words)


def trend_words(row: Mapping[str, Any], language: str) -> str:
    """Which way a value goes, by sign and word, since which value of which day; or why nobody can say."""
    if row["value"] is None:
        return "–"
    if row["trend"] is None:
        reason = indicator_reasons(row["trend_reason"], language)
        return f"{_SIGNS[None]} {phrase('trend.unknown', language, reason=reason)}"
    facts = {"value": value_text(row["before"], [row["before"]]), "day": row["before_as_of"]}
    word = phrase(f"trend.{row['trend']}", language)
    return f"{_SIGNS[row['trend']]} {word} {phrase('trend.since', language, **facts)}"


def measure_words(text: str, language: str) -> str:
    """A unit of measure as people write it: "m2/person" is 平方米/人."""
    words = sentences(language)["measure_word"]
    return _ATOM.sub(lambda found: words.get(found[0], found[0]), text)
