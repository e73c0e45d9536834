"""Days as files write them: 2025-06-10, 2025/6/10, 2025.6.10, 20250610, 2025年6月10日, also followed by a time."""

import re
from datetime import date
from typing import Any

from onemap.layers.frames.fields import text_value

# Without signs between them month and day have two digits each: 2025111 is in January or in November.
WRITTEN_DAY = r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))"
_DAY = re.compile(WRITTEN_DAY + r"(?:[T ].*)?")


def day_of(value: Any) -> date | None:
    """Return the day in one value of a field, independent of the rest of its column; None if it has none."""
    match = _DAY.fullmatch((text_value(value) or "").strip())
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups() if part is not None))
    except ValueError:
        return None
