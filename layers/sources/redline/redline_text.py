"""The text of a red-line coordinate TXT, unchanged: sections, parcel lines and point lines, token by token.

Numbers stay text, and unknown sections and keys stay lines, so that everything can be written again unchanged.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.text_encodings import text_of

CORNERS_FILE = "corners.txt"  # what somebody types or pastes: a list of corners, whatever it holds
COORDINATES = "[地块坐标]"
KINDS = ("点", "线", "面")
_NAME_OF_COORDINATES = tuple("地块坐标".encode(name) for name in ("gb18030", "utf-8", "utf-16-le", "utf-16-be"))
_LINE_END = re.compile("\r\n|\r|\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MOST_PROBLEMS = 1000


@dataclass(frozen=True)
class PointLine:
    """点号, 圈号, X (north) and Y (east), and the rest of the line; numbers as the file has them."""

    line: int
    label: str
    ring: str
    north: str
    east: str
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class ParcelLines:
    """A parcel line's fields without the closing @, and the points below it; `marked`: the @ was there."""

    line: int
    fields: tuple[str, ...]
    points: tuple[PointLine, ...] = ()
    marked: bool = True


@dataclass(frozen=True)
class RedlineText:
    """A whole file: the lines before the parcels, the parcels, the lines after them."""

    before: tuple[str, ...]
    parcels: tuple[ParcelLines, ...]
    after: tuple[str, ...] = ()
    encoding: str = "gb18030"

    @property
    def header(self) -> dict[str, str]:
        """Keys and values outside the coordinates; the first value if a key occurs twice."""
        return header_of((*self.before, *self.after))

    def values_of(self, key: str) -> list[str]:
        """Return all values of a key outside the coordinates, each once."""
        return list(dict.fromkeys(value for name, value in _pairs((*self.before, *self.after)) if name == key))


def header_of(lines: tuple[str, ...]) -> dict[str, str]:
    """Return the keys and values of header lines, with full-width characters as plain ones."""
    header: dict[str, str] = {}
    for key, value in _pairs(lines):
        header.setdefault(key, value)
    return header


def _pairs(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for line in map(plain, lines):
        key, equals, value = line.partition("=")
        if equals:
            yield key.strip(), value.strip()


def plain(text: str) -> str:
    """Return full-width separators, digits, points and brackets as plain ones."""
    return unicodedata.normalize("NFKC", text)


def number_of(text: str) -> float | None:
    """Return the number in a text, full-width or not; None for anything else, such as nan or 1_000."""
    bare = plain(text).strip()
    number = float(bare) if _NUMBER.fullmatch(bare) else math.inf
    return number if math.isfinite(number) else None


def looks_like_redline(path: Path) -> bool:
    """Whether the file names the section of the coordinates, in any encoding."""
    content = path.read_bytes()
    return any(name in content for name in _NAME_OF_COORDINATES)


def read_text(path: Path, encoding: str | None) -> RedlineText:
    """Read the file's text, token by token.

    Raises OneMapError encoding.…, redline.no_coordinates, redline.no_parcel_line, redline.point, with every line named.
    """
    text, used_encoding = text_of(path, encoding)
    before: list[str] = []
    after: list[str] = []
    coordinates: list[tuple[int, str]] = []
    is_inside, is_past = False, False
    for number, line in enumerate(_LINE_END.split(text), start=1):
        section = re.sub(r"\s", "", plain(line))
        if section.startswith("[") and section.endswith("]"):
            is_inside, is_past = section == COORDINATES, is_past or section == COORDINATES
            if is_inside:
                continue
        if is_inside:
            if line.strip():
                coordinates.append((number, line.strip()))
        else:
            (after if is_past else before).append(line.rstrip())
    if not coordinates:
        raise OneMapError("redline.no_coordinates", file=path.name)
    while after and not after[-1]:
        after.pop()
    return RedlineText(tuple(before), tuple(_parcels(coordinates, path)), tuple(after), used_encoding)


def _parcels(lines: list[tuple[int, str]], path: Path) -> list[ParcelLines]:
    parcels: list[ParcelLines] = []
    points: list[PointLine] = []
    problems: list[Problem] = []
    for number, line in lines:
        place = {"file": path.name, "feature": number, "line": number}
        parcel = _parcel_line(number, line)
        if parcel is not None:
            _close(parcels, points)
            parcels.append(parcel)
            points = []
            continue
        point = _point_line(number, line)
        if not parcels:
            problems.append(Problem("redline.no_parcel_line", place))
            break
        if point is None:
            problems.append(Problem("redline.point", {**place, "text": line[:80]}))
        else:
            points.append(point)
    if problems:
        raise OneMapError.of(problems[:_MOST_PROBLEMS])
    _close(parcels, points)
    return parcels


def _close(parcels: list[ParcelLines], points: list[PointLine]) -> None:
    if parcels:
        parcels[-1] = replace(parcels[-1], points=tuple(points))


def _tokens(line: str) -> list[str]:
    """Split a line. A full-width comma separates only where plain ones do not, since it may belong to a name."""
    parts = line.split(",")
    if len(parts) < 8 and not (len(parts) > 4 and plain(parts[4]).strip() in KINDS):
        parts = re.split("[,，]", line)
    return parts


def _parcel_line(number: int, line: str) -> ParcelLines | None:
    """Return a line that ends in @, or has 点, 线 or 面 where a parcel line does; None for any other."""
    bare = re.sub(r"[@＠]\s*[,，]?\s*$", "", line)
    is_marked = bare != line
    fields = tuple(_tokens(re.sub(r"[,，]\s*$", "", bare) if is_marked else bare))
    if is_marked or (len(fields) > 4 and plain(fields[4]).strip() in KINDS):
        return ParcelLines(number, fields, marked=is_marked)
    return None


def _point_line(number: int, line: str) -> PointLine | None:
    parts = [part.strip() for part in re.split("[,，]", line)]
    if len(parts) < 4 or number_of(parts[2]) is None or number_of(parts[3]) is None:
        return None
    north, east = (plain(part).strip() for part in parts[2:4])
    return PointLine(number, parts[0], plain(parts[1]).strip(), north, east, tuple(parts[4:]))
