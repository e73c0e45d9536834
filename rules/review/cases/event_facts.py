"""The content of an event's body: texts of people, reasons, the facts of a project."""

import re
from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.review.cases.case import AttachedFile
from onemap.rules.review.cases.project_data import may_hold

Facts = Mapping[str, Any]
MOST_REASON, MOST_TEXT, MOST_NAME, MOST_PATH = 2_000, 20_000, 200, 4_096
_UNPRINTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def person_text(value: Any, most: int) -> str:
    """Check and return a person's text. Raises OneMapError review.event_unreadable."""
    is_text = isinstance(value, str) and len(value) <= most and not _UNPRINTED.search(value)
    if not is_text:
        raise OneMapError("review.event_unreadable")
    return value


def project_title(value: Any) -> str:
    """Check and return a project's name, which is one line. Raises OneMapError review.event_unreadable."""
    name = person_text(value, MOST_NAME)
    if not name.strip() or not name.isprintable():
        raise OneMapError("review.event_unreadable")
    return name


def attached_files(value: Any) -> tuple[AttachedFile, ...]:
    """Files by name and hash. Raises OneMapError review.event_unreadable."""
    return tuple(AttachedFile(person_text(one["name"], MOST_PATH), person_text(one["hash"], 64)) for one in value)


def pack_places(value: Any) -> list[dict[str, str | None]]:
    """Packs by id, and by name or file where one was given. Raises OneMapError review.event_unreadable."""
    return [
        {
            "id": person_text(one["id"], MOST_NAME),
            "name": None if one["name"] is None else person_text(one["name"], MOST_PATH),
        }
        for one in value
    ]


def plain_values(facts: Facts) -> dict[str, Any]:
    """The facts that are numbers, texts, and lists of them."""
    return {name: value for name, value in facts.items() if _is_plain(value)}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(one, list) for one in value) and all(map(_is_plain, value))
    is_text = isinstance(value, str) and len(value) <= MOST_REASON and not _UNPRINTED.search(value)
    return is_text or value is None or isinstance(value, int | float)


def project_facts(value: Any) -> Facts:
    """Check and return the facts of a project. Raises OneMapError review.event_unreadable."""
    if not isinstance(value, dict) or not all(may_hold(name, one) for name, one in value.items()):
        raise OneMapError("review.event_unreadable")
    return value


def reason_text(facts: Facts, *, is_needed: bool = False) -> str | None:
    """The reason given in an event, if any. Raises OneMapError review.reason if one is needed and missing."""
    reason = facts.get("reason")
    text = None if reason is None else person_text(reason, MOST_REASON)
    if is_needed and not (text or "").strip():
        raise OneMapError("review.reason", field="--reason")
    return text
