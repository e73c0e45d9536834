"""Lists and objects as values of a field, which no table of a library holds."""

import json
from typing import Any


def plain_value(value: Any) -> Any:
    """Return lists and objects as JSON text; all other values unchanged."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value
