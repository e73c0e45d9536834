"""Areas of the documents: on the ellipsoid, in hectares with four decimals, rounded half up."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

_HECTARE = Decimal("0.0001")
_MU = Decimal("0.01")


def hectares(area_m2: float) -> float:
    """An area as hectares with four decimals."""
    return float((Decimal(repr(area_m2)) / 10_000).quantize(_HECTARE, ROUND_HALF_UP))


def mu(area_m2: float) -> float:
    """An area as mu with two decimals; a mu is a fifteenth of a hectare."""
    return float((Decimal(repr(area_m2)) * 15 / 10_000).quantize(_MU, ROUND_HALF_UP))


def sum_of(hectares_values: Iterable[float]) -> float:
    """The sum of rounded hectares, without the error of binary fractions."""
    return float(sum((Decimal(repr(float(value))) for value in hectares_values), Decimal(0)))


def areas(area_m2: float) -> dict[str, Any]:
    """An area on the ellipsoid in the three units of the documents."""
    return {"area_ellipsoidal_m2": area_m2, "hectares": hectares(area_m2), "mu": mu(area_m2)}


def shared_out(areas_m2: list[float], total_hectares: float) -> list[float]:
    """Areas as hectares with four decimals that sum to a given total: the largest remainders take what is missing."""
    exact = [Decimal(repr(area)) / 10_000 for area in areas_m2]
    step = Decimal("0.0001")
    parts = [value.quantize(step, "ROUND_FLOOR") for value in exact]
    missing = int((Decimal(repr(total_hectares)) - sum(parts, Decimal(0))) / step)
    order = sorted(range(len(exact)), key=lambda at: exact[at] - parts[at], reverse=missing >= 0)
    for at in order[: abs(missing)]:
        parts[at] += step if missing > 0 else -step
    return [float(part) for part in parts]
