"""A library, in a file or on a server: open, make, what it holds; every write in one transaction, every one logged."""

import contextlib
import getpass
import hashlib
import json
import os
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry, catalogue_of, own_catalogue, own_file_path, shipped_catalogue
from onemap.layers.errors import OneMapError, require_value, text_reason
from onemap.layers.files.text_encodings import is_text
from onemap.layers.geometry.coverage_ground import united_ground
from onemap.layers.library.library_format import FORMAT, FORMAT_KEY, check_format, copy_before_upgrade, format_number
from onemap.layers.library.rehearsals import REHEARSAL, note_rehearsal, rehearsal_name
from onemap.layers.progress import settle_work
from onemap.layers.server_address import is_server, schema_for, server_address, with_schema, without_password
from onemap.layers.stores import geopackage
from onemap.layers.stores.file_store import check_new_file, is_writable, make_file, open_file
from onemap.layers.stores.library_tables import LIBRARY_TABLES, own_file_key
from onemap.layers.stores.logged_rows import insert_logged, note_structure, plain_tables
from onemap.layers.stores.rights import Right
from onemap.layers.stores.session import SESSION_CACHE
from onemap.layers.stores.sql_text import Sql
from onemap.layers.stores.store import Store, StoreConnection

BUSY_WAIT_S = 30.0
TABLES = plain_tables(LIBRARY_TABLES)
ROWS = "rows"  # under which the log keeps the hashes of rows
COPY = "copy"  # the action with which the log of a copy goes on


def now() -> str:
    """Return the present moment as ISO text in UTC, to the microsecond, so that the order of recording is kept."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def system_user() -> str:
    """The name of the system's user, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name, Windows no variable of it
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def sha256(text: str | bytes) -> str:
    """Hex SHA-256 of text (UTF-8) or bytes."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


@lru_cache(maxsize=4096)  # the same ones are asked for with every question about a library
def _own_entry(code: str, title: str, *facts: str) -> LayerEntry:
    """A layer that the library's own table describes. Raises ValueError."""
    department, library, kind, geometry, key = facts
    titles = json.loads(title)
    if not isinstance(titles, dict):
        raise ValueError(title)
    return LayerEntry(code, titles, department, library, kind, geometry, key, standard="library")


@lru_cache
def _crs(srs_id: int) -> pyproj.CRS:
    return pyproj.CRS.from_epsg(srs_id)


