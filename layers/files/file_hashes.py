"""Hashes of files; unchanged files are not read again."""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from onemap.layers.progress import SILENT, Progress

_BLOCK_BYTES = 8 << 20
_TICK_NS = 2_000_000_000  # no file system's times are coarser
_MOST_KNOWN = 64
_known: dict[str, str] = {}  # of files in a state that nobody has changed since


def file_hash(path: Path, progress: Progress = SILENT) -> str:
    """Hex SHA-256 of a file. Raises OSError, and Cancelled between two blocks of it."""
    digest, read, size = hashlib.sha256(), 0, max(path.stat().st_size, 1)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            read += len(block)
            progress.at(min(read / size, 1.0))
    return digest.hexdigest()


def known_hash(kind: str, files: Sequence[Path], make: Callable[[], str]) -> str:
    """Return the hash that `make` gives for files, computed once while they do not change. kind: the sort of hash.

    A file changed just now may change again within the same clock tick, and is read each time. Raises OSError if a file
    is gone.
    """
    state = _state(files)
    is_settled = all(max(times) < time.time_ns() - _TICK_NS for *_, times in state)
    name = f"{kind} {state}"
    if is_settled and (earlier_hash := _known.get(name)):
        return earlier_hash
    new_hash = make()
    if is_settled and state == _state(files):
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[name] = new_hash
    return new_hash


def _state(files: Sequence[Path]) -> list[tuple[str, int, int, int, tuple[int, int]]]:
    """Return what shows that files are unchanged: their identities, sizes and times."""
    states = [(str(file.absolute()), file.stat()) for file in files]
    return [
        (name, status.st_dev, status.st_ino, status.st_size, (status.st_mtime_ns, status.st_ctime_ns))
        for name, status in states
    ]
