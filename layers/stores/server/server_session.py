"""What a session on a server rests on, whatever the server, the database or the account have for their defaults."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

# Every digit of a number, days and bytes as they are read here, and SQL as it is written here. The time zone stays the
# server's: its day is that of the library.
_SETTINGS = """SET extra_float_digits = 1; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres';
SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET transform_null_equals = off; SET array_nulls = on;
SET quote_all_identifiers = off; SET default_transaction_isolation = 'read committed'"""


def settle_session(raw: "psycopg.Connection[Any]") -> None:
    """Make a new session read and write as all others do. Raises psycopg.Error."""
    was_automatic, raw.autocommit = raw.autocommit, True
    raw.execute(_SETTINGS)
    raw.autocommit = was_automatic
