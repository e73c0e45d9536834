"""Folders and paths: the plugin's own folder, its resources, its folder in the QGIS profile, the user's documents."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from qgis.core import QgsApplication, QgsProcessingUtils
from qgis.PyQt.QtCore import QStandardPaths

FOLDER = Path(__file__).resolve().parents[2]
RESOURCES = FOLDER / "resources"
GUIDES = FOLDER / "docs" / "guide"


def profile_folder() -> Path:
    """The plugin's folder in the QGIS profile. Nothing is stored in the plugin's own folder, which updates replace."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "onemap"


def documents_folder() -> str:
    """The folder of the user's documents."""
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)


def temporary_folder(name: str) -> Path:
    """A new folder that goes with QGIS; whoever asks for it may remove it sooner. Raises OSError: the disk is full."""
    folder = Path(QgsProcessingUtils.generateTempFilename(name))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def temporary_file(name: str, text: str) -> str:
    """A new file of text that goes with QGIS."""
    path = Path(QgsProcessingUtils.generateTempFilename(name))
    path.write_text(text, encoding="utf-8")
    return str(path)


def file_state(path: str) -> tuple[int, int]:
    """A file's time in nanoseconds and size in bytes, to detect changes; zeros for a missing or an empty file.

    SQLite makes an empty file beside a GeoPackage that is only read.
    """
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return (status.st_mtime_ns, status.st_size) if status.st_size else (0, 0)


def file_identity(path: str) -> str:
    """Which file a path leads to now, whatever is in it; empty if there is none. The file is not opened."""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{status.st_dev}:{status.st_ino}"


def is_same_place(one: str, other: str) -> bool:
    r"""Whether two locations are the same: file names compared like the system does, servers' addresses exactly.

    On Windows QGIS writes C:/City.gpkg where Python writes C:\City.gpkg, and case does not matter. No disk is accessed,
    because a share that does not answer would block the window.
    """
    return one == other or (os.path.isabs(one) and os.path.normcase(one) == os.path.normcase(other))


def listed_place(place: str, places: Iterable[str]) -> str:
    """A location as it is written in a list, or as it is given if the list lacks it."""
    return next((one for one in places if is_same_place(one, place)), place)


def free_path(folder: Path, name: str, ending: str) -> Path:
    """A path that does not exist yet: the name, else the name with a number."""
    path, number = folder / f"{name}{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}{ending}"
    return path
