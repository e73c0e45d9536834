"""The words for a parcel whose verdict changes, the same wherever two checks are compared."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.messages import phrase


def turned_words(one: Mapping[str, Any], titles: Mapping[str, str], language: str, absent: str = "–") -> str:
    """The verdicts before and after, and the rules that cause the change.

    one: `from` and `to`, each a verdict or None, and `rules`, their ids; titles: of rules. absent: for no verdict.
    """
    before, after = (phrase(f"verdict.{one[side]}", language) if one[side] else absent for side in ("from", "to"))
    rules = phrase("said.semicolon", language).join(titles.get(rule, rule) for rule in one["rules"])
    turn = f"{before} → {after}"
    return phrase("said.changed_by", language, turn=turn, rules=rules) if rules else turn
