"""The folders of the core's Pythons in the QGIS profile. Standard library only, no QGIS.

Each new core has a folder of its own, core, core-2, core-3 and so on, and the newest is used. A former one stays until
no QGIS uses it any more: a program that runs loads libraries from its folder for as long as it lives.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
from pathlib import Path

MARK = "used-by-"  # in a core's folder, then the process id of a QGIS that may have a core running


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def newest_core(first: Path) -> Path | None:
    """The folder of the newest core; None where there is none. A folder has such a name only when it is complete.

    first: the name of the first, …/core.
    """
    return next((folder for _, folder in reversed(_numbered_folders(first)) if python_in(folder).exists()), None)


def next_core(first: Path) -> Path:
    """The folder that the next core is to have: no program uses it, for it was never there."""
    highest = max((number for number, _ in _numbered_folders(first)), default=0)
    return first.with_name(f"{first.name}-{highest + 1}") if highest else first


def note_use(folder: Path) -> None:
    """Note that this process may run a core of a folder, until it ends. Where nothing can be written, none is noted."""
    mark = folder / f"{MARK}{os.getpid()}"
    if mark.exists():
        return
    with contextlib.suppress(OSError):
        mark.touch()
        atexit.register(_remove_mark, mark)


def former_cores(first: Path) -> list[Path]:
    """Folders that are older than the newest core and that no running QGIS has noted."""
    newest = newest_core(first)
    return [folder for _, folder in _numbered_folders(first) if newest and folder != newest and not _is_used(folder)]


def remove_former_cores(first: Path) -> None:
    """Delete what `former_cores` finds. What cannot be deleted stays for another time.

    Windows moves no folder of which a program uses a file, so that one in use stays whole there.
    """
    for folder in former_cores(first):
        away = folder.with_name(f"{folder.name}.old")
        shutil.rmtree(away, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.rename(away)
            shutil.rmtree(away, ignore_errors=True)


def _numbered_folders(first: Path) -> list[tuple[int, Path]]:
    """Number and folder, in the order in which they were made; the first has no number in its name."""
    found = []
    with contextlib.suppress(OSError):
        for folder in first.parent.iterdir():
            number = re.fullmatch(rf"{re.escape(first.name)}(?:-([0-9]{{1,6}}))?", folder.name)
            if number and folder.is_dir():
                found.append((int(number.group(1) or 1), folder))
    return sorted(found)


def _is_used(folder: Path) -> bool:
    return any(_is_alive(mark.name[len(MARK) :]) for mark in folder.glob(f"{MARK}*"))


def _is_alive(process_id: str) -> bool:
    """Whether a process runs; never asked on Windows, where the question would end it, and no mark is needed."""
    if os.name == "nt" or not process_id.isdigit():
        return False
    try:
        os.kill(int(process_id), 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        pass
    return True


def _remove_mark(mark: Path) -> None:
    with contextlib.suppress(OSError):
        mark.unlink()
