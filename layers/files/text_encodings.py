"""Text encodings: their names, which ones fit some bytes, the text of a plain file."""

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

from onemap.layers.errors import OneMapError, Problem

ENCODINGS = ("UTF-8", "GB18030", "GBK", "GB2312", "BIG5", "UTF-16", "windows-1252", "ISO-8859-1")  # offered in lists
REPLACEMENT = "\ufffd"
WESTERN = {"iso8859-1", "iso8859-15", "cp1252", "cp437", "cp850", "mac-roman"}
_CHINESE = {"gbk", "cp936", "936", "gb2312", "ms936", "gb18030"}
_TRADITIONAL = {"big5", "big5tw", "csbig5", "xxbig5"}
_NO_CODE_PAGES = {"unicode-escape", "raw-unicode-escape", "punycode", "idna", "utf-7"}  # ways of writing, not of files
_BAD_SHARE = 0.02  # of the signs beyond ASCII; with more of them the encoding is another
# Characters beyond ASCII of GBK and of UTF-8: the group holds the common ones, the rest of each pattern all others.
_PAIRS = re.compile(rb"([\xa1-\xf7][\xa1-\xfe])|[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
_SEQUENCES = re.compile(rb"([\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})|[\x80-\xff]")
# A character of two bytes; one of those that texts mostly consist of, in GB2312 and in Big5; a sign common to both.
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_COMMON = {
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
}
_SIGN = re.compile(rb"[\xa1-\xa3]")
# By how texts were read: the group of their own characters, the other one, and its encodings, the commonest first.
# Only the one of Hong Kong has the characters of its villages.
_GB, _BIG5 = ("gb18030", "big5", ("BIG5", "BIG5HKSCS")), ("big5", "gb18030", ("GB18030",))
_OTHER_CHINESE = {"gb18030": _GB, "cp950": _BIG5, "big5hkscs": _BIG5}
_LEAST_MORE, _MOSTLY = 2, 0.8
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def encoding_of(name: str) -> str:
    """Return Python's name of an encoding; one that another includes is read as that: GBK as GB18030, Big5 as cp950.

    Raises OneMapError encoding.unknown.
    """
    text = re.sub(r"^(ansi|oem|windows|win)[ _-]*(?=\d)", "", name.strip().lower())
    if text.isdigit():
        text = {"65001": "utf-8", "88591": "iso8859-1", "54936": "gb18030"}.get(text, f"cp{text}")
    bare = re.sub(r"[ _-]", "", text)
    if bare in _CHINESE:
        return "gb18030"
    if bare in _TRADITIONAL:
        return "cp950"
    for candidate in (text, bare):
        try:
            name_of_codec = codecs.lookup(candidate).name
            "a".encode(name_of_codec)  # some of Python's codecs turn bytes into bytes
        except (LookupError, UnicodeError):
            continue
        if name_of_codec not in _NO_CODE_PAGES:
            return name_of_codec
    raise OneMapError("encoding.unknown", field="--encoding", encoding=name)


def is_text(text: str) -> bool:
    """Whether a text can be stored: no character stands for a stray byte or half of a UTF-16 pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def path_problem(path: str) -> Problem:
    """Return the problem that a path is not text on this system, so no driver or document can use it."""
    return Problem("source.name", {"file": Path(path).name, "path": _path_in_letters(path)})


def _path_in_letters(path: str) -> str:
    """Return a path as its writer reads it: names that are not text here are read as GB18030, and marked so.

    Programs that unpack archives of Chinese Windows leave such names. Bytes that are not GB18030 stay bytes.
    """
    letters = "/".join(map(_name_in_letters, path.split("/")))
    return letters if letters == path else f"{letters} (GB18030)"


def _name_in_letters(name: str) -> str:
    try:
        content = name.encode("utf-8", "surrogateescape")  # the bytes that the disk has
    except UnicodeEncodeError:  # half of a pair of UTF-16, of which no disk has a name
        return name
    return name if decodes(content, "utf-8") else content.decode("gb18030", "backslashreplace")


def decodes(content: bytes, encoding: str) -> bool:
    """Whether every byte is valid in that encoding."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(content: bytes) -> bool:
    """Whether most bytes beyond ASCII come in pairs, as Chinese characters of GB2312 do, or are sequences of UTF-8.

    Western one-byte encodings accept every byte, so this is how a wrong claim of one is found. Most, since a rare
    character of GBK, or one that its field cuts, looks otherwise.
    """
    return any(_fits_mostly(pattern, content) for pattern in (_PAIRS, _SEQUENCES))


def _fits_mostly(pattern: re.Pattern[bytes], content: bytes) -> bool:
    characters = pattern.findall(content)
    return sum(map(bool, characters)) * 2 > len(characters)


def is_doubtful(encoding: str, content: bytes) -> bool:
    """Whether a Western encoding is claimed for bytes that look Chinese."""
    return encoding in WESTERN and _looks_chinese(content)


def likelier_encoding(encoding: str, texts: Iterable[str]) -> tuple[str, str, str] | None:
    """Return GB18030 or Big5 if texts that were read as the other look more like it, and a text as read and as meant.

    Most bytes of one are valid in the other, so neither is certain. But the common characters of the two have other
    bytes: second ones below 0xA1 are frequent in Big5 and hardly occur in GB2312.
    """
    group = _OTHER_CHINESE.get(next(iter(_claimed_encodings(encoding)), ""))
    if group is None:
        return None
    own, other, names = group
    contents = {text: text.encode(encoding, errors="ignore") for text in texts if not text.isascii()}
    characters = [pair for content in contents.values() for pair in _PAIR.findall(content) if not _SIGN.match(pair)]
    in_own, in_other = (sum(bool(_COMMON[one].fullmatch(pair)) for pair in characters) for one in (own, other))
    # Of bytes that look alike in both, a declaration of Big5 says nothing that a mere habit might not have written.
    least = in_own + (_LEAST_MORE if own == "gb18030" else 0)
    if in_other < max(least, _MOSTLY * len(characters), _LEAST_MORE):
        return None
    likelier = None
    least_bad = int(_BAD_SHARE * len(characters)) + 1
    for name in names:
        other_texts = [content.decode(encoding_of(name), errors="replace") for content in contents.values()]
        bad = "".join(other_texts).count(REPLACEMENT)
        example = next(
            (pair for pair in zip(contents, other_texts, strict=True) if REPLACEMENT not in "".join(pair)), None
        )
        if example is not None and bad < least_bad:
            likelier, least_bad = (name, *example), bad
    return likelier


def text_of(path: Path, stated_encoding: str | None) -> tuple[str, str]:
    """Return the text of a plain file and its encoding: BOM, strict UTF-8, then GB18030.

    Raises OneMapError encoding.wrong if a given one does not fit, encoding.undecidable.
    """
    return decode_text(path.read_bytes(), path.name, stated_encoding)


def decode_text(content: bytes, file: str, stated_encoding: str | None, claimed: str | None = None) -> tuple[str, str]:
    """Return bytes as text, and their encoding: a BOM's, the claimed one if the bytes agree, UTF-8, then GB18030.

    A few invalid bytes become replacement characters, which the user of the text reports by field.

    claimed: the encoding that the file declares, in any spelling. Raises as `text_of` does.
    """
    marked_encodings = [name for mark, name in _MARKS if content.startswith(mark)]
    candidates = (
        [encoding_of(stated_encoding)]
        if stated_encoding is not None
        else marked_encodings or [*_claimed_encodings(claimed), "utf-8", "gb18030"]
    )
    fit = [one for one in candidates if stated_encoding is not None or not is_doubtful(one, content)]
    for encoding in fit:
        is_guess = stated_encoding is None and encoding == "gb18030" and "utf-8" in fit
        if decodes(content, encoding) and not (is_guess and _is_nearly(content, "utf-8")):
            return content.decode(encoding).lstrip("\ufeff"), encoding
    for encoding in fit:
        if stated_encoding is None and _is_nearly(content, encoding):
            return content.decode(encoding, errors="replace").lstrip("\ufeff"), encoding
    code = "encoding.wrong" if stated_encoding is not None else "encoding.undecidable"
    raise OneMapError(code, file=file, encoding=stated_encoding)


def _is_nearly(content: bytes, encoding: str) -> bool:
    """Whether bytes are text of an encoding except for a few, which become replacement characters."""
    text = content.decode(encoding, errors="replace")
    bad = text.count(REPLACEMENT)
    return 0 < bad <= _BAD_SHARE * sum(not sign.isascii() for sign in text)


def _claimed_encodings(claimed: str | None) -> list[str]:
    """Return the claimed encoding; an unknown name is no evidence."""
    try:
        return [] if claimed is None else [encoding_of(claimed)]
    except OneMapError:
        return []
