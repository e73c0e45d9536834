"""The choice of the rules: the library's own packs, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.layer_list import title_of
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.packs.pack_dialog import PackDialog
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import listed_place
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.translation import name_list, tr


class RulesChoice(QWidget):
    """A list of packs, with a button that adds a file."""

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self._titles: dict[str, str] = {}  # of packs of files, by path: what they call themselves
        self.box = WrappedChoice(tr("Rules"))
        self.setFocusProxy(self.box)
        button = tool_button("file", tr("Use the rules of another pack, a file"), action=self._choose_file)
        button.setAccessibleName(button.toolTip())
        self.pack_dialog: PackDialog | None = None
        self.pack_button = tool_button("rules", tr("Read, change and prove the rules"), action=self.show_pack)
        self.pack_button.setAccessibleName(self.pack_button.toolTip())
        row_of((self.box, 1), button, self.pack_button, inside=self, is_tight=True)
        library.listed.connect(self._list)
        settings.changes.pack.connect(self._follow_setting)
        self._is_begun = False  # the rules of the settings were offered
        self._list()

    @property
    def packs(self) -> list[str] | None:
        """The packs as the core takes them; None for the library's own."""
        return self.box.currentData() or None

    def add_file(self, path: str) -> None:
        """Choose the pack of a file; it stays in the list, under its own title once the core has read it."""
        path = listed_place(path, self._titles)
        if path not in self._titles:
            self._titles[path] = Path(path).name
            self._add_row(path)
            # Each file has its own, which is of no library; what is no pack the check refuses, with the reason.
            asking = Asking(self._library.core, self)
            asking.ask("laws", {"pack": [path]}, lambda answer: self._name_file(path, answer))
        self.box.setCurrentIndex(self._row_of(path))

    def show_pack(self) -> None:
        """Show the chosen pack in a window of its own; a copy made there becomes an entry of this list."""
        if self.pack_dialog is not None:
            self.pack_dialog.close_down()
            self.pack_dialog.deleteLater()
        self.pack_dialog = PackDialog(self._library, self)
        self.pack_dialog.setWindowModality(Qt.WindowModality.WindowModal)
        self.pack_dialog.copied.connect(self.add_file)
        # What was typed there may have made other rules of the chosen file.
        self.pack_dialog.finished.connect(lambda _how: self.box.currentIndexChanged.emit(self.box.currentIndex()))
        self.pack_dialog.begin(self.packs[0] if self.packs else "")

    def _add_row(self, path: str) -> None:
        self.box.addItem(self._titles[path], [path])
        self.box.setItemData(self.box.count() - 1, path, Qt.ItemDataRole.ToolTipRole)

    def _row_of(self, path: str) -> int:
        return next(row for row in range(self.box.count()) if self.box.itemData(row) == [path])

    def _name_file(self, path: str, answer: dict[str, Any]) -> None:
        title = packs_text(answer.get("packs") or [])
        if title:
            self._titles[path] = title
            self.box.setItemText(self._row_of(path), title)

    def _list(self) -> None:
        chosen_packs = self.packs
        self.pack_button.setEnabled(bool(self._library.path))
        self.box.clear()
        self.box.addItem(packs_text(self._library.packs) or tr("the library's own"), None)
        titles = "\n".join(
            tr("{title} ({code})").format(title=title_of(pack.get("title"), str(pack.get("id"))), code=pack.get("id"))
            for pack in self._library.packs
        )
        self.box.setItemData(0, titles, Qt.ItemDataRole.ToolTipRole)
        self.box.setToolTip(titles)
        for path in self._titles:
            self._add_row(path)
        if chosen_packs is not None:
            self.box.setCurrentIndex(self._row_of(chosen_packs[0]))
        if self._library.layers and not self._is_begun:
            self._is_begun = True
            if settings.get("pack"):
                self._follow_setting()

    def _follow_setting(self) -> None:
        """Choose the rules of the settings; if their file is gone, the check refuses and names it."""
        pack = settings.get("pack")
        if not self._is_begun:
            return
        if pack:
            self.add_file(pack)
        else:
            self.box.setCurrentIndex(0)

    def _choose_file(self) -> None:
        ask_file(self, tr("Rule pack"), self.add_file, tr("Rule pack (*.toml)"))


def packs_text(packs: list[dict[str, Any]]) -> str:
    """Packs by their titles and versions."""
    texts = (f"{title_of(pack.get('title'), str(pack.get('id')))} {pack.get('version') or ''}" for pack in packs)
    return name_list(text.strip() for text in texts)
