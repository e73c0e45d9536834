"""Why ground could not be judged, or a finding does not count: the reasons that all kinds of rules share."""

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
