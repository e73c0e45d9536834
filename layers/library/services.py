"""Web services that departments run: registered with owner and date, and where each snapshot came from.

A check never uses a service itself, only a snapshot of it, which is a version like any other.

A library is handed around and printed from. A key belongs in QGIS's authentication store, which is encrypted and
stays on one desk. So no refusal here repeats the address that it refuses.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from onemap.layers.catalogue.catalogue import DEPARTMENTS, KINDS, LIBRARIES
from onemap.layers.catalogue.layer_names import known_layer
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library, log, now
from onemap.layers.library.rows_as_logged import check_table
from onemap.layers.records import Record
from onemap.layers.secret_words import keys_in_path, secret_in
from onemap.layers.stores.logged_rows import insert_logged, note, plain_tables, row_name
from onemap.layers.stores.sql_text import Sql
from onemap.layers.stores.store import StoreConnection

PICTURES = ("wms", "wmts", "xyz")
FEATURES = ("wfs", "oapif", "sensorthings")
TYPES = PICTURES + FEATURES
OPTIONS = ("axis", "crs", "format", "geometry", "matrix", "style", "version")
LONGEST_NAME = 80
TABLES = (
    "CREATE TABLE IF NOT EXISTS onemap_services (name TEXT PRIMARY KEY, type TEXT NOT NULL, url TEXT NOT NULL,"
    " layer TEXT, department TEXT NOT NULL, library TEXT NOT NULL, kind TEXT NOT NULL, code TEXT, dated TEXT,"
    " authcfg TEXT, options TEXT NOT NULL, note TEXT, registered_by TEXT NOT NULL, registered_at TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS onemap_snapshots (table_name TEXT PRIMARY KEY, service TEXT NOT NULL,"
    " taken_at TEXT NOT NULL)",
)
_SQL = (
    "SELECT name, type, url, layer, department, library, kind, code, dated, authcfg, options, note, registered_by,"
    " registered_at FROM onemap_services ORDER BY name"
)
_NOT_OURS = {"service", "request", "version", "acceptversions"}  # QGIS asks these itself
_MARKS = ({"{x}"}, {"{y}", "{-y}"}, {"{z}"})


@dataclass(frozen=True)
class Service:
    """One registered service. layer: its name on the server; code: the layer of the catalogue that it shows or feeds.

    dated: the day of its data according to its owner, ISO; authcfg: an entry of QGIS's authentication store, never a
    key.
    """

    name: str
    type: str
    url: str
    layer: str | None = None
    department: str = ""
    library: str = ""
    kind: str = ""
    code: str | None = None
    dated: str | None = None
    authcfg: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    note: str | None = None
    registered_by: str = ""
    registered_at: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The origin of a version: a service as registered, and the moment of the snapshot, ISO with time zone."""

    service: Service
    taken_at: str

    @property
    def source(self) -> str:
        """The source of the version, as the version's record names it."""
        layer = f" {self.service.layer}" if self.service.layer else ""
        return f"{self.service.name} ({self.service.type} {self.service.url}{layer}), {self.taken_at}"

    @property
    def record(self) -> Record:
        """The service and the moment, as the version's report keeps them."""
        service_facts = ("name", "type", "url", "layer", "department", "dated")
        return {
            **{key: value for key, value in asdict(self.service).items() if key in service_facts},
            "at": self.taken_at,
        }


def services(library: Library) -> list[Service]:
    """Return every registered service, by name."""
    all_services = [Service(*row) for row in library.connection.execute(_SQL)]
    return [replace(service, options=json.loads(str(service.options))) for service in all_services]


def service_named(library: Library, name: str) -> Service:
    """Return a registered service. Raises OneMapError service.missing."""
    all_services = services(library)
    for service in all_services:
        if service.name == name.strip():
            return service
    raise OneMapError("service.missing", feature=name.strip(), known=[service.name for service in all_services])


def listed_services(library: Library) -> list[dict[str, Any]]:
    """Each service with the snapshots taken of it, oldest first, as `layers` lists them."""
    snapshots: dict[str, list[dict[str, str]]] = {}
    sql = "SELECT service, table_name, taken_at FROM onemap_snapshots ORDER BY taken_at, table_name"
    for service, table, taken_at in library.connection.execute(sql):
        snapshots.setdefault(service, []).append({"table": table, "taken_at": taken_at})
    return [{**asdict(service), "snapshots": snapshots.get(service.name, [])} for service in services(library)]


def register(library: Library, new_service: Service, overwrite: bool, who: str) -> Service:
    """Register a service, or with `overwrite` replace it; return the service as it is kept.

    With a code, the layer gives department, library and kind if they are missing. Raises OneMapError
    service.…, layer.unknown, and the library's refusals.
    """
    library.check_owner()
    service = _check_service(library, new_service)
    with library.writing() as connection:
        service = replace(service, registered_by=who, registered_at=connection.moment())
        _check_register(library)
        if connection.execute("SELECT 1 FROM onemap_services WHERE name = ?", (service.name,)).fetchone():
            if not overwrite:
                raise OneMapError("service.exists", feature=service.name)
            connection.execute("DELETE FROM onemap_services WHERE name = ?", (service.name,))
        row = {**asdict(service), "options": json.dumps(dict(service.options), ensure_ascii=False, sort_keys=True)}
        table = plain_tables(TABLES)["onemap_services"]
        insert_logged(connection, table, [[row[name] for name in table.columns]])
        log(connection, who, "service", service.name, asdict(service))
    return service


