"""The part of a library's location that distinguishes it from other libraries of its name."""

from __future__ import annotations

from dataclasses import dataclass

from onemap.plugin.connection.server_location import is_server, parts_of

REST = "…"  # what follows is the same in all


@dataclass(frozen=True)
class DistinctPlace:
    """The part of a location that other locations lack; it differs from them in the letters from `start` to `end`."""

    text: str
    start: int
    end: int


def distinct_place(path: str, others: list[str]) -> DistinctPlace:
    """The shortest end of a library's location that distinguishes it: the file's name, else with folders above it.

    For a server it is the schema, else also the database, else also the host.
    """
    parts, ends = _parts(path), [_parts(other) for other in others]
    counts = range(1, len(parts) + 1)
    count = next((count for count in counts if all(parts[-count:] != end[-count:] for end in ends)), 0)
    if not count:
        return DistinctPlace(path, 0, len(path))
    same = 0
    while same < count - 1 and all(end[-same - 1 :][:1] == [parts[-same - 1]] for end in ends):
        same += 1
    text, *texts = (_text(place[-count:], same) for place in (parts, *ends))
    spans = [_difference(text, other) for other in texts]
    return DistinctPlace(text, min(start for start, _end in spans), max(end for _start, end in spans))


def _parts(location: str) -> list[str]:
    """The folders and the file of a path; for a server the address, database and schema."""
    if is_server(location):
        address, schema = parts_of(location)
        return [*(part for part in address.partition("?")[0].split("/") if part), schema]
    return [part for part in location.replace("\\", "/").split("/") if part]


def _text(parts: list[str], same: int) -> str:
    return "/".join([*parts[: len(parts) - same], *([REST] if same else [])])


def _difference(text: str, other: str) -> tuple[int, int]:
    """The positions from which and up to which a text differs from another."""
    shorter = min(len(text), len(other))
    start = next((at for at in range(shorter) if text[at] != other[at]), shorter)
    same = next((at for at in range(shorter - start) if text[-at - 1] != other[-at - 1]), shorter - start)
    return min(start, len(text) - 1), max(len(text) - same, start + 1)
