"""Logins to libraries on servers: entries of QGIS's authentication store; only the entry's id is stored here."""

from __future__ import annotations

import json

from qgis.core import QgsApplication, QgsAuthMethodConfig

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_location import is_server
from onemap.plugin.profile import settings
from onemap.plugin.words.translation import tr

METHOD = "Basic"  # a name and a password; the core is handed no other kind
NAME, PASSWORD = "PGUSER", "PGPASSWORD"  # what libpq calls them  # pragma: allowlist secret


def entry_of(location: str) -> str:
    """The store's entry for a library; empty if libpq finds the login by itself."""
    return str(json.loads(settings.get("server_logins")).get(location, "")) if is_server(location) else ""


def keep_entry(location: str, entry: str) -> None:
    """Store the entry for a library; an empty one removes it."""
    entries = json.loads(settings.get("server_logins"))
    entries.pop(location, None)
    settings.put("server_logins", json.dumps({**entries, **({location: entry} if entry else {})}))


def kept_entries() -> set[str]:
    """The store's entries for all libraries on servers."""
    return set(json.loads(settings.get("server_logins")).values())


def login_environment(entry: str) -> dict[str, str]:
    """The environment variables with which libpq logs in by an entry; empty without an entry.

    QGIS asks for its master password if needed. Raises Refusal if the entry is missing, locked, or of another kind.
    """
    if not entry:
        return {}
    config = QgsAuthMethodConfig()
    manager = QgsApplication.authManager()
    if entry not in manager.configIds():
        raise _refusal(tr("The authentication entry {entry} is not in QGIS's store.").format(entry=entry))
    if not manager.setMasterPassword(True) or not manager.loadAuthenticationConfig(entry, config, True)[0]:
        raise _refusal(tr("QGIS's authentication store is locked, so nobody can log in to the server."))
    if config.method() != METHOD:
        raise _refusal(tr("The authentication entry is of another kind than “Basic”: name and password."))
    return {NAME: config.config("username"), PASSWORD: config.config("password")}


def _refusal(message: str) -> Refusal:
    mend = tr("Choose an entry with name and password under “Change the connection…”, or open the store.")
    return Refusal(message, [{"code": "server.login", "message": message, "mend": mend}])
