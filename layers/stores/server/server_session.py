"""Settings of a session on a server, independent of the defaults of the server, the database or the account."""

from typing import TYPE_CHECKING, Any

from onemap.layers.errors import OneMapError

if TYPE_CHECKING:
    import psycopg

# Every digit of a number, days and bytes as they are read here, and SQL as it is written here. The time zone stays the
# server's: its day is that of the library.
_SETTINGS = {
    "extra_float_digits": "1",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "array_nulls": "on",
    "quote_all_identifiers": "off",
    "default_transaction_isolation": "read committed",
}
# A server whose cable was pulled says nothing, ever: the systems of both ends ask one another whether they are there.
ALIVE: dict[str, Any] = {
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}
POSTGIS_SCHEMA = (
    "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'postgis'"
)
_SETTLING = ", ".join(f"set_config('{name}', '{value}', %(is_local)s)" for name, value in _SETTINGS.items())


def settle_session(raw: "psycopg.Connection[Any]", label: str) -> None:
    """Make a new session read and write as all others do.

    A pooler tells a client another process than the one that answers, and may give each transaction to the next
    process: one client's role and search path would then apply to another client. Raises OneMapError library.pooled,
    psycopg.Error.
    """
    session_row = raw.execute(f"SELECT pg_backend_pid(), {_SETTLING}", {"is_local": False}).fetchone()
    if session_row is None or session_row[0] != raw.info.backend_pid:
        raise OneMapError("library.pooled", file=label)


def settle_transaction(raw: "psycopg.Connection[Any]") -> bool:
    """Make one transaction read as all others do, even through a pooler, and find PostGIS in whatever schema it is.

    Returns whether PostGIS is there. Raises psycopg.Error.
    """
    raw.execute(f"SELECT {_SETTLING}", {"is_local": True})
    schema_row = raw.execute(POSTGIS_SCHEMA).fetchone()
    if schema_row is not None:
        path = "concat_ws(', ', quote_ident(%s), nullif(current_setting('search_path'), ''))"
        raw.execute(f"SELECT set_config('search_path', {path}, true)", schema_row)
    return schema_row is not None
