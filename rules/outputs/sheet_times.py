"""Moments as an office writes them: the day and the minute, of the clock on the wall."""

import re
from datetime import datetime
from typing import Any

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")


def local_time(text: Any) -> Any:
    """A moment as 2026-11-22 16:05; any other value as it is.

    One in universal time (Z) is told by the clock of this machine, one with its own zone by that.
    """
    if not isinstance(text, str) or _MOMENT.fullmatch(text) is None:
        return text
    moment = datetime.fromisoformat(text)
    return f"{moment.astimezone() if text.endswith('Z') else moment:%Y-%m-%d %H:%M}"
