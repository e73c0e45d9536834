"""Whether a file is a One Map library: results never replace one, and it is not read as other GeoPackages are."""

import contextlib
import sqlite3
from functools import lru_cache
from pathlib import Path

from onemap.layers.files.disk_place import sqlite_address


def is_library(path: Path) -> bool:
    """Whether a file is a One Map library; nothing is written beside it to find out."""
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
