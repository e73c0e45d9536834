"""Forms written as TOML for the core: texts, numbers, flags, days, lists of texts, names in two languages."""

from __future__ import annotations

import json
import re
from typing import Any

from qgis.PyQt.QtCore import QDate, Qt


def toml_text(values: dict[str, Any], tables: dict[str, dict[str, Any]] | None = None) -> str:
    """A file of keys and values, then tables; values that are None, and tables without values, are left out."""
    blocks = [_lines(values)]
    for name, table in (tables or {}).items():
        lines = _lines(table)
        blocks.append(f"\n[{'.'.join(map(_key, name.split('.')))}]\n{lines}" if lines else "")
    return "".join(blocks)


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in values.items() if value is not None)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, QDate):
        return value.toString(Qt.DateFormat.ISODate)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # What JSON writes of texts, numbers and flags, TOML reads as the same; but for the one sign that it wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
