"""Files that lie beside one another under one name, as those of a shapefile do; and which file is a One Map library."""

import contextlib
import os
import sqlite3
from functools import lru_cache
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.disk_place import sqlite_address

# Behind the name of an SQLite file: what SQLite plays back when it opens the file, and what belongs to one in WAL mode.
JOURNAL, WAL, SHM = "-journal", "-wal", "-shm"


def files_of_stem(path: Path) -> list[Path]:
    """The files of a path's folder that have its name but for the ending, by name; itself among them where it is there.

    Names are compared as this system compares them: on Windows PARCELS.shp is parcels.SHP. Raises OSError where the
    folder cannot be listed.
    """
    stem = os.path.normcase(path.stem)
    return sorted(one for one in path.parent.iterdir() if os.path.normcase(one.stem) == stem)


def check_no_journal(path: Path, code: str) -> None:
    """Refuse an SQLite file with a rollback journal beside it, which would be written into the file on opening.

    A journal may come from anybody. SQLite writes what it holds into the file, and removes the files that it names.
    code: of the refusal. Raises OneMapError with it.
    """
    journal = path.with_name(path.name + JOURNAL)
    if journal.exists():
        raise OneMapError(code, file=path.name, journal=journal.name)


def is_library(path: Path) -> bool:
    """True if a file is a One Map library; nothing is written beside it to find out."""
    if path.suffix.lower() != ".gpkg" or not path.is_file():
        return False
    state = path.stat()
    return _is_library(path.absolute(), (state.st_mtime_ns, state.st_size, state.st_ino))


@lru_cache(maxsize=8)  # while a file is read the same is asked time and again
def _is_library(path: Path, _state: tuple[int, ...]) -> bool:
    uri = sqlite_address(path.resolve(), "mode=ro&immutable=1")
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'onemap_library'"
            return connection.execute(sql).fetchone() is not None
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # the latter: SQLite quotes a damaged schema's own bytes
        return False
