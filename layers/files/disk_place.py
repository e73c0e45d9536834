"""The kind of place that a path names: a network drive, a name that Windows reserves, an address for SQLite."""

import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path, PurePath, PureWindowsPath

from onemap.layers.errors import OneMapError

# File systems behind which another machine keeps the file: locks and shared memory do not reach across.
_NETWORK_SYSTEMS = {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ncpfs", "fuse.sshfs", "afpfs", "webdav"}
_REMOTE = 4  # DRIVE_REMOTE of Windows' GetDriveType
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_NO_NAME = re.compile(r'[<>:"|?*\x00-\x1f]|[ .]$')
_LONGEST = 259  # signs of a path on Windows, where longer ones are not turned on
_FULL = 28  # ENOSPC
IS_WINDOWS = os.name == "nt"


def sqlite_address(path: PurePath, query: str) -> str:
    """Return a whole path as a URI for SQLite, which knows no host: a share begins with four slashes."""
    uri = _plain(path).as_uri()
    local = uri if uri.startswith("file:///") else f"file:////{uri.removeprefix('file://')}"
    return f"{local}?{query}"


def is_on_network(path: Path) -> bool:
    """Whether a file lies on another machine's disk, as far as the system tells."""
    if IS_WINDOWS:
        return is_share(PureWindowsPath(path)) or _drive_type(path.drive) == _REMOTE
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return _is_below_network(str(path), mounts)


def is_share(path: PureWindowsPath) -> bool:
    r"""Whether a Windows path names a share, as \\server\plans\city.gpkg does."""
    drive = _plain(path).drive
    return drive.startswith("\\\\") and not drive.startswith(("\\\\?\\", "\\\\.\\"))


def _plain(path: PurePath) -> PurePath:
    r"""Remove the mark of long paths from a Windows path: \\?\UNC\server\plans is \\server\plans, \\?\C:\a is C:\a."""
    text = str(path)
    if not isinstance(path, PureWindowsPath) or not text.startswith("\\\\?\\"):
        return path
    rest = text[4:]
    return type(path)("\\\\" + rest[4:] if rest[:4].upper() == "UNC\\" else rest)


@lru_cache(maxsize=64)
def _is_below_network(path: str, mounts: str) -> bool:
    """Whether the longest mount point above a path is a network's. mounts: lines of device, folder, system, options."""
    best, system = "", ""
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        folder = re.sub(r"\\([0-7]{3})", lambda sign: chr(int(sign[1], 8)), words[1])
        inside = path == folder or path.startswith(folder.rstrip("/") + "/")
        if inside and len(folder) >= len(best):
            best, system = folder, words[2]
    return system in _NETWORK_SYSTEMS


def _drive_type(drive: str) -> int:
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - only Windows has it
    return int(kernel.GetDriveTypeW(f"{drive}\\"))


def check_name(path: Path, field: str | None = None, room: int = 0) -> None:
    """Refuse the name of a new file that Windows cannot make. Raises OneMapError out.name, out.long.

    room: how many characters longer the paths of files written beside it may be.
    """
    if not IS_WINDOWS:
        return
    if is_no_windows_name(path.name):
        raise OneMapError("out.name", file=path.name, field=field)
    length = len(str(path.absolute()))
    if length > _LONGEST - room and not _has_long_paths():
        raise OneMapError("out.long", file=path.name, field=field, length=length, most=_LONGEST - room)


def _has_long_paths() -> bool:
    """Whether Windows was told to accept paths of any length, and this program may use them."""
    import ctypes

    system = getattr(ctypes, "windll").ntdll  # noqa: B009 - only Windows has it
    return bool(system.RtlAreLongPathsEnabled())


def may_write_in(folder: Path) -> bool:
    """Whether files can be made in a folder; this is tried, since `os.access` ignores a folder's rights on Windows.

    A full disk does not count as missing rights; it is refused when something is written.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError as error:
        return error.errno == _FULL


def is_no_windows_name(name: str) -> bool:
    """Whether Windows reserves a name for a device, or does not allow it."""
    return bool(_RESERVED.fullmatch(name) or _NO_NAME.search(name))
