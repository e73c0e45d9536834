"""The options of a remedy: verdicts that may be kept, parts worth keeping, how far a parcel may be moved or turned."""

from dataclasses import asdict, dataclass
from typing import Any

from onemap.rules.contract.verdict import Verdict

KEEP_VERDICT = Verdict.NOTICE


@dataclass(frozen=True)
class RemedyOptions:
    """Which verdicts may be kept, and which parts are worth keeping. one_piece: only the largest part of each parcel.

    move_m, turn_deg: how far a parcel may be moved or turned to a place where it passes whole; 0: not at all.
    """

    keep_verdict: str = KEEP_VERDICT
    min_part_m2: float = 0.0
    min_width_m: float = 0.0
    one_piece: bool = False
    move_m: float = 0.0
    turn_deg: float = 0.0

    def record(self) -> dict[str, Any]:
        """The options as stored with a run."""
        return asdict(self)
