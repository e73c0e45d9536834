"""A small file in the user's cache with data derived from a library, which can be derived again.

Nothing depends on it: unreadable data is made anew, and nothing is kept if nothing may be written.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from onemap.layers.files.user_cache import user_cache

_MOST_FILES = 20
_DAYS_KEPT = 60  # of a file that nobody has asked
_DAY_S = 86_400
_WAIT_S = 1.0  # for another process, whose work is short
_TABLE = (
    "CREATE TABLE IF NOT EXISTS entries (name TEXT PRIMARY KEY, mark TEXT NOT NULL, text TEXT NOT NULL,"
    " hash TEXT NOT NULL) WITHOUT ROWID"
)
_FAILURES = (sqlite3.Error, OSError, ValueError, OverflowError)


@dataclass(frozen=True)
class CachedText:
    """A text, and the mark of the data from which it was made."""

    mark: str
    text: str


class DeskCache:
    """Texts by name in one file. kind: their kind, a folder of the user's cache; of: what the file belongs to.

    Two processes may use it at once; no method raises because of the file's state.
    """

    def __init__(self, kind: str, of: str) -> None:
        self._folder = user_cache() / kind
        self._path = self._folder / f"{hashlib.sha256(of.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.sqlite"

    def read(self) -> dict[str, CachedText]:
        """Return all texts that are as they were written."""
        if not self._path.exists():
            return {}
        try:
            with contextlib.closing(self._open()) as connection:
                rows = connection.execute("SELECT name, mark, text, hash FROM entries").fetchall()
            os.utime(self._path)
            return {
                name: CachedText(mark, text) for name, mark, text, hash_ in rows if _hash(name, mark, text) == hash_
            }
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                self._discard()
        except (*_FAILURES, TypeError, AttributeError):  # TypeError, AttributeError: a value is no text
            self._discard()
        return {}

    def write(self, texts: Mapping[str, CachedText], old_names: Collection[str] = ()) -> None:
        """Keep texts, and forget those of `old_names`."""
        if not texts and not old_names:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._without_forgotten()
            self._path.touch(mode=0o600)  # it may hold what others on this machine must not read
            with contextlib.closing(self._open()) as connection, connection:
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(_TABLE)
                connection.executemany("DELETE FROM entries WHERE name = ?", ((name,) for name in old_names))
                connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", _rows(texts))
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):
                self._discard()
        except _FAILURES:
            pass

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_WAIT_S)

    def _discard(self) -> None:
        """Remove the file, with what SQLite may have left beside it."""
        for path in (
            self._path,
            *(self._path.with_name(self._path.name + end) for end in ("-journal", "-wal", "-shm")),
        ):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _without_forgotten(self) -> None:
        """Remove files that were not used for long, and others if there are too many."""
        ages = {
            path: time.time() - path.stat().st_mtime for path in self._folder.glob("*.sqlite") if path != self._path
        }
        for place, (path, age) in enumerate(sorted(ages.items(), key=lambda item: item[1]), start=2):
            if place > _MOST_FILES or age > _DAYS_KEPT * _DAY_S:
                with contextlib.suppress(OSError):
                    path.unlink()


def _rows(texts: Mapping[str, CachedText]) -> Iterable[tuple[str, str, str, str]]:
    for name, one in texts.items():
        yield name, one.mark, one.text, _hash(name, one.mark, one.text)


def _hash(name: str, mark: str, text: str) -> str:
    return hashlib.sha256("\n".join((name, mark, text)).encode("utf-8", "surrogatepass")).hexdigest()
