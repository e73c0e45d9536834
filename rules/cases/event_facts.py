"""What the body of an event may hold: texts of people, reasons, the facts of a project."""

import re
from collections.abc import Mapping
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.cases.project_data import may_hold

Facts = Mapping[str, Any]
MOST_REASON, MOST_TEXT, MOST_NAME = 2_000, 20_000, 200
_UNPRINTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def person_text(value: Any, most: int) -> str:
    """A text of a person. Raises OneMapError review.event_unreadable."""
    is_text = isinstance(value, str) and len(value) <= most and not _UNPRINTED.search(value)
    if not is_text:
        raise OneMapError("review.event_unreadable")
    return value


def project_facts(value: Any) -> Facts:
    """The facts of a project. Raises OneMapError review.event_unreadable for what no file of facts could hold."""
    if not isinstance(value, dict) or not all(may_hold(name, one) for name, one in value.items()):
        raise OneMapError("review.event_unreadable")
    return value


def reason_text(facts: Facts, *, needed: bool = False) -> str | None:
    """The reason that was given. Raises OneMapError review.reason where one is needed."""
    reason = facts.get("reason")
    text = None if reason is None else person_text(reason, MOST_REASON)
    if needed and not (text or "").strip():
        raise OneMapError("review.reason", field="--reason")
    return text
