"""The plugin's own folder, its resources, and its folder in the QGIS profile."""

from pathlib import Path

from qgis.core import QgsApplication

FOLDER = Path(__file__).resolve().parents[2]
RESOURCES = FOLDER / "resources"
GUIDES = FOLDER / "docs" / "guide"


def profile_folder() -> Path:
    """The plugin's folder in the QGIS profile. Nothing is stored in the plugin's own folder, which updates replace."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "onemap"
