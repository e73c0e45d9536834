"""Folders and paths: the plugin's own folder, its resources, its folder in the QGIS profile, the user's documents."""

from pathlib import Path

from qgis.core import QgsApplication
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


def free_path(folder: Path, name: str, ending: str) -> Path:
    """A path that does not exist yet: the name, else the name with a number."""
    path, number = folder / f"{name}{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}{ending}"
    return path
