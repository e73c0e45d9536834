"""Outputs are written beside their place and take their names when all of it is there."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.disk_place import check_name
from onemap.layers.files.library_file import is_library


def check_place(target: Path, overwrite: bool, field: str | None = None, inputs: Iterable[str | Path] = ()) -> None:
    """Refuse a place before any work; what is read for it must never be replaced by it.

    Nor is a library: it holds what nothing else does.
    Raises OneMapError out.exists, out.folder, out.input, out.library, out.foreign, out.name.
    """
    check_name(target, field)
    if target.exists() and not overwrite:
        raise OneMapError("out.exists", file=target.name, field=field)
    if target.exists() and any(Path(path).exists() and target.samefile(path) for path in inputs):
        raise OneMapError("out.input", file=target.name, field=field)
    if is_library(target):
        raise OneMapError("out.library", file=target.name, field=field)
    if target.is_dir() and not _is_of_ours(target):
        raise OneMapError("out.foreign", file=target.name, field=field)
    if not target.absolute().parent.is_dir():
        raise OneMapError("out.folder", file=str(target.parent), field=field)


@contextlib.contextmanager
def atomic_output(target: Path, overwrite: bool, field: str | None = None) -> Iterator[Path]:
    """A path of the target's name to write to, in a folder of its own; all files in that folder then take their place.

    A shapefile's other files come with it, and those of the one that it replaces go. What lay there stays whole
    if the writing fails.
    Raises OneMapError out.exists, out.folder, out.failed.
    """
    check_place(target, overwrite, field)
    part = target.absolute().with_name(target.name + ".part")
    try:
        _remove(part)
        part.mkdir()
        yield part / target.name
        written = sorted(part.iterdir(), key=lambda path: path.name == target.name)  # the target itself comes last
        if target.suffix.lower() == ".shp":
            for old in target.absolute().parent.glob(f"{_literal(target.stem)}.*"):
                if old.suffix.lower() in _OF_A_SHAPEFILE:
                    old.unlink()
        for path in written:
            place = target.absolute().parent / path.name
            if place.is_dir():
                shutil.rmtree(place)
            os.replace(path, place)
    except OSError as error:
        raise OneMapError("out.failed", file=target.name, field=field, reason=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _is_of_ours(folder: Path) -> bool:
    """True for a FileGDB, and for a folder of nothing but tables; any other may hold someone's work."""
    return folder.suffix.lower() == ".gdb" or all(path.suffix == ".parquet" for path in folder.iterdir())


_OF_A_SHAPEFILE = {".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd"}


def _literal(name: str) -> str:
    """A name in which no sign stands for others."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
