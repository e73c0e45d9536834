"""Rows of the core as records: each field by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


_CONVERSIONS: dict[Any, Callable[[Any], Any]] = {"str": lambda value: str(value or ""), "bool": bool}


def record_of(kind: Callable[..., Record], row: Mapping[str, Any], /, **values: Any) -> Record:
    """A row as a dataclass `kind`, with further values given by name.

    A text that the row lacks is empty, a truth value is False, any other value is None.
    """
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name not in values:
            value = row.get(one.name)
            values[one.name] = _CONVERSIONS[one.type](value) if one.type in _CONVERSIONS else value
    return kind(**values)