def remove(library: Library, name: str, who: str) -> Service:
    """Remove a service from the register; versions made from it stay. Raises OneMapError service.missing."""
    library.check_owner()
    service = service_named(library, name)
    with library.writing() as connection:
        _check_register(library)
        connection.execute("DELETE FROM onemap_services WHERE name = ?", (service.name,))
        note(connection, "onemap_services", row_name([service.name]), None)
        log(connection, who, "service.remove", service.name, asdict(service))
    return service


def _check_register(library: Library) -> None:
    """Refuse to write to a register that somebody has edited. Raises OneMapError library.altered."""
    check_table(library, plain_tables(TABLES)["onemap_services"], Sql("action IN ('service', 'service.remove')"))


def snapshot_of(library: Library, name: str, taken_at: str | None) -> Snapshot:
    """Return a snapshot that is taken now, or was taken at a moment (ISO).

    Raises OneMapError service.missing, service.picture.
    """
    service = service_named(library, name)
    if service.type in PICTURES:
        raise OneMapError("service.picture", feature=service.name, type=service.type)
    return Snapshot(service, taken_at or now())


def keep_snapshot(connection: StoreConnection, table: str, snapshot: Snapshot, who: str) -> None:
    """Record inside the open transaction from which service a version was taken."""
    row = (table, snapshot.service.name, snapshot.taken_at)
    insert_logged(connection, plain_tables(TABLES)["onemap_snapshots"], [row])
    log(connection, who, "snapshot", table, {"service": snapshot.service.name, "taken_at": snapshot.taken_at})


def is_entry(text: str) -> bool:
    """Whether a text has the form of an id in QGIS's authentication store, which a key or password hardly has."""
    return bool(re.fullmatch(r"[A-Za-z0-9]{7}", text))


def _check_service(library: Library, new_service: Service) -> Service:
    """Return the service with its parts checked and the facts of its layer filled in."""
    service = replace(
        new_service,
        name=new_service.name.strip(),
        url=service_address(new_service.url, new_service.type),
        layer=(new_service.layer or "").strip() or None,
        note=(new_service.note or "").strip() or None,
    )
    if not service.name or len(service.name) > LONGEST_NAME or not service.name.isprintable():
        raise OneMapError("service.name", field="NAME", longest=LONGEST_NAME)
    for name, text in (("NAME", service.name), ("--layer", service.layer), ("--note", service.note)):
        secret = secret_in(text or "")
        if secret is not None:
            raise OneMapError("service.secret", field=name, name=secret)
    if service.layer is None and service.type != "xyz":
        raise OneMapError("service.layer", feature=service.name, field="--layer")
    if service.authcfg and not is_entry(service.authcfg):
        raise OneMapError("service.authcfg", feature=service.name, field="--authcfg")
    _check_options(service)
    if service.code is not None:
        service = _as_its_layer(library, service)
    if not service.department:
        raise OneMapError("service.owner", feature=service.name, field="--department")
    is_picture = service.type in PICTURES
    usual_kind = "imagery" if is_picture else "iot" if service.type == "sensorthings" else "vector"
    service = replace(
        service,
        library=service.library or ("base" if is_picture else "department"),
        kind=service.kind or usual_kind,
    )
    _check_values(service)
    return service


def _check_options(service: Service) -> None:
    problems = [
        Problem("service.option", {"feature": service.name, "field": "--options", "name": name, "allowed": OPTIONS})
        for name, value in service.options.items()
        if name not in OPTIONS or not re.fullmatch(r"[\w:./+ -]{1,100}", value)
    ]
    if problems:
        raise OneMapError.of(problems)


def _check_values(service: Service) -> None:
    legal = (
        ("--type", service.type, TYPES),
        ("--department", service.department, DEPARTMENTS),
        ("--into", service.library, LIBRARIES),
        ("--kind", service.kind, KINDS),
    )
    problems = [
        Problem("usage.choice", {"feature": service.name, "field": option, "value": value, "allowed": allowed})
        for option, value, allowed in legal
        if value not in allowed
    ]
    if problems:
        raise OneMapError.of(problems)


def _as_its_layer(library: Library, service: Service) -> Service:
    entry = known_layer(library.catalogue(), str(service.code), "--as")
    if service.type in FEATURES and entry.geometry == "raster":
        raise OneMapError("service.geometry", layer=entry.code, feature=service.name, field="--as")
    return replace(
        service,
        department=service.department or entry.department,
        library=service.library or entry.library,
        kind=service.kind or ("" if service.type in PICTURES else entry.kind),
    )


def service_address(text: str, kind: str) -> str:
    """Return an address as it is kept: without the parameters that QGIS adds (service, request, version).

    kind: the type of service. Raises OneMapError service.url, service.tiles, service.secret.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host = parts.hostname
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        host, port_is_right = None, False
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise OneMapError("service.secret", field="--url", name="user:password@")
    secret = secret_in(text)
    if secret is not None:
        raise OneMapError("service.secret", field="--url", name=secret)
    if keys_in_path(unquote(parts.path if host is not None else text)):
        raise OneMapError("service.secret", field="--url", name="/…/")
    if _is_no_address(text) or host is None or not port_is_right:
        raise OneMapError("service.url", field="--url")
    if kind == "xyz":
        if any(not any(mark in text for mark in marks) for marks in _MARKS):
            raise OneMapError("service.tiles", field="--url")
        return text
    parameters = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0].lower() not in _NOT_OURS]
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path, urlencode(parameters), ""))


def _is_no_address(text: str) -> bool:
    return not re.match(r"https?://[^\s/?#]", text, re.IGNORECASE) or bool(re.search(r"[\s\"'<>]", text))
