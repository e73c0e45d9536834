"""A note that an answer on display is outdated: it names layers and packs with other versions in the library now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qgis.PyQt.QtWidgets import QLabel

from onemap.plugin.desk.library.layer_list import title_of
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.words.translation import list_of_some, tr


class ChangedVersions(QLabel):
    """A line shown while the library, on its day, has other versions than those that the answer used."""

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self._tables: dict[str, set[str]] = {}  # that were asked, by layer; an empty name where it had none
        self._packs: dict[str, dict[str, Any]] = {}  # that were asked and are the library's, by their ids
        self._is_wanted = True
        self.setWordWrap(True)
        self.hide()
        library.listed.connect(self._compare)

    def compare_with(self, layers: Iterable[dict[str, Any]], packs: Iterable[dict[str, Any]] = ()) -> None:
        """From now on, compare the library with the layers and packs of an answer, as the core describes them."""
        self._tables = {}
        for layer in layers:  # of which several versions may have been asked
            self._tables.setdefault(str(layer["code"]), set()).add(str(layer.get("table") or ""))
        pack_ids = {pack["id"] for pack in self._library.packs}
        self._packs = {pack["id"]: pack for pack in packs if pack["id"] in pack_ids}
        self._compare()

    def forget(self) -> None:
        """Forget the answer."""
        self.compare_with(())

    def show_if(self, is_wanted: bool) -> None:
        """Show the line, if it has text, only while the answer is shown."""
        self._is_wanted = is_wanted
        self.setVisible(is_wanted and bool(self.text()))

    def _compare(self) -> None:
        names = [
            entry.title
            for entry in self._library.layers
            if entry.code in self._tables
            and (entry.in_force.table if entry.in_force is not None else "") not in self._tables[entry.code]
        ]
        hashes = {pack["id"]: pack["hash"] for pack in self._library.packs}
        changed_packs = (pack for pack in self._packs.values() if hashes.get(pack["id"]) != pack["hash"])
        names += [title_of(pack["title"], pack["id"]) for pack in changed_packs]
        text = tr("The library now has other versions than were asked here: {layers}. Ask again to use them.")
        self.setText(text.format(layers=list_of_some(names)) if names else "")
        self.show_if(self._is_wanted)
