"""PostgreSQL's errors as refusals; none of them repeats a password."""

import contextlib
import re
from collections.abc import Iterator

import psycopg
from psycopg.conninfo import conninfo_to_dict

from onemap.layers.errors import OneMapError, server_reason, server_words
from onemap.layers.server_address import ServerAddress

# By SQLSTATE, or by its class of two characters.
_REFUSALS = {
    "55P03": "library.busy",
    "57014": "library.stopped",
    "40": "library.busy",
    "23505": "library.conflict",
    "53100": "library.full",
    "42501": "library.no_right",
    "25006": "library.read_only_server",
    "XX001": "library.damaged",
    "XX002": "library.damaged",
    "08": "library.connection_lost",
    "57P": "library.connection_lost",
    "25P03": "library.connection_lost",
}


# What is said before anybody is let in has no SQLSTATE for a client: a server's words, in English and in Chinese.
_LACKS_DATABASE = re.compile(r"database .*does not exist|数据库.*不存在")
_LETS_NOBODY_IN = re.compile(
    r"role .*(does not exist|is not permitted to log in)|authentication|pg_hba\.conf|角色.*(不存在|登录)|认证"
)


def _refusal(error: psycopg.Error) -> str:
    state = error.sqlstate
    if state is None:
        return "library.connection_lost" if isinstance(error, psycopg.OperationalError) else "library.server_said"
    for key in (state, state[:3], state[:2]):
        if key in _REFUSALS:
            return _REFUSALS[key]
    return "library.server_said"


@contextlib.contextmanager
def server_errors_as_refusals(label: str) -> Iterator[None]:
    """Turn the server's errors into refusals that say which library and what to do. Raises OneMapError library.…."""
    try:
        yield
    except psycopg.Error as error:
        raise OneMapError(_refusal(error), file=label, reason=server_reason(server_words(error))) from error


def connection_refused(error: psycopg.OperationalError, address: ServerAddress) -> OneMapError:
    """Return why there is no connection: no server, no such database, or a wrong password."""
    try:
        secret = str(conninfo_to_dict(address.conninfo).get("password") or "")
    except psycopg.Error:
        secret = ""  # none to withhold  # nosec B105
    words = server_words(error, secret)
    asked_for_password = error.pgconn is not None and (error.pgconn.needs_password or error.pgconn.used_password)
    if _LACKS_DATABASE.search(words):
        return OneMapError("library.no_database", file=address.label, reason=words)
    if asked_for_password or _LETS_NOBODY_IN.search(words):
        return OneMapError("library.password", file=address.label, reason=words)
    return OneMapError("library.unreachable", file=address.label, reason=server_reason(words))
