"""Why ground could not be judged, or a finding does not count: the reasons that all kinds of rules share.

A column of a table stores reasons by their codes, separated by commas.
"""

from collections.abc import Iterable
from enum import StrEnum


class Reason(StrEnum):
    """A reason by its code.

    Kinds of rules have further reasons of their own (`KindReason`), and so have comparisons and indicators.
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
    """The reasons in a text that `column_of_reasons` has made."""
    return [code for code in (codes or "").split(",") if code]


def column_of_reasons(reasons: Iterable[str | None]) -> str | None:
    """Reasons as one text for a column of findings; None if there are none."""
    return ",".join(filter(None, reasons)) or None
