"""A library in one GeoPackage file: opened, made, written in one transaction at a time."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyproj

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.files.disk_place import IS_WINDOWS, check_name, is_on_network, may_write_in, sqlite_address
from onemap.layers.files.files_beside import JOURNAL, SHM, WAL, check_no_journal
from onemap.layers.files.process_folder import folder_beside, one_at_a_time
from onemap.layers.stores import geopackage
from onemap.layers.stores.file_connection import FileConnection
from onemap.layers.stores.rights import Roles

_REFUSALS = {
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
_MAKING_WAIT_S = 5.0
_JOURNAL_S = 2.0  # at most so long QGIS takes to save what was drawn
_BESIDE = 64  # signs of a path: the folders of unfinished work beside a library, and files in them


@contextlib.contextmanager
def sqlite_errors_as_refusals(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into refusals that say which file and what to do. Raises OneMapError library.…."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        refusal = _REFUSALS.get(code & 0xFF) if code is not None else None
        if code in _NO_ROOM:
            refusal = "library.full"
        if code == sqlite3.SQLITE_ERROR and str(error).startswith("no such table: onemap_"):
            refusal = "library.damaged"
        if str(error).startswith("Could not decode to UTF-8"):  # Python's own words
            refusal = "library.damaged"
        if refusal is None:
            raise
        raise OneMapError(refusal, file=path.name, reason=str(error)) from error
    except UnicodeDecodeError as error:
        if b"malformed" not in error.object:
            raise
        # SQLite quotes a damaged schema's own bytes, which Python then cannot read.
        reason = error.object.decode("utf-8", errors="replace")
        raise OneMapError(_REFUSALS[sqlite3.SQLITE_CORRUPT], file=path.name, reason=reason[:200]) from None


class FileStore:
    """`Store` on a file. wait_s: how long a writer waits for another."""

    def __init__(self, path: Path, connection: FileConnection, *, writable: bool, wait_s: float) -> None:
        self.path: Path | None = path
        self.label = path.name
        self.connection = connection
        self.writable = writable
        self.roles = Roles(DEPARTMENTS, is_lead=True, is_owner=True)
        self.account: str | None = None
        self.kept: dict[Any, Any] = {}
        self._file = path
        self._wait_s = wait_s

    def today(self) -> date:
        """The day by this machine's clock."""
        return date.today()

    def days_of(self, moments: Sequence[datetime]) -> list[date]:
        """The days of moments by this machine's clock."""
        return [moment.astimezone().date() for moment in moments]

    @contextlib.contextmanager
    def reading(self) -> Iterator[FileConnection]:
        """Open one snapshot in a read transaction while writers go on; inside another one it is part of that."""
        if self.connection.in_transaction:
            yield self.connection
            return
        with sqlite_errors_as_refusals(self._file):
            self.connection.execute("BEGIN DEFERRED")
            try:
                yield self.connection
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self, scope: str | None) -> Iterator[FileConnection]:
        """Open one transaction, the only one on the file whatever its scope.

        Raises OneMapError library.read_only, library.network, library.busy, library.full.
        """
        if not self.writable:
            code = "library.network" if is_on_network(self._file) else "library.read_only"
            raise OneMapError(code, file=self.label)
        with sqlite_errors_as_refusals(self._file):
            self._begin()
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def appending(self) -> contextlib.AbstractContextManager[FileConnection]:
        """Open a transaction as `writing` does: a file has one writer, whatever it writes."""
        return self.writing(None)

    def _begin(self) -> None:
        """Take the write lock, waiting for whoever holds it."""
        until = time.monotonic() + self._wait_s
        self.connection.execute(f"PRAGMA busy_timeout = {_SLICE_MS}")
        while not self.connection.in_transaction:
            try:
                # Other programs turn WAL off when they close the file; then readers would see half a write.
                self.connection.execute("PRAGMA journal_mode = WAL")
                self.connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
        self.connection.execute(f"PRAGMA busy_timeout = {round(self._wait_s * 1000)}")


def _connect_file(path: Path, mode: str, wait_s: float) -> FileConnection:
    uri = sqlite_address(path.resolve(), mode)
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=wait_s, factory=FileConnection)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        geopackage.add_functions(connection)
    except BaseException:  # by a request to stop, for one
        connection.close()
        raise
    return connection


def is_writable(path: Path) -> bool:
    """Whether SQLite may write: its journals lie beside the file, so the folder counts as well.

    Not on a network drive: the write-ahead log is shared memory, which another machine does not see.
    """
    return _may_change(path) and not is_on_network(path.resolve()) and may_write_in(path.parent)


def _may_change(path: Path) -> bool:
    if not os.access(path, os.W_OK):
        return False
    if not IS_WINDOWS:
        return True
    # There os.access knows the read-only mark alone, and no rights. Elsewhere this would end SQLite's locks.
    try:
        path.open("r+b").close()
    except OSError:
        return False
    return True


