"""The plain form of answers, rows, and entries of logs and TOML files: values by name, as in JSON.

The names are those of a contract, a table or a schema. Values that one folder makes for another have types of their own
instead.
"""

from datetime import date
from typing import Any

Record = dict[str, Any]


def fields_of(value: object, *names: str) -> Record:
    """Some attributes of an object by name: dates as text, tuples as lists."""
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
