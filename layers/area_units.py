"""Areas in square metres, hectares and mu, and shares: their conversion, and how people read them."""

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

M2_PER_HECTARE = 10_000.0
M2_PER_MU = M2_PER_HECTARE / 15
_HECTARE, _MU = Decimal("0.0001"), Decimal("0.01")
_NOISE_DECIMALS = 6  # of a square metre: what sums of the same ground in another order may differ in
_LEAST_SHARE = 0.001


def hectares(area_m2: float) -> float:
    """An area as hectares with four decimals, rounded half up."""
    square_metres = Decimal(repr(round(float(area_m2), _NOISE_DECIMALS)))
    return float((square_metres / 10_000).quantize(_HECTARE, ROUND_HALF_UP))


def rounded_hectares(areas_m2: "np.ndarray") -> "np.ndarray":
    """Areas (n,) as hectares with four decimals, each rounded by itself, half up."""
    import numpy as np  # what says an answer in text needs no array

    rounded: np.ndarray = np.floor(np.round(areas_m2, _NOISE_DECIMALS) + 0.5) / M2_PER_HECTARE
    return rounded


def mu(area_m2: float) -> float:
    """An area as mu with two decimals: the rounded hectares times fifteen, so that both agree on paper."""
    return float((Decimal(repr(hectares(area_m2))) * 15).quantize(_MU, ROUND_HALF_UP))


def printed_hectares(value: float, area_m2: float | None = None) -> str:
    """Rounded hectares as text. area_m2: the exact area, which tells a small area from none."""
    return f"<{_HECTARE}" if value == 0 and (area_m2 or 0.0) > 0 else f"{value:,.4f}"


def hectares_text(area_m2: float) -> str:
    """An area as hectares with four decimals; an area above zero is never written as 0.0000."""
    return printed_hectares(hectares(area_m2), area_m2)


def printed_mu(value: float, area_m2: float | None = None) -> str:
    """Rounded mu as text. area_m2: the exact area, which tells a small area from none."""
    return f"<{_MU}" if value == 0 and (area_m2 or 0.0) > 0 else f"{value:,.2f}"


def mu_text(area_m2: float) -> str:
    """An area as mu with two decimals; an area above zero is never written as 0.00."""
    return printed_mu(mu(area_m2), area_m2)


def area_to_hundredths(area_m2: float) -> str:
    """An area in square metres with two decimals, for checks of data: as attribute tables state areas."""
    return f"{area_m2:,.2f}"


def areas_apart(declared_m2: float, computed_m2: float) -> dict[str, str]:
    """A declared area, the computed one and their difference, positive if the declared one is larger, for checks."""
    return {
        "declared": area_to_hundredths(declared_m2),
        "computed": area_to_hundredths(computed_m2),
        "difference": f"{declared_m2 - computed_m2:+,.2f}",
    }


def share_text(value: float) -> str:
    """Per cent with one decimal; a share above zero that would round to 0.0 is written as less than 0.1."""
    return "< 0.1%" if 0 < value < _LEAST_SHARE else f"{100 * value:.1f}%"
