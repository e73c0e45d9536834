"""Where things are: the plugin's own folder, its resources, and its corner of the QGIS profile."""

from pathlib import Path

from qgis.core import QgsApplication

FOLDER = Path(__file__).resolve().parents[2]
RESOURCES = FOLDER / "resources"
GUIDES = FOLDER / "docs" / "guide"


def profile_folder() -> Path:
    """The plugin's corner of the QGIS profile; nothing of it is in the plugin's folder, which updates replace."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "onemap"
