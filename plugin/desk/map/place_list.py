"""Search for places and parcels: at once by name, in the library's place names in force and the parcels on the map.

Then the core adds its own hits: pinyin and its initials, numbers of plots and features, coordinates. It may be busy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, PROPERTY_RUN
from onemap.plugin.desk.map.table_layers import table_layer
from onemap.plugin.words.translation import tr

MIN_LENGTH = 2  # signs; one alone is in every second name
MAX_PLACES, LINES_SHOWN = 20, 6
DELAY_MS = 250  # of no more typing
NAME_ENDINGS = ("MC", "NAME", "名称")
PARCEL_FIELDS = ("parcel", "DKBH", "DKID", "BSM", "XMDM")  # those that the core takes by itself, in this order
PLACE_NAMES = "placename"
ShowPlace = Callable[[QgsGeometry, QgsCoordinateReferenceSystem], None]


@dataclass(frozen=True)
class Place:
    """A named place and its geometry."""

    name: str
    title: str  # the layer that it is of
    geometry: QgsGeometry
    crs: QgsCoordinateReferenceSystem


class PlaceList(QListWidget):
    """A list of places, visible only while it has entries; a click, or Enter, goes to the place."""

    found = pyqtSignal()  # places, before the core has answered
    searched = pyqtSignal()  # the list has what there is of the text

    def __init__(self, library: OpenLibrary, show_place: ShowPlace) -> None:
        super().__init__(accessibleName=tr("Places found"))
        self._library, self._show_place = library, show_place
        self._text = ""
        self.asking = Asking(library.core, self, library.scope)
        self._timer = one_shot_timer(self, DELAY_MS, self.find)
        self.fill_room(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._go)
        self.itemActivated.connect(self._go)
        library.loading.connect(lambda: self.search_later(""))
        self.hide()

    def search_later(self, text: str) -> None:
        """Search for a text after the user has stopped typing."""
        self._text = text.strip()
        self._timer.start()

    def fill_room(self, is_alone: bool) -> None:
        """Take the room of the layers if no layer is listed; otherwise only as much as the places need."""
        policy = QSizePolicy.Policy.Expanding if is_alone else QSizePolicy.Policy.Maximum
        size_policy = QSizePolicy(QSizePolicy.Policy.Preferred, policy)
        size_policy.setVerticalStretch(1 if is_alone else 0)
        self.setSizePolicy(size_policy)

    def find(self) -> None:
        """Search now."""
        self._timer.stop()
        self.asking.forget()
        self.clear()
        self._add(find_places(self._library, self._text))
        if self.count():
            self.found.emit()
        if len(self._text) < MIN_LENGTH or not self._library.path:
            self.searched.emit()
            return
        params = {"library": self._library.path, "text": self._text, "as_of": self._library.day}
        self.asking.ask(
            "find",
            params,
            lambda answer: self._add_found(answer["places"]),
            refuse=lambda _refusal: self._add_found([]),
        )

    def go_to_first(self) -> None:
        """Go to the first place."""
        self._go(self.item(0))

    def _add_found(self, records: list[dict[str, Any]]) -> None:
        """Add the places that the core has found below the places already listed."""
        listed_texts = {self.item(row).text() for row in range(self.count())}
        places = [_place(record) for record in records]
        self._add([place for place in places if _line(place) not in listed_texts][: MAX_PLACES - self.count()])
        self.searched.emit()

    def _add(self, places: list[Place]) -> None:
        for place in places:
            item = QListWidgetItem(_line(place))
            item.setData(Qt.ItemDataRole.UserRole, place)
            self.addItem(item)
        self.setVisible(self.count() > 0)
        self.updateGeometry()

    def _go(self, item: QListWidgetItem) -> None:
        place = item.data(Qt.ItemDataRole.UserRole)
        self._show_place(place.geometry, place.crs)

    def sizeHint(self) -> QSize:
        """The height of the entries, up to a few lines."""
        lines = min(LINES_SHOWN, max(1, self.count()))
        height = max(self.sizeHintForRow(0), self.fontMetrics().height()) * lines + 2 * self.frameWidth()
        return QSize(super().sizeHint().width(), height)


def nothing_found(length: int, places: int) -> str:
    """The message if no layer has the searched name. length: of the text; places: how many places have the name."""
    if places:
        return tr("No layer has this name, only the places above.")
    if length < MIN_LENGTH:
        return tr("No layer has this name. Places and parcels are searched from two letters on.")
    return tr("No layer, place or parcel on the map has this name.")


def _line(place: Place) -> str:
    return f"{place.name} · {place.title}"


def _place(record: dict[str, Any]) -> Place:
    """A place as the core finds it."""
    bounds = QgsGeometry.fromRect(QgsRectangle(*record["bounds"]))
    return Place(record["name"], record["title"], bounds, QgsCoordinateReferenceSystem(record["crs"]))


NamedLayer = tuple[QgsVectorLayer, list[str], str]  # a layer, the fields that hold its features' names, its title


def find_places(library: OpenLibrary, text: str) -> list[Place]:
    """Places and parcels whose name contains a text, at most `MAX_PLACES`; the shortest names first."""
    return _places_in(chain(_place_name_layers(library), _parcel_layers()), text)


def find_parcels(text: str) -> list[Place]:
    """Parcels of the map whose number or name contains a text, at most `MAX_PLACES`; the shortest names first."""
    return _places_in(_parcel_layers(), text)


def _places_in(layers: Iterable[NamedLayer], text: str) -> list[Place]:
    if len(text) < MIN_LENGTH:
        return []
    places = [place for layer, fields, title in layers for place in _places_in_layer(layer, fields, title, text)]
    return sorted(places, key=lambda place: (len(place.name), place.name))[:MAX_PLACES]


def _place_name_layers(library: OpenLibrary) -> Iterator[NamedLayer]:
    for entry in library.layers:
        if entry.kind == PLACE_NAMES and entry.in_force is not None:
            layer = table_layer(library.path, entry.in_force.table, entry.title)
            name_fields = [field.name() for field in layer.fields() if field.name().upper().endswith(NAME_ENDINGS)]
            if layer.isValid() and name_fields:
                yield layer, name_fields, entry.title


def _parcel_layers() -> Iterator[NamedLayer]:
    for layer in QgsProject.instance().mapLayers().values():
        is_ours = layer.customProperty(PROPERTY_LIBRARY) or layer.customProperty(PROPERTY_RUN)
        if isinstance(layer, QgsVectorLayer) and not is_ours and layer.geometryType() == Qgis.GeometryType.Polygon:
            key = next((name for name in PARCEL_FIELDS if layer.fields().lookupField(name) >= 0), "")
            name_fields = [field.name() for field in layer.fields() if field.name().upper().endswith(NAME_ENDINGS)]
            if key:
                yield layer, [key, *name_fields], layer.name()


def _places_in_layer(layer: QgsVectorLayer, fields: list[str], title: str, text: str) -> Iterator[Place]:
    pattern = QgsExpression.quotedValue(f"%{text}%")
    tests = [f"{QgsExpression.quotedColumnRef(field)} ILIKE {pattern}" for field in fields]
    request = QgsFeatureRequest().setFilterExpression(" OR ".join(tests)).setLimit(MAX_PLACES)
    for feature in layer.getFeatures(request):
        names = dict.fromkeys(str(feature[field]) for field in fields if feature[field])
        if feature.hasGeometry():
            yield Place(" ".join(names), title, feature.geometry(), layer.crs())
