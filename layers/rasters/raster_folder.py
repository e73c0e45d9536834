"""The folder beside a library in which rasters lie that came with a package, or were copied when they were added."""

import contextlib
import glob
import itertools
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.errors import OneMapError, file_reason

_ENDING, _RESERVED = ".rasters", ".reserved"


def raster_folder(library: Path) -> Path:
    """The folder of a library's rasters, which may not be there yet."""
    return library.with_name(library.name + _ENDING)


@contextlib.contextmanager
def reserved_stem(folder: Path, code: str) -> Iterator[Path]:
    """The path, but for its ending, of a layer's next raster: nobody else writes files of that name meanwhile.

    What lies there is taken away if what follows fails, with the folder if nothing else is in it. Raises OneMapError
    out.failed.
    """
    try:
        stems = (folder / f"{code}__{number}" for number in itertools.count(1))
        stem = next(stem for stem in stems if _reserve(stem))
    except OSError as error:
        raise OneMapError("out.failed", file=folder.name, reason=file_reason(error)) from error
    try:
        yield stem
    except BaseException:
        for path in _files_of(stem):
            path.unlink(missing_ok=True)
        raise
    finally:
        _with_ending(stem, _RESERVED).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others lie there
            folder.rmdir()


def _reserve(stem: Path) -> bool:
    """Take a name for oneself; False where it is another's, also of one who has finished in this moment."""
    mark = _with_ending(stem, _RESERVED)
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


def _files_of(stem: Path) -> list[Path]:
    return list(stem.parent.glob(f"{glob.escape(stem.name)}.*"))


def _with_ending(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)
