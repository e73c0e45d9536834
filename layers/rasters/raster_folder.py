"""The folder beside a library with the rasters that came with a package or were copied when they were added."""

import contextlib
import glob
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.files.journal_folder import is_locked_by_us

_ENDING, _RESERVED = ".rasters", ".reserved"
_LEAST_AGE_S = 600  # of a mark that may be forsaken; a younger one may not be locked yet
_TRIES, _PAUSE_S = 20, 0.05


def raster_folder(library: Path) -> Path:
    """The folder of a library's rasters, which may not exist yet."""
    return library.with_name(library.name + _ENDING)


@contextlib.contextmanager
def reserved_stem(folder: Path, code: str) -> Iterator[Path]:
    """Reserve the path, without ending, of a layer's next raster, so that nobody else writes files of that name.

    If the block fails, its files are removed, and the folder if nothing else is in it. What a killed process leaves is
    told by its mark, which nobody locks any more. Raises OneMapError out.failed.
    """
    try:
        stems = (folder / f"{code}__{number}" for number in itertools.count(1))
        stem = next(stem for stem in stems if _reserve(stem))
        mark = _mark_of(stem)
        lock = _locked_file(mark)
    except OSError as error:
        raise OneMapError("out.failed", file=folder.name, reason=file_reason(error)) from error
    is_done = False
    try:
        yield stem
        is_done = True
    finally:
        lock.close()  # Windows removes no open file, not even one that `verify` looks at just now
        files = [] if is_done else [path for path in _files_of(stem) if path != mark]
        with contextlib.suppress(OSError):  # what stays is told by the mark, which is the last to go
            for path in (*files, mark):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others lie there
            folder.rmdir()


def forsaken_files(folder: Path) -> list[list[Path]]:
    """The files of each name that a process reserved and was killed before it gave the name back; its mark is last.

    A name that was reserved some minutes ago is not among them. Whoever may only read the folder is told too.
    """
    file_groups = []
    for mark in sorted(folder.glob(f"*{_RESERVED}")):
        with contextlib.suppress(OSError):  # whoever has ended meanwhile took it away
            if time.time() - mark.stat().st_mtime < _LEAST_AGE_S:
                continue
            with mark.open("rb") as file:
                is_forsaken = is_locked_by_us(file)
            if is_forsaken:
                stem = mark.with_name(mark.name.removesuffix(_RESERVED))
                file_groups.append([*sorted(path for path in _files_of(stem) if path != mark), mark])
    return file_groups


def _reserve(stem: Path) -> bool:
    """Reserve a name; False if somebody else has it, even if they have finished at this moment."""
    mark = _mark_of(stem)
    if _files_of(stem):
        return False
    stem.parent.mkdir(parents=True, exist_ok=True)  # whoever has ended meanwhile takes an empty one away
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    if _files_of(stem) == [mark]:
        return True
    mark.unlink()
    return False


def _locked_file(mark: Path) -> IO[bytes]:
    """Open a mark and lock it, also if `verify` holds it for a moment; some drives have no locks."""
    lock = mark.open("r+b")
    for _ in range(_TRIES):
        if is_locked_by_us(lock):
            break
        time.sleep(_PAUSE_S)
    return lock


def _files_of(stem: Path) -> list[Path]:
    return list(stem.parent.glob(f"{glob.escape(stem.name)}.*"))


def _mark_of(stem: Path) -> Path:
    return stem.with_name(stem.name + _RESERVED)
