"""Where a file that does not exist yet is proposed."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QStandardPaths


def documents() -> str:
    """The folder in which people keep their documents."""
    return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)


def free_path(folder: Path, name: str, ending: str) -> Path:
    """A path that nothing has yet: the name, else the name with a number."""
    path, number = folder / f"{name}{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}{ending}"
    return path
