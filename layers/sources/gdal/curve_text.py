"""Convert well-known text with arcs to well-known binary, from which arcs are stroked: GEOS reads neither."""

import re
import struct

_KINDS = {
    "POINT": 1,
    "LINESTRING": 2,
    "POLYGON": 3,
    "MULTIPOINT": 4,
    "MULTILINESTRING": 5,
    "MULTIPOLYGON": 6,
    "GEOMETRYCOLLECTION": 7,
    "CIRCULARSTRING": 8,
    "COMPOUNDCURVE": 9,
    "CURVEPOLYGON": 10,
    "MULTICURVE": 11,
    "MULTISURFACE": 12,
}
_LINES = {2, 8}
_BARE = {4: 1, 5: 2, 6: 3, 9: 2, 10: 2, 11: 2, 12: 3}  # the kind of a part that does not say its own
_LEXEME = re.compile(r"\s*([A-Za-z]+|[(),]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_ARCS = re.compile(r"CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE", re.IGNORECASE)
_DEEPEST = 32


def has_arcs(text: str) -> bool:
    """Whether a text is of a type that may have arcs."""
    return bool(_ARCS.search(text))


def wkb_of(text: str) -> bytes:
    """Return a well-known text, with or without arcs, as two-dimensional WKB. Raises ValueError for other texts."""
    reader = _TextReader(text)
    geometry = reader.geometry(None, 0)
    if reader.lexeme is not None:
        raise ValueError(reader.lexeme)
    return geometry


class _TextReader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text.strip(), 0
        self.lexeme: str | None = None
        self._advance()

    def _advance(self) -> str:
        before = self.lexeme
        if self.at >= len(self.text):
            self.lexeme = None
            return before or ""
        match = _LEXEME.match(self.text, self.at)
        if match is None:
            raise ValueError(self.text[self.at : self.at + 10])
        self.lexeme, self.at = match.group(1), match.end()
        return before or ""

    def geometry(self, bare: int | None, depth: int) -> bytes:
        """Return the next geometry as WKB. bare: the kind of a part that begins with a bracket. Raises ValueError."""
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        kind = bare
        if self.lexeme is not None and self.lexeme.isalpha() and self.lexeme.upper() != "EMPTY":
            name = self._advance().upper()
            kind = _KINDS.get(name) or _KINDS.get(name.rstrip("ZM"))  # POINTZ is written, too
            if self.lexeme is not None and self.lexeme.upper() in ("Z", "M", "ZM"):
                self._advance()
        if kind is None:
            raise ValueError(str(self.lexeme))
        head = struct.pack("<BI", 1, kind)
        if self.lexeme is not None and self.lexeme.upper() == "EMPTY":
            self._advance()
            return head + (struct.pack("<2d", float("nan"), float("nan")) if kind == 1 else struct.pack("<I", 0))
        if kind == 1:
            return head + self._bracketed_points(1)[4:] if self.lexeme == "(" else head + self._point()
        if kind in _LINES:
            return head + self._bracketed_points(None)
        parts = self._parts(kind, depth)
        return head + struct.pack("<I", len(parts)) + b"".join(parts)

    def _parts(self, kind: int, depth: int) -> list[bytes]:
        self._expect("(")
        parts = []
        while True:
            parts.append(self._bracketed_points(None) if kind == 3 else self.geometry(_BARE.get(kind), depth + 1))
            if self.lexeme == ",":
                self._advance()
                continue
            self._expect(")")
            return parts

    def _bracketed_points(self, most: int | None) -> bytes:
        self._expect("(")
        points = [self._point()]
        while self.lexeme == ",":
            self._advance()
            points.append(self._point())
        self._expect(")")
        if most is not None and len(points) > most:
            raise ValueError(f"{len(points)} points")
        return struct.pack("<I", len(points)) + b"".join(points)

    def _point(self) -> bytes:
        numbers = []
        while self.lexeme is not None and self.lexeme not in "(),":
            numbers.append(float(self._advance()))
        if not 2 <= len(numbers) <= 4:
            raise ValueError(f"{len(numbers)} numbers")
        return struct.pack("<2d", *numbers[:2])

    def _expect(self, sign: str) -> None:
        if self.lexeme != sign:
            raise ValueError(f"{self.lexeme} ≠ {sign}")
        self._advance()
