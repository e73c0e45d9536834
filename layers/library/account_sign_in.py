"""Signing in to a library on a server: this process works as the account from then on."""

from onemap.layers.library.library import open_library
from onemap.layers.library.rehearsals import REHEARSAL
from onemap.layers.records import Record
from onemap.layers.stores.server.account_connection import HELD, account_server, connect_account

_PLACES = """SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"""


def sign_in(location: str, account: str, password: str, *, takes_directory: bool = False) -> Record:
    """Sign in and hold the connection; return the account, the departments it may speak for, `places` and `rehearsal`.

    places: how many connections the server gives; rehearsal: whether the library is for rehearsals. Raises OneMapError
    as `account_server` and `connect_account` do, and library.no_right if the account may not use the library.
    """
    server = account_server(location, takes_directory=takes_directory)
    raw = connect_account(server, account, password)
    HELD.hold(raw)
    try:
        places = raw.execute(_PLACES).fetchone()
        with open_library(server.held_location) as library:
            roles = library.roles
            return {
                "account": library.account,
                "departments": [] if roles.is_owner else list(roles.departments),
                "places": places[0] if places else 0,
                REHEARSAL: library.is_rehearsal,
            }
    except BaseException:
        HELD.close()
        raise
