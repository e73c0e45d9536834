"""Files that the plugin writes itself: completely or not at all; a failure is explained in plain words."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr

IN_USE_ON_WINDOWS = (32, 33)  # another program has the file open, or a part of it locked


def write_file(path: str, data: bytes) -> None:
    """Write a file; an existing file is replaced. Raises Refusal."""
    _write_beside(path, lambda part: part.write_bytes(data))


def copy_file(source: str | Path, path: str | Path) -> None:
    """Copy a file; an existing file is replaced. Raises Refusal."""
    try:
        Path(source).open("rb").close()
    except OSError as error:
        message = tr("“{name}” cannot be read: {reason}.").format(name=Path(source).name, reason=_reason_unread(error))
        raise _refusal("file.not_read", message, tr("Make it again.")) from error
    _write_beside(path, lambda part: shutil.copyfile(source, part))


def part_beside(path: str | Path) -> Path:
    """The path under which this QGIS writes a file until it is complete; another QGIS has another one."""
    return Path(f"{path}.{os.getpid()}.part")


def _write_beside(path: str | Path, write: Callable[[Path], object]) -> None:
    """Write to a temporary file in the same folder, then rename it, so that no half-written file is left."""
    part = part_beside(path)
    try:
        write(part)
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        message = tr("“{name}” cannot be written: {reason}.").format(name=Path(path).name, reason=_reason(error))
        mend = tr("Choose another folder or name; if a program has the file open, close it there first.")
        raise _refusal("file.not_written", message, mend) from error


def _refusal(code: str, message: str, mend: str) -> Refusal:
    return Refusal(message, [{"code": code, "message": message, "mend": mend}])


def _reason_unread(error: OSError) -> str:
    """Why the system refuses to read, in the user's language if the reason is a common one."""
    reasons = {errno.ENOENT: tr("it is no longer there"), errno.EACCES: tr("there is no right to read it")}
    return reasons.get(error.errno or 0) or _reason(error)


def _reason(error: OSError) -> str:
    """Why the system refuses to write, in the user's language if the reason is a common one."""
    if getattr(error, "winerror", None) in IN_USE_ON_WINDOWS or error.errno == errno.EBUSY:
        return tr("another program has it open")
    reasons = {
        errno.ENOSPC: tr("the disk is full"),
        errno.EDQUOT: tr("the disk is full"),
        errno.EROFS: tr("the disk is read-only"),
        errno.EACCES: tr("there is no right to write there"),
        errno.EPERM: tr("there is no right to write there"),
        errno.ENOENT: tr("its folder is not there"),
        errno.ENOTDIR: tr("its folder is not there"),
        errno.EISDIR: tr("a folder has that name"),
        errno.ENAMETOOLONG: tr("the name is too long"),
    }
    return reasons.get(error.errno or 0) or error.strerror or str(error)
