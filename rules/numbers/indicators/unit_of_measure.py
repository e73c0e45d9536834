"""Units of measure as written in packs and tables: "ha", "%", "km/km2", "m2/person", 万亩, 平方公里."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onemap.layers.area_units import M2_PER_HECTARE, M2_PER_MU

# Of each unit how many of the base unit it is, and of what: metres, square metres, objects, persons, yuan, others.
_AREA, _NONE = {"m": 2}, dict[str, int]()
_ATOMS: dict[str, tuple[float, dict[str, int]]] = {
    "m": (1.0, {"m": 1}),
    "km": (1_000.0, {"m": 1}),
    "m2": (1.0, _AREA),
    "mu": (M2_PER_MU, _AREA),
    "ha": (M2_PER_HECTARE, _AREA),
    "km2": (1_000_000.0, _AREA),
    "m3": (1.0, {"m": 3}),
    "count": (1.0, {"count": 1}),
    "person": (1.0, {"person": 1}),
    "yuan": (1.0, {"yuan": 1}),
    "bed": (1.0, {"bed": 1}),
    "x": (1.0, _NONE),
    "%": (0.01, _NONE),
}
_WORDS = {
    "平方米": "m2",
    "㎡": "m2",
    "m³": "m3",
    "m²": "m2",
    "平方公里": "km2",
    "平方千米": "km2",
    "km²": "km2",
    "公顷": "ha",
    "hm²": "ha",
    "hm2": "ha",
    "亩": "mu",
    "公里": "km",
    "千米": "km",
    "米": "m",
    "立方米": "m3",
    "人": "person",
    "persons": "person",
    "元": "yuan",
    "张": "bed",
    "倍": "x",
    "个": "count",
    "处": "count",
    "栋": "count",
    "％": "%",
    "百分比": "%",
}
_MANY = {"万": 1e4, "亿": 1e8, "百": 1e2, "千": 1e3}
_SQUARE_METRES = (("m", 2),)
_AREA_STEP_M2, _NOISE = 0.01, 1e-9
_PART = re.compile(r"\s*([0-9][0-9.,_]*|)\s*([万亿百千]?)\s*(.+?)\s*")


@dataclass(frozen=True)
class UnitOfMeasure:
    """A unit: its size in base units, and the powers of the base units without zeros."""

    text: str
    factor: float
    powers: tuple[tuple[str, int], ...] = ()

    def of(self, base: float) -> float:
        """Convert a quantity from base units to this unit."""
        return base / self.factor

    def least_difference(self, number: float) -> float:
        """The least difference by which a value of this unit counts as different from a number.

        Areas are given to 0.01 m²; for other units it is a thousand-millionth of the number, the error of arithmetic. A
        value on its limit is thus neither below nor above it, whatever sums and conversions it comes from.
        """
        return _AREA_STEP_M2 / 2 / self.factor if self.powers == _SQUARE_METRES else _NOISE * abs(number)

    def compare(self, value: float, number: float) -> int:
        """-1 if a value is below a number, 1 if it is above, 0 if their difference is less than the data can tell."""
        if abs(value - number) <= self.least_difference(number):
            return 0
        return -1 if value < number else 1

    def to_base(self, number: float) -> float:
        """Convert a number of this unit to base units."""
        return number * self.factor


def unit_of_measure(text: str) -> UnitOfMeasure:
    """The unit that a text names, such as "10000 m2", "km/100km2", "万元", "人/平方公里".

    Raises ValueError.
    """
    above, slash, below = text.replace("每", "/").partition("/")
    factor, powers = _product(above)
    if slash:
        divisor, less = _product(below)
        factor /= divisor
        powers = joined_powers(powers, less, -1)
    return UnitOfMeasure(text, factor, powers)


def known_unit(text: str | None) -> UnitOfMeasure | None:
    """The unit that a text in data names; None if it names none."""
    try:
        return unit_of_measure(text or "")
    except ValueError:
        return None


def factors_to(unit: UnitOfMeasure, texts: Sequence[str | None]) -> np.ndarray:
    """The factors that convert numbers in the units of texts (n,) to base units; NaN for units of another kind."""
    factors: dict[str | None, float] = {}
    for text in dict.fromkeys(texts):
        unit_found = known_unit(text)
        factors[text] = unit_found.factor if unit_found is not None and unit_found.powers == unit.powers else np.nan
    return np.array([factors[text] for text in texts], dtype=float)


def joined_powers(
    one: tuple[tuple[str, int], ...], other: tuple[tuple[str, int], ...], sign: int
) -> tuple[tuple[str, int], ...]:
    """The powers of a product (sign 1) or a quotient (sign -1)."""
    sums = dict(one)
    for name, power in other:
        sums[name] = sums.get(name, 0) + sign * power
    return tuple(sorted((name, power) for name, power in sums.items() if power))


def _product(text: str) -> tuple[float, tuple[tuple[str, int], ...]]:
    match = _PART.fullmatch(text)
    if match is None:
        raise ValueError(text)
    number, many, name = match.groups()
    atom = _ATOMS.get(_WORDS.get(name, name))
    if atom is None and (word := _WORDS.get(f"{many}{name}")):  # 千米 is a unit of its own
        atom, many = _ATOMS[word], ""
    if atom is None:
        raise ValueError(text)
    count = float(number.replace(",", "").replace("_", "")) if number else 1.0
    return count * _MANY.get(many, 1.0) * atom[0], tuple(sorted(atom[1].items()))
