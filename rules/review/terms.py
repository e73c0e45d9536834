"""What the packs of a case say of its review: how many days, what silence means, who may sign."""

from collections.abc import Sequence

from onemap.rules.packs.pack import Pack
from onemap.rules.review.case import Terms


def terms_of(packs: Sequence[Pack]) -> Terms:
    """The terms of several packs: what a later one says holds, as a city's ordinance stands after the common pack."""
    said = {key: value for pack in packs for key, value in pack.review.items()}
    return Terms(**said)
