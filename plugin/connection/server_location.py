"""The location of a library on a PostGIS server: address or service, and schema; never a user or a password."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from qgis.core import QgsDataSourceUri

SCHEMES = ("postgresql://", "postgres://")
SERVICE = "service="
SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,39}")  # as the core has it
SERVICE_NAME = re.compile(r"[^\s=&?/'\\]+")
USUAL_PORT = "5432"
SSL_MODES = {
    "disable": QgsDataSourceUri.SslMode.SslDisable,
    "allow": QgsDataSourceUri.SslMode.SslAllow,
    "prefer": QgsDataSourceUri.SslMode.SslPrefer,
    "require": QgsDataSourceUri.SslMode.SslRequire,
    "verify-ca": QgsDataSourceUri.SslMode.SslVerifyCa,
    "verify-full": QgsDataSourceUri.SslMode.SslVerifyFull,
}
LOGIN = {"user", "password", "passfile", "sslpassword"}


def is_server(location: str) -> bool:
    """Whether a library's location is on a server, not a file."""
    return location.startswith((*SCHEMES, SERVICE))


def location_of(address: str, schema: str) -> str:
    """The location of a library: an address or the name of a service, with its schema. Raises ValueError."""
    address, schema = address.strip(), schema.strip()
    if not address.startswith(SCHEMES):
        service = address.removeprefix(SERVICE)
        if not SERVICE_NAME.fullmatch(service):
            raise ValueError(address)
        address = SERVICE + service
    elif has_login(address) or not _names_database(address):
        raise ValueError(address)
    address, _mark, query = address.partition("?")
    options = [option for option in query.split("&") if option and not option.startswith("schema=")]
    return f"{address}?{'&'.join([*options, f'schema={quote(schema)}'])}"


def has_login(address: str) -> bool:
    """Whether an address contains a user or a password, which belong in QGIS's authentication store."""
    if not address.strip().startswith(SCHEMES):
        return any(f"{name}=" in address for name in LOGIN)
    server = address.strip().split("://", 1)[1].partition("?")[0].partition("/")[0]
    return "@" in server or bool(LOGIN & _options(address.strip()).keys())


def parts_of(location: str) -> tuple[str, str]:
    """The parts of a location as a person types them: the address or the name of the service, and the schema."""
    address, _mark, query = location.partition("?")
    options = "&".join(option for option in query.split("&") if option and not option.startswith("schema="))
    text = address.removeprefix(SERVICE)
    return (f"{text}?{options}" if options else text), _options(location).get("schema", "")


def short_name(location: str) -> str:
    """The name of a library until the core has sent its own: its schema, or its file's name."""
    return (parts_of(location)[1] or location) if is_server(location) else Path(location).stem


def home_of(location: str) -> str:
    """The text beside a library's name in a list: its server's address, or its file's folder."""
    return parts_of(location)[0] if is_server(location) else str(Path(location).parent)


def data_source(location: str, authcfg: str, table: str, geometry: str, key: str) -> str:
    """The data source of one table for QGIS's provider "postgres"; it has only the id of the login's entry.

    location: the library.
    authcfg: the entry of QGIS's authentication store.
    geometry: the geometry column; empty for a table without one.
    """
    uri, options = QgsDataSourceUri(), _options(location)
    mode = SSL_MODES.get(options.get("sslmode", "prefer"), QgsDataSourceUri.SslMode.SslPrefer)
    if location.startswith(SERVICE):
        uri.setConnection(parts_of(location)[0], "", "", "", mode, authcfg)
    else:
        address = urlsplit(location)
        host = options.get("host") or unquote(address.hostname or "")
        port = options.get("port") or str(address.port or USUAL_PORT)
        database = options.get("dbname") or unquote(address.path.strip("/"))
        uri.setConnection(host, port, database, "", "", mode, authcfg)
    uri.setDataSource(options.get("schema", ""), table, geometry, "", key)
    return uri.uri(False)  # not expanded: what the store holds stays in it


def _names_database(address: str) -> bool:
    """Whether an address names a database. Raises ValueError if its host or port cannot be read."""
    parts = urlsplit(address)
    return parts.port != 0 and bool(parts.path.strip("/") or _options(address).get("dbname"))


def _options(location: str) -> dict[str, str]:
    return dict(parse_qsl(location.partition("?")[2], keep_blank_values=True))
