"""An indicator in words: its measure, its trend, and why it is unknown or cannot be compared."""

import re
from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase, sentences
from onemap.layers.reason import Reason, reasons_in
from onemap.rules.display.charts.number_axis import decimal_text

STATUS_SIGNS = {"ok": "✓", "warn": "▲", "alarm": "■", "unknown": "?", "none": "–"}  # those of verdicts
TREND_SIGNS = {"rise": "↗", "fall": "↘", "same": "→", None: "?"}
_DECIMALS = {"count": 0, "person": 0, "bed": 0, "yuan": 0, "%": 1, "km": 3, "km2": 3}  # of units; others have two
_ATOM = re.compile(r"[A-Za-z]+[23]?")
# Those that findings have too stand in the messages under `reason`, the others under `indicator_reason`.
_OF_LAYERS = (
    Reason.LAYER_MISSING,
    Reason.NOT_IN_FORCE,
    Reason.UNREADABLE,
    Reason.OUTSIDE_COVERAGE,
    Reason.NO_VALUE,
    Reason.ARITHMETIC,
)


def indicator_reasons(reasons: str | None, language: str) -> str:
    """The reasons in a column, in words."""
    words = [
        phrase(f"reason.{one}" if one in _OF_LAYERS else f"indicator_reason.{one}", language)
        for one in reasons_in(reasons)
    ]
    return phrase("said.comma", language).join(words)


def trend_words(row: Mapping[str, Any], language: str) -> str:
    """The trend of a value, by sign and word, with the earlier value and its day; or why it is unknown."""
    if row["value"] is None:
        return "–"
    if row["trend"] is None:
        reason = indicator_reasons(row["trend_reason"], language)
        return f"{TREND_SIGNS[None]} {phrase('trend.unknown', language, reason=reason)}"
    facts = {"value": number_words(row["before"], row), "day": row["before_as_of"]}
    word = phrase(f"trend.{row['trend']}", language)
    return f"{TREND_SIGNS[row['trend']]} {word} {phrase('trend.since', language, **facts)}"


def decimals_of(unit: str | None, pack_decimals: int | None = None) -> int:
    """The number of decimals to show for a unit of measure: as a pack says, else none for counts."""
    return _DECIMALS.get(unit or "", 2) if pack_decimals is None else pack_decimals


def number_words(value: float, row: Mapping[str, Any]) -> str:
    """A number of a row, in its unit of measure, for people; a fractional count below 10 keeps two decimals."""
    own_decimals = row.get("decimals")
    digits = decimals_of(row["unit_of_measure"], own_decimals)
    is_part = own_decimals is None and digits == 0 and abs(value) < 10 and not float(value).is_integer()
    return decimal_text(value, 2 if is_part else digits)


def measure_words(text: str, language: str) -> str:
    """A unit of measure for people: "m2/person" is 平方米/人."""
    words = sentences(language)["measure_word"]
    return _ATOM.sub(lambda match: words.get(match[0], match[0]), text)


def unit_words(row: Mapping[str, Any], language: str) -> str:
    """The name of a row's unit."""
    return str(row["unit_title"] or row["unit"] or phrase("said.district", language))


def status_words(status: str, language: str, words: str | None = None) -> str:
    """A status as sign and words. words: used instead of those of an indicator."""
    return f"{STATUS_SIGNS[status]} {words or phrase(f'indicator_status.{status}', language)}"


def warning_status(row: Mapping[str, Any], language: str) -> str:
    """The status of a warning in words, which are the same for every kind."""
    return phrase(f"warning_status.{row['status']}", language)
