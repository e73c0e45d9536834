"""The printed content of a page, read as a browser reads it: its texts, and the drawings on its maps.

`resources/pages/seal.js` reads the same in the browser, so that a reply says what its page printed. What time alone
changes, such as a last day, is marked `data-varies` in the page and no part of it.
"""

import re
from html.parser import HTMLParser

from onemap.layers.library.library import sha256

_BLANKS = re.compile("[ \t\n\r\f]+")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_SILENT = frozenset(("script", "style", "title", "head"))
_LOOK = frozenset(
    ("d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "dx", "dy", "width", "height")
    + ("transform", "viewbox", "href", "xlink:href", "fill", "stroke", "class", "src")
)


class PrintedPage(HTMLParser):
    """A page being read. texts: its texts, part by part; drawn: the elements of its maps and figures."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.drawn: list[str] = []
        self._open: list[tuple[str, str]] = []  # elements that have begun, and where their texts go
        self._piece = ""
        self.feed(page)
        self.close()
        self._end_piece()

    @property
    def text_digest(self) -> str:
        """SHA-256 of the texts."""
        return sha256("\n".join(self.texts))

    @property
    def drawn_digest(self) -> str:
        """SHA-256 of the drawings."""
        return sha256("\n".join(self.drawn))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self._end_piece()
        attributes, place = dict(attrs), self._place
        if place == "texts" and (tag == "figure" or attributes.get("id") == "map-box"):
            place = "drawn"
        if tag in _SILENT - ({"title"} if place == "drawn" else set()) or "data-varies" in attributes:
            place = ""
        if place == "drawn":
            self.drawn += [f"{tag} {name} {_plain(value or '')}" for name, value in sorted(attrs) if name in _LOOK]
        elif place == "texts" and tag == "input" and attributes.get("value"):
            self.texts.append(_plain(str(attributes["value"])))
        if tag not in _VOID:
            self._open.append((tag, place))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, of a drawing."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it what was left open in it."""
        self._end_piece()
        if any(tag == one for one, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Text."""
        self._piece += data

    @property
    def _place(self) -> str:
        """Where texts go: texts, drawn, or nowhere."""
        return self._open[-1][1] if self._open else "texts"

    def _end_piece(self) -> None:
        piece, self._piece = _plain(self._piece), ""
        if piece and self._place:
            (self.drawn if self._place == "drawn" else self.texts).append(piece)


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")
