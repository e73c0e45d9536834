"""Folders of unfinished work: finished parts of a long step stay on disk, so that an interrupted step can be resumed.

They lie beside a library as LIBRARY.gpkg.work.part, for a server in the user's cache. Deleting one loses only time: the
library itself is written in one transaction, from such a folder when it is complete.
"""

import contextlib
import hashlib
import json
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from onemap.layers.errors import Cancelled, OneMapError, file_reason
from onemap.layers.files.disk_place import may_write_in
from onemap.layers.files.durable_names import name_durably
from onemap.layers.files.user_cache import user_cache

_LOCK, _REMOVED = "lock", ".removed"
_DAY_S = 86_400
_DAYS_KEPT = 14  # of work that nobody went on with
# What only stands in the way: once it is cleared, the same command goes on.
_PASSING = {
    *("journal.failed", "out.failed", "library.full", "library.busy", "library.stopped"),
    *("cluster.block_lost", "cluster.shared", "cluster.unreachable", "cluster.no_workers"),
}
_MOST_AT_ONCE = 100  # of one command with the same key: each works for itself


@dataclass(frozen=True)
class Journal:
    """The folder of one piece of work, which no other process uses meanwhile."""

    folder: Path

    def has(self, name: str) -> bool:
        """Whether a part exists; an existing part is complete."""
        return (self.folder / name).exists()

    def path(self, name: str) -> Path:
        """Return the path of a part that `keep` wrote."""
        return self.folder / name

    def keep(self, name: str, write: Callable[[Path], object]) -> Path:
        """Write a part beside its place and name it when it is on disk, so that an existing part is complete.

        Raises OneMapError journal.failed, as on a full disk.
        """
        with disk_errors_as_refusals(self.folder):
            return write_whole(self.folder / name, write)

    def keep_text(self, name: str, content: Any) -> Path:
        """Write a part as plain JSON."""

        def write(path: Path) -> None:
            path.write_text(json.dumps(content, ensure_ascii=True), encoding="ascii")

        return self.keep(name, write)

    def text(self, name: str) -> Any:
        """The value that `keep_text` wrote under a name."""
        return json.loads((self.folder / name).read_text(encoding="ascii"))


def write_whole(target: Path, write: Callable[[Path], object]) -> Path:
    """Write a file completely or not at all, even if others write the same file. Raises OSError."""
    new_file = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    try:
        write(new_file)
        name_durably(new_file, target)
    except PermissionError:
        if not target.exists():  # else another process has made it meanwhile, and it is open
            raise
    finally:
        new_file.unlink(missing_ok=True)
    return target


@contextlib.contextmanager
def disk_errors_as_refusals(folder: Path) -> Iterator[None]:
    """Turn a full disk and an unwritable folder into refusals. folder: of a piece of work.

    Raises OneMapError journal.failed.
    """
    try:
        yield
    except OSError as error:
        raise OneMapError("journal.failed", file=folder.parent.name, reason=file_reason(error)) from error


def work_place(library: Path | None, library_id: str) -> Path:
    """Return where folders of unfinished work for a library lie: beside its file, if that is writable.

    Else, and for a server, in the user's cache.
    """
    if library is not None and may_write_in(library.resolve().parent):
        return library.resolve().with_name(f"{library.name}.work.part")
    return user_cache() / f"{library_id}.work.part"


@contextlib.contextmanager
def journal_folder(place: Path, work: str, key: Mapping[str, Any]) -> Iterator[Journal]:
    """Give the folder of a piece of work, with what earlier work with the same key left in it.

    place: from `work_place`; work: the verb; key: everything that the result depends on, such as the source's hash,
    options and versions of the software. The folder is removed when the work is done or refused; it stays when the work
    is cancelled or killed, or refused only because there is no room. Raises OneMapError journal.failed if no folder can
    be made there.
    """
    digest = hashlib.sha256(json.dumps(dict(key), sort_keys=True, default=str).encode()).hexdigest()[:20]
    with contextlib.ExitStack() as stack:
        with disk_errors_as_refusals(place / work):
            place.mkdir(parents=True, exist_ok=True)
            _without_forgotten(place, work)
            folder = _own_folder(place, f"{work}-{digest}", stack)
        try:
            yield Journal(folder)
        except (Cancelled, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            if not (isinstance(error, OneMapError) and error.code in _PASSING):
                stack.close()
                _remove_folder(folder)
            raise
        stack.close()
        _remove_folder(folder)


def _own_folder(place: Path, name: str, stack: contextlib.ExitStack) -> Path:
    """Lock the folder of that name until `stack` closes; if another process uses it, the next free one."""
    for number in range(1, _MOST_AT_ONCE + 1):
        folder = place / (name if number == 1 else f"{name}-{number}")
        folder.mkdir(exist_ok=True)
        lock = (folder / _LOCK).open("a+b")
        if is_locked_by_us(lock):
            stack.callback(lock.close)
            return folder
        lock.close()
    raise OSError(f"{_MOST_AT_ONCE} × {name}")


def is_locked_by_us(file: IO[bytes]) -> bool:
    """Take the lock on a file and return whether it worked; the system releases it when the process ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _without_forgotten(place: Path, work: str) -> None:
    """Remove old remains of this kind of work that nobody uses."""
    for folder in place.glob(f"{work}-*"):
        if folder.suffix == _REMOVED:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        lock = folder / _LOCK
        if (
            not lock.exists()
            or time.time() - max(path.stat().st_mtime for path in (folder, lock)) < _DAYS_KEPT * _DAY_S
        ):
            continue
        with lock.open("a+b") as file:
            is_ours = is_locked_by_us(file)
        if is_ours:
            _remove_folder(folder)


def _remove_folder(folder: Path) -> None:
    """Rename the folder, then remove it: a half-removed one must not be taken for work to resume."""
    with contextlib.suppress(OSError):
        folder = folder.rename(folder.with_name(f"{folder.name}-{uuid.uuid4().hex}{_REMOVED}"))
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):  # there is other work in it
        folder.parent.rmdir()
