"""A library in one GeoPackage file: open, make, what it holds; every write in one transaction, every one logged."""

import contextlib
import getpass
import hashlib
import json
import os
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers import geopackage
from onemap.layers.catalogue import LayerEntry, own_catalogue
from onemap.layers.errors import OneMapError

BUSY_WAIT_S = 30.0

_TABLES = """
CREATE TABLE onemap_library (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE onemap_district (fid INTEGER PRIMARY KEY, geom BLOB);
CREATE TABLE onemap_packs (position INTEGER PRIMARY KEY, id TEXT NOT NULL, content TEXT);
CREATE TABLE onemap_catalogue (code TEXT PRIMARY KEY, title TEXT NOT NULL, department TEXT NOT NULL,
  library TEXT NOT NULL, kind TEXT NOT NULL, geometry TEXT NOT NULL, key TEXT);
CREATE TABLE onemap_versions (code TEXT NOT NULL, number INTEGER NOT NULL, table_name TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL, valid_from TEXT, valid_to TEXT, recorded_at TEXT NOT NULL, recorded_by TEXT NOT NULL,
  count INTEGER NOT NULL, hash TEXT NOT NULL, source TEXT NOT NULL, source_hash TEXT NOT NULL,
  coverage_kind TEXT NOT NULL, coverage_m2 REAL NOT NULL, coverage BLOB NOT NULL, accuracy_m REAL, report TEXT NOT NULL,
  PRIMARY KEY (code, number), UNIQUE (code, label));
CREATE TABLE onemap_runs (id TEXT PRIMARY KEY, started TEXT NOT NULL, who TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE onemap_run_rows (run TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, content TEXT NOT NULL,
  geom BLOB, PRIMARY KEY (run, name, position)) WITHOUT ROWID;
CREATE TABLE onemap_audit (number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, content_hash TEXT NOT NULL, previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL);
"""
_SQLITE_REFUSALS = {
    sqlite3.SQLITE_BUSY: "library.busy",
    sqlite3.SQLITE_LOCKED: "library.busy",
    sqlite3.SQLITE_FULL: "library.full",
    sqlite3.SQLITE_READONLY: "library.read_only",
    sqlite3.SQLITE_CANTOPEN: "library.cannot_open",
    sqlite3.SQLITE_PERM: "library.read_only",
    sqlite3.SQLITE_NOTADB: "library.not_one",
    sqlite3.SQLITE_CORRUPT: "library.damaged",
    sqlite3.SQLITE_IOERR: "library.damaged",
}
_NO_ROOM = {sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_SLICE_MS = 200  # SQLite waits in slices, between which Python hears of a signal


def now() -> str:
    """The present moment as ISO text in UTC, to the microsecond, so that order of recording is kept."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def system_user() -> str:
    """Who is at the keyboard, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def sha256(text: str | bytes) -> str:
    """Hex SHA-256 of text (UTF-8) or bytes."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@contextlib.contextmanager
def sqlite_errors_as_refusals(path: Path) -> Iterator[None]:
    """SQLite's own errors become refusals that say which file and what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        refusal = _SQLITE_REFUSALS.get(code & 0xFF) if code is not None else None
        if code in _NO_ROOM:
            refusal = "library.full"
        if refusal is None:
            raise
        raise OneMapError(refusal, file=path.name, reason=str(error)) from error


class Library:
    """One open library. It belongs to the thread that opened it; use it as a context manager.

    `path` ends in .gpkg; `crs` is projected, in metres; `srs_id` is its EPSG code.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, *, writable: bool, wait_s: float) -> None:
        self.path = path
        self.connection = connection
        self.writable = writable
        self.wait_s = wait_s
        facts = dict(connection.execute("SELECT key, value FROM onemap_library"))
        self.id: str = facts["id"]
        self.name: str = facts["name"]
        self.srs_id = int(facts["srs_id"])
        self.crs = pyproj.CRS.from_epsg(self.srs_id)

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing.

        Raises OneMapError library.read_only, library.busy (after 30 s), library.full.
        """
        if not self.writable:
            raise OneMapError("library.read_only", file=self.path.name)
        with sqlite_errors_as_refusals(self.path):
            self._begin()
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def _begin(self) -> None:
        """Take the write lock, waiting for whoever holds it."""
        until = time.monotonic() + self.wait_s
        self.connection.execute(f"PRAGMA busy_timeout = {_SLICE_MS}")
        while not self.connection.in_transaction:
            try:
                # Other programs turn WAL off when they close the file; then readers would see half a write.
                self.connection.execute("PRAGMA journal_mode = WAL")
                self.connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
        self.connection.execute(f"PRAGMA busy_timeout = {round(self.wait_s * 1000)}")

    def catalogue(self) -> dict[str, LayerEntry]:
        """The layers that may exist here: those that ship with One Map, the city's file of them, then `--define`'s.

        Raises OneMapError catalogue.… for mistakes in the city's file.
        """
        entries = own_catalogue(self.path)
        for code, title, department, library, kind, geometry, key in self.connection.execute(
            "SELECT code, title, department, library, kind, geometry, key FROM onemap_catalogue ORDER BY rowid"
        ):
            described = entries.get(code)
            if described is not None and described.geometry == geometry:
                continue  # the file says more of it
            if described is not None:
                raise OneMapError("catalogue.geometry", layer=code, geometry=geometry, given=described.geometry)
            entries[code] = LayerEntry(
                code, json.loads(title), department, library, kind, geometry, key, standard="library"
            )
        return entries

    def district(self) -> shapely.Geometry | None:
        """The district's polygons as one geometry in the library's CRS, or None."""
        blobs = [row[0] for row in self.connection.execute("SELECT geom FROM onemap_district ORDER BY fid")]
        return shapely.union_all(geopackage.from_blobs(blobs)) if blobs else None

    def packs(self) -> list[tuple[str, str | None]]:
        """The library's rule packs in order: id, and the TOML text of one that does not ship with One Map."""
        return list(self.connection.execute("SELECT id, content FROM onemap_packs ORDER BY position"))

    def has_table(self, name: str) -> bool:
        """Whether the library holds a table; rooms above make theirs when they first write."""
        sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(self.connection.execute(sql, (name,)).fetchone()[0])


def log(connection: sqlite3.Connection, who: str, action: str, subject: str, detail: dict[str, Any]) -> None:
    """One row of the audit log inside the open transaction, chained to the row before by its hash."""
    previous = connection.execute("SELECT hash FROM onemap_audit ORDER BY number DESC LIMIT 1").fetchone()
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
    at, content_hash, before = now(), sha256(text), previous[0] if previous else ""
    chained = sha256("\n".join((before, at, who, action, subject, content_hash)))
    connection.execute(
        "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash, previous_hash, hash)"
        " VALUES (?,?,?,?,?,?,?,?)",
        (at, who, action, subject, text, content_hash, before, chained),
    )


def _connected(path: Path, mode: str, wait_s: float) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=wait_s)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _is_writable(path: Path) -> bool:
    """Whether SQLite may write: its journals lie beside the file, so the folder counts as well."""
    if not os.access(path, os.W_OK):
        return False
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            return True
    except OSError as error:
        return error.errno == 28  # a full disk is another refusal, made where something is written


