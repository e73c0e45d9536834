"""Somebody else's database, read as it was last saved: nothing is written beside it, and nothing in it is run."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.files_beside import WAL

_SALTS = slice(16, 24)  # of the head of such a file; others as soon as it begins anew
_HEAD = 32
_IN_WAL_MODE = (18, 2)  # which byte of a database's head says so, and how
_ATTEMPTS = 5
_OF_CONTENT = {"source.damaged", "source.rows", "source.indirect"}


def unfolded_file(path: Path) -> Path | None:
    """Return the file beside a database with changes not yet in it, as QGIS leaves one; None if there are none."""
    wal_file = path.with_name(path.name + WAL)
    try:
        return wal_file if wal_file.stat().st_size else None
    except OSError:  # also when whoever had it open, GDAL in another thread too, closes it right now
        return None


def is_in_wal_mode(path: Path) -> bool:
    """Whether SQLite would make files beside a database when it opens it, even to read."""
    at, mark = _IN_WAL_MODE
    with path.open("rb") as file:
        return file.read(at + 1)[at:] == bytes([mark])


@contextlib.contextmanager
def settled_database(path: Path) -> Iterator[Path]:
    """Give a database that can be opened as immutable: the file itself, or a private copy that includes all changes.

    If another program's files lie beside it, it is given under a path without such files: GDAL would reopen it after
    reading to fold the changes in. Raises OneMapError source.changed if a program writes to it meanwhile,
    source.damaged, OSError.
    """
    if not os.path.lexists(path.with_name(path.name + WAL)):
        with _changes_named(path):
            yield path
        return
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as folder:
        private = Path(folder) / path.name
        if unfolded_file(path) is None and _is_linked(path, private):
            with _changes_named(path):
                yield private
        else:
            _copy_saved(path, private)
            _fold_in(private)
            yield private


@contextlib.contextmanager
def _changes_named(path: Path) -> Iterator[None]:
    """Turn an error in a file that is written to meanwhile into source.changed."""
    before = _state(path)
    try:
        yield
    except OneMapError as error:
        if error.code in _OF_CONTENT and _state(path) != before:
            raise OneMapError("source.changed", file=path.name) from error
        raise


def _is_linked(path: Path, private: Path) -> bool:
    """Make a link to a file and return whether it worked; on Windows not everybody may."""
    try:
        private.symlink_to(path.resolve())
    except OSError:
        return False
    return True


def _state(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _copy_saved(path: Path, target: Path) -> None:
    """Copy a database with its changes not yet folded in, both of one state.

    The database is copied first: changes folded into it meanwhile are still in the other file, unless that began anew.
    """
    wal_copy = target.with_name(target.name + WAL)
    for _ in range(_ATTEMPTS):
        wal_file, before = unfolded_file(path), _state(path)
        salts = None if wal_file is None else _salts(wal_file)
        shutil.copyfile(path, target)
        wal_copy.unlink(missing_ok=True)
        if wal_file is None:
            if unfolded_file(path) is None and _state(path) == before:
                return
            continue
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(wal_file, wal_copy)
            if salts == _salts(wal_copy) == _salts(wal_file):  # it did not begin anew while it was copied either
                return
    raise OneMapError("source.changed", file=path.name)


def _salts(wal_file: Path) -> bytes:
    with wal_file.open("rb") as file:
        return file.read(_HEAD)[_SALTS]


def _fold_in(path: Path) -> None:
    """Fold the changes into a copied database, as its last user would on closing. Raises OneMapError source.damaged."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from error
