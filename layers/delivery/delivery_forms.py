"""The form of the papers and maps of a delivery: first bytes, resolution, version, numbers; readable text."""

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from onemap.layers.delivery.folder_template import TemplateItem
from onemap.layers.errors import Problem

_BEGINS = {
    ".pdf": b"%PDF-",
    ".jpg": b"\xff\xd8\xff",
    ".docx": b"PK\x03\x04",
    ".xlsx": b"PK\x03\x04",
    ".xml": b"<",
    ".gpkg": b"SQLite format 3\0",
}
_COMPOUND = b"\xd0\xcf\x11\xe0"  # the old Office formats, and new ones with a password
_UNREADABLE = {
    **dict.fromkeys((".doc", ".wps"), Problem("suggest.doc")),
    **dict.fromkeys((".xls", ".et"), Problem("suggest.xls")),
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_VERSION = re.compile(rb"%PDF-(\d\.\d)")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_MOST_BYTES = 64 << 20  # of a PDF, that are looked through for fonts
_INCH_CM = 2.54


def form_problems(path: Path, item: TemplateItem, name: str) -> Iterator[Problem]:
    """Yield problems if a file is not what its name says, of a version not accepted, or its picture too coarse."""
    begin = _BEGINS.get(path.suffix.lower())
    if begin is None or path.is_dir():
        return
    with path.open("rb") as file:
        head = file.read(len(begin) + len(_BYTE_ORDER_MARK))
    if not head.removeprefix(_BYTE_ORDER_MARK).startswith(begin):
        yield Problem("template.form", {"file": name, "form": path.suffix[1:].upper()})
        return
    if item.dpi is not None:
        dots = dots_per_inch(path)
        if dots is None or dots < item.dpi:
            yield Problem(
                "template.dpi", {"file": name, "dpi": "–" if dots is None else f"{dots:g}", "least": item.dpi}
            )
    if item.versions and (version := pdf_version(path)) not in item.versions:
        yield Problem("template.version", {"file": name, "version": version, "versions": item.versions})


def number_problems(
    names: Sequence[str], item: TemplateItem, values: Mapping[str, str], folder: str
) -> Iterator[Problem]:
    """Yield the numbers that a series from 01 on lacks, and those that it has once too often."""
    if "{number}" not in item.name:
        return
    pattern = item.pattern(**values)
    counts = Counter(int(match.group("number")) for name in names if (match := pattern.fullmatch(name)))
    series = range(1, max(counts, default=0) + 1)
    lacking = [number for number in series if number not in counts]
    extra = [number for number in sorted(counts) if counts[number] > 1 or number not in series]
    for code, numbers in (("template.number", lacking), ("template.number_extra", extra)):
        if numbers:
            yield Problem(code, {"file": folder, "numbers": [f"{number:02}" for number in numbers]})


def pdf_version(path: Path) -> str | None:
    """The version in the head of a PDF, such as 1.7."""
    with path.open("rb") as file:
        match = _VERSION.match(file.read(16))
    return None if match is None else match.group(1).decode("ascii")


def unread_reason(path: Path, item: TemplateItem) -> Problem | None:
    """Return why only a person can read a file of a paper; None if its form does not prevent a program from it."""
    suffix = path.suffix.lower()
    if suffix in _UNREADABLE:
        return _UNREADABLE[suffix]
    with path.open("rb") as file:
        if suffix in (".docx", ".xlsx") and file.read(4) == _COMPOUND:
            return Problem("suggest.locked")
    if suffix == ".pdf" and (item.has_text or item.versions):
        content = path.read_bytes()[:_MOST_BYTES]
        if b"/Encrypt" in content:
            return Problem("suggest.locked")
        if item.has_text and content.startswith(_BEGINS[".pdf"]) and not _has_fonts(content):
            return Problem("suggest.scan")
    return None


def _has_fonts(content: bytes) -> bool:
    """Whether a PDF names a font in plain or compressed objects: without one it shows only pictures."""
    if b"/Font" in content:
        return True
    for stream in _STREAM.finditer(content):
        try:
            if b"/Font" in zlib.decompressobj().decompress(stream.group(1), _MOST_BYTES):
                return True
        except zlib.error:
            continue
    return False


def dots_per_inch(path: Path) -> float | None:
    """Return the smaller of both resolutions in a JPEG's JFIF head; None if it states none."""
    with path.open("rb") as file:
        head = file.read(20)
    if head[:4] != b"\xff\xd8\xff\xe0" or head[6:11] != b"JFIF\0" or len(head) < 18:
        return None
    unit, across, down = head[13], int.from_bytes(head[14:16], "big"), int.from_bytes(head[16:18], "big")
    dots = {1: 1.0, 2: _INCH_CM}.get(unit)
    return None if dots is None or not min(across, down) else min(across, down) * dots