@contextlib.contextmanager
def open_library(location: str, wait_s: float = BUSY_WAIT_S) -> Iterator[Library]:
    """An existing library; closed at the end, and back to one file if nobody else has it open.

    Raises OneMapError library.missing, library.not_one, library.busy, library.damaged, library.server, and
    library.changed if one that may only be read was written by someone else meanwhile.
    """
    path = library_path(location)
    if not path.is_file():
        raise OneMapError("library.missing", file=str(location))
    path = path.resolve()
    writable = _is_writable(path)
    # Beside a file that may only be read SQLite can make no journal, and then takes no notice of other writers.
    alone = not writable and not path.with_name(path.name + "-wal").exists()
    mode = "mode=rw" if writable else ("mode=ro&immutable=1" if alone else "mode=ro")
    before = path.stat()
    with sqlite_errors_as_refusals(path), contextlib.closing(_connected(path, mode, wait_s)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "onemap_library" not in tables:
            raise OneMapError("library.not_one", file=path.name)
        yield Library(path, connection, writable=writable, wait_s=wait_s)
    after = path.stat()
    if alone and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise OneMapError("library.changed", file=path.name)


def library_path(location: str) -> Path:
    """The path of a library's file. Raises OneMapError library.server, library.suffix."""
    if location.startswith(("postgresql://", "postgres://", "service=")):
        raise OneMapError("library.server", file=location.split("@")[-1])
    path = Path(location)
    if path.suffix.lower() != ".gpkg":
        raise OneMapError("library.suffix", file=location)
    return path


def _named(part: Path, path: Path) -> None:
    """Give a finished file its name, unless someone else has taken the name meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise OneMapError("library.exists", file=path.name) from None
    except OSError:  # a file system without links
        part.rename(path)


def make_library(
    location: str,
    crs: pyproj.CRS,
    name: str,
    packs: list[tuple[str, str | None]],
    district: np.ndarray | None,
    who: str,
) -> None:
    """A new, empty library. It is written beside as *.part and then takes its name.

    crs: from `library_crs`; packs: (id, TOML text or None); district: (n,) valid polygons in `crs`.
    Raises OneMapError library.exists, library.folder, library.read_only, library.full.
    """
    path = library_path(location)
    if path.exists():
        raise OneMapError("library.exists", file=path.name)
    if not path.parent.is_dir():
        raise OneMapError("library.folder", file=str(path.parent))
    part = path.with_name(path.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with (
            sqlite_errors_as_refusals(path),
            contextlib.closing(_connected(part, "mode=rwc", 5)) as connection,
        ):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            srs_id = geopackage.prepare(connection, crs)
            geopackage.run_script(connection, _TABLES)
            facts = {"id": uuid.uuid4().hex, "name": name, "srs_id": str(srs_id), "made": now()}
            connection.executemany("INSERT INTO onemap_library VALUES (?,?)", facts.items())
            connection.executemany("INSERT INTO onemap_packs (id, content) VALUES (?,?)", packs)
            if district is not None:
                blobs = geopackage.to_blobs(district, srs_id)
                connection.executemany("INSERT INTO onemap_district (geom) VALUES (?)", ((blob,) for blob in blobs))
            log(connection, who, "new", name, {"crs": f"EPSG:{srs_id}", "packs": [pack[0] for pack in packs]})
            connection.execute("COMMIT")
        _named(part, path)
    except OSError as error:
        code = "library.full" if error.errno == 28 else "library.read_only"
        raise OneMapError(code, file=path.name, reason=error.strerror) from None
    finally:
        for leftover in (part, *(part.with_name(part.name + end) for end in ("-wal", "-shm"))):
            with contextlib.suppress(OSError):
                leftover.unlink(missing_ok=True)
