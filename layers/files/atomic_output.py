"""Outputs are written beside their place and take their names when they are complete."""

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.files.disk_place import check_name
from onemap.layers.files.durable_names import bring_names_to_disk, bring_to_disk
from onemap.layers.files.files_beside import files_of_stem
from onemap.layers.files.library_file import is_library
from onemap.layers.files.process_folder import folder_beside, one_at_a_time
from onemap.layers.messages import in_each_language
from onemap.layers.progress import settle_work
from onemap.layers.shipped_files import PROGRAM


def check_places(
    targets: Iterable[Path], overwrite: bool | None, field: str, inputs: Iterable[str | Path] = ()
) -> None:
    """Refuse places of one option before any work, as `check_place` does, and equal ones. Raises OneMapError out.…."""
    earlier_places: set[Path] = set()
    for target in targets:
        check_place(target, overwrite, field, inputs)
        if target.resolve() in earlier_places:
            raise OneMapError("out.twice", file=str(target), field=field)
        earlier_places.add(target.resolve())


def check_place(
    target: Path, overwrite: bool | None, field: str | None = None, inputs: Iterable[str | Path] = ()
) -> None:
    """Check a place for output before any work starts; an output never replaces one of its inputs.

    It never replaces a library either, which holds what nothing else does, and is never written among the program's own
    files, where a pack would count as shipped. overwrite: None if an existing file is never replaced. Raises
    OneMapError out.exists, out.folder, out.input, out.library, out.foreign, out.program, out.name, out.long,
    out.failed.
    """
    check_name(target, field, len(target.name) + _BESIDE)
    try:
        target.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # the name is too long, or the folder may not be looked into
        raise OneMapError("out.failed", file=str(target), field=field, reason=file_reason(error)) from error
    except ValueError as error:  # a null in it
        raise OneMapError("out.name", file=target.name, field=field) from error
    name, place = _named_place(target), target.resolve()
    if not PROGRAM.isdisjoint([place, *place.parents]):
        raise OneMapError("out.program", file=name, field=field)
    if target.exists() and not overwrite:
        raise place_taken(name, field, may_replace=overwrite is not None)
    refuse_inputs(target, field, inputs)
    if is_library(target):
        raise OneMapError("out.library", file=name, field=field)
    if target.is_dir() and not _is_of_ours(target):
        raise OneMapError("out.foreign", file=name, field=field)
    folder = target.absolute().parent
    if not folder.is_dir():
        raise OneMapError("out.folder", file=str(target.parent), field=field)
    if not os.access(folder, os.W_OK):
        reason = file_reason(PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        raise OneMapError("out.failed", file=str(target), field=field, reason=reason)


def place_taken(name: str, field: str | None = None, *, may_replace: bool = False) -> OneMapError:
    """Return the refusal of an occupied place. may_replace: the verb has an option to replace what is there."""
    way = in_each_language("out_exists.overwrite" if may_replace else "out_exists.never")
    return OneMapError("out.exists", file=name, field=field, way=way)


def refuse_inputs(target: Path, field: str | None, inputs: Iterable[str | Path]) -> None:
    """Refuse an occupied place that is an input of the result. Raises OneMapError out.input."""
    with contextlib.suppress(OSError, ValueError):  # what is no path at all is reported by whoever reads it
        if target.exists() and any(_is_input(target, Path(path)) for path in inputs if path and Path(path).exists()):
            raise OneMapError("out.input", file=_named_place(target), field=field)


def _named_place(target: Path) -> str:
    """A place as it was given, with its folder: the same name may stand in several. A dot is shown as its folder."""
    return str(target if target.name else target.absolute())


def _is_input(target: Path, path: Path) -> bool:
    """Whether an input is the target, lies in it as a table does in a folder of results, or is a folder around it.

    Each part of a shapefile stands for all of them.
    """
    target, path = target.resolve(), path.resolve()
    is_part = target.suffix.lower() == ".shp" and path.suffix.lower() in _OF_A_SHAPEFILE and path.stem == target.stem
    is_beside = is_part and path.parent == target.parent
    return target.samefile(path) or is_beside or target in path.parents or path in target.parents


@contextlib.contextmanager
def atomic_output(
    target: Path, overwrite: bool | None, field: str | None = None, *, is_last: bool = True
) -> Iterator[Path]:
    """Give a path with the target's name in a separate folder; all files written there then take their places.

    A shapefile's other files come with it, and those of the one that it replaces are removed. What was there stays
    whole if the writing fails or is cancelled, or if another program holds one of its files, which only Windows minds.
    Of processes that write there at once each writes for itself; unless the file may be replaced, the first one to
    finish has it. is_last: whether the verb's work is all but done, and is settled.

    Raises OneMapError out.exists, out.folder, out.failed.
    """
    check_place(target, overwrite, field)
    place = target.absolute()
    try:
        with folder_beside(place) as folder:
            new = folder / "new"
            new.mkdir()
            yield new / target.name
            bring_to_disk(new)
            if is_last:
                settle_work()
            with one_at_a_time(place.parent):
                if place.exists() and not overwrite:  # somebody else was faster
                    raise place_taken(_named_place(target), field, may_replace=overwrite is not None)
                _take_places(new, place)
            bring_names_to_disk(place.parent)
    except OSError as error:
        raise OneMapError("out.failed", file=str(target), field=field, reason=file_reason(error)) from error


@contextlib.contextmanager
def empty_folder_output(folder: Path) -> Iterator[Path]:
    """Give a folder elsewhere, whose files then come into a folder that is empty or not there yet: all, or none.

    Raises OneMapError out.exists, out.folder, out.failed.
    """
    place = folder.absolute()
    if not place.parent.is_dir():
        raise OneMapError("out.folder", file=str(folder.parent))
    try:
        _refuse_filled(folder)
        with folder_beside(place) as room:
            new = room / "new"
            new.mkdir()
            yield new
            settle_work()
            with one_at_a_time(place.parent):
                _refuse_filled(folder)
                if place.exists():
                    _move_all([(path, place / path.name) for path in new.iterdir()])
                else:
                    new.rename(place)
    except OSError as error:
        raise OneMapError("out.failed", file=str(folder), reason=file_reason(error)) from error


def _refuse_filled(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise place_taken(_named_place(folder))


def _take_places(new: Path, target: Path) -> None:
    """Move what was written to its place, and remove what was there: all of it, or nothing.

    new: the folder where it was written. Raises OSError, with everything unchanged.
    """
    folder = target.parent
    new_paths = sorted(new.iterdir(), key=lambda path: path.name == target.name)  # the target itself comes last
    former = {folder / path.name for path in new_paths if (folder / path.name).exists()}
    if target.suffix.lower() == ".shp":
        former |= {old for old in files_of_stem(target) if old.suffix.lower() in _OF_A_SHAPEFILE}
    if len(new_paths) == 1 and former <= {target} and not target.is_dir() and not new_paths[0].is_dir():
        _patiently(new_paths[0].replace, folder / new_paths[0].name)
        return
    aside = new.with_name("former")
    aside.mkdir()
    _move_all([*((old, aside / old.name) for old in former), *((one, folder / one.name) for one in new_paths)])


def _move_all(moves: Sequence[tuple[Path, Path]]) -> None:
    """Give each path its place, one after the other: all of them, or none. Raises OSError."""
    try:
        for path, place in moves:
            _patiently(path.rename, place)
    except BaseException:
        for path, place in reversed(moves):
            if place.exists() and not path.exists():
                place.rename(path)
        raise


def _patiently(move: Callable[[Path], object], place: Path) -> None:
    """Move a file and retry on Windows, where a virus scanner may hold a new file for a moment."""
    for wait_s in _SCANNER_WAITS_S:
        try:
            move(place)
            return
        except PermissionError:
            time.sleep(wait_s)
    move(place)


def _is_of_ours(folder: Path) -> bool:
    """Whether a folder is a FileGDB or holds only tables; any other may hold someone's work."""
    return folder.suffix.lower() == ".gdb" or all(path.suffix == ".parquet" for path in folder.iterdir())


_SCANNER_WAITS_S = (0.1, 0.3, 1.0) if os.name == "nt" else ()
_BESIDE = 40  # signs of a path: what is added to a target's name while it is written, and files in its folder
_OF_A_SHAPEFILE = {".shp", ".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qmd"}
