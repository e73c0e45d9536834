"""The plain form of an answer, of a table's row, of what a log or a TOML file holds: values by name, as JSON has them.

Its names are those of a contract, a table or a schema. Values that one folder makes for another have a type of their
own instead.
"""

from datetime import date
from typing import Any

Record = dict[str, Any]


def fields_of(value: object, *names: str) -> Record:
    """Some attributes of an object by their names: a day as its text, several values as a list."""
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
