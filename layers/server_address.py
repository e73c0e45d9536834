"""The address of a library on a server: `postgresql://host/database?schema=NAME` or `service=NAME?schema=NAME`.

Passwords are left to libpq: its password file, its service file, PGPASSWORD. A password in an address is used
nevertheless, and never shown.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from onemap.layers.errors import OneMapError

SCHEMES = ("postgresql://", "postgres://")
DEFAULT_SCHEMA = "onemap"
_SCHEMA_IN_PAIRS = re.compile(r"[?&\s]+schema=([^&\s]+)")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
# An address of a database in any spelling. Its password may have signs in it that should have been encoded, even a
# blank; only a port, digits and then an end, is none.
_DATABASE_SCHEME = r"\b(?:postgres(?:ql)?|postgis|pgsql|mysql|mariadb|mssql|oracle|mongodb)(?:\+\w+)?://"
_PORT = r"\d{1,5}(?=[,\s'\")]|$|/(?![^\s?]*@)|\?(?:\w+=|(?!\S*@)))"
_USER_PASSWORD = re.compile(rf"({_DATABASE_SCHEME}[^\s:/?#\[]*)(?::|%3a)(?!{_PORT})(?:([^\n]*)@|(\S*))", re.IGNORECASE)
_WEB_PASSWORD = re.compile(r"(\b(?!postgres)[a-z][a-z0-9+.-]*://[^\s:/@?#\[]*):([^\s/?#@]*)@", re.IGNORECASE)
_PASSWORD_PAIR = re.compile(
    r"(^|[?&\s;,:'\"(])((?:pg|ssl)?(?:password|passwd|pwd))\s*=\s*"
    r"('(?:[^'\\]|\\.)*'|\"[^\"]*\"|[^&\n]*?(?=&|\s+\w+\s*=|$))&?",
    re.IGNORECASE | re.MULTILINE,
)
# Without one of these a text speaks of no database, and "password=" in it is somebody's word.
_ADDRESS_MARK = re.compile(
    rf"{_DATABASE_SCHEME}|\b(?:host|hostaddr|service|dbname|user|port)\s*=|\b(?:pg|mysql|mssql):|\bPGPASSWORD\s*=",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ServerAddress:
    """The parts of an address. conninfo: for libpq; schema: None if not named; database: its name for messages."""

    conninfo: str
    schema: str | None
    database: str

    @property
    def label(self) -> str:
        """The library's name in messages: database and schema, never host, user or password."""
        return f"{self.database}.{self.schema}" if self.schema else self.database


def is_server(location: str) -> bool:
    """Whether a location begins with postgresql://, postgres:// or service=."""
    return location.startswith((*SCHEMES, "service="))


def without_password(text: str) -> str:
    """A text without the passwords of any server's address in it, however the address is spelled."""
    if "=" not in text and "://" not in text:
        return text
    public_text = _WEB_PASSWORD.sub(r"\1@", text)
    if _ADDRESS_MARK.search(public_text):
        public_text = _PASSWORD_PAIR.sub(r"\1", _USER_PASSWORD.sub(_without_middle, public_text))
    return text if public_text == text else public_text.rstrip("?& ")


def _without_middle(match: re.Match[str]) -> str:
    return f"{match[1]}@" if match[2] is not None else match[1]


def passwords_in(text: str) -> set[str]:
    """The passwords in the addresses of a text, decoded."""
    if without_password(text) == text:
        return set()
    pairs = [passwords[3] for passwords in _PASSWORD_PAIR.finditer(text) if not passwords[2].lower().startswith("ssl")]
    passwords = [match[2] if match[2] is not None else match[3] for match in _USER_PASSWORD.finditer(text)] + pairs
    in_address = any(scheme in text.lower() for scheme in SCHEMES)
    return {unquote(word) if in_address else word.strip("'\"") for word in passwords if word}


def is_plainly_spelled(conninfo: str) -> bool:
    """Whether libpq finds the password where the person has put it; else its messages would repeat a part of it."""
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    typed_passwords = passwords_in(conninfo)
    try:
        understood = {str(word) for name, word in conninfo_to_dict(conninfo).items() if name == "password" and word}
    except Error:
        return False
    return typed_passwords == understood


def server_address(location: str) -> ServerAddress:
    """The parts of a location. Raises OneMapError library.address, library.schema."""
    if location.startswith(SCHEMES):
        address, _, query = location.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        schema = next((value for name, value in pairs if name == "schema"), None)
        rest = urlencode([(name, value) for name, value in pairs if name != "schema"], safe="/")
        try:
            database = unquote(urlsplit(without_password(address)).path.strip("/"))
        except ValueError:
            raise OneMapError("library.address") from None
        database = database or dict(pairs).get("dbname", "postgresql")
        conninfo = f"{address}?{rest}" if rest else address
    else:
        match = _SCHEMA_IN_PAIRS.search(location)
        schema = unquote(match.group(1)) if match else None
        conninfo = _SCHEMA_IN_PAIRS.sub("", location)
        public_location = without_password(location)
        database = re.split(r"[?&\s]", public_location.removeprefix("service="), maxsplit=1)[0] or "postgresql"
    if schema is not None and not _NAME.fullmatch(schema):
        raise OneMapError("library.schema", field="schema", schema=schema)
    return ServerAddress(conninfo, schema, database)


def schema_for(name: str | None) -> str:
    """The schema for a new library of this name: the name without signs that a schema cannot have, or `onemap`."""
    schema = re.sub(r"[^a-z0-9]+", "_", (name or "").lower()).strip("_")[:40].rstrip("_")
    return schema if _NAME.fullmatch(schema) else DEFAULT_SCHEMA


def with_schema(location: str, schema: str) -> str:
    """A location with its schema and without its password, to show the address of a new library."""
    public_location = without_password(location)
    if server_address(public_location).schema is not None:
        return public_location
    return f"{public_location}{'&' if '?' in public_location else '?'}schema={schema}"
