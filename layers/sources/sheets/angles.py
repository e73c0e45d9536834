"""Degrees as people write them: 114.5075, 114°30′27″, and 114.3027 for 114°30′27″ if a header says so."""

import math
import re
import unicodedata
from typing import Any

from onemap.layers.sources.redline.redline_text import number_of

# The signs of minutes, seconds and degrees in the forms that people type, as one each.
ANGLE_SIGNS = str.maketrans({"″": '"', "〃": '"', "”": '"', "“": '"', "′": "'", "’": "'", "‘": "'", "º": "°", "˚": "°"})
_SPELT = re.compile(
    r"""(?P<before>[NSEW东西南北][经纬]?)?\s*
    (?P<degrees>\d{1,3})\s*(?:[°度:]|-|\s)\s*
    (?P<minutes>\d{1,2}(?:\.\d+)?)\s*(?:['分:]|-|\s|$)\s*
    (?:(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:"|''|秒)?)?\s*
    (?P<after>[NSEW])?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_DECIMAL_DEGREE = re.compile(r"(?P<number>[+-]?\d{1,3}(\.\d+)?)\s*[°度]", re.ASCII)
_SAYS_SEXAGESIMAL = re.compile(r"d{1,3}\.?mm\.?ss|dms|度\.?分\.?秒", re.IGNORECASE)
_SAYS_DECIMAL = re.compile(r"十进制|小数|decimal|\(\s*(度|°|deg\w*)\s*\)|单位[::]?\s*度(?!分)", re.IGNORECASE)


def spelling_said(text: str) -> str | None:
    """Return the form of angles that a header names: "sexagesimal" (ddd.mmss), "decimal", or None."""
    plain = unicodedata.normalize("NFKC", text)
    if _SAYS_SEXAGESIMAL.search(plain):
        return "sexagesimal"
    return "decimal" if _SAYS_DECIMAL.search(plain) else None


def digits_of(value: Any) -> str | None:
    """Return the digits of a bare number, given as a number or as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return f"{value:.10f}".rstrip("0").rstrip(".") if math.isfinite(value) else None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    return text if number_of(text) is not None and "e" not in text.lower() else None


def may_be_sexagesimal(digits: str) -> bool:
    """Whether the decimals of a number could be minutes and seconds: both below sixty."""
    decimals = digits.partition(".")[2].ljust(4, "0")
    return int(decimals[:2]) < 60 and int(decimals[2:4]) < 60


def degrees_of(value: Any, sexagesimal: bool) -> float | None:
    """Return a cell as decimal degrees; None if it is not an angle.

    sexagesimal: bare numbers are ddd.mmss.
    """
    digits = digits_of(value)
    if digits is not None:
        if not sexagesimal:
            return float(digits)
        return _from_packed(digits) if may_be_sexagesimal(digits) else None
    text = unicodedata.normalize("NFKC", str(value).translate(ANGLE_SIGNS)).strip() if value is not None else ""
    plain = _DECIMAL_DEGREE.fullmatch(text)
    if plain:
        return float(plain["number"])
    spelt = _SPELT.fullmatch(text)
    if spelt is None:
        return None
    minutes, seconds = float(spelt["minutes"]), float(spelt["seconds"] or 0)
    if minutes >= 60 or seconds >= 60 or (spelt["seconds"] and "." in spelt["minutes"]):
        return None
    sides = {(spelt["before"] or "")[:1].upper(), (spelt["after"] or "").upper()}
    sign = -1 if sides & {"S", "W", "南", "西"} else 1
    return sign * (int(spelt["degrees"]) + minutes / 60 + seconds / 3600)


def _from_packed(digits: str) -> float:
    """Convert ddd.mmss to degrees; further digits are decimals of the seconds."""
    whole, _, decimals = digits.lstrip("+-").partition(".")
    decimals = decimals.ljust(4, "0")
    seconds = float(f"{decimals[2:4]}.{decimals[4:] or '0'}")
    sign = -1 if digits.startswith("-") else 1
    return sign * (int(whole or 0) + int(decimals[:2]) / 60 + seconds / 3600)
