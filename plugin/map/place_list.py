"""Places and parcels found by name: the library's place names in force, and the parcels on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsExpression,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize, Qt, QTimer
from qgis.PyQt.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QWidget

from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.map.map_layers import PROPERTY_LIBRARY, PROPERTY_RUN
from onemap.plugin.map.table_layers import table_layer
from onemap.plugin.words.translation import tr

SHORTEST = 2  # signs; one alone is in every second name
MOST, LINES_SHOWN = 20, 6
AFTER_MS = 250  # of no more typing
NAME_ENDINGS = ("MC", "NAME", "名称")
PARCEL_FIELDS = ("parcel", "DKBH", "DKID", "BSM", "XMDM")  # those that the core takes by itself, in this order
PLACE_NAMES = "placename"
ShowPlace = Callable[[QgsGeometry, QgsCoordinateReferenceSystem], None]


@dataclass(frozen=True)
class Place:
    """Something with a name, and where it is."""

    name: str
    where: str  # the layer that it is of
    geometry: QgsGeometry
    crs: QgsCoordinateReferenceSystem


class PlaceList(QListWidget):
    """There only while something is found; a click, or Enter, goes there."""

    def __init__(self, library: OpenLibrary, show_place: ShowPlace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Places found"))
        self._library, self._show_place = library, show_place
        self._wanted = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(AFTER_MS)
        self._later.timeout.connect(self.find)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._go)
        self.itemActivated.connect(self._go)
        library.loading.connect(lambda: self.look_for(""))
        self.hide()

    def look_for(self, text: str) -> None:
        """Find it, once nobody types any more."""
        self._wanted = text.strip()
        self._later.start()

    def find(self) -> None:
        """Find it now."""
        self._later.stop()
        self.clear()
        for place in found_places(self._library, self._wanted):
            item = QListWidgetItem(f"{place.name} · {place.where}")
            item.setData(Qt.ItemDataRole.UserRole, place)
            self.addItem(item)
        self.setVisible(self.count() > 0)
        self.updateGeometry()

    def _go(self, item: QListWidgetItem) -> None:
        place = item.data(Qt.ItemDataRole.UserRole)
        self._show_place(place.geometry, place.crs)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as what is found, up to a few lines."""
        lines = min(LINES_SHOWN, max(1, self.count()))
        height = max(self.sizeHintForRow(0), self.fontMetrics().height()) * lines + 2 * self.frameWidth()
        return QSize(super().sizeHint().width(), height)


def found_places(library: OpenLibrary, text: str) -> list[Place]:
    """Up to `MOST` places and parcels whose name holds a text; the shortest names first, they are the likeliest."""
    if len(text) < SHORTEST:
        return []
    found = [place for layer, fields, where in _searched(library) for place in _in_layer(layer, fields, where, text)]
    return sorted(found, key=lambda place: (len(place.name), place.name))[:MOST]


def _searched(library: OpenLibrary) -> Iterator[tuple[QgsVectorLayer, list[str], str]]:
    """Layers with the fields in which names stand, and what each layer is called."""
    for entry in library.layers:
        if entry.kind == PLACE_NAMES and entry.in_force is not None:
            layer = table_layer(library.path, entry.in_force.table, entry.title)
            names = [field.name() for field in layer.fields() if field.name().upper().endswith(NAME_ENDINGS)]
            if layer.isValid() and names:
                yield layer, names, entry.title
    for layer in QgsProject.instance().mapLayers().values():
        is_ours = layer.customProperty(PROPERTY_LIBRARY) or layer.customProperty(PROPERTY_RUN)
        if isinstance(layer, QgsVectorLayer) and not is_ours and layer.geometryType() == Qgis.GeometryType.Polygon:
            key = next((name for name in PARCEL_FIELDS if layer.fields().lookupField(name) >= 0), "")
            names = [field.name() for field in layer.fields() if field.name().upper().endswith(NAME_ENDINGS)]
            if key:
                yield layer, [key, *names], layer.name()


def _in_layer(layer: QgsVectorLayer, fields: list[str], where: str, text: str) -> Iterator[Place]:
    wanted = QgsExpression.quotedValue(f"%{text}%")
    tests = [f"{QgsExpression.quotedColumnRef(field)} ILIKE {wanted}" for field in fields]
    request = QgsFeatureRequest().setFilterExpression(" OR ".join(tests)).setLimit(MOST)
    for feature in layer.getFeatures(request):
        names = dict.fromkeys(str(feature[field]) for field in fields if feature[field])
        if feature.hasGeometry():
            yield Place(" ".join(names), where, feature.geometry(), layer.crs())
