"""People who signed for several departments of a round: for how many, how fast, and how much as the machine drafted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from onemap.layers.messages import phrase
from onemap.layers.person_names import same_person
from onemap.rules.review.cases.case import Case, Opinion

_UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))
_LEAST = 2  # the least count of a unit in which a time is given


@dataclass(frozen=True)
class SameHand:
    """One name under several opinions of a round. unchanged: as drafted by the machine; seconds: first to last."""

    by: str
    opinions: int
    unchanged: int
    seconds: int

    def sentence(self, language: str) -> str:
        """The remark on it for readers of the case or its statement."""
        unit, length = next((unit, size) for unit, size in _UNITS if self.seconds >= size * _LEAST or size == 1)
        time = phrase(f"review_said.within_{unit}", language, count=max(1, math.ceil(self.seconds / length)))
        facts = {"name": self.by, "count": self.opinions, "unchanged": self.unchanged, "time": time}
        return phrase("review_said.same_hand", language, **facts)


def same_hands(case: Case) -> list[SameHand]:
    """The names under which more than one opinion of the current round is signed, the most opinions first."""
    at = {entry.department: entry.at for entry in case.entries if (entry.action, entry.round) == ("sign", case.round)}
    hands: list[list[Opinion]] = []
    for opinion in case.opinions:
        if opinion.state == "signed" and opinion.department in at:
            hand = next((hand for hand in hands if same_person(str(hand[0].signed_by), str(opinion.signed_by))), [])
            hands += [] if hand else [hand]
            hand.append(opinion)
    found = [_same_hand(hand, at) for hand in hands if len(hand) > 1]
    return sorted(found, key=lambda one: -one.opinions)


def _same_hand(hand: Sequence[Opinion], at: Mapping[str | None, str]) -> SameHand:
    """The opinions of one name. at: when each department's was signed."""
    moments = [datetime.fromisoformat(at[opinion.department]) for opinion in hand]
    seconds = math.ceil((max(moments) - min(moments)).total_seconds())
    return SameHand(str(hand[0].signed_by), len(hand), sum(opinion.by_machine for opinion in hand), seconds)
