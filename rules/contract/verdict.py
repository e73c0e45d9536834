"""The six verdicts of the contract, and which is graver."""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Verdict(StrEnum):
    """What a rule, or a whole check, says of a parcel; the gravest first."""

    PROHIBITED = "prohibited"
    RESTRICTED = "restricted"
    UNKNOWN = "unknown"
    CONSULT = "consult"
    NOTICE = "notice"
    CLEAR = "clear"


VERDICTS = tuple(Verdict)
RANK: Mapping[str, int] = {verdict: rank for rank, verdict in enumerate(VERDICTS)}  # 0 for the gravest


def most_severe(counts: Mapping[str, int]) -> str:
    """The most severe of the verdicts that any parcel has. counts: of parcels by verdict."""
    return next((verdict.value for verdict in VERDICTS if counts.get(verdict)), Verdict.CLEAR.value)


def verdict_counts(verdicts: Iterable[str]) -> dict[str, int]:
    """How many parcels have each of the six verdicts; verdicts: of each parcel."""
    found = Counter(verdicts)
    return {verdict.value: found[verdict] for verdict in VERDICTS}
