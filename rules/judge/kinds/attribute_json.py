"""A feature's attributes as JSON text, as `overlaps.attributes` and `composition.keys` have them."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


def _as_text(value: Any) -> str:
    """The JSON form of a value that JSON lacks; bytes become hexadecimal digits, as in GDAL's GeoJSON."""
    return bytes(value).hex().upper() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


_TEXT: Callable[[str], str] = json.encoder.encode_basestring
_ENCODED = json.JSONEncoder(ensure_ascii=False, default=_as_text, allow_nan=False).encode  # once: there are many texts


def attribute_json(values: Mapping[str, Any]) -> str:
    """Attributes by name as one JSON object; a number that is not finite is null, bytes are hexadecimal digits."""
    try:
        return _ENCODED(values)
    except ValueError:
        return _ENCODED({name: None if _is_endless(value) else value for name, value in values.items()})


def attribute_texts(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """`attribute_json` of many rows with the same names, column by column: an encoder for each row would be slower."""
    if not names or not rows:
        return ["{}"] * len(rows)
    form = "{" + ", ".join(_ENCODED(str(name)).replace("%", "%%") + ": %s" for name in names) + "}"
    return [form % texts for texts in zip(*map(_texts_of, zip(*rows, strict=True)), strict=True)]


def _texts_of(values: Sequence[Any]) -> Iterator[str]:
    """Values as JSON; a column that holds only texts, only integers or only finite numbers is converted as a whole."""
    kinds = set(map(type, values))
    if kinds == {float} and all(map(math.isfinite, values)):
        return map(float.__repr__, values)
    return map(_TEXT if kinds == {str} else str if kinds == {int} else _value_text, values)


def _value_text(value: Any) -> str:
    kind = type(value)
    if kind is float:
        return float.__repr__(value) if math.isfinite(value) else "null"
    return str(value) if kind is int else "null" if value is None or _is_endless(value) else _ENCODED(value)


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
