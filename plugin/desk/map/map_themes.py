"""Themes: the maps that a click shows, stored as QGIS's own map themes; and the map that a library opens with."""

from __future__ import annotations

from qgis.core import QgsLayerTreeLayer, QgsMapLayer, QgsMapThemeCollection, QgsProject

from onemap.plugin.desk.library.layer_list import MapTheme
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import switch_layer
from onemap.plugin.desk.map.map_layers import (
    PROPERTY_CODE,
    PROPERTY_FOLLOWS,
    PROPERTY_TABLE,
    is_visible,
    layer_on_map,
    layers_of_library,
    put_on_map,
)
from onemap.plugin.desk.map.theme_places import theme_record
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

FIRST_MAP = "first"
SCOPE, KEY = "onemap", "/themes"  # of the project: which themes are the plugin's, and may be written anew


def theme_title(theme: MapTheme) -> str:
    """The title of a theme; for a department's theme, the department's name."""
    return theme.title or word("departments", theme.department)


def show_theme(library: OpenLibrary, theme: MapTheme) -> list[str]:
    """Show a theme's layers, adding those that are missing, and hide the library's other layers.

    Everything else on the map stays as it is. Returns the titles of layers that could not be opened.
    """
    refused_titles = []
    for code in theme.codes:
        entry = library.entry(code)
        version = entry.in_force if entry is not None else None
        if entry is None or version is None or layer_on_map(library, version) is not None:
            continue
        if not put_on_map(library, entry, version, follows_day=True).isValid():
            refused_titles.append(entry.title)
    layer_ids = {layer.id() for layer in layers_of_theme(library, theme)}
    for layer in layers_of_library(library):
        switch_layer(layer, layer.id() in layer_ids, with_groups=True)
    _store_theme(theme)
    return refused_titles


class ThemeSteps:
    """Remembers one step back, as long as nobody has switched layers since."""

    def __init__(self) -> None:
        self._theme: MapTheme | None = None  # that is shown
        self._before: set[str] = set()  # the layers that were switched on before it
        self._after: set[str] = set()

    def show(self, library: OpenLibrary, theme: MapTheme) -> list[str]:
        """Show a theme, or the former map if the theme is shown; return the titles of layers that did not open."""
        visible_layers = _layers_shown(library)
        if theme == self._theme and visible_layers == self._after:
            for layer in layers_of_library(library):
                switch_layer(layer, layer.id() in self._before)
            self._theme = None
            return []
        titles = show_theme(library, theme)
        self._theme, self._before, self._after = theme, visible_layers, _layers_shown(library)
        return titles


def _layers_shown(library: OpenLibrary) -> set[str]:
    return {layer.id() for layer in layers_of_library(library) if is_visible(layer)}


def layers_of_theme(library: OpenLibrary, theme: MapTheme) -> list[QgsMapLayer]:
    """The layers on the map that belong to a theme: those that follow the day, or show the version in force."""
    tables = {entry.in_force.table for entry in map(library.entry, theme.codes) if entry is not None and entry.in_force}
    return [
        layer
        for layer in layers_of_library(library)
        if layer.customProperty(PROPERTY_CODE) in theme.codes
        and (layer.customProperty(PROPERTY_FOLLOWS) or layer.customProperty(PROPERTY_TABLE) in tables)
    ]


def first_theme(library: OpenLibrary) -> MapTheme | None:
    """The theme that a library opens with: the usual first one, else the first of its themes; None without any."""
    return next((theme for theme in library.themes if theme.id == FIRST_MAP), next(iter(library.themes), None))


def rename_themes(library: OpenLibrary) -> None:
    """Give the themes that the plugin has stored in the project their present titles."""
    collection = QgsProject.instance().mapThemeCollection()
    stored_names = _kept_names()
    for theme in library.themes:
        before, title = stored_names.get(theme.id), theme_title(theme)
        if before is None or before in (title, _second_title(title)) or not collection.hasMapTheme(before):
            continue
        name = _second_title(title) if collection.hasMapTheme(title) else title
        if collection.renameMapTheme(before, name):
            stored_names[theme.id] = name
            _note(stored_names)


def _store_theme(theme: MapTheme) -> None:
    """Store what is visible as a map theme of the project; a person's own theme of the same name stays."""
    project = QgsProject.instance()
    themes, stored_names, name = project.mapThemeCollection(), _kept_names(), theme_title(theme)
    if themes.hasMapTheme(name) and name not in stored_names.values():
        name = _second_title(name)
    record = QgsMapThemeCollection.MapThemeRecord()
    for node in project.layerTreeRoot().findLayers():
        if isinstance(node, QgsLayerTreeLayer) and node.isVisible() and node.layer() is not None:
            record.addLayerRecord(theme_record(node.layer()))
    (themes.update if themes.hasMapTheme(name) else themes.insert)(name, record)
    _note({**stored_names, theme.id: name})


def _second_title(name: str) -> str:
    """The title of a theme where a person has a theme of the same name."""
    return tr("{theme} (One Map)").format(theme=name)


def _kept_names() -> dict[str, str]:
    """The names of the project's themes that the plugin has made, by the themes' ids."""
    lines, _found = QgsProject.instance().readListEntry(SCOPE, KEY)
    return {line.partition("=")[0]: line.partition("=")[2] for line in lines}


def _note(names: dict[str, str]) -> None:
    QgsProject.instance().writeEntry(SCOPE, KEY, [f"{theme}={name}" for theme, name in names.items()])
