"""Folders that one process has for itself, by a lock; those of killed processes are removed by the next one."""

import contextlib
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.files.journal_folder import is_locked_by_us

LOCK = "lock"
_MAKING_S = 60  # a folder without a lock is being made, unless it is older
_MOST_TRIES = 10  # others may take a folder for a forgotten one between its making and its lock
_MOST_SIGNS = 40  # of a name: with what is added, no file system finds it too long


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Give a folder beside a place, in which only this process writes, whoever else writes to the same place.

    It goes at the end; so do those of killed processes at the beginning. Raises OSError.
    """
    name, place = f"{target.name[:_MOST_SIGNS]}.", target.absolute().parent
    remove_forgotten(place, f"{glob.escape(name)}????????.part")
    shutil.rmtree(place / f"{target.name}.part", ignore_errors=True)  # of the program as it was before December 2026
    with process_folder(place, name, ".part") as folder:
        yield folder


@contextlib.contextmanager
def process_folder(place: Path, prefix: str, suffix: str = "") -> Iterator[Path]:
    """Give a new folder with a lock, which the system releases when the process ends. Raises OSError."""
    with contextlib.ExitStack() as stack:
        for is_last in [False] * _MOST_TRIES + [True]:
            folder = Path(tempfile.mkdtemp(suffix, prefix, place))
            stack.callback(_remove, folder)
            lock = stack.enter_context((folder / LOCK).open("a+b"))  # closed first: Windows removes no open file
            # Else another process takes it for a killed one's; or it is a drive without locks.
            if (is_locked_by_us(lock) or is_last) and (folder / LOCK).exists():
                break
        yield folder


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process after another change several names in a folder, where the system locks folders."""
    handle = None
    with contextlib.suppress(OSError, ImportError):  # Windows, and some file systems of networks
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def remove_forgotten(place: Path, pattern: str) -> None:
    """Remove folders of processes that have ended in any way."""
    for folder in place.glob(pattern):
        with contextlib.suppress(OSError):
            if folder.is_symlink() or (hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
                continue
            path = folder / LOCK
            if not path.exists():
                if time.time() - folder.stat().st_mtime > _MAKING_S:
                    folder.rmdir()  # nothing is written before the lock
                continue
            with path.open("a+b") as lock:
                is_left = is_locked_by_us(lock)
                if is_left:  # while it is held, so that nobody takes it as the folder goes
                    shutil.rmtree(folder, ignore_errors=True)
            if is_left:  # on Windows the open file is still there
                shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path) -> None:
    """Remove a folder, even if the process is told to stop meanwhile."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
