"""Packed deliveries: a zip or 7z is unpacked away from the user's files, and read like the folder it holds."""

import contextlib
import errno
import lzma
import os
import platform
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path, PurePosixPath
from types import ModuleType

from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.files.files_beside import JOURNAL, SHM, WAL, files_of_stem
from onemap.layers.files.text_encodings import decodes
from onemap.layers.rasters.raster_formats import PICTURES, RASTER_DRIVERS, listed_rasters, no_driver
from onemap.layers.sources import formats

_MAY_BE_A_NOTE = {".txt", ".csv", ".xlsx", ".xls"}  # beside a map, these explain it
_UTF8_NAMES = 0x800
# What any archive may take on disk, what a larger one may in comparison with its own size, and how many files.
_ALWAYS_BYTES, _TIMES, _MOST_MEMBERS = 200_000_000, 100, 100_000
_MOST_OF_A_LINK = 100  # bytes
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
def unpack_source(path: Path) -> Iterator[tuple[Path, Path | None]]:
    """Give the one source inside a zip or 7z, the folder if there are several, or the path itself if it is not packed.

    Also give the folder into which an archive was unpacked, None if the path is no archive.

    Raises OneMapError as `unpack_archive`, whatever `sources_in` refuses, raster.packed and source.archives.
    """
    if path.suffix.lower() not in formats.ARCHIVES or path.is_dir():
        yield path, None
        return
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as folder:
        room = Path(folder).resolve()
        unpack_archive(path, room)
        try:
            sources = sources_in(room, path.name)
        except OneMapError as error:
            if error.code == "source.nothing_inside":
                _check_no_rasters(room, path.name)
                check_no_archives(room, path.name)
            raise
        yield sources[0] if len(sources) == 1 else room, room


def _check_no_rasters(room: Path, name: str) -> None:
    """Refuse an archive with rasters, since a library refers to rasters in place. Raises OneMapError raster.packed."""
    grids = {*RASTER_DRIVERS} - {*PICTURES}
    rasters = sorted(item.name for item in room.rglob("*") if item.suffix.lower() in grids)
    if rasters:
        raise OneMapError("raster.packed", file=name, rasters=listed_rasters(rasters))


def check_no_archives(room: Path, name: str) -> None:
    """Refuse an archive that holds other archives, and nothing that can be read. Raises OneMapError source.archives."""
    inner = [item.relative_to(room).as_posix() for item in files_in(room) if item.suffix.lower() in formats.ARCHIVES]
    if inner:
        raise OneMapError("source.archives", file=name, archives=inner)


def unpack_archive(path: Path, room: Path) -> None:
    """Unpack a zip or 7z into an empty folder, after checking how much it claims to hold.

    Raises OneMapError source.damaged, source.locked, source.no_room, source.much_inside, source.many_inside,
    source.journal_inside.
    """
    extract: Callable[[Path, Path], None] = _extract_7z if path.suffix.lower() == ".7z" else _extract_zip
    try:
        extract(path, room)
        _remove_unwanted(path, room)
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


@dataclass(frozen=True)
class _Member:
    """A file or folder in an archive. size: unpacked bytes; neither unpacking library writes more than that."""

    name: str
    size: int
    is_folder: bool


