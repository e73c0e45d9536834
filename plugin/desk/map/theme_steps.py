"""The map before a theme was shown: a second press of the theme brings it back."""

from __future__ import annotations

from qgis.core import QgsProject

from onemap.plugin.desk.library.layer_list import MapTheme
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_layers import is_visible, layers_of_library
from onemap.plugin.desk.map.map_themes import show_theme


class ThemeSteps:
    """Remembers one step back, as long as nobody has switched layers since."""

    def __init__(self) -> None:
        self._theme: MapTheme | None = None  # that is shown
        self._before: set[str] = set()  # the layers that were switched on before it
        self._after: set[str] = set()

    def show(self, library: OpenLibrary, theme: MapTheme) -> list[str]:
        """Show a theme, or the former map if the theme is shown; return the titles of layers that did not open."""
        shown = _layers_shown(library)
        if theme == self._theme and shown == self._after:
            root = QgsProject.instance().layerTreeRoot()
            for layer in layers_of_library(library):
                node = root.findLayer(layer.id())
                if node is not None:
                    node.setItemVisibilityChecked(layer.id() in self._before)
            self._theme = None
            return []
        titles = show_theme(library, theme)
        self._theme, self._before, self._after = theme, shown, _layers_shown(library)
        return titles


def _layers_shown(library: OpenLibrary) -> set[str]:
    return {layer.id() for layer in layers_of_library(library) if is_visible(layer)}
