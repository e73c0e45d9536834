"""Packed deliveries: a zip or 7z is unpacked beside nothing of the user's, and read like the folder it holds."""

import contextlib
import errno
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.files_beside import JOURNAL, PARTS_OF_SQLITE, files_of_stem
from onemap.layers.files.text_encodings import decodes
from onemap.layers.sources import formats
from onemap.layers.system_reasons import file_reason

_MAY_BE_A_NOTE = {".txt", ".csv", ".xlsx", ".xls"}  # beside a map, these explain it
_UTF8_NAMES = 0x800
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a method of packing that Python does not know
    RuntimeError,  # a password
    ValueError,
    LookupError,  # the head of a 7z, when it is damaged
    TypeError,
    AttributeError,
)


@contextlib.contextmanager
def unpack_source(path: Path) -> Iterator[Path]:
    """The one source inside a zip or 7z, the folder if there are several, or the path itself if it is not packed.

    Raises OneMapError source.damaged for a broken archive, source.locked, source.nothing_inside, source.no_room, and
    whatever `sources_in` refuses.
    """
    if path.suffix.lower() not in formats.ARCHIVES or path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as folder:
        room = Path(folder).resolve()
        unpack_archive(path, room)
        found = sources_in(room, path.name)
        yield found[0] if len(found) == 1 else room


def unpack_archive(path: Path, room: Path) -> None:
    """Unpack a zip or 7z into an empty folder. Raises OneMapError source.damaged, source.locked, source.no_room,
    source.journal_inside.
    """
    extract: Callable[[Path, Path], None] = _extract_7z if path.suffix.lower() == ".7z" else _extract_zip
    try:
        extract(path, room)
    except _BROKEN as error:
        if isinstance(error, RuntimeError) and "password" in str(error):
            raise OneMapError("source.locked", file=path.name) from None
        raise OneMapError("source.damaged", file=path.name, reason=_words(error)) from None
    except PermissionError:
        raise
    except OSError as error:
        # A damaged table of contents points to where no file can be read; only a full disk is no fault of the archive.
        code = "source.no_room" if error.errno in _NO_ROOM else "source.damaged"
        raise OneMapError(code, file=path.name, reason=file_reason(error)) from None


def _words(error: BaseException) -> str:
    return str(error)[:200] or type(error).__name__


def _check_room(path: Path, room: Path, needed: int) -> None:
    if needed > shutil.disk_usage(room).free:
        raise OneMapError("source.no_room", file=path.name, reason=f"{needed} bytes")


def _check_part(path: Path, name: str, size: int) -> None:
    """Refuse what SQLite would play back into the database beside it: it may come from anybody.

    A -wal or -shm without content belongs to a database that was closed well. Raises OneMapError source.journal_inside.
    """
    if name.endswith(JOURNAL) or (size and name.endswith(PARTS_OF_SQLITE[1])):
        raise OneMapError("source.journal_inside", file=path.name, journal=name)


def _target(path: Path, room: Path, name: str) -> Path:
    target = (room / name).resolve()
    if not target.is_relative_to(room):
        raise OneMapError("source.damaged", file=path.name, reason=f"{name}: ..")
    return target


def _extract_zip(path: Path, room: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        _check_room(path, room, sum(member.file_size for member in archive.infolist()))
        for member in archive.infolist():
            _check_part(path, _name(member), member.file_size)
            target = _target(path, room, _name(member))
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("wb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)


def _extract_7z(path: Path, room: Path) -> None:
    import py7zr  # takes its time, and few deliveries need it
    from py7zr.exceptions import ArchiveError, PasswordRequired

    try:
        with py7zr.SevenZipFile(path) as archive:
            if archive.needs_password():
                raise OneMapError("source.locked", file=path.name)
            _check_room(path, room, sum(member.uncompressed for member in archive.list()))
            for member in archive.list():
                _check_part(path, member.filename, member.uncompressed)
                _target(path, room, member.filename)
            archive.extractall(room)
    except PasswordRequired:
        raise OneMapError("source.locked", file=path.name) from None
    except ArchiveError as error:
        raise ValueError(_words(error)) from error
    for link in room.rglob("*"):
        if link.is_symlink():  # it may show out of the room
            link.unlink()


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name: zips made on Chinese Windows write GBK where the format says code page 437."""
    if member.flag_bits & _UTF8_NAMES:
        return member.filename
    raw = member.filename.encode("cp437", errors="replace")
    encoding = next((name for name in ("utf-8", "gb18030") if decodes(raw, name)), "cp437")
    return raw.decode(encoding)


def sources_in(folder: Path, name: str) -> list[Path]:
    """The sources in a folder and the folders below, notes beside them left out.

    name: what the user calls the folder. Raises OneMapError source.nothing_inside, format.no_driver.
    """
    found = [
        item
        for item in sorted(folder.rglob("*"))
        if (item.is_file() or item.suffix.lower() in formats.FOLDERS)
        and not any(parent.suffix.lower() in formats.FOLDERS for parent in item.relative_to(folder).parents)
        and not item.name.startswith("._")
    ]
    readable = [item for item in found if item.suffix.lower() in formats.READABLE and whole_of(item) is None]
    main = [item for item in readable if item.suffix.lower() not in _MAY_BE_A_NOTE] or readable
    if not main:
        check_driver(*found)
        raise OneMapError("source.nothing_inside", file=name)
    return main


def whole_of(path: Path) -> Path | None:
    """The shapefile or MapInfo table of which a .dbf is the part, and so no source of its own; None of all else."""
    if path.suffix.lower() != ".dbf":
        return None
    beside = {one.suffix.lower(): one for one in files_of_stem(path)}
    return next((beside[suffix] for suffix in (".shp", ".tab", ".shx") if suffix in beside), None)


def check_driver(*paths: Path) -> None:
    """Refuse a format for which there is no driver. Raises OneMapError format.no_driver with the way out."""
    for path in paths:
        suffix = path.suffix.lower()
        if suffix in formats.NO_DRIVER:
            way = formats.NO_DRIVER[suffix]
            raise OneMapError("format.no_driver", file=path.name, format=suffix[1:].upper(), way=way)
