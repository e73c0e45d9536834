"""The six verdicts of the contract, and which is graver."""

from collections.abc import Mapping
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
