"""The changes of a version against the version before: the core writes a page, and the page is opened."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_document, open_file
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr

FORMS = file_forms([".pdf", ".docx", ".html"])


class VersionChangesPage(QObject):
    """An action in the menu of a version that has a predecessor; the page also tells changed verdicts of open cases."""

    written = pyqtSignal(str)  # what is said of the page
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, library: OpenLibrary, parent: QWidget) -> None:
        super().__init__(parent)
        self._library, self._window = library, parent
        self.asking = Asking(library.core, self, is_writing=True)  # a page is there whatever is open by then
        self.asking.refused.connect(self.refused)

    def add_action(self, menu: QMenu, entry: CatalogueLayer, version: Version) -> None:
        """Add the action to a menu; a raster has no features to compare."""
        before = version_before(entry, version)
        if before is not None and entry.geometry != "raster":
            text = tr("What changed since {label}…").format(label=as_written(before.label))
            menu.addAction(icon("compare"), text, lambda: self._choose(entry, before, version))

    def write(self, entry: CatalogueLayer, before: Version, version: Version, path: str) -> None:
        """Ask the core to write the page. An existing file is replaced, because the user has confirmed it."""
        labels = {"code": entry.code, "old": before.label, "new": version.label}
        params = {"library": self._library.path, **labels, "open": True, "page": path}
        params |= {"overwrite": True, "view": True}
        title = tr("Changes of {layer}").format(layer=entry.title)
        self.asking.ask("changes", params, lambda answer: self._open(path, answer), title)

    def _choose(self, entry: CatalogueLayer, before: Version, version: Version) -> None:
        name = f"{entry.title} {before.label}-{version.label}"
        title = tr("Changes of {layer}").format(layer=entry.title)
        ask_document(self._window, title, name, FORMS, lambda path: self.write(entry, before, version, path))

    def _open(self, path: str, answer: dict[str, Any]) -> None:
        open_file(path)
        self.written.emit(" · ".join(row["name"] for row in answer["view"] if row["about"]))


def version_before(entry: CatalogueLayer, version: Version) -> Version | None:
    """The version before this one in the order in which they were added."""
    counting = [one for one in entry.versions if not one.retired or one.table == version.table]
    tables = [one.table for one in counting]
    number = tables.index(version.table) if version.table in tables else 0
    return counting[number - 1] if number > 0 else None
