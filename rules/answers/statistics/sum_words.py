"""Sums of fields and versions of layers as text: with as many decimals as needed, and why a sum is unknown."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase
from onemap.layers.reason import Reason

_LEAST_TOLD_M2 = 0.01


def sum_text(value: float) -> str:
    """A sum for people: whole numbers without, others with two decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def ground_apart(total: Mapping[str, Any]) -> dict[str, float]:
    """The ellipsoidal m² of ground that the rows of a total count twice or not at all, by its kind."""
    areas = {
        name: total.get(f"{name}_ellipsoidal_m2") or 0.0
        for name in ("overlap", Reason.NO_VALUE, "without_feature", Reason.OUTSIDE_COVERAGE)
    }
    return {name: area_m2 for name, area_m2 in areas.items() if area_m2 >= _LEAST_TOLD_M2}


def statistics_reason(reason: str, language: str) -> str:
    """Why a number of a table is unknown."""
    kind = "indicator_reason" if reason == "no_row" else "reason"
    return phrase(f"{kind}.{reason}", language)


def version_words(title: str, label: str, valid_from: str | None, language: str) -> str:
    """A version by its label, and the day from which it is valid if the label is not that day."""
    name = f"{title} {label}"
    if valid_from in (None, label):
        return name
    return phrase("figures.version_of", language, name=name, day=valid_from)
