"""QGIS's own plugin manager accepts the plugin, whichever Qt it was built with."""

import sys
from pathlib import Path

import pytest
from qgis.core import QgsApplication

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def installer_data(monkeypatch):
    """The module with which QGIS's plugin manager reads an installed plugin's metadata."""
    monkeypatch.syspath_prepend(str(Path(QgsApplication.pkgDataPath()) / "python"))
    data = pytest.importorskip("pyplugin_installer.installer_data")
    monkeypatch.delenv("QGIS_DISABLE_SUPPORTS_QT6_CHECK", raising=False)
    yield data
    for name in [name for name in sys.modules if name.startswith("pyplugin_installer")]:
        del sys.modules[name]


@pytest.mark.parametrize("qt", ["5.15.8", "6.8.2"])
def test_the_plugin_is_taken_by_builds_with_either_qt(installer_data, monkeypatch, tmp_path, qt):
    monkeypatch.setattr(installer_data, "QT_VERSION_STR", qt)
    (tmp_path / "onemap").symlink_to(ROOT)
    (tmp_path / "older").mkdir()
    (tmp_path / "older" / "__init__.py").touch()
    text = (ROOT / "metadata.txt").read_text(encoding="utf-8")
    (tmp_path / "older" / "metadata.txt").write_text(text.replace("supportsQt6=True\n", ""), encoding="utf-8")
    plugins = installer_data.Plugins()
    found = {key: plugins.getInstalledPlugin(key, str(tmp_path / key), False)["error"] for key in ("onemap", "older")}
    assert found == {"onemap": "", "older": "incompatible" if qt.startswith("6") else ""}
