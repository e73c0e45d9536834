"""Areas, shares and moments as documents print them: hectares with four decimals, on the ellipsoid, rounded half up.

One rule for all papers: each measured ground is rounded once, by itself, and printed so wherever it appears. No figure
is changed to make a sum fit. Where rounded parts do not sum to their rounded whole, the paper says by how much (尾差).
An area of zero is printed as zero; a smaller area than the last digit can show is printed as `<0.0001`.
"""

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypedDict

from onemap.layers.area_units import hectares, mu

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
# What subtracting measured areas may leave where there is nothing: an overlay's error, by the ground and at the least.
_ERROR_SHARE, _ERROR_M2 = 1e-6, 0.01
_SAME_M2 = 1.0  # survey and site are measured alike up to how coordinates and areas are rounded


def total_m2(areas_m2: Iterable[float]) -> float:
    """The sum of measured areas in m², exact in any order: the site's total is this sum, rounded once."""
    return math.fsum(areas_m2)


def rest_m2(whole_m2: float, *parts_m2: float) -> float:
    """The area of a whole that its measured parts leave; 0 if it is within the error of measuring."""
    rest = math.fsum((whole_m2, *(-part for part in parts_m2)))
    return rest if rest > max(_ERROR_M2, _ERROR_SHARE * whole_m2) else 0.0


def same_ground_m2(surveyed_m2: float, site_m2: float) -> float:
    """One area for a ground that was measured twice: the site's, if both agree to a square metre."""
    return site_m2 if abs(site_m2 - surveyed_m2) < _SAME_M2 else surveyed_m2


def rounding_difference(whole: float, parts: Iterable[float]) -> float:
    """The difference of a printed whole and its printed parts (尾差), 0.0 where they close; negative if they exceed."""
    rest = Decimal(repr(float(whole))) - sum((Decimal(repr(float(part))) for part in parts), Decimal(0))
    return float(rest) if rest else 0.0


class PrintedAreas(TypedDict):
    """An area on the ellipsoid in m², hectares and mu."""

    area_ellipsoidal_m2: float
    hectares: float
    mu: float


def areas(area_m2: float) -> PrintedAreas:
    """An area on the ellipsoid in the three units of the documents."""
    return {"area_ellipsoidal_m2": area_m2, "hectares": hectares(area_m2), "mu": mu(area_m2)}


def square_metres_text(value: float) -> str:
    """Square metres with separators: no decimals from 10 m² on, one below; only an area of zero is written as 0.0."""
    if 0 < value < 0.05:
        return "<\u00a00.1"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def moment_text(text: Any) -> Any:
    """An ISO moment to the minute, with its zone; any other value as it is."""
    match = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return text
    day, minute, zone = match.groups()
    return " ".join(filter(None, (day, minute, "UTC" if zone in ("Z", "+00:00") else zone)))
