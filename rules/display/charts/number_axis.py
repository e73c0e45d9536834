"""The axis of numbers in a chart: it contains zero, and its marks are round."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)
_MOST_MARKS = 6


@dataclass(frozen=True)
class NumberAxis:
    """Numbers from `low` to `high` on paper from `start` to `end` in mm (downwards or rightwards)."""

    low: float
    high: float
    step: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where a number lies, in mm."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def marks(self) -> list[float]:
        """The round numbers of the axis, smallest first."""
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * number for number in range(count + 1)]

    def text(self, value: float) -> str:
        """The text of a mark, with as many decimals as the step needs."""
        return f"{value + 0.0:,.{_decimals(self.step)}f}"


def number_axis(values: Iterable[float | None], start: float, end: float, *, is_count: bool = False) -> NumberAxis:
    """The axis that contains zero and all known values; 0 to 1 if none is known. is_count: marks are whole."""
    known_values = [value for value in values if value is not None]
    low, high = min([0.0, *known_values]), max([0.0, *known_values])
    if low == high:
        high = 1.0
    step = _round_step((high - low) / _MOST_MARKS)
    step = math.ceil(step) if is_count else step
    return NumberAxis(math.floor(low / step) * step, math.ceil(high / step - 1e-9) * step, step, start, end)


def value_text(value: float, values: Sequence[float | None]) -> str:
    """A number beside its mark: with four decimals less the digits before the point of the largest one, at most three.

    A value that is not 0 never reads as 0.
    """
    return decimal_text(value, _digits(values))


def decimal_text(value: float, digits: int) -> str:
    """A number with this many decimals; a value that is not 0 never reads as 0."""
    text = f"{value:,.{digits}f}"
    if value and not any(sign in "123456789" for sign in text):
        return f"{'> −' if value < 0 else '< '}{10**-digits:g}"
    return text.replace("-", "−")


def number_form(values: Sequence[float | None]) -> str:
    """The same number of decimals as the number form of a sheet."""
    digits = _digits(values)
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def _digits(values: Sequence[float | None]) -> int:
    largest = max((abs(other) for other in values if other is not None), default=0.0)
    return 3 - min(3, int(math.log10(largest)) if largest >= 1 else 0)


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * size for size in _ROUND if power * size >= least * (1 - 1e-9))


def _decimals(step: float) -> int:
    return next((digits for digits in range(9) if math.isclose(round(step, digits), step, rel_tol=1e-9)), 9)
