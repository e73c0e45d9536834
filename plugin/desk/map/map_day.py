"""The day on the map: layers that follow it show the version in force, and leave the map while there is none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QDate, QObject, Qt, pyqtSignal

from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import remove_layer, switch_layer
from onemap.plugin.desk.map.map_layers import (
    PROPERTY_CODE,
    PROPERTY_FOLLOWS,
    PROPERTY_TABLE,
    layers_of_library,
    put_in_place,
    put_on_map,
    show_version,
)
from onemap.plugin.desk.map.sliced_work import STEPS_AT_ONCE, SlicedWork
from onemap.plugin.desk.map.theme_places import show_in_themes, themes_that_show
from onemap.plugin.words.translation import list_of_some, tr


@dataclass(frozen=True)
class AbsentLayer:
    """A layer that is off the map for now, kept so that its style need not be read again; and its map themes."""

    layer: QgsMapLayer
    title: str
    is_visible: bool
    themes: list[str]


class DayFollower(QObject):
    """Makes layers follow the library's day, in slices; layers without a version in force come back later."""

    followed = pyqtSignal()  # all layers have
    layers_left = pyqtSignal(str)  # what to say of layers off the map because of the day; empty once all are back

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._absent: dict[tuple[str, str], AbsentLayer] = {}  # by library and code
        self._absent_titles: list[str] = []  # as was said last
        self._work = SlicedWork(self)
        QgsProject.instance().cleared.connect(self._absent.clear)

    def close_down(self) -> None:
        """Disconnect from the project, and forget its layers."""
        self._work.stop()
        QgsProject.instance().cleared.disconnect(self._absent.clear)
        self._absent.clear()

    def follow(self, library: OpenLibrary) -> None:
        """Make the layers follow the library's day: some leave the map for now, others come back."""
        count = len(following_layers(library)) + len(self._absent)
        self._work.begin(self._steps(library), lambda: self._end(library), is_urgent=count <= STEPS_AT_ONCE)

    def _steps(self, library: OpenLibrary) -> Iterator[None]:
        """Work on one layer at each step, as long as the library stays open."""
        path = library.path
        following = [layer.id() for layer in following_layers(library)]
        steps = [(self._follow_one, layer_id) for layer_id in following]
        for change, key in [*steps, *((self._bring_back, entry.code) for entry in library.layers)]:
            if library.path != path:
                return
            if change(library, key):
                yield

    def _end(self, library: OpenLibrary) -> None:
        """Say which layers are absent because of the day, whenever they are others than before."""
        self.followed.emit()
        titles = self._titles(library)
        if titles == self._absent_titles:
            return
        self._absent_titles = titles
        text = tr("Not in force on that day, and off the map until the day changes: {layers}.")
        self.layers_left.emit(text.format(layers=list_of_some(titles)) if titles else "")

    def _titles(self, library: OpenLibrary) -> list[str]:
        """The titles of a library's absent layers, in the order of its list."""
        absent = {code: layer.title for (path, code), layer in self._absent.items() if path == library.path}
        codes = [entry.code for entry in library.layers if entry.code in absent]
        return [absent[code] for code in [*codes, *(code for code in absent if code not in codes)]]

    def _follow_one(self, library: OpenLibrary, layer_id: str) -> bool:
        """Make one layer follow the day; False where it stays as it is."""
        layer = QgsProject.instance().mapLayer(layer_id)
        if layer is None:  # somebody has removed it meanwhile
            return False
        code = str(layer.customProperty(PROPERTY_CODE))
        entry = library.entry(code)
        if entry is None or entry.in_force is None:
            node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
            is_visible = node is None or node.itemVisibilityChecked()
            title = entry.title if entry is not None else layer.name()
            self._absent[library.path, code] = AbsentLayer(layer, title, is_visible, themes_that_show(layer))
            remove_layer(layer, is_kept=True)
        elif layer.customProperty(PROPERTY_TABLE) != entry.in_force.table:
            show_version(layer, library, entry, entry.in_force)
        else:
            return False
        return True

    def _bring_back(self, library: OpenLibrary, code: str) -> bool:
        """Bring one absent layer back; False if it was not absent, or must stay so."""
        entry = library.entry(code)
        if entry is None or entry.in_force is None or (library.path, code) not in self._absent:
            return False
        absent = self._absent.pop((library.path, code))
        layer = absent.layer
        put_in_place(library, entry, layer)
        if layer.customProperty(PROPERTY_TABLE) != entry.in_force.table:
            layer = show_version(layer, library, entry, entry.in_force)
        switch_layer(layer, absent.is_visible)
        show_in_themes(layer, absent.themes)
        return True


def following_layers(library: OpenLibrary) -> list[QgsMapLayer]:
    """The layers of a library on the map that show the version in force on its day."""
    return [layer for layer in layers_of_library(library) if layer.customProperty(PROPERTY_FOLLOWS)]


def slide_to(library: OpenLibrary, entry: CatalogueLayer, version: Version) -> QgsMapLayer:
    """Show one version of a layer in place of the version on the map, or add it to the map.

    The layer goes on following the day if there is a day on which this version is in force.
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
    switch_layer(layer, True, with_groups=True)  # a theme may have hidden it: who slides wants to see it
    return layer


def day_of(version: Version) -> QDate | None:
    """The day on which a version is shown: today where it is in force (an invalid date), else its first day."""
    if version.today == "in_force":
        return QDate()
    return QDate.fromString(version.day, Qt.DateFormat.ISODate) if version.day else None
