"""Accounts of a library on the tests' own server."""

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql


def with_account(url: str, account: str) -> str:
    """A server's address with another account."""
    return url.replace("user=onemap", f"user={account}")


def make_accounts(url: str, roles_of: Mapping[str, Sequence[str]]) -> None:
    """Make accounts, unless the server has them, and give them roles of a library.

    url: of the library, whose schema it names; roles_of: departments, lead, auditor, owner or public, by account.
    """
    address, _, schema = url.partition("&schema=")
    with psycopg.connect(address, autocommit=True) as connection:
        for name, roles in roles_of.items():
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
            for role in roles:
                group = sql.Identifier(f"onemap_{schema}_{role}")
                connection.execute(sql.SQL("GRANT {} TO {}").format(group, sql.Identifier(name)))
