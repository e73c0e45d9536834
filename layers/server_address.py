"""Where a library on a server lies: `postgresql://host/database?schema=NAME` or `service=NAME?schema=NAME`.

Passwords are libpq's business: its password file, its service file, PGPASSWORD. One that stands in an address all the
same is used and never shown.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from onemap.layers.errors import OneMapError

SCHEMES = ("postgresql://", "postgres://")
DEFAULT_SCHEMA = "onemap"
_SCHEMA_IN_PAIRS = re.compile(r"[?&\s]+schema=([^&\s]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_USER_PASSWORD = re.compile(r"(postgres(?:ql)?://[^\s:/@?#]*):([^\s/?#]*)@")
_PASSWORD_PAIR = re.compile(r"([?&\s])((?:ssl)?password)\s*=\s*('(?:[^'\\]|\\.)*'|[^&\s]*)&?", re.IGNORECASE)


@dataclass(frozen=True)
class ServerAddress:
    """A location, taken apart. conninfo: what libpq takes; schema: None if it is not named; database: for messages."""

    conninfo: str
    schema: str | None
    database: str

    @property
    def label(self) -> str:
        """How messages name the library: database and schema, never host, user or password."""
        return f"{self.database}.{self.schema}" if self.schema else self.database


def is_server(location: str) -> bool:
    """True for postgresql://…, postgres://… and service=…."""
    return location.startswith((*SCHEMES, "service="))


def without_password(text: str) -> str:
    """A text in which every address of a server has lost its password."""
    if not any(mark in text for mark in (*SCHEMES, "service=")):
        return text
    return _PASSWORD_PAIR.sub(r"\1", _USER_PASSWORD.sub(r"\1@", text)).rstrip("?& ")


def passwords_in(text: str) -> set[str]:
    """The passwords that stand in the addresses of a text."""
    if without_password(text) == text:
        return set()
    pairs = [found.group(3) for found in _PASSWORD_PAIR.finditer(text) if found.group(2).lower() == "password"]
    found = [match.group(2) for match in _USER_PASSWORD.finditer(text)] + pairs
    in_address = any(scheme in text for scheme in SCHEMES)
    return {unquote(word) if in_address else word.strip("'") for word in found if word}


def server_address(location: str) -> ServerAddress:
    """A location, taken apart. Raises OneMapError library.address, library.schema."""
    if location.startswith(SCHEMES):
        address, _, query = location.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        schema = next((value for name, value in pairs if name == "schema"), None)
        rest = urlencode([(name, value) for name, value in pairs if name != "schema"], safe="/")
        try:
            database = unquote(urlsplit(address).path.strip("/"))
        except ValueError:
            raise OneMapError("library.address") from None
        database = database or dict(pairs).get("dbname", "postgresql")
        conninfo = f"{address}?{rest}" if rest else address
    else:
        found = _SCHEMA_IN_PAIRS.search(location)
        schema = unquote(found.group(1)) if found else None
        conninfo = _SCHEMA_IN_PAIRS.sub("", location)
        database = re.split(r"[?&\s]", location.removeprefix("service="), maxsplit=1)[0] or "postgresql"
    if schema is not None and not _NAME.fullmatch(schema):
        raise OneMapError("library.schema", field="schema", schema=schema)
    return ServerAddress(conninfo, schema, database)


def schema_for(name: str | None) -> str:
    """The schema of a new library that is called so: what of its name a schema may hold, else `onemap`."""
    found = re.sub(r"[^a-z0-9]+", "_", (name or "").lower()).strip("_")[:40].rstrip("_")
    return found if _NAME.fullmatch(found) else DEFAULT_SCHEMA


def with_schema(location: str, schema: str) -> str:
    """A location that names its schema, without its password: how a new library is told to whoever made it."""
    shown = without_password(location)
    if server_address(shown).schema is not None:
        return shown
    return f"{shown}{'&' if '?' in shown else '?'}schema={schema}"
