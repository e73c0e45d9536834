"""The folders of the core's Pythons in the QGIS profile. Standard library only, no QGIS.

Each new core has a folder of its own, core, core-2, core-3 and so on, and the newest is used. A former core stays until
no QGIS uses it any more, because a running program loads libraries from its folder as long as it lives.
"""

from __future__ import annotations

import atexit
import contextlib
import glob
import os
import re
import shutil
import time
from pathlib import Path

DAY_S = 86_400
MARK = "used-by-"  # in a core's folder, then the process id of a QGIS that may have a core running


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def newest_core(first: Path) -> Path | None:
    """The folder of the newest core; None if there is none. A folder gets such a name only when it is complete.

    first: the path of the first core's folder, …/core.
    """
    return next((folder for _, folder in reversed(_numbered_folders(first)) if python_in(folder).exists()), None)


def next_core(first: Path) -> Path:
    """The folder for the next core; no program uses it, because it has never existed."""
    highest = max((number for number, _ in _numbered_folders(first)), default=0)
    return first.with_name(f"{first.name}-{highest + 1}") if highest else first


def own_part(first: Path) -> Path:
    """The folder in which this process makes a core, until it is complete; another QGIS may be making one as well."""
    return first.with_name(f"{first.name}.{os.getpid()}.part")


def remove_left_parts(first: Path) -> None:
    """Delete what processes that have ended left of a core that they were making."""
    for folder in first.parent.glob(f"{glob.escape(first.name)}.*.part*"):
        process_id = folder.name[len(first.name) + 1 :].partition(".")[0]
        with contextlib.suppress(OSError):
            is_old = time.time() - folder.stat().st_mtime > DAY_S
            if process_id == str(os.getpid()) or (is_old if os.name == "nt" else not _is_alive(process_id)):
                shutil.rmtree(folder, ignore_errors=True)


def note_use(folder: Path) -> None:
    """Leave a mark that this process may run the core in a folder, until the process ends; skip it if that fails."""
    mark = folder / f"{MARK}{os.getpid()}"
    if mark.exists():
        return
    with contextlib.suppress(OSError):
        mark.touch()
        atexit.register(_remove_mark, mark)


def former_cores(first: Path) -> list[Path]:
    """Folders that are older than the newest core and that no running QGIS has marked."""
    newest = newest_core(first)
    return [folder for _, folder in _numbered_folders(first) if newest and folder != newest and not _is_used(folder)]


def remove_former_cores(first: Path) -> None:
    """Delete the folders that `former_cores` finds. A folder that cannot be deleted stays until the next time.

    Windows does not rename a folder with files in use, so such a folder stays whole there.
    """
    for folder in former_cores(first):
        old_folder = folder.with_name(f"{folder.name}.old")
        shutil.rmtree(old_folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            folder.rename(old_folder)
            shutil.rmtree(old_folder, ignore_errors=True)


def _numbered_folders(first: Path) -> list[tuple[int, Path]]:
    """Numbers and folders, in the order of their creation; the first folder has no number in its name."""
    folders = []
    with contextlib.suppress(OSError):
        for folder in first.parent.iterdir():
            number = re.fullmatch(rf"{re.escape(first.name)}(?:-([0-9]{{1,6}}))?", folder.name)
            if number and folder.is_dir():
                folders.append((int(number.group(1) or 1), folder))
    return sorted(folders)


def _is_used(folder: Path) -> bool:
    return any(_is_alive(mark.name[len(MARK) :]) for mark in folder.glob(f"{MARK}*"))


def _is_alive(process_id: str) -> bool:
    """Whether a process runs; always False on Windows, where asking would end it and no mark is needed."""
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
