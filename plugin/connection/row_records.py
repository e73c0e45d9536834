"""Rows of the core as records: each field by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def _as_it_is(value: Any) -> Any:
    return value


_CONVERSIONS: dict[Any, Callable[[Any], Any]] = {"str": lambda value: str(value or ""), "bool": bool}


def record_of(kind: Callable[..., Record], row: Mapping[str, Any], /, **known: Any) -> Record:
    """A row as a dataclass `kind`, with further values given by name.

    A text that the row lacks is empty, a truth value is False, any other value is None.
    """
    named = [one for one in fields(kind) if one.name not in known]  # type: ignore[arg-type]
    return kind(**known, **{one.name: _CONVERSIONS.get(one.type, _as_it_is)(row.get(one.name)) for one in named})
