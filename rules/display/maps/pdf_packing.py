"""A PDF's many small objects packed into compressed streams (ISO 32000-1, 7.5.7 and 7.5.8): the same document, smaller.

Typst writes the structure that screen readers follow as plain objects, some hundred to a page, which is more than what
is drawn there.
"""

import re
import struct
import zlib

_OBJECTS_A_STREAM = 200  # a reader unpacks a whole stream to see one object of it
_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_TABLE = re.compile(rb"xref\s+0 (\d+)\s+")
_TRAILER = re.compile(rb"\s*trailer\s*<<(.*)>>\s*\Z", re.S)
_SIZE = re.compile(rb"/Size \d+")
_ENTRY_BYTES, _LEVEL = 20, 9
_FREE, _PLAIN, _PACKED = 0, 1, 2  # how the table of objects says where one is


def packed_pdf(pdf: bytes) -> bytes:
    """The PDF with its objects in compressed streams; unchanged if it is not built like those of typst."""
    start_match = _START.search(pdf, max(0, len(pdf) - 64))
    table = _TABLE.match(pdf, int(start_match[1])) if start_match else None
    if start_match is None or table is None:
        return pdf
    count = int(table[1])
    end = table.end() + count * _ENTRY_BYTES
    trailer = _TRAILER.match(pdf, end, start_match.start())
    offsets = {
        number: int(pdf[at : at + 10])
        for number in range(count)
        if pdf[(at := table.end() + number * _ENTRY_BYTES) + 17 : at + 18] == b"n"
    }
    if trailer is None or b"/Encrypt" in trailer[1]:
        return pdf
    bodies = _bodies(pdf, offsets, int(start_match[1]))
    if bodies is None:
        return pdf
    writer = _Writer(pdf[: min(offsets.values())], count)
    small: list[int] = []
    for number, body in bodies.items():
        if body.endswith(b"endstream"):
            writer.add_plain(number, body)
        else:
            small.append(number)
    for start in range(0, len(small), _OBJECTS_A_STREAM):
        writer.add_packed({number: bodies[number] for number in small[start : start + _OBJECTS_A_STREAM]})
    return writer.end(_SIZE.sub(b"", trailer[1]))


def _bodies(pdf: bytes, offsets: dict[int, int], end: int) -> dict[int, bytes] | None:
    """The content of each object, in the order of the file; None if one does not begin and end as it should."""
    numbers = sorted(offsets, key=offsets.__getitem__)
    ends = [*(offsets[number] for number in numbers[1:]), end]
    bodies = {}
    for number, until in zip(numbers, ends, strict=True):
        head, text = b"%d 0 obj" % number, pdf[offsets[number] : until].rstrip()
        if not text.startswith(head) or not text.endswith(b"endobj"):
            return None
        bodies[number] = text[len(head) : -len(b"endobj")].strip()
    return bodies


class _Writer:
    """A PDF under construction: objects, then the table of their positions."""

    def __init__(self, head: bytes, count: int) -> None:
        """head: the bytes before the first object; count: the number of objects that have numbers."""
        self._parts, self._length = [head], len(head)
        self._places: dict[int, tuple[int, int, int]] = {}
        self._next = count

    def add_plain(self, number: int, body: bytes) -> None:
        """Add an object that stays unpacked."""
        self._places[number] = (_PLAIN, self._length, 0)
        self._put(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    def add_packed(self, bodies: dict[int, bytes]) -> None:
        """Add objects other than streams, packed into one stream."""
        places, at = [], 0
        for index, (number, body) in enumerate(bodies.items()):
            places.append(b"%d %d" % (number, at))
            self._places[number] = (_PACKED, self._next, index)
            at += len(body) + 1
        first = b" ".join(places) + b"\n"
        facts = b"/Type/ObjStm/N %d/First %d" % (len(bodies), len(first))
        self._put_stream(facts, first + b"\n".join(bodies.values()))

    def end(self, facts: bytes) -> bytes:
        """The whole file. facts: the entries of the trailer about the document."""
        start, number = self._length, self._next
        self._places[number] = (_PLAIN, start, 0)
        rows = b"".join(struct.pack(">BIH", *self._places.get(one, (_FREE, 0, 0))) for one in range(number + 1))
        self._put_stream(b"/Type/XRef/Size %d/W[1 4 2]%s" % (number + 1, facts), rows)
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)
        return b"".join(self._parts)

    def _put_stream(self, facts: bytes, content: bytes) -> None:
        compressed = zlib.compress(content, _LEVEL)
        head = b"<<%s/Filter/FlateDecode/Length %d>>" % (facts, len(compressed))
        self._places[self._next] = (_PLAIN, self._length, 0)
        self._put(b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (self._next, head, compressed))
        self._next += 1

    def _put(self, text: bytes) -> None:
        self._parts.append(text)
        self._length += len(text)
