"""By what of its location a library is told from others of its name."""

from __future__ import annotations

from dataclasses import dataclass

from onemap.plugin.connection.server_location import is_server, parts_of

REST = "…"  # what follows is the same in all


@dataclass(frozen=True)
class DistinctPlace:
    """The part of a location that others lack, and the letters in it by which it differs, from `start` to `end`."""

    text: str
    start: int
    end: int


def distinct_place(path: str, others: list[str]) -> DistinctPlace:
    """A library's location as shortly as it can be told from others: its file's name, else folders above it.

    Of a server it is the schema, else the database, else the host.
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
    """The folders and the file of a path; of a server its address, database and schema."""
    if is_server(location):
        address, schema = parts_of(location)
        return [*(part for part in address.partition("?")[0].split("/") if part), schema]
    return [part for part in location.replace("\\", "/").split("/") if part]


def _text(parts: list[str], same: int) -> str:
    return "/".join([*parts[: len(parts) - same], *([REST] if same else [])])


def _difference(text: str, other: str) -> tuple[int, int]:
    """Where the letters of a text begin to differ from another, and where they are the same again."""
    shorter = min(len(text), len(other))
    start = next((at for at in range(shorter) if text[at] != other[at]), shorter)
    same = next((at for at in range(shorter - start) if text[-at - 1] != other[-at - 1]), shorter - start)
    return min(start, len(text) - 1), max(len(text) - same, start + 1)
