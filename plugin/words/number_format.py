"""Numbers as people read them: thousands, units, and a dash for a value that was not measured."""

from __future__ import annotations

import re
from typing import Any

from qgis.core import NULL
from qgis.PyQt.QtCore import QDateTime, Qt

from onemap.plugin.profile import settings
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import Count, tr

NOT_MEASURED = "–"
M2_PER_MU = 2000 / 3
SMALLEST_SHARE = 0.001  # a smaller value is shown as less than this, never as zero
SMALLEST_AREA_M2 = 0.05
M2_PER_HECTARE = 10_000
SQUARE_METRE, MU, HECTARE = "m2", "mu", "ha"  # the units of areas among the settings


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})")
_M2_IN_TEXT = re.compile(r"([\d,]*\d(?:\.\d+)?) m²(?!/)")


def value_or_none(value: Any) -> Any:
    """A table value, with None in place of QGIS's own null."""
    return None if value is None or value == NULL else value


def area_text(area_m2: float | None) -> str:
    """An area in the unit of the settings: square metres, mu or hectares; a small one is not shown as zero."""
    if area_m2 is None:
        return NOT_MEASURED
    return {MU: mu_text, HECTARE: _hectare_text}.get(settings.get("area_unit"), _square_metre_text)(area_m2)


def with_area_in_unit(text: str) -> str:
    """A text of the core with each area, in square metres, followed by the same area in the unit of the settings.

    An area too small for that unit, such as the smallest area that a rule counts, stays as it is.
    """

    def with_unit(match: re.Match[str]) -> str:
        area = area_text(float(match[1].replace(",", "")))
        return match[0] if area.startswith("<") else f"{match[0]} ({area})"

    return _M2_IN_TEXT.sub(with_unit, text) if settings.get("area_unit") in (MU, HECTARE) else text


def area_beside_text(area_m2: float | None) -> str:
    """The same area in mu, for use beside it; in square metres if the settings say mu."""
    if area_m2 is None:
        return NOT_MEASURED
    return _square_metre_text(area_m2) if settings.get("area_unit") == MU else mu_text(area_m2)


def parcel_area_text(area_m2: float | None) -> str:
    """The area of a whole parcel if there is room for only one: in mu, or in hectares if the settings say so."""
    return area_text(area_m2) if settings.get("area_unit") == HECTARE else mu_text(area_m2)


def large_unit() -> str:
    """The unit for tables of large areas: mu if the settings say mu, else hectares."""
    return _large_unit()[1]


def large_area_text(area_m2: float, decimals: int) -> str:
    """An area in the unit of `large_unit`; a small one is not shown as zero."""
    return _text_in(*_large_unit(), area_m2, decimals)


def _large_unit() -> tuple[float, str]:
    """The unit for large areas, in square metres, and its word."""
    return (M2_PER_MU, tr("mu")) if settings.get("area_unit") == MU else (M2_PER_HECTARE, tr("ha"))


def _text_in(square_metres: float, unit: str, area_m2: float, decimals: int) -> str:
    """An area in a unit of so many square metres; a small one is not shown as zero."""
    number, smallest = area_m2 / square_metres, 10.0**-decimals
    text = f"< {smallest:.{decimals}f}" if 0 < number < smallest / 2 else f"{number:,.{decimals}f}"
    return f"{text} {unit}"


def mu_text(area_m2: float | None) -> str:
    """An area in mu."""
    return NOT_MEASURED if area_m2 is None else _text_in(M2_PER_MU, tr("mu"), area_m2, 2)


def _square_metre_text(area_m2: float) -> str:
    """The number without decimals from 10 m² on, and with one below."""
    if 0 < area_m2 < SMALLEST_AREA_M2:
        return "< 0.1 m²"
    return f"{area_m2:,.0f} m²" if area_m2 >= 10 else f"{area_m2:,.1f} m²"


def _hectare_text(area_m2: float) -> str:
    return _text_in(M2_PER_HECTARE, tr("ha"), area_m2, 4)


def length_text(length_m: float | None) -> str:
    """A length or a distance."""
    return NOT_MEASURED if length_m is None else f"{length_m:,.1f} m"


def measure_text(
    area_m2: float | None, length_m: float | None, distance_m: float | None, points: float | None = None
) -> str:
    """The size of a finding or a piece: its area, else its length, else its points, else its distance."""
    if area_m2 is not None:
        return area_text(area_m2)
    if length_m is not None:
        return length_text(length_m)
    if points is not None:
        return tr("points: {count}").format(count=f"{points:,.0f}")
    if distance_m is not None:
        return tr("{distance} away").format(distance=length_text(distance_m)) if distance_m > 0 else tr("meets it")
    return NOT_MEASURED


def amount_text(length_m: float | None, distance_m: float | None, points: float | None, features: int) -> str:
    """The size of a finding without ground: how long the lines are and how many, or how many things, and how near."""
    if length_m is None and points is None and distance_m is not None:
        text = word("amounts", "near" if distance_m > 0 else "met")
        return text.format(count=Count(features), distance=length_text(distance_m))
    if length_m is not None:
        return word("amounts", "lines").format(length=length_text(length_m), count=Count(features))
    return measure_text(None, None, distance_m, points)


def share_text(share: float | None) -> str:
    """A share in per cent; a small one is not shown as zero."""
    if share is None:
        return NOT_MEASURED
    return "< 0.1 %" if 0 < share < SMALLEST_SHARE else f"{100 * share:.1f} %"


def moment_text(moment: str) -> str:
    """A moment of the core (ISO 8601) in local time, to the minute."""
    instant = QDateTime.fromString(moment, Qt.DateFormat.ISODateWithMs)
    return instant.toLocalTime().toString("yyyy-MM-dd HH:mm") if instant.isValid() else moment


def local_times(text: str) -> str:
    """A text of the core with its moments in local time."""
    return _MOMENT.sub(lambda match: moment_text(match[0]), text)
