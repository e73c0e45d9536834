"""Why ground could not be judged, or a finding does not count: the reasons that all kinds of rules share.

A column of a table keeps reasons by their codes, with commas between.
"""

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """A reason by its code.

    A kind of rule has others of its own beside these (`KindReason`), as have comparisons and indicators.
    """

    LAYER_MISSING = "layer_missing"
    NOT_IN_FORCE = "not_in_force"
    UNREADABLE = "unreadable"
    OUTSIDE_COVERAGE = "outside_coverage"
    NO_VALUE = "no_value"
    ARITHMETIC = "arithmetic"
    NO_FACT = "no_fact"
    EXCUSED = "excused"
    BELOW_AREA = "below_area"
    SLIVER = "sliver"
    LAW_NOT_IN_FORCE = "law_not_in_force"
    ONLY = "only"


def reasons_in(codes: str | None) -> list[str]:
    """The reasons that a column of findings keeps in one text, as `column_of_reasons` writes it."""
    return [code for code in (codes or "").split(",") if code]


def column_of_reasons(reasons: Iterable[str | None]) -> str | None:
    """Some reasons in one text, as a column of findings keeps them; None for none."""
    return ",".join(filter(None, reasons)) or None
