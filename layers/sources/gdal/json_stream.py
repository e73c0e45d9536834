"""Examine a large GeoJSON feature by feature: only one feature and a piece of the text are in memory."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.wkb_reading import DEEPEST, TOO_DEEP

_PIECE = 1 << 20
_DECODER = json.JSONDecoder()
MOST_SIGNS = 100_000_000  # of one feature: two million vertices with all their digits
_BLANKS = " \t\r\n"
_FEATURES = "features"
# Keys that no member has: what single features say of their systems; the places of what stands among them and is none.
SYSTEMS, STRANGERS = 0, 1


def json_outline(path: Path) -> dict[Any, Any]:
    """Read a UTF-8 file to its end; return the outermost members, with SYSTEMS and STRANGERS instead of features.

    Raises OneMapError source.damaged with the place of the break, source.feature_large, UnicodeDecodeError for another
    encoding.
    """
    with path.open("rb") as file:
        walk = _Walk(file)
        try:
            return walk.outline()
        except json.JSONDecodeError as error:
            line = walk.lines + walk.text.count("\n", 0, error.pos) + 1
            raise OneMapError("source.damaged", file=path.name, reason=f"{error.msg}: line {line}") from None
        except _TooLarge:
            facts = {"line": walk.lines + 1, "megabytes": MOST_SIGNS // 1_000_000}
            raise OneMapError("source.feature_large", file=path.name, **facts) from None
        except RecursionError:
            raise OneMapError("source.damaged", file=path.name, reason=TOO_DEEP) from None


def systems_of(content: Any) -> list[Any]:
    """Return the coordinate systems that a feature or geometry names itself, as GeoJSON allowed before 2016.

    Raises RecursionError as `check_depth`.
    """
    if not isinstance(content, dict):
        return []
    own = [content["crs"]] if "geometry" in content and "crs" in content else []
    return own + [part["crs"] for level in _levels(content.get("geometry", content)) for part in level if "crs" in part]


def is_feature(content: Any) -> bool:
    """Whether GDAL takes an element for a feature; it silently skips others."""
    return isinstance(content, dict) and content.get("type") == "Feature"


def check_depth(geometry: Any) -> None:
    """Refuse collections nested deeper than in any plan: GEOS crashes the process on them.

    How deep Python itself reads differs between versions. Raises RecursionError.
    """
    for _ in _levels(geometry):
        pass


def _levels(geometry: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield a geometry, then the parts of collections level by level. Raises RecursionError as `check_depth`."""
    level = [geometry]
    for _ in range(DEEPEST + 1):
        level = [part for part in level if isinstance(part, dict)]
        if not level:
            return
        yield level
        level = [one for part in level if isinstance(part.get("geometries"), list) for one in part["geometries"]]
    raise RecursionError(TOO_DEEP)


class _TooLarge(Exception):
    """A value is longer than any feature."""


class _Walk:
    """text: the part of the file in memory; at: the position in it; lines: how many lines ended before it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")("strict")
        self.text, self.at, self.lines = "", 0, 0
        self.is_over = False

    def outline(self) -> dict[Any, Any]:
        """Return the outermost members besides the features. Raises json.JSONDecodeError."""
        members: dict[Any, Any] = {}
        self._expect("{")
        if self._next() == "}":
            self.at += 1
        else:
            while True:
                name = self._value()
                self._expect(":")
                if name == _FEATURES and self._next() == "[":
                    self._take_elements(members)
                else:
                    members[str(name)] = self._value()
                if self._expect(",}") == "}":
                    break
        if self._next():
            raise json.JSONDecodeError("Extra data", self.text, self.at)
        return members

    def _take_elements(self, members: dict[Any, Any]) -> None:
        """Go through the features; note the systems that they name, and elements that are no features."""
        for place, element in enumerate(self._elements(), start=1):
            if systems := systems_of(element):
                members.setdefault(SYSTEMS, []).extend(systems)
            if not is_feature(element):
                members.setdefault(STRANGERS, []).append(place)

    def _elements(self) -> Iterator[Any]:
        self._expect("[")
        if self._next() == "]":
            self.at += 1
            return
        while True:
            self._next()
            yield self._value()
            if self._expect(",]") == "]":
                return

    def _next(self) -> str:
        """Return the next character that is not blank; "" at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BLANKS:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._read_on():
                return ""

    def _expect(self, signs: str) -> str:
        sign = self._next()
        if not sign or sign not in signs:
            raise json.JSONDecodeError(f"Expecting one of {signs}", self.text, self.at)
        self.at += 1
        return sign

    def _value(self) -> Any:
        """Return the value that begins here; read more text until it is complete."""
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError:
                if len(self.text) - self.at > MOST_SIGNS:
                    raise _TooLarge from None
                if self._read_on():
                    continue
                raise
            if end < len(self.text) or not self._read_on():  # a number may go on
                self.at = end
                return value

    def _read_on(self) -> bool:
        """Read more of the text and drop what is already read; return False at the end of the file."""
        if self.is_over:
            return False
        if self.at > len(self.text) // 2:
            self.lines += self.text.count("\n", 0, self.at)
            self.text, self.at = self.text[self.at :], 0
        # Twice as much as is held, so that a long value is not begun again and again.
        piece = self.file.read(max(_PIECE, len(self.text) - self.at))
        self.is_over = not piece
        self.text += self.decoder.decode(piece, final=self.is_over)
        return not self.is_over