class Library:
    """One open library. It belongs to the thread that opened it.

    label: its name in messages; path: its file, None on a server; `crs`: projected, in metres; `srs_id`: the EPSG code
    of `crs`; roles: for whom its user may speak; account: the account that its user signed in with, None for a file,
    where people type their names; is_rehearsal: it was made to try the review, and nothing in it counts; format: its
    number.
    """

    def __init__(self, store: Store) -> None:
        self.connection = store.connection
        self.label = store.label
        self.path = store.path
        self.writable = store.writable
        self.roles = store.roles
        self.account = store.account
        self.kept: dict[Any, Any] = {}  # what rooms above have made of its versions, for as long as it is open
        self.kept_by_marks = store.kept  # and what outlives that on a server, where marks say that it is still true
        self._store = store
        self._late_writers: list[Callable[[StoreConnection], None]] = []
        with self.connection.tolerant():
            facts = dict(self.connection.execute("SELECT key, value FROM onemap_library"))
        try:
            self.format = format_number(facts)
        except (ValueError, TypeError):
            raise self._damaged_fact(FORMAT_KEY) from None
        for key in ("id", "name", "srs_id"):
            if not isinstance(facts.get(key), str) or not is_text(facts[key]):
                raise self._damaged_fact(key)
        self.id: str = facts["id"]
        self.name: str = facts["name"]
        self.is_rehearsal = REHEARSAL in facts
        try:
            self.srs_id = int(facts["srs_id"])
            self.crs = _crs(self.srs_id)
            if not self.crs.is_projected:
                raise ValueError(self.srs_id)
        except (ValueError, pyproj.exceptions.CRSError):
            raise self._damaged_fact("srs_id") from None
        self.connection.srs_id = self.srs_id

    def _damaged_fact(self, key: str) -> OneMapError:
        return self._damaged_row("onemap_library", key)

    def _damaged_row(self, table: str, name: str, **place: str) -> OneMapError:
        facts = {"layer": table, "feature": name, **place}
        return OneMapError("library.damaged", file=self.label, reason=f"{table}: {name}", **facts)

    @property
    def shown_name(self) -> str:
        """The name as it is printed and recorded; the name of a rehearsal is marked."""
        return rehearsal_name(self.name) if self.is_rehearsal else self.name

    @property
    def printed_name(self) -> str:
        """The name on paper, with the file or the place on a server, since two libraries may have the same name."""
        return f"{self.shown_name} ({self.label})"

    def today(self) -> date:
        """Return the current day by the clock of the machine that keeps the library."""
        return self._store.today()

    def day_text(self, moment: str) -> str:
        """Return the day of a stored moment, as `day_texts`."""
        return self.day_texts([moment])[moment]

    def day_texts(self, moments: Iterable[str]) -> dict[str, str]:
        """Return the days of stored moments by the clock of `today`, not of Greenwich; any other text as it is.

        A server is asked once for all of them.
        """
        texts = {text: text for text in moments}
        dated = dict[str, datetime]()
        for text in texts:
            with contextlib.suppress(ValueError):
                dated[text] = datetime.fromisoformat(text)
        dated = {text: moment for text, moment in dated.items() if MINYEAR < moment.year < MAXYEAR}
        days = self._store.days_of([*dated.values()]) if dated else []
        return texts | {text: day.isoformat() for text, day in zip(dated, days, strict=True)}

    def reading(self) -> AbstractContextManager[StoreConnection]:
        """Open one snapshot: everything read inside it is from one moment."""
        return self._store.reading()

    @contextlib.contextmanager
    def writing(self, scope: str | None = None) -> Iterator[StoreConnection]:
        """Open one transaction, which is kept whole or not at all. It sees everything that earlier transactions wrote.

        Without a scope it is the only transaction on the library. With a scope, such as the code of a layer that takes
        long, a server lets others write until this one logs something, which it does last; only those of the same scope
        wait. A file has one writer, whatever the scope. A file of an older format is first copied and upgraded, even if
        the transaction fails later. Raises OneMapError library.read_only, library.busy (after 30 s), library.full,
        library.no_copy.
        """
        if self.format < FORMAT and self.path is not None and self.writable:
            self._upgrade(self.path)
        with self._store.writing(scope) as connection:
            connection.unlogged = {}
            yield connection
            for write in self._late_writers:  # last, for each of them logs what it writes
                write(connection)
            if connection.unlogged:
                raise AssertionError(f"rows that the log does not know: {list(connection.unlogged)}")
        self._late_writers.clear()

    @contextlib.contextmanager
    def appending(self) -> Iterator[StoreConnection]:
        """Open one transaction that only appends rows which the log need not know at once.

        On a server it does not wait for its turn. Raises OneMapError library.read_only, library.busy.
        """
        with self._store.appending() as connection:
            yield connection

    def _upgrade(self, path: Path) -> None:
        """Copy the file, then upgrade it to the current format in a logged transaction of its own."""
        copied = copy_before_upgrade(path, self.format)
        with self._store.writing(None) as connection:
            connection.unlogged = {}
            facts = dict(connection.execute("SELECT key, value FROM onemap_library"))
            if format_number(facts) < FORMAT:  # else somebody else was first
                self.note_format(connection, {"copy": copied.name})
        self.format = FORMAT

    def note_format(self, connection: StoreConnection, more: Mapping[str, Any]) -> None:
        """Give the library the current format inside the open transaction. more: what the log adds to the entry."""
        keep_fact(connection, FORMAT_KEY, str(FORMAT))
        log(connection, self.person(), "upgrade", self.name, {"from": self.format, "to": FORMAT, **more})

    def write_later(self, write: Callable[[StoreConnection], None]) -> None:
        """Write something with the next transaction, whichever it is; if there is none, the write is dropped."""
        self._late_writers.append(write)

    def keep_made(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return a value that a module above makes once, while the library is open, from rows that never change."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def catalogue(self) -> dict[str, LayerEntry]:
        """Return the layers that may exist here: One Map's own, then the city's file's, then those from `--define`.

        Raises OneMapError catalogue.… for mistakes in the city's file, library.damaged.
        """
        entries = own_catalogue(self.path) if self.path else self._catalogue_kept()
        for code, title, department, library, kind, geometry, key in self.connection.execute(
            "SELECT code, title, department, library, kind, geometry, key FROM onemap_catalogue ORDER BY code"
        ):
            described = entries.get(code)
            if described is not None and described.geometry == geometry:
                continue  # the file says more of it
            if described is not None:
                raise OneMapError("catalogue.geometry", layer=code, geometry=geometry, given=described.geometry)
            try:
                entries[code] = _own_entry(code, title, department, library, kind, geometry, key)
            except ValueError:
                raise self._damaged_row("onemap_catalogue", code, field="title") from None
        return entries

    def own_file(self, kind: str) -> str | None:
        """Return the text of one of the city's own files; kind "catalogue": city.catalogue.toml beside city.gpkg.

        A server keeps the text among the library's facts. None if there is none. Raises OneMapError keep.text.
        """
        if self.path is None:
            row = self.connection.execute(
                "SELECT value FROM onemap_library WHERE key = ?", (own_file_key(kind),)
            ).fetchone()
            return row[0] if row else None
        path = own_file_path(self.path, kind)
        try:
            return path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise OneMapError("keep.text", file=path.name, reason=text_reason(error)) from None

    def _catalogue_kept(self) -> dict[str, LayerEntry]:
        text = self.own_file("catalogue")
        return catalogue_of(text, self.label) if text else dict(shipped_catalogue())

    def district(self) -> shapely.Geometry | None:
        """The district's polygons as one geometry in the library's CRS, or None."""
        blobs = [row[0] for row in self.connection.execute("SELECT geom FROM onemap_district ORDER BY fid")]
        return united_ground(geopackage.from_blobs(blobs)) if blobs else None

    def packs(self) -> list[tuple[str, str | None]]:
        """Return the library's rule packs in order: the id, and the TOML text if it does not ship with One Map."""
        return list(self.connection.execute("SELECT id, content FROM onemap_packs ORDER BY position"))

    def has_table(self, name: str) -> bool:
        """Whether the library holds a table; rooms above make their tables when they first write."""
        return self.connection.has_table(name)

    def person(self) -> str:
        """Return the person who acts: the account on a server, the system's user for a file."""
        return self.account or system_user()

    def check_owner(self) -> None:
        """Refuse anyone but the owner of a library on a server. Raises OneMapError library.owner_adds."""
        if not self.roles.is_owner:
            raise OneMapError("library.owner_adds", file=self.label)

    def state(self) -> int:
        """Return a number that changes when somebody else writes after the library was opened."""
        return self.connection.change_number()

    def chain_head(self) -> tuple[int, str]:
        """Return the number and the hash of the last entry of the audit log, as a document prints them."""
        return self.connection.chain_head()


def log(connection: StoreConnection, who: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Append one entry to the audit log inside the open transaction, chained to the entry before by its hash.

    The entry records the hash of every row written since the entry before.
    """
    if connection.unlogged:
        detail = {**detail, ROWS: connection.unlogged}
        connection.unlogged = {}
    text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
    connection.append_log(now(), who, action, subject, text, sha256(text))


def keep_fact(connection: StoreConnection, key: str, value: str) -> None:
    """Keep a fact of a library in place of the one before, inside the open transaction."""
    anew = Sql("ON CONFLICT (key) DO UPDATE SET value = excluded.value")
    insert_logged(connection, TABLES["onemap_library"], [(key, value)], anew)


@contextlib.contextmanager
def open_library(
    location: str, wait_s: float = BUSY_WAIT_S, *, read_only: bool = False, of_any_format: bool = False
) -> Iterator[Library]:
    """Open an existing library, in a file or on a server; it is closed at the end, unless the session keeps it open.

    read_only: nothing will be written, and a file cannot be. of_any_format: also open a library that says it is newer
    than the program; a verification then finds that true or forged.

    Raises OneMapError library.… if there is none, if it is damaged or busy, or may not be read.
    """
    with _open_anywhere(location, wait_s, read_only) as library:
        if not of_any_format:
            check_format(library.format, library.label)
        if library.is_rehearsal:
            note_rehearsal(library.id)
        yield library


@contextlib.contextmanager
def _open_anywhere(location: str, wait_s: float, read_only: bool) -> Iterator[Library]:
    if is_server(location):
        # psycopg takes its time, and a file needs none
        from onemap.layers.stores.server.server_store import open_server

        with open_server(location, wait_s) as server:
            yield Library(server)
        return
    path, cache = library_path(location), SESSION_CACHE.get()
    if cache is None or read_only or wait_s != BUSY_WAIT_S:
        with _open_library_file(path, wait_s, read_only) as library:
            yield library
    else:
        with cache.open_or_reuse(
            path.absolute(), partial(_file_mark, path), lambda: _open_library_file(path, wait_s)
        ) as library:
            yield library


def _file_mark(path: Path, library: Library) -> tuple[int, ...] | None:
    """Return a mark that stays equal while a path leads to the open file and nobody else has written to it.

    None if there is no file or it cannot be written, so that nobody can tell.
    """
    try:
        file = path.stat()
    except OSError:
        return None
    return (file.st_dev, file.st_ino, library.state()) if library.writable and is_writable(path) else None


@contextlib.contextmanager
def _open_library_file(path: Path, wait_s: float, read_only: bool = False) -> Iterator[Library]:
    with open_file(path, wait_s, read_only=read_only) as file:
        yield Library(file)


def library_path(location: str) -> Path:
    """The path of a library's file. Raises OneMapError library.suffix."""
    path = Path(location)
    if path.suffix.lower() != ".gpkg":
        raise OneMapError("library.suffix", file=without_password(location))
    return path


@dataclass(frozen=True)
class LibraryPlace:
    """The place of a new library: a file, or a schema of a server's database.

    name: the library's name; shown: the location without its password, with its schema.
    """

    location: str
    shown: str
    name: str
    path: Path | None = None
    schema: str = ""


def new_place(location: str, name: str | None) -> LibraryPlace:
    """The place of a new library. Raises OneMapError library.…, out.name, out.long."""
    if is_server(location):
        schema = server_address(location).schema or schema_for(name)
        return LibraryPlace(location, with_schema(location, schema), name or schema, schema=schema)
    path = library_path(location)
    check_new_file(path)
    return LibraryPlace(location, location, name or path.stem, path)


def catalogue_row(entry: LayerEntry) -> tuple[str | None, ...]:
    """Return a library's own layer as a catalogue row: code, title, department, library, kind, geometry, key."""
    title = json.dumps(entry.title, ensure_ascii=False)
    return entry.code, title, entry.department, entry.library, entry.kind, entry.geometry, entry.key


def make_library(
    place: LibraryPlace,
    crs: pyproj.CRS,
    packs: Sequence[tuple[str, str | None]],
    district: np.ndarray | None,
    who: str,
    tables: Sequence[str] = (),
    grants: Sequence[Right] = (),
    *,
    is_rehearsal: bool = False,
    layers: Sequence[LayerEntry] = (),
) -> None:
    """Make a new, empty library, whole or not at all.

    crs: from `library_crs`; packs: (id, TOML text or None); district: (n,) valid polygons in `crs`; tables: the CREATE
    TABLE IF NOT EXISTS statements of rooms above; grants: who may do what with these tables on a server; is_rehearsal:
    the library is for trying the review, for good; layers: those that it knows besides the catalogue's.
    Raises OneMapError library.….
    """
    srs_id = require_value(crs.to_epsg(), "the EPSG code of a library's system")

    def fill(connection: StoreConnection) -> None:
        for table in (*LIBRARY_TABLES, *tables):
            connection.execute(table)
        facts = {"id": uuid.uuid4().hex, "name": place.name, "srs_id": str(srs_id), "made": now()}
        facts[FORMAT_KEY] = str(FORMAT)
        facts |= {REHEARSAL: "yes"} if is_rehearsal else {}
        insert_logged(connection, TABLES["onemap_library"], facts.items())
        numbered_packs = ((position, *pack) for position, pack in enumerate(packs, start=1))
        insert_logged(connection, TABLES["onemap_packs"], numbered_packs)
        insert_logged(connection, TABLES["onemap_catalogue"], map(catalogue_row, layers))
        if district is not None:
            blobs = geopackage.to_blobs(district, srs_id)
            insert_logged(connection, TABLES["onemap_district"], enumerate(blobs, start=1))
        connection.protect(grants)
        note_structure(connection)
        detail: dict[str, Any] = {"crs": f"EPSG:{srs_id}", "packs": [pack[0] for pack in packs]}
        detail |= {REHEARSAL: True} if is_rehearsal else {}
        detail |= {"layers": [entry.code for entry in layers]} if layers else {}
        log(connection, who, "new", place.name, detail)
        settle_work()

    make_store(place, crs, fill)


def make_store(place: LibraryPlace, crs: pyproj.CRS, fill: Callable[[StoreConnection], None]) -> None:
    """Make a new file or schema and fill it in one transaction. Raises OneMapError library.…."""
    if place.path is not None:
        make_file(place.path, crs, fill)
        return
    from onemap.layers.stores.server.server_store import make_server

    make_server(place.location, place.schema, crs, fill)
