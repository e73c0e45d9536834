"""A department's reply file: its content, and how it is checked before it is trusted."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.library.library import sha256
from onemap.layers.messages import LANGUAGES
from onemap.rules.display.letterhead.annex_names import ANNEXES
from onemap.rules.review.cases.case import CONCLUSIONS, Conclusion
from onemap.rules.review.statement.content import DOCUMENTS

FORMAT = 2
SUFFIX = ".reply.json"
_FORMER = 1  # of pages that did not say what they printed
_MOST_BYTES = 1_000_000
_TYPES: dict[str, type] = {
    "onemap_reply": int,
    "library": str,
    "case": str,
    "round": int,
    "department": str,
    "run": str,
    "shown": str,
    "printed": str,
    "language": str,
    "document": str,
    "annexes": list,
    "conclusion": str,
    "text": str,
    "basis": str,
    "answers": list,
    "by": str,
    "on": str,
    "check": str,
}


@dataclass(frozen=True)
class Reply:
    """A department's answer to a page. shown: the digest of the facts shown (`review_pack.shown_digest`).

    printed: the digest of the texts that the page printed (`page.texts_digest`); language, document, annexes: with
    which the page was written; answers: pairs of checklist item and answer, for answered items only.
    """

    library: str
    case: str
    round: int
    department: str
    run: str
    shown: str
    printed: str
    language: str
    document: str
    annexes: tuple[str, ...]
    conclusion: str
    text: str
    basis: str
    answers: tuple[tuple[str, str], ...]
    by: str
    on: date


def canonical(value: Any) -> str:
    """A value as the JSON text that is hashed: sorted keys, no blanks, `<` escaped as in a page's script."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def reply_check(reply: dict[str, Any]) -> str:
    """The check sum of a reply without its own check sum; it guards against accidents, and is no signature."""
    return sha256(canonical({key: value for key, value in reply.items() if key != "check"}))


def read_reply(path: Path) -> Reply:
    """Read and check the reply in a file.

    Raises OneMapError reply.file, reply.syntax, reply.older, reply.form, reply.altered, reply.conclusion, reply.name,
    reply.text, reply.basis, reply.date.
    """
    content = _object_in(path)
    if content.get("onemap_reply") == _FORMER:
        raise OneMapError("reply.older", file=path.name)
    wrong = [key for key, kind in _TYPES.items() if type(content.get(key)) is not kind]
    wrong += [key for key in content if key not in _TYPES]
    wrong += [] if wrong or all(map(_is_answer, content["answers"])) else ["answers"]
    if wrong or content["onemap_reply"] != FORMAT:
        raise OneMapError("reply.form", file=path.name, field=", ".join(wrong or ["onemap_reply"]))
    if content["check"] != reply_check(content):
        raise OneMapError("reply.altered", file=path.name)
    if wrong := _unknown_page(content):
        raise OneMapError("reply.form", file=path.name, field=", ".join(wrong))
    if content["conclusion"] not in CONCLUSIONS:
        raise OneMapError("reply.conclusion", file=path.name, field="conclusion", value=content["conclusion"])
    for key, code in (("by", "reply.name"), ("text", "reply.text")):
        if not content[key].strip():
            raise OneMapError(code, file=path.name, field=key)
    if content["conclusion"] == Conclusion.DISAGREE and not content["basis"].strip():
        raise OneMapError("reply.basis", file=path.name, field="basis")
    try:
        on = date.fromisoformat(content["on"])
    except ValueError:
        on = None
    if on is None or on.isoformat() != content["on"]:  # the day of a week, too, is a date by ISO 8601
        raise OneMapError("reply.date", file=path.name, field="on", value=content["on"])
    values = {key: value for key, value in content.items() if key not in ("onemap_reply", "check", "on", "answers")}
    values["annexes"] = tuple(values["annexes"])
    return Reply(**values, on=on, answers=tuple((item, answer) for item, answer in content["answers"]))


def _unknown_page(content: dict[str, Any]) -> list[str]:
    """The keys describing the page (language, document, annexes) whose values no page can have."""
    allowed = {"language": LANGUAGES, "document": DOCUMENTS}
    wrong = [key for key, values in allowed.items() if content[key] not in values]
    return wrong + ([] if all(name in ANNEXES for name in content["annexes"]) else ["annexes"])


def _is_answer(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) and part.strip() for part in pair)


def _object_in(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise OneMapError("reply.syntax", file=path.name)
        content = path.read_bytes()
    except OSError as error:
        raise OneMapError("reply.file", file=path.name, reason=file_reason(error)) from None
    try:
        reply_object = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)
        json.dumps(reply_object, ensure_ascii=False, allow_nan=False).encode()  # half a character is no text
    except (ValueError, RecursionError):
        raise OneMapError("reply.syntax", file=path.name) from None
    if not isinstance(reply_object, dict):
        raise OneMapError("reply.syntax", file=path.name)
    return reply_object


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, and refuse a repeated key: nobody could tell which value was meant. Raises ValueError."""
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key stands twice")
    return values
