"""The text of a PDF with the places of its pieces, read in a separate process: such files come from strangers.

A PDF makes its reader run like a program; even a small file may ask for any time and memory.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.bounded_process import Bounds
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.separate_reading import read_apart
from onemap.layers.sources.word_text import unreadable_paper

MOST_FILE_BYTES, MOST_PAGES, MOST_SIGNS = 256 << 20, 3_000, 20_000_000
BOUNDS = Bounds(seconds=240.0, bytes=2 << 30)
_WIDE = ("W", "F")  # as wide as they are high
_NARROW_SHARE = 0.5  # of the height, that other signs are wide
_LOST_SHARE = 0.1  # of signs that stand for nothing: then the fonts do not say what theirs mean


@dataclass(frozen=True)
class TextPiece:
    """Text that a page shows in one step. left, right, base: in points from the lower left; size: of its characters."""

    text: str
    left: float
    right: float
    base: float
    size: float


@dataclass(frozen=True)
class PdfPage:
    """One page: its text in the order of reading, and the pieces in the order of the file."""

    text: str
    pieces: tuple[TextPiece, ...]


def pdf_pages(path: Path, progress: Progress = SILENT) -> list[PdfPage]:
    """Return the pages of a PDF; a page without text has no pieces. Compatibility characters become plain ones.

    Raises OneMapError source.paper for files that are locked, beyond the bounds, or in fonts that do not tell their
    characters, and source.damaged.
    """
    if path.stat().st_size > MOST_FILE_BYTES:
        raise _too_large(path)
    try:
        return read_apart(read_pages, path, progress=progress, bounds=BOUNDS)
    except OneMapError as error:
        if error.code == "source.unbounded":
            raise _too_large(path) from None
        raise


def _too_large(path: Path) -> OneMapError:
    most = {"megabytes": MOST_FILE_BYTES >> 20, "pages": MOST_PAGES}
    most |= {"seconds": int(BOUNDS.seconds), "gigabytes": (BOUNDS.bytes or 0) >> 30}
    return unreadable_paper(path, Problem("suggest.paper_large", most))


def read_pages(path: Path) -> list[PdfPage]:
    """Read the pages in this process, without bounds of time and memory."""
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it finds odd in a file is nobody's to read
    reader = pypdf.PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise unreadable_paper(path, Problem("suggest.locked"))
    if len(reader.pages) > MOST_PAGES:
        raise _too_large(path)
    pages, signs, lost_signs = [], 0, 0
    for page in reader.pages:
        pieces: list[TextPiece] = []
        text = _plain(page.extract_text(visitor_text=_collector(pieces)))
        signs += sum(len(piece.text) for piece in pieces)
        lost_signs += sum(_is_lost(sign) for piece in pieces for sign in piece.text)
        if signs > MOST_SIGNS:
            raise _too_large(path)
        pages.append(PdfPage(text, tuple(pieces)))
    if lost_signs > _LOST_SHARE * max(signs, 1):
        raise unreadable_paper(path, Problem("suggest.paper_signs"))
    return pages


def _collector(pieces: list[TextPiece]) -> Callable[..., None]:
    def take(text: str, page: Any, line: Any, _font: Any, size: float) -> None:
        plain = _plain(text).strip()
        if not plain:
            return
        across, up, east, north = page[0], page[3], line[4], line[5]
        left, base = across * east + page[2] * north + page[4], page[1] * east + up * north + page[5]
        height = abs(float(size or 0.0) * line[3] * up) or abs(float(size or 0.0))
        width = sum(1.0 if unicodedata.east_asian_width(sign) in _WIDE else _NARROW_SHARE for sign in plain)
        pieces.append(TextPiece(plain, float(left), float(left + width * height), float(base), float(height)))

    return take


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _is_lost(sign: str) -> bool:
    """Whether a character stands for nothing that anybody could read."""
    return sign == "\N{REPLACEMENT CHARACTER}" or unicodedata.category(sign) in ("Co", "Cn", "Cc")