def _wanted_members(path: Path, room: Path, members: Sequence[_Member]) -> list[bool]:
    """Which members are unpacked; all are examined before the first is unpacked.

    Raises OneMapError source.many_inside, source.much_inside, source.no_room, source.journal_inside, source.damaged.
    """
    if len(members) > _MOST_MEMBERS:
        raise OneMapError("source.many_inside", file=path.name, count=len(members), most=_MOST_MEMBERS)
    needed_bytes, most = sum(member.size for member in members), max(_ALWAYS_BYTES, _TIMES * path.stat().st_size)
    if needed_bytes > most:
        facts = {"megabytes": -(-needed_bytes // 1_000_000), "most": most // 1_000_000, "times": _TIMES}
        raise OneMapError("source.much_inside", file=path.name, always=_ALWAYS_BYTES // 1_000_000, **facts)
    if needed_bytes > shutil.disk_usage(room).free:
        raise OneMapError("source.no_room", file=path.name, reason=f"{needed_bytes} bytes")
    names = Counter(member.name for member in members if not member.is_folder)
    for name in (name for name, times in names.items() if times > 1):  # the last would lie over the first
        raise OneMapError("source.damaged", file=path.name, reason=f"{names[name]} × {name}")
    for member in members:
        if not (room / member.name).resolve().is_relative_to(room):
            raise OneMapError("source.damaged", file=path.name, reason=f"{member.name}: ..")
    return [member.is_folder or not _is_left_out(path, member) for member in members]


def _is_left_out(path: Path, member: _Member) -> bool:
    """Whether a file is one that SQLite would use with the database beside it; it may come from anybody.

    An empty -wal, and any -shm, belongs to a database that was closed properly, and is not missed. Raises OneMapError
    source.journal_inside for a file that is needed.
    """
    # As systems compare names that do not tell capitals from small letters, and cut what stands behind.
    name = PurePosixPath(member.name).name.split(":")[0].rstrip(" .").casefold()
    if name.endswith(JOURNAL) or (member.size and name.endswith(WAL)):
        raise OneMapError("source.journal_inside", file=path.name, journal=member.name)
    return name.endswith((WAL, SHM))


def _remove_unwanted(path: Path, room: Path) -> None:
    """Remove files whose names showed only on unpacking. Raises ValueError for a link, which may lead outside."""
    for item in room.rglob("*"):
        if item.is_symlink():
            raise ValueError(f"{item.name} → {os.readlink(item)}")
        if item.is_file() and _is_left_out(path, _Member(item.name, item.stat().st_size, is_folder=False)):
            item.unlink()


def _extract_zip(path: Path, room: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = [_Member(_name(one), one.file_size, one.is_dir()) for one in archive.infolist()]
        is_wanted = _wanted_members(path, room, members)
        for entry, member in zip(compress(archive.infolist(), is_wanted), compress(members, is_wanted), strict=True):
            target = room / member.name
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise ValueError(f"{member.name} → {archive.read(entry)[:_MOST_OF_A_LINK].decode(errors='replace')}")
            if member.is_folder:
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)


def _extract_7z(path: Path, room: Path) -> None:
    py7zr = _py7zr()
    from py7zr.exceptions import ArchiveError, PasswordRequired

    try:
        with py7zr.SevenZipFile(path) as archive:
            if archive.needs_password():
                raise OneMapError("source.locked", file=path.name)
            members = [_Member(one.filename, one.uncompressed, one.is_directory) for one in archive.list()]
            is_wanted = _wanted_members(path, room, members)
            if all(is_wanted):
                archive.extractall(room)
            else:
                archive.extract(room, [member.name for member in compress(members, is_wanted)])
    except PasswordRequired:
        raise OneMapError("source.locked", file=path.name) from None
    except ArchiveError as error:
        raise ValueError(_words(error)) from error


def _py7zr() -> ModuleType:
    """Load py7zr when it is needed, without starting a program.

    A library that it needs for passwords asks Python for the kind of its own executable, which runs `file`, found by
    PATH; the answer is not used if that library lies beside Python's own.
    """
    if "py7zr" not in sys.modules:
        ask_architecture = platform.architecture
        platform.architecture = lambda *_, **__: ("", "")
        try:
            import py7zr  # takes its time, and few deliveries need it
        finally:
            platform.architecture = ask_architecture
    import py7zr

    module: ModuleType = py7zr
    return module


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name: zips made on Chinese Windows use GBK where the format says code page 437."""
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:  # a newer Python has read the field of a packer that writes the name in Unicode, too
        return member.filename
    if member.flag_bits & _UTF8_NAMES:
        return member.filename
    encoding = next((name for name in ("utf-8", "gb18030") if decodes(raw, name)), "cp437")
    return raw.decode(encoding)


def files_in(folder: Path) -> list[Path]:
    """Return the files in a folder and its subfolders, in order; a folder that is a format counts as one file.

    Files that macOS and Excel put beside an open or packed file are left out.
    """
    return [
        item
        for item in sorted(folder.rglob("*"))
        if (item.is_file() or item.suffix.lower() in formats.FOLDERS)
        and not any(parent.suffix.lower() in formats.FOLDERS for parent in item.relative_to(folder).parents)
        and not item.name.startswith(("._", "~$"))
    ]


def lost_paths(folder: Path) -> list[Path]:
    """Return what a search of a folder silently skips: unreadable folders, and links whose data is gone."""
    errors: list[OSError] = []
    data = {"", *formats.READABLE, *formats.ARCHIVES, *formats.NO_DRIVER, *formats.FOLDERS, *RASTER_DRIVERS}
    links = [
        path
        for top, folders, files in os.walk(folder, onerror=errors.append)
        for path in (Path(top) / name for name in (*folders, *files))
        if path.is_symlink() and not path.exists() and path.suffix.lower() in data
    ]
    return sorted([*links, *(Path(error.filename) for error in errors if isinstance(error, PermissionError))])


def sources_in(folder: Path, name: str) -> list[Path]:
    """Return the sources in a folder and its subfolders, without notes beside them.

    name: what the user calls the folder. Raises OneMapError source.nothing_inside, format.no_driver.
    """
    files = files_in(folder)
    readable = [item for item in files if item.suffix.lower() in formats.READABLE and whole_of(item) is None]
    main = [item for item in readable if item.suffix.lower() not in _MAY_BE_A_NOTE] or readable
    if not main:
        check_driver(*files)
        raise OneMapError("source.nothing_inside", file=name)
    return main


_WHOLES = {".dbf": (".shp", ".tab", ".shx"), **dict.fromkeys((".shx", ".prj", ".cpg", ".sbn", ".sbx"), (".shp",))}


def whole_of(path: Path) -> Path | None:
    """Return the shapefile, MapInfo table or Esri grid of which a file is only a part; None for a whole source."""
    if path.suffix.lower() == ".adf":
        grid = path.with_name("hdr.adf")
        return grid if grid != path and grid.exists() else None
    wholes = _WHOLES.get(path.suffix.lower(), ())
    further_files = {one.suffix.lower(): one for one in files_of_stem(path)} if wholes else {}
    return next((further_files[suffix] for suffix in wholes if suffix in further_files), None)


def check_driver(*paths: Path) -> None:
    """Refuse a format without a driver. Raises OneMapError format.no_driver, which says what to do."""
    for path in paths:
        way = formats.NO_DRIVER.get(path.suffix.lower())
        if way is not None:
            raise no_driver(path, way)
