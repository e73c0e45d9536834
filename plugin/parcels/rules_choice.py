"""The choice of the rules: the library's own packs, or a file."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from onemap.plugin.library.layer_list import title_of
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

MIN_NAME_LENGTH = 4


class RulesChoice(QWidget):
    """A list of packs, with a button that adds a file."""

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._files: list[str] = []
        self.box = QComboBox()
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(MIN_NAME_LENGTH)
        self.box.setAccessibleName(tr("Rules"))
        self.setFocusProxy(self.box)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button = QToolButton()
        button.setIcon(icon("file"))
        button.setToolTip(tr("Use the rules of another pack, a file"))
        button.setAccessibleName(button.toolTip())
        button.clicked.connect(self._choose_file)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box, 1)
        layout.addWidget(button)
        library.listed.connect(self._list)
        self._list()

    @property
    def packs(self) -> list[str] | None:
        """The packs as the core takes them; None for the library's own."""
        return self.box.currentData() or None

    def _list(self) -> None:
        self.box.clear()
        library_packs = ", ".join(
            f"{title_of(pack.get('title'), str(pack.get('id')))} {pack.get('version') or ''}".strip()
            for pack in self._library.packs
        )
        self.box.addItem(library_packs or tr("the library's own"), None)
        titles = "\n".join(
            f"{title_of(pack.get('title'), str(pack.get('id')))} ({pack.get('id')})" for pack in self._library.packs
        )
        self.box.setItemData(0, titles, Qt.ItemDataRole.ToolTipRole)
        self.box.setToolTip(titles)
        for path in self._files:
            self.box.addItem(Path(path).name, [path])

    def _choose_file(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(self, tr("Rule pack"), "", tr("Rule pack (*.toml)"))
        if path:
            self._files.append(path)
            self.box.addItem(Path(path).name, [path])
            self.box.setCurrentIndex(self.box.count() - 1)
