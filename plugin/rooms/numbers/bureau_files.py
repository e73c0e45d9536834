"""A bureau's own files for the numbers: themes in addition to the shipped ones, and a pack of indicators instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import documents_folder, is_same_place
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import tr

FILTER = file_filters([".toml"])


class BureauFiles(QToolButton):
    """A button with a menu. The settings store the chosen files, even if they are gone: `lost` names these."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(icon=icon("file"), accessibleName=tr("Own themes and indicators"))
        self.setToolTip(tr("Own themes and indicators"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
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
        add = menu.addAction(icon("add"), tr("Add a theme from a file…"))
        add.triggered.connect(lambda _checked: self._choose(tr("Add a theme from a file…"), self.add_theme))
        for path in settings.get("theme_files"):
            action = menu.addAction(icon("clear"), tr("Without {name}").format(name=Path(path).name))
            action.triggered.connect(lambda _checked, of=path: self.remove_theme(of))
        menu.addSeparator()
        use = menu.addAction(icon("file"), tr("Indicators from a file…"))
        use.triggered.connect(lambda _checked: self._choose(tr("Indicators from a file…"), self.use_pack))
        for path in self._chosen_packs:
            action = menu.addAction(icon("clear"), tr("Without {name}").format(name=Path(path).name))
            action.triggered.connect(lambda _checked: self.use_pack(""))

    def _choose(self, title: str, take: Callable[[str], None]) -> None:
        start = settings.get("review_folder") or documents_folder()
        ask_file(self, title, take, FILTER, str(start))
