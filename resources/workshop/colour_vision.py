"""How colours look to people with a deficiency of colour vision, and how different two colours are."""

from __future__ import annotations

from collections.abc import Iterable

Colour = tuple[float, float, float]

# Machado, Oliveira and Fernandes: A physiologically-based model for simulation of color vision deficiency. IEEE
# Transactions on Visualization and Computer Graphics 15 (2009), 1291-1298; severity 1.0, for linear RGB.
DEFICIENCIES: dict[str, tuple[Colour, Colour, Colour]] = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_WHITE = (0.95047, 1.0, 1.08883)  # of sRGB: D65
_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
_KNEE, _SLOPE, _OFFSET = (6 / 29) ** 3, (29 / 6) ** 2 / 3, 4 / 29


def channels(colour: str) -> Colour:
    """Red, green and blue of `#RRGGBB`, 0 to 1."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def seen_colour(colour: Colour, deficiency: str) -> Colour:
    """An sRGB colour as somebody with a deficiency sees it; unchanged for any other name."""
    if deficiency not in DEFICIENCIES:
        return colour
    linear = [_linear(part) for part in colour]
    red, green, blue = (_encoded_part(_product(row, linear)) for row in DEFICIENCIES[deficiency])
    return red, green, blue


def printed_grey(colour: Colour) -> Colour:
    """An sRGB colour in print without colours: its luminance."""
    light = _encoded_part(_product(_XYZ[1], [_linear(part) for part in colour]))
    return light, light, light


def over(colour: Colour, ground: Colour, opacity: float) -> Colour:
    """A colour over a background, as screens mix them."""
    red, green, blue = (opacity * top + (1 - opacity) * below for top, below in zip(colour, ground))
    return red, green, blue


def distance(first: Colour, second: Colour) -> float:
    """The distance of two sRGB colours after CIE 1976; 2 is just visible side by side."""
    return sum((one - other) ** 2 for one, other in zip(lab(first), lab(second))) ** 0.5


def lab(colour: Colour) -> Colour:
    """An sRGB colour in CIE L*a*b*."""
    linear = [_linear(part) for part in colour]
    x, y, z = (_bent(_product(row, linear) / white) for row, white in zip(_XYZ, _WHITE))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _bent(part: float) -> float:
    return part ** (1 / 3) if part > _KNEE else _SLOPE * part + _OFFSET


def _product(row: Iterable[float], column: Iterable[float]) -> float:
    return sum(one * other for one, other in zip(row, column))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _encoded_part(part: float) -> float:
    part = min(1.0, max(0.0, part))
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
