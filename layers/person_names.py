"""Whether two names mean the same person: compared as people read them, not character by character."""

import unicodedata
from functools import lru_cache

from onemap.layers.shipped_files import shipped_table


def same_person(one: str, other: str) -> bool:
    """Whether two names read alike, whatever their width, case, blanks, invisible signs and look-alikes.

    张三 and 张 三, zhang and ＺＨＡＮＧ, Wang and Wаng with a Cyrillic а are one person each.
    """
    return one == other or not _readings(one).isdisjoint(_readings(other))


@lru_cache(maxsize=1024)
def _readings(name: str) -> frozenset[str]:
    """The readings of a name: look-alikes replaced before letters are made small, and after it."""
    visible = "".join(sign for sign in unicodedata.normalize("NFKC", name) if not _is_unseen(sign))
    by_sight = visible.translate(_look_alikes()).casefold()
    return frozenset((by_sight.translate(_look_alikes()), visible.casefold().translate(_look_alikes()).casefold()))


def _is_unseen(sign: str) -> bool:
    """Whether a sign is invisible: blanks, marks of direction and width, fillers, variation selectors."""
    if sign.isspace() or unicodedata.category(sign) in ("Cc", "Cf"):
        return True
    return (
        "\ufe00" <= sign <= "\ufe0f"
        or "\U000e0100" <= sign <= "\U000e01ef"
        or sign in "\u034f\u115f\u1160\u2800\u3164\uffa0"
    )


@lru_cache(maxsize=1)
def _look_alikes() -> dict[int, str]:
    """The sign that each look-alike stands for, by its code point."""
    tables = shipped_table("look_alikes.toml")
    latin = {ord(sign): stands for stands, signs in tables["ascii"].items() for sign in signs}
    others = {ord(sign): stands.translate(latin) for stands, signs in tables["signs"].items() for sign in signs}
    return {**others, **latin}
