"""Values of a field that are lists or objects, which no table of a library holds."""

import json
from typing import Any


def plain_value(value: Any) -> Any:
    """Lists and objects as JSON text; all other values unchanged."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value
