"""The plain form of an answer's or a table's row: values by name, as JSON has them."""

from typing import Any

Record = dict[str, Any]
