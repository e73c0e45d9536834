"""How the text of a shapefile is encoded: what it declares, checked against its bytes."""

import codecs
from pathlib import Path

import numpy as np

from onemap.layers.errors import OneMapError

# Language driver ids (byte 29 of a DBF) that name one code page; 0x57 and 0x03 mean "the sender's own".
_LANGUAGE_DRIVERS = {0x4D: "cp936", 0x4F: "cp950", 0x7A: "cp936", 0x78: "cp950", 0x13: "cp932", 0x12: "cp949"}
_CHINESE = {"gbk", "cp936", "936", "gb2312", "ms936"}


def encoding_of(name: str) -> str:
    """Python's name of an encoding; GBK and GB2312 are read as GB18030, which holds both.

    Raises OneMapError encoding.unknown.
    """
    text = name.strip().lower()
    if text.isdigit():
        text = "utf-8" if text == "65001" else f"cp{text}"
    if text.startswith(("ansi ", "oem ")):
        text = f"cp{text.split()[1]}"
    if text.replace("-", "") in _CHINESE:
        return "gb18030"
    try:
        return codecs.lookup(text).name
    except LookupError:
        raise OneMapError("encoding.unknown", field="--encoding", encoding=name) from None


def decodes(content: bytes, encoding: str) -> bool:
    """True if every byte has a meaning in that encoding and none is a replacement character."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return "\ufffd" not in text


def _text_bytes(path: Path) -> tuple[int, bytes]:
    """The language driver and all bytes of field names and character fields, value by value."""
    content = path.read_bytes()
    if len(content) < 33:
        raise OneMapError("source.damaged", file=path.name)
    header_length = int.from_bytes(content[8:10], "little")
    record_length = int.from_bytes(content[10:12], "little")
    records = int.from_bytes(content[4:8], "little")
    spans: list[tuple[int, int]] = []
    names, offset, position = [], 1, 32
    while position + 32 <= header_length and content[position] != 0x0D:
        descriptor = content[position : position + 32]
        names.append(descriptor[:11].split(b"\0")[0])
        if descriptor[11:12] in b"CcMm":
            spans.append((offset, descriptor[16]))
        offset += descriptor[16]
        position += 32
    body = np.frombuffer(content[header_length : header_length + records * record_length], dtype=np.uint8)
    rows = body[: len(body) // max(record_length, 1) * record_length].reshape(-1, max(record_length, 1))
    parts = [b"\n".join(names)]
    for start, length in spans:
        # A newline after each value, so that a half character at its end cannot borrow the next one's byte.
        column = np.full((len(rows), length + 1), 0x0A, dtype=np.uint8)
        column[:, :length] = rows[:, start : start + length]
        parts.append(column.tobytes())
    return content[29], b"\n".join(parts).replace(b"\0", b" ")


def shapefile_encoding(shapefile: Path, given: str | None) -> str:
    """The encoding of a shapefile's attributes.

    In this order: `given`, `.cpg`, the language driver, each only if the bytes agree; strict UTF-8; GB18030.
    Raises OneMapError encoding.wrong if a given one does not fit, encoding.undecidable if none does.
    """
    table = sibling(shapefile, ".dbf")
    if table is None:
        return "utf-8"
    driver, content = _text_bytes(table)
    if given is not None:
        encoding = encoding_of(given)
        if not decodes(content, encoding):
            raise OneMapError("encoding.wrong", file=table.name, encoding=given)
        return encoding
    candidates = []
    code_page = sibling(shapefile, ".cpg")
    if code_page is not None:
        try:
            candidates.append(encoding_of(code_page.read_text("ascii", errors="replace")))
        except OneMapError:
            candidates.append("")  # a .cpg that names nothing known is no evidence
    candidates += [encoding_of(_LANGUAGE_DRIVERS.get(driver, "utf-8")), "utf-8", "gb18030"]
    for encoding in filter(None, candidates):
        if decodes(content, encoding):
            return encoding
    raise OneMapError("encoding.undecidable", file=table.name)


def text_of(path: Path, given: str | None) -> tuple[str, str]:
    """The text of a plain file and its encoding: BOM, strict UTF-8, then GB18030; a wrong one is refused."""
    content = path.read_bytes()
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    if given is not None:
        candidates = [encoding_of(given)]
    else:
        candidates = [name for mark, name in marks if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in candidates:
        if decodes(content, encoding):
            return content.decode(encoding).lstrip("\ufeff"), encoding
    code = "encoding.wrong" if given is not None else "encoding.undecidable"
    raise OneMapError(code, file=path.name, encoding=given)


def sibling(path: Path, suffix: str) -> Path | None:
    """The file of the same stem with another suffix, whatever its case, or None."""
    for candidate in path.parent.glob(f"{_escaped(path.stem)}.*"):
        if candidate.suffix.lower() == suffix and candidate.stem == path.stem:
            return candidate
    return None


def _escaped(stem: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in stem)
