"""How text is encoded: names of encodings, what bytes agree with, the text of a plain file."""

import codecs
import re
from pathlib import Path

from onemap.layers.errors import OneMapError

REPLACEMENT = "\ufffd"
WESTERN = {"iso8859-1", "iso8859-15", "cp1252", "cp437", "cp850", "mac-roman"}
_CHINESE = {"gbk", "cp936", "936", "gb2312", "ms936", "gb18030"}
_NO_CODE_PAGES = {"unicode-escape", "raw-unicode-escape", "punycode", "idna", "utf-7"}  # ways of writing, not of files
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def encoding_of(name: str) -> str:
    """Python's name of an encoding; GBK and GB2312 are read as GB18030, which holds both.

    Raises OneMapError encoding.unknown.
    """
    text = re.sub(r"^(ansi|oem|windows|win)[ _-]*(?=\d)", "", name.strip().lower())
    if text.isdigit():
        text = {"65001": "utf-8", "88591": "iso8859-1", "54936": "gb18030"}.get(text, f"cp{text}")
    bare = re.sub(r"[ _-]", "", text)
    if bare in _CHINESE:
        return "gb18030"
    for candidate in (text, bare):
        try:
            name_of_codec = codecs.lookup(candidate).name
            "a".encode(name_of_codec)  # some of Python's codecs turn bytes into bytes
        except (LookupError, UnicodeError):
            continue
        if name_of_codec not in _NO_CODE_PAGES:
            return name_of_codec
    raise OneMapError("encoding.unknown", field="--encoding", encoding=name)


def decodes(content: bytes, encoding: str) -> bool:
    """True if every byte has a meaning in that encoding."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def looks_chinese(content: bytes) -> bool:
    """True if all bytes beyond ASCII come in pairs as Chinese characters of GB2312 do.

    Western one-byte encodings give every byte a meaning, so this is how a wrong claim of one is found.
    """
    runs = re.findall(rb"[\x80-\xff]+", content)
    return bool(runs) and all(re.fullmatch(rb"(?:[\xa1-\xf7][\xa1-\xfe])+", run) for run in runs)


def is_doubtful(encoding: str, content: bytes) -> bool:
    """True if a Western encoding is claimed for bytes that look Chinese."""
    return encoding in WESTERN and looks_chinese(content)


def text_of(path: Path, given: str | None) -> tuple[str, str]:
    """The text of a plain file and its encoding: BOM, strict UTF-8, then GB18030.

    Raises OneMapError encoding.wrong if a given one does not fit, encoding.undecidable, encoding.replaced.
    """
    return decode_text(path.read_bytes(), path.name, given)


def decode_text(content: bytes, file: str, given: str | None, claimed: str | None = None) -> tuple[str, str]:
    """Bytes as text, and their encoding: a BOM's, the claimed one if the bytes agree, strict UTF-8, then GB18030.

    claimed: what the file itself says, in whatever spelling. Raises as `text_of` does.
    """
    marked = [name for mark, name in _MARKS if content.startswith(mark)]
    candidates = (
        [encoding_of(given)] if given is not None else marked or [*_claimed_encodings(claimed), "utf-8", "gb18030"]
    )
    for encoding in candidates:
        doubtful = given is None and is_doubtful(encoding, content)
        if not doubtful and decodes(content, encoding):
            text = content.decode(encoding).lstrip("\ufeff")
            if REPLACEMENT in text:
                line = text[: text.index(REPLACEMENT)].count("\n") + 1
                raise OneMapError("encoding.replaced", file=file, feature=line)
            return text, encoding
    code = "encoding.wrong" if given is not None else "encoding.undecidable"
    raise OneMapError(code, file=file, encoding=given)


def _claimed_encodings(claimed: str | None) -> list[str]:
    """A claim that names nothing known is no evidence."""
    try:
        return [] if claimed is None else [encoding_of(claimed)]
    except OneMapError:
        return []
