"""How measures are written: with every digit that counts, as in documents and lists, or rounded for sentences."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from onemap.layers.area_units import share_text
from onemap.layers.messages import phrase

Writer = Callable[[float | None], str]
_WHOLE_FROM_M2 = 10.0
_LEAST = 0.05  # what is there is never said to be 0.0


@dataclass(frozen=True)
class FindingFigures:
    """Write an area in m², a length or distance in m, and a share (a fraction) as text, "" if not measured."""

    area: Writer
    length: Writer
    share: Writer


def _plain_area(value: float | None) -> str:
    """An area without decimals from ten square metres on, below that with one."""
    if value is None:
        return ""
    if 0 < value < _LEAST:
        return "< 0.1 m²"
    return f"{value:,.0f} m²" if value >= _WHOLE_FROM_M2 else f"{value:.1f} m²"


def _plain_length(value: float | None) -> str:
    """One decimal."""
    if value is None:
        return ""
    return "< 0.1 m" if 0 < value < _LEAST else f"{value:,.1f} m"


def _plain_share(value: float | None) -> str:
    """Per cent with one decimal."""
    return "" if value is None else share_text(value)


EXACT = FindingFigures(
    area=lambda value: "" if value is None else f"{value:,.3f} m²",
    length=lambda value: "" if value is None else f"{value:,.3f} m",
    share=lambda value: "" if value is None else f"{100 * value:.4f} %",
)
PLAIN = FindingFigures(_plain_area, _plain_length, _plain_share)


def sentence_figures(language: str) -> FindingFigures:
    """Rounded figures with their units, as a sentence of a language writes them."""

    def area(value: float | None) -> str:
        return _plain_area(value).replace("m²", phrase("amount.square_metres", language))

    def length(value: float | None) -> str:
        return re.sub("m$", phrase("amount.metres", language), _plain_length(value))

    return FindingFigures(area, length, _plain_share)
