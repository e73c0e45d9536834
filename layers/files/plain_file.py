"""Only regular files are read: a pipe, a socket or a device may never answer or never end."""

import stat
from pathlib import Path

from onemap.layers.errors import OneMapError


def check_plain(path: Path) -> None:
    """Refuse a pipe, a socket and a device; a file, a folder and a path that does not exist pass.

    Raises OneMapError source.no_file.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # the latter: no name of a file
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OneMapError("source.no_file", file=path.name)


def check_plain_beside(path: Path) -> None:
    """Refuse a source with a pipe, socket or device of its name beside it, which a driver would open as a part.

    path: a file, or a folder that is one source. Raises OneMapError source.no_file.
    """
    is_folder = path.is_dir()
    stem = path.stem.casefold()
    for one in (path if is_folder else path.parent).iterdir():
        if is_folder or one.name.casefold().startswith(stem):
            check_plain(one)
