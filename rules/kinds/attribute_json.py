"""A feature's attributes as JSON text, as `overlaps.attributes` and `composition.keys` have them."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any


def _as_text(value: Any) -> str:
    """What JSON has no word for; bytes in hexadecimal, as GDAL writes binary fields into GeoJSON."""
    return bytes(value).hex().upper() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


_ENCODED = json.JSONEncoder(ensure_ascii=False, default=_as_text, allow_nan=False).encode  # once: there are many texts


def attribute_json(values: Mapping[str, Any]) -> str:
    """Attributes by name as one JSON object; a number that is not finite is null, bytes are hexadecimal digits."""
    try:
        return _ENCODED(values)
    except ValueError:
        return _ENCODED({name: None if _is_endless(value) else value for name, value in values.items()})


def attribute_texts(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """attribute_json() of many rows of the same names: column by column, for an encoder of each row costs more."""
    columns = []
    for at, name in enumerate(names):
        head = f"{_ENCODED(str(name))}: "
        columns.append([head + _value_text(row[at]) for row in rows])
    return ["{" + ", ".join(texts) + "}" for texts in zip(*columns, strict=True)] if columns else ["{}"] * len(rows)


def _value_text(value: Any) -> str:
    kind = type(value)
    if kind is float:
        return float.__repr__(value) if math.isfinite(value) else "null"
    return str(value) if kind is int else "null" if value is None or _is_endless(value) else _ENCODED(value)


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
