"""What is said of a parcel whose verdict turns: wherever two checks are held against each other, in the same words."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase


def turned_words(one: Mapping[str, Any], titles: Mapping[str, str], language: str, absent: str = "–") -> str:
    """The verdicts before and after, and the rules by which it turns.

    one: `from` and `to`, each a verdict or None, and `rules`, their ids; titles: of rules. absent: for no verdict.
    """
    before, after = (phrase(f"verdict.{one[side]}", language) if one[side] else absent for side in ("from", "to"))
    rules = phrase("said.semicolon", language).join(titles.get(rule, rule) for rule in one["rules"])
    turn = f"{before} → {after}"
    return phrase("said.changed_by", language, turn=turn, rules=rules) if rules else turn
