"""The six verdicts of the contract, ordered by gravity."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Verdict(StrEnum):
    """The verdict of a rule, or of a whole check, on a parcel; the gravest first."""

    PROHIBITED = "prohibited"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"
    CONSULT = "consult"
    NOTICE = "notice"
    CLEAR = "clear"


VERDICTS = tuple(Verdict)
RANK: Mapping[str, int] = {verdict: rank for rank, verdict in enumerate(VERDICTS)}  # 0 for the gravest


def most_severe(counts: Mapping[str, int]) -> str:
    """The most severe verdict that any parcel has. counts: the number of parcels by verdict."""
    return next((verdict.value for verdict in VERDICTS if counts.get(verdict)), Verdict.CLEAR.value)


def verdict_counts(verdicts: Iterable[str]) -> dict[str, int]:
    """The number of parcels with each of the six verdicts. verdicts: one for each parcel."""
    counts = Counter(verdicts)
    return {verdict.value: counts[verdict] for verdict in VERDICTS}
