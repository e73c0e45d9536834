"""A feature's attributes as JSON text, as `overlaps.attributes` and `composition.keys` have them."""

import json
import math
from collections.abc import Mapping
from typing import Any

_ENCODED = json.JSONEncoder(ensure_ascii=False, default=str, allow_nan=False).encode  # once: there are many small texts


def attribute_json(values: Mapping[str, Any]) -> str:
    """Attributes by name as one JSON object; a number that is not finite, for which JSON has no word, is null."""
    try:
        return _ENCODED(values)
    except ValueError:
        return _ENCODED({name: None if _is_endless(value) else value for name, value in values.items()})


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
