"""How much of a piece of work is done, told to whoever waits for it."""

from collections.abc import Callable

Told = Callable[[float], None]  # from 0 to 1; whoever is told may raise Cancelled


def part_of(told: Told, begin: float, end: float) -> Told:
    """What tells of a part of the work, from `begin` to `end` of the whole."""
    return lambda share: told(begin + (end - begin) * share)
