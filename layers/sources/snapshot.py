"""A library as a source: copied by the one SQLite that may touch it, since a reader of another would drop its locks."""

import contextlib
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path


def _is_library(path: Path) -> bool:
    """True for a file that `onemap new` made; asked through SQLite, as even closing the file elsewhere drops locks."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            sql = "SELECT 1 FROM sqlite_master WHERE name = 'onemap_library'"
            return connection.execute(sql).fetchone() is not None
    except sqlite3.Error:
        return False  # no database at all: the adapter says what is wrong with it


@contextlib.contextmanager
def snapshot(path: Path) -> Iterator[Path]:
    """The path itself, or, if it is a library, a copy of its present state for as long as it is read."""
    if path.suffix.lower() != ".gpkg" or not path.is_file() or not _is_library(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="onemap-") as folder:
        copy = Path(folder) / path.name
        source = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        with contextlib.closing(source), contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        yield copy
