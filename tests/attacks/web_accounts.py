"""A bureau whose people have passwords, and its library on a server, served by `onemap web`."""

from pathlib import Path

from onemap.tests.attacks.server_accounts import Bureau
from onemap.tests.postgis_server import GUARDED, Server

PASSWORD = "Kiefer 7 = 'grün' \\ @stadt"  # pragma: allowlist secret
ROLES = {
    "web_land": ("land",),
    "web_land_2": ("land",),
    "web_water": ("water",),
    "web_lead": ("lead", "planning"),
    "web_eyes": ("auditor",),
    "web_stranger": (),
}


def guarded_bureau(made: Bureau, folder: Path, postgis: Server) -> Bureau:
    """A copy of a bureau, with accounts that are asked for a password."""
    bureau = made.copied(folder, postgis)
    with bureau.connect("onemap") as connection:
        known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        for name in (GUARDED, *ROLES):
            if name not in known:
                connection.execute(f"CREATE ROLE {name} LOGIN")  # type: ignore[call-overload]
        for name, roles in ROLES.items():
            typed = PASSWORD.replace("'", "''")
            connection.execute(f"ALTER ROLE {name} PASSWORD '{typed}'")  # type: ignore[call-overload]
            for role in (GUARDED, *(f"onemap_town_{role}" for role in roles)):
                connection.execute(f"GRANT {role} TO {name}")  # type: ignore[call-overload]
    return bureau


def address_of(bureau: Bureau) -> str:
    """The library's address, which names no account."""
    return bureau.url.replace("&user=onemap", "")
