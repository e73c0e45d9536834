"""Values of a database that no Python type can hold: they arrive as the server writes them."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

_MOMENTS = {
    "date": "DateLoader",
    "time": "TimeLoader",
    "timetz": "TimetzLoader",
    "timestamp": "TimestampLoader",
    "timestamptz": "TimestamptzLoader",
}
_AS_WRITTEN = ("interval", "json", "jsonb")  # a month is not thirty days, and a list not its members
_MOST_INTEGER = 2**63 - 1  # of SQLite and of Arrow


def read_as_written(connection: "psycopg.Connection[Any]") -> None:
    """Make values that Python's dates cannot hold arrive as text: `infinity`, years before 1 or after 9999.

    Intervals and JSON arrive as text, too.
    """
    from psycopg.types import datetime as moments
    from psycopg.types.string import TextLoader

    for name, loader in _MOMENTS.items():
        connection.adapters.register_loader(name, _or_text(getattr(moments, loader)))
    for name in _AS_WRITTEN:
        connection.adapters.register_loader(name, TextLoader)


def _or_text(loader: Any) -> Any:
    from psycopg import DataError

    class OrText(loader):
        def load(self, data: Any) -> Any:
            try:
                return super().load(data)
            except DataError:
                return bytes(data).decode()

    return OrText


def plain_value(value: Any) -> Any:
    """Return a decimal number as a table can hold it: as an integer, as a float, or else as text."""
    if not isinstance(value, Decimal):
        return value
    if value != value.to_integral_value() or value.as_tuple().exponent != 0:
        return float(value)
    return int(value) if abs(value) <= _MOST_INTEGER else str(value)
