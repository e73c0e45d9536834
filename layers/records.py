"""The plain form of an answer, of a table's row, of what a log or a TOML file holds: values by name, as JSON has them.

Its names are those of a contract, a table or a schema. Values that one folder makes for another have a type of their
own instead.
"""

from typing import Any

Record = dict[str, Any]
