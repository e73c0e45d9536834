"""The type of a parameter: a word that the plugin reads, and a JSON schema for other systems."""

from collections.abc import Callable
from typing import Any

from onemap.layers.records import Record
from onemap.rules.contract.declaration import (
    Parameter,
    to_angle,
    to_box,
    to_codes,
    to_coordinate,
    to_count,
    to_date,
    to_days,
    to_metres,
    to_moment,
    to_pairs,
    to_seed,
    to_width_mm,
)

# All that is not named here is text, as it is typed.
_KINDS: dict[Callable[[str], Any] | None, str] = {
    to_date: "date",
    to_moment: "moment",
    to_metres: "number",
    to_angle: "number",
    to_count: "count",
    to_days: "count",
    to_width_mm: "count",
}
_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_SCHEMAS: dict[Callable[[str], Any] | None, dict[str, Any]] = {
    to_date: {"type": "string", "format": "date"},
    to_moment: {"type": "string"},  # a date, or a moment with its zone
    to_metres: {"type": "number", "minimum": 0},
    to_angle: {"type": "number", "minimum": 0, "maximum": 180},
    to_coordinate: {"type": "number"},
    to_count: {"type": "integer", "minimum": 1},
    to_days: {"type": "integer", "minimum": 1},
    to_width_mm: {"type": "integer", "minimum": 1},
    to_seed: {"type": "integer", "minimum": 0},
    to_codes: _TEXTS,
    to_box: {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    to_pairs: {"type": "object", "additionalProperties": {"type": "string"}},
}


def value_kind(parameter: Parameter) -> str:
    """One of flag, list, choice, date, moment, number, count and text."""
    if parameter.flag:
        return "flag"
    if parameter.repeated:
        return "list"
    return "choice" if parameter.choices else _KINDS.get(parameter.convert, "text")


def value_schema(parameter: Parameter) -> Record:
    """The JSON Schema of a parameter's value, as `serve` takes it."""
    if parameter.flag:
        return {"type": "boolean"}
    if parameter.repeated:
        return dict(_TEXTS)
    if parameter.choices:
        return {"type": "string", "enum": list(parameter.choices)}
    return dict(_SCHEMAS.get(parameter.convert, {"type": "string"}))
