"""A title in lines of like length: no single character is left over, and no word or number is torn."""

import unicodedata
from functools import cache

MOST_EMS = 20.0  # of 22 points in 156 mm
_BEFORE = "，。、；：！？）》”〕】%,.;:!?)]}"  # what begins no line
_AFTER = "（《“〔【([{"  # what ends none
_SEAM = 0.2  # how much a break between parts may cost in evenness


def title_lines(title: str, parts: tuple[str, ...] = ()) -> list[str]:
    """The lines of a title, as few as hold it, as equal as can be; a break between its parts is liked best.

    parts: words that stand in the title and should stay whole if they can, such as the project's name.
    """
    text = " ".join(title.split())
    count = max(1, -int(-_ems(text) // MOST_EMS))
    for number in range(count, len(text) + 1):
        cuts = _best_cuts(text, number, _seams(text, parts))
        if cuts is not None:
            edges = [0, *cuts, len(text)]
            return [text[start:end].strip() for start, end in zip(edges, edges[1:], strict=False)]
    return [text]


def _ems(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.55 for sign in text)


def _seams(text: str, parts: tuple[str, ...]) -> frozenset[int]:
    found = set()
    for part in parts:
        at = text.find(part)
        if part and at >= 0:
            found |= {at, at + len(part)}
    return frozenset(found)


def _is_torn(text: str, at: int) -> bool:
    """Whether a break there parts a word, a number, or a sign from what it belongs to."""
    before, after = text[at - 1], text[at]
    if before == " " or after == " ":
        return False
    return after in _BEFORE or before in _AFTER or (before.isascii() and after.isascii())


def _best_cuts(text: str, count: int, seams: frozenset[int]) -> list[int] | None:
    """Where a text is cut into so many lines; None if no cut keeps words whole and lines short enough."""
    aim = _ems(text) / count
    breaks = [at for at in range(1, len(text)) if not _is_torn(text, at)]

    @cache
    def best(start: int, left: int) -> tuple[float, tuple[int, ...]] | None:
        if left == 1:
            length = _ems(text[start:])
            return None if length > MOST_EMS else ((length - aim) ** 2, ())
        found: tuple[float, tuple[int, ...]] | None = None
        for at in breaks:
            length = _ems(text[start:at]) if at > start else 0.0
            if at <= start or length > MOST_EMS:
                continue
            rest = best(at, left - 1)
            if rest is None:
                continue
            cost = (length - aim) ** 2 + rest[0] - (_SEAM * aim**2 if at in seams else 0.0)
            if found is None or cost < found[0]:
                found = (cost, (at, *rest[1]))
        return found

    if len(text) > 400:
        return None
    chosen = best(0, count)
    return None if chosen is None else list(chosen[1])
