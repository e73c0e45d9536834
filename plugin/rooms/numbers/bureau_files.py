"""A bureau's own files for the numbers: themes in addition to the shipped ones, and a pack of indicators instead."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import is_same_place
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_toml_file
from onemap.plugin.words.translation import tr


class BureauFiles(QToolButton):
    """A button with a menu. The settings store the chosen files, even if they are gone: `lost` names these."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        popup = QToolButton.ToolButtonPopupMode.InstantPopup
        super().__init__(icon=icon("file"), toolTip=tr("Own themes and indicators"), popupMode=popup)
        menu: QMenu = QMenu(self, aboutToShow=lambda: self._fill(menu))
        self.setMenu(menu)

    @property
    def themes(self) -> list[str]:
        """The files of themes that are there."""
        return [path for path in settings.get("theme_files") if Path(path).is_file()]

    @property
    def packs(self) -> list[str]:
        """The file of indicators, if it exists; empty for the shipped ones."""
        return [path for path in self._chosen_packs if Path(path).is_file()]

    @property
    def lost(self) -> list[str]:
        """The chosen files that are gone, such as files on a disconnected share, or files that were moved."""
        return [path for path in (*settings.get("theme_files"), *self._chosen_packs) if not Path(path).is_file()]

    @property
    def _chosen_packs(self) -> list[str]:
        path = settings.get("indicator_pack")
        return [path] if path else []

    def add_theme(self, path: str) -> None:
        """Read themes from this file, too."""
        settings.put("theme_files", [*self._themes_without(path), path])
        self.changed.emit()

    def remove_theme(self, path: str) -> None:
        """Read no theme from this file any more."""
        settings.put("theme_files", self._themes_without(path))
        self.changed.emit()

    def _themes_without(self, path: str) -> list[str]:
        return [one for one in settings.get("theme_files") if not is_same_place(one, path)]

    def use_pack(self, path: str) -> None:
        """Measure by the indicators in this file; empty for the shipped ones."""
        settings.put("indicator_pack", path)
        self.changed.emit()

    def _fill(self, menu: QMenu) -> None:
        menu.clear()
        title = tr("Add a theme from a file…")
        menu.addAction(icon("add"), title, partial(ask_toml_file, self, title, self.add_theme))
        for path in settings.get("theme_files"):
            text = tr("Without {name}").format(name=Path(path).name)
            menu.addAction(icon("clear"), text, partial(self.remove_theme, path))
        menu.addSeparator()
        title = tr("Indicators from a file…")
        menu.addAction(icon("file"), title, partial(ask_toml_file, self, title, self.use_pack))
        for path in self._chosen_packs:
            text = tr("Without {name}").format(name=Path(path).name)
            menu.addAction(icon("clear"), text, partial(self.use_pack, ""))
