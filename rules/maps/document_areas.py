"""Areas, shares and moments as documents print them: hectares with four decimals, on the ellipsoid, rounded half up."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_HECTARE = Decimal("0.0001")
_MU = Decimal("0.01")


def hectares(area_m2: float) -> float:
    """An area as hectares with four decimals."""
    return float((Decimal(repr(area_m2)) / 10_000).quantize(_HECTARE, ROUND_HALF_UP))


def mu(area_m2: float) -> float:
    """An area as mu with two decimals; a mu is a fifteenth of a hectare."""
    return float((Decimal(repr(area_m2)) * 15 / 10_000).quantize(_MU, ROUND_HALF_UP))


def mu_of_hectares(value: float) -> float:
    """Hectares that a document prints as mu with two decimals, so that both can be held against each other."""
    return float((Decimal(repr(value)) * 15).quantize(_MU, ROUND_HALF_UP))


def sum_of(hectares_values: Iterable[float]) -> float:
    """The sum of rounded hectares, without the error of binary fractions."""
    return float(sum((Decimal(repr(float(value))) for value in hectares_values), Decimal(0)))


def areas(area_m2: float) -> dict[str, Any]:
    """An area on the ellipsoid in the three units of the documents."""
    return {"area_ellipsoidal_m2": area_m2, "hectares": hectares(area_m2), "mu": mu(area_m2)}


def square_metres_text(value: float) -> str:
    """Thousands, and no decimals from 10 m²; one below; what is there is never said to be 0.0."""
    if 0 < value < 0.05:
        return "<\u00a00.1"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def share_text(value: float) -> str:
    """Per cent with one decimal; what is less than the least shown says so."""
    return "< 0.1%" if 0 < value < 0.001 else f"{100 * value:.1f}%"


def moment_text(text: Any) -> Any:
    """An ISO moment to the minute, with its zone; any other value as it is."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return text
    day, minute, zone = found.groups()
    return " ".join(filter(None, (day, minute, "UTC" if zone in ("Z", "+00:00") else zone)))
