"""The language of a project: a project saved in the other language is translated once its library is open."""

from __future__ import annotations

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_language import translate_map
from onemap.plugin.desk.results.result_layers import translate_results


class ProjectLanguage(QObject):
    """Renames the plugin's layers in the current language whenever a project or a library is opened."""

    def __init__(self, library: OpenLibrary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._library = library
        library.listed.connect(self.translate)
        QgsProject.instance().readProject.connect(self.translate)

    def translate(self, *_document: object) -> None:
        """Rename everything that the plugin has named; names that a person has changed stay."""
        if self._library.layers:
            translate_map(self._library)
            translate_results()

    def close_down(self) -> None:
        """Leave the project alone."""
        QgsProject.instance().readProject.disconnect(self.translate)
