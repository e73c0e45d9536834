"""How text is encoded: names of encodings, what bytes agree with, the text of a plain file."""

import codecs
import re
from pathlib import Path

from onemap.layers.errors import OneMapError

REPLACEMENT = "\ufffd"
_CHINESE = {"gbk", "cp936", "936", "gb2312", "ms936", "gb18030"}
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
            return codecs.lookup(candidate).name
        except LookupError:
            continue
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


def text_of(path: Path, given: str | None) -> tuple[str, str]:
    """The text of a plain file and its encoding: BOM, strict UTF-8, then GB18030.

    Raises OneMapError encoding.wrong if a given one does not fit, encoding.undecidable, encoding.replaced.
    """
    content = path.read_bytes()
    if given is not None:
        candidates = [encoding_of(given)]
    else:
        candidates = [name for mark, name in _MARKS if content.startswith(mark)] or ["utf-8", "gb18030"]
    for encoding in candidates:
        if decodes(content, encoding):
            text = content.decode(encoding).lstrip("\ufeff")
            if REPLACEMENT in text:
                line = text[: text.index(REPLACEMENT)].count("\n") + 1
                raise OneMapError("encoding.replaced", file=path.name, feature=line)
            return text, encoding
    code = "encoding.wrong" if given is not None else "encoding.undecidable"
    raise OneMapError(code, file=path.name, encoding=given)
