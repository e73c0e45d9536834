"""Why a geometry is invalid, in each language; GEOS gives the reason only in its own terms."""

import math
import re

import numpy as np
import shapely

from onemap.layers.messages import LANGUAGES, phrase

_SAID = re.compile(r"(?P<what>[^\[]*)(?:\[(?P<at>.*)\])?")
_MOST_DEGREES = 360
_KEYS = {
    "Self-intersection": "crossing",
    "Ring Self-intersection": "ring_crossing",
    "Hole lies outside shell": "hole_outside",
    "Holes are nested": "holes_nested",
    "Nested shells": "shells_nested",
    "Interior is disconnected": "disconnected",
    "Duplicate Rings": "rings_twice",
    "Too few points in geometry component": "few_points",
    "Invalid Coordinate": "coordinate",
    "Ring is not closed": "open_ring",
}


def invalid_reasons(geometries: np.ndarray) -> list[dict[str, str]]:
    """The reason why each geometry (n,) is invalid, and where, as a fact for a message."""
    return [_in_each_language(reason) for reason in np.atleast_1d(shapely.is_valid_reason(geometries))]


def _in_each_language(reason: str) -> dict[str, str]:
    match = _SAID.fullmatch(reason)
    key = _KEYS.get(match["what"]) if match else None
    if match is None or key is None:
        return dict.fromkeys(LANGUAGES, reason)
    at = " ".join(map(_coordinate_text, (match["at"] or "–").split(" ")))
    return {language: phrase(f"unsound.{key}", language, at=at) for language in LANGUAGES}


def _coordinate_text(coordinate: str) -> str:
    """Return a coordinate with useful decimals: three for metres, nine if it may be degrees."""
    try:
        value = float(coordinate)
    except ValueError:
        return coordinate
    if not math.isfinite(value):
        return coordinate
    decimals = 9 if abs(value) <= _MOST_DEGREES else 3
    return np.format_float_positional(value, precision=decimals, trim="-")