def _to_wal(connection: FileConnection, wait_s: float) -> None:
    """Turn WAL on again, if another program turned it off, before that program reopens the file."""
    connection.execute(f"PRAGMA busy_timeout = {_SLICE_MS}")
    with contextlib.suppress(sqlite3.OperationalError):  # someone is at work in it; whoever writes tries again
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA busy_timeout = {round(wait_s * 1000)}")


@contextlib.contextmanager
def open_file(path: Path, wait_s: float, *, read_only: bool = False) -> Iterator[FileStore]:
    """Open an existing library's file; at the end close it and leave one file, if nobody else has it open.

    read_only: open it read-only even if it could be written.

    Raises OneMapError library.missing, library.empty, library.journal, library.not_one, library.busy, library.damaged,
    and library.changed if someone else wrote to a read-only file meanwhile.
    """
    if not path.is_file():
        raise OneMapError("library.missing", file=str(path))
    path = path.resolve()
    if path.stat().st_size == 0:  # QGIS makes such a file where the one that it shows was moved away
        raise OneMapError("library.empty", file=path.name)
    _check_no_journal(path, wait_s)
    may_write = is_writable(path)
    writable = may_write and not read_only
    # Beside a file that may only be read SQLite can make no journal, and then takes no notice of other writers.
    alone = not may_write and not path.with_name(path.name + WAL).exists()
    mode = "mode=rw" if writable else ("mode=ro&immutable=1" if alone else "mode=ro")
    before = path.stat()
    with sqlite_errors_as_refusals(path), contextlib.closing(_connect_file(path, mode, wait_s)) as connection:
        if not connection.has_table("onemap_library"):
            if connection.has_table("onemap_audit"):  # it was one
                raise OneMapError("library.damaged", file=path.name, reason="onemap_library", layer="onemap_library")
            raise OneMapError("library.not_one", file=path.name)
        if writable:
            _to_wal(connection, wait_s)
        yield FileStore(path, connection, writable=writable, wait_s=wait_s)
    try:
        after = path.stat()
    except FileNotFoundError:
        raise OneMapError("library.missing", file=str(path)) from None  # removed meanwhile, with all that was written
    if alone and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise OneMapError("library.changed", file=path.name)


def _check_no_journal(path: Path, wait_s: float) -> None:
    """Refuse a library with a rollback journal beside it, unless it soon goes: QGIS has one while it saves.

    Raises OneMapError library.journal.
    """
    journal, until = path.with_name(path.name + JOURNAL), time.monotonic() + min(wait_s, _JOURNAL_S)
    while journal.exists() and time.monotonic() < until:
        time.sleep(0.05)
    check_no_journal(path, "library.journal")


def check_new_file(path: Path) -> None:
    """Refuse the place of a new file.

    Raises OneMapError library.exists, library.folder, library.network, out.name, out.long.
    """
    check_name(path, room=_BESIDE)
    if path.exists():
        raise OneMapError("library.exists", file=path.name)
    if not path.parent.is_dir():
        raise OneMapError("library.folder", file=str(path.parent))
    if is_on_network(path.resolve()):
        raise OneMapError("library.network", file=path.name)


def make_file(path: Path, crs: pyproj.CRS, fill: Callable[[FileConnection], None]) -> None:
    """Make a new library's file in one transaction. It is written in a folder beside and then takes its name.

    Of those who make one of that name at once the first to finish has it. Raises OneMapError library.exists,
    library.folder, library.read_only, library.full.
    """
    check_new_file(path)
    try:
        with folder_beside(path) as folder:
            part = folder / path.name
            with (
                sqlite_errors_as_refusals(path),
                contextlib.closing(_connect_file(part, "mode=rwc", _MAKING_WAIT_S)) as connection,
            ):
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("BEGIN IMMEDIATE")
                connection.srs_id = geopackage.prepare(connection, crs)
                fill(connection)
                connection.execute("COMMIT")
            _name_file(part, path)
    except OSError as error:
        code = "library.full" if error.errno == 28 else "library.read_only"
        raise OneMapError(code, file=path.name, reason=file_reason(error)) from None


def _name_file(part: Path, path: Path) -> None:
    """Give a finished file its name, unless someone else has taken the name meanwhile."""
    with one_at_a_time(path.absolute().parent):
        if path.exists():
            raise OneMapError("library.exists", file=path.name)
        for end in (WAL, SHM):  # of a library that lay there: SQLite would take them for this one's
            path.with_name(path.name + end).unlink(missing_ok=True)
        try:
            os.link(part, path)
        except FileExistsError:
            raise OneMapError("library.exists", file=path.name) from None
        except OSError:  # a file system without links
            part.rename(path)
