"""The day on the map: layers that follow it show the versions in force, and give way where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QDate, Qt

from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import remove_layer
from onemap.plugin.desk.map.map_layers import (
    PROPERTY_CODE,
    PROPERTY_FOLLOWS,
    PROPERTY_TABLE,
    layers_of_library,
    put_in_place,
    put_on_map,
    show_version,
)
from onemap.plugin.desk.map.theme_places import show_in_themes, themes_that_show


@dataclass(frozen=True)
class AbsentLayer:
    """A layer that comes back as it was, so that no style is read anew; and which map themes showed it."""

    layer: QgsMapLayer
    title: str
    is_visible: bool
    themes: list[str]


@dataclass
class DayFollower:
    """What has to come back to the map: layers that had no version in force on the day, by library and code."""

    absent: dict[tuple[str, str], AbsentLayer] = field(default_factory=dict)

    def follow(self, library: OpenLibrary) -> None:
        """Let the layers follow the library's day: some leave the map for now, others come back."""
        for layer in following_layers(library):
            code = str(layer.customProperty(PROPERTY_CODE))
            entry = library.entry(code)
            if entry is None or entry.in_force is None:
                node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
                is_visible = node is None or node.itemVisibilityChecked()
                title = entry.title if entry is not None else layer.name()
                self.absent[library.path, code] = AbsentLayer(layer, title, is_visible, themes_that_show(layer))
                remove_layer(layer, is_kept=True)
            elif layer.customProperty(PROPERTY_TABLE) != entry.in_force.table:
                show_version(layer, library, entry, entry.in_force)
        self._bring_back(library)

    def absent_titles(self, library: OpenLibrary) -> list[str]:
        """The titles of a library's layers that wait for another day, in the order of its list."""
        absent = {code: layer.title for (path, code), layer in self.absent.items() if path == library.path}
        listed = [entry.code for entry in library.layers if entry.code in absent]
        return [absent[code] for code in [*listed, *(code for code in absent if code not in listed)]]

    def _bring_back(self, library: OpenLibrary) -> None:
        for entry in library.layers:
            if entry.in_force is not None and (library.path, entry.code) in self.absent:
                absent = self.absent.pop((library.path, entry.code))
                layer = absent.layer
                put_in_place(library, entry, layer)
                if layer.customProperty(PROPERTY_TABLE) != entry.in_force.table:
                    layer = show_version(layer, library, entry, entry.in_force)
                node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
                if node is not None:
                    node.setItemVisibilityChecked(absent.is_visible)
                show_in_themes(layer, absent.themes)


def following_layers(library: OpenLibrary) -> list[QgsMapLayer]:
    """The layers of a library on the map that show what is in force on its day."""
    return [layer for layer in layers_of_library(library) if layer.customProperty(PROPERTY_FOLLOWS)]


def slide_to(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsMapLayer:
    """Show one version of a layer in the place of the one on the map, or put it there.

    The layer goes on to follow the day if there is a day on which this version is in force.
    """
    layers = [layer for layer in layers_of_library(library) if layer.customProperty(PROPERTY_CODE) == entry.code]
    showing = [layer for layer in layers if layer.customProperty(PROPERTY_TABLE) == version.table]
    following = [layer for layer in layers if layer.customProperty(PROPERTY_FOLLOWS)]
    if showing:
        layer = showing[0]
    elif layers:
        layer = show_version((following or layers)[0], library, entry, version)
    else:
        layer = put_on_map(library, entry, version)
    layer.setCustomProperty(PROPERTY_FOLLOWS, day_of(version) is not None)
    node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
    if node is not None:
        node.setItemVisibilityCheckedParentRecursive(True)  # a theme may have hidden it: who slides wants to see it
    return layer


def day_of(version: Version) -> QDate | None:
    """The day on which a version is shown: today where it is in force (an invalid date), else its first day."""
    if version.today == "in_force":
        return QDate()
    return QDate.fromString(version.day, Qt.DateFormat.ISODate) if version.day else None
