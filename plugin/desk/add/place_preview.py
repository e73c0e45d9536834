"""A small map that shows a file's location beside the district."""

from __future__ import annotations

from collections.abc import Iterator

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleSymbolRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapToolPan, QgsRubberBand
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.desk.add.inspection_result import InspectedLayer
from onemap.plugin.desk.map.layer_styles import symbol_of
from onemap.plugin.desk.map.sliced_work import SlicedWork
from onemap.plugin.desk.map.table_layers import table_layer
from onemap.plugin.widgets.buttons import show_text, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import tr

SOURCE_COLOUR, DISTRICT_COLOUR = "#1098AD", "#555555"
FILL_OPACITY = 0.35
MARGIN = 1.15
BESIDE_SUMMARY_PX = 4
MAX_FEATURES = 200_000  # more than these take long to draw; their frame says where they are
GP_HEADER = 8
GP_ENVELOPES = (0, 32, 48, 48, 64)  # bytes, by the number in the flags
M_PER_KM = 1000.0


class PlacePreview(QWidget):
    """The district's outline, and on it the file's features, or their bounds where QGIS cannot read them."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = QgsMapCanvas()
        self.canvas.setCanvasColor(QColor("#FFFFFF"))
        self.canvas.setMinimumSize(120, 100)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._pan = QgsMapToolPan(self.canvas)
        self.canvas.setMapTool(self._pan)
        self.summary = wrapped_label()
        self._layers: list[QgsMapLayer] = []
        self.source: QgsVectorLayer | None = None  # the file as QGIS reads it, where it can
        self._place: QgsGeometry | None = None  # of the file that is shown, in the library's system
        self._district: QgsVectorLayer | None = None
        self._reading = SlicedWork(self, steps_at_once=1)
        self.is_reading = False  # the district, of a library with hundreds of tables
        self._marker: QgsRubberBand | None = None
        column_of((self.canvas, 1), self.summary, inside=self, is_tight=True)
        self.summary.setContentsMargins(BESIDE_SUMMARY_PX, 0, BESIDE_SUMMARY_PX, BESIDE_SUMMARY_PX)

    def show_district(self, library: str, crs: str) -> None:
        """Show the district of a library, in the library's coordinate system; it is read in the background."""
        self.canvas.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
        self._district, self.is_reading = None, True
        self.show_nothing("")
        self._reading.begin(self._district_steps(library), is_urgent=False)

    def _district_steps(self, library: str) -> Iterator[None]:
        table = district_table(library)
        yield
        outline = district_in(table)
        self.is_reading = False
        if outline is not None:
            self._district = _memory_layer(outline, self.canvas.mapSettings().destinationCrs(), "", DISTRICT_COLOUR)
        self._show(self._layers, self._relation(self._place) if self._place is not None else self.summary.text())
        self._show_whole()

    def show_nothing(self, words: str) -> None:
        """Show only the district, and a text."""
        self.source = self._place = None
        self._show([], words)
        self._show_whole()

    def show_source(self, path: str, layer: InspectedLayer, crs: QgsCoordinateReferenceSystem) -> None:
        """Show one layer of a file, in a given coordinate system."""
        if not layer.bounds or not crs.isValid():
            self.show_nothing("" if layer.bounds else tr("It has nothing to show on a map."))
            return
        frame = QgsGeometry.fromRect(QgsRectangle(*layer.bounds))
        place = self._in_library(frame, crs)
        if place is None:
            self.show_nothing(tr("In this coordinate system it would lie nowhere on earth."))
            return
        self._place = place
        frame_layer = _memory_layer(frame, crs, "" if layer.raster else SOURCE_COLOUR, SOURCE_COLOUR)
        if layer.raster is not None:
            self.source, picture = None, _raster_layer(path, crs)
            self._show([frame_layer, *([picture] if picture is not None else [])], self._relation(place))
        else:
            self.source = _vector_layer(path, layer, crs)
            self._show([self.source or frame_layer], self._relation(place))
        self._show_whole()

    def show_beside(self, version: QgsVectorLayer) -> None:
        """Show a version of the library below the file's features; a table without geometry is not shown."""
        is_seen = any(layer.source() == version.source() for layer in self._layers)
        if not version.isValid() or not version.isSpatial() or not self._layers or is_seen:
            return
        version.setRenderer(QgsSingleSymbolRenderer(_symbol(version, DISTRICT_COLOUR)))
        self._show([*self._layers, version], self.summary.text())
        box = QgsRectangle(self.canvas.extent())
        box.combineExtentWith(version.extent())
        self._set_extent(box)

    def zoom_to(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Zoom to a geometry and mark it."""
        place = self._in_library(geometry, crs)
        self._remove_marker()
        if place is None or place.isNull():
            return
        box = place.boundingBox()
        box.grow(max(20.0, 0.3 * max(box.width(), box.height())))
        self._set_extent(box)
        self._marker = QgsRubberBand(self.canvas, place.type())
        self._marker.setToGeometry(place, self.canvas.mapSettings().destinationCrs())
        self._marker.setColor(QColor("#B2182B"))
        self._marker.setFillColor(QColor(178, 24, 43, 60))
        self._marker.setWidth(3)

    def close_down(self) -> None:
        """Release the layers while the canvas exists."""
        self._reading.stop()
        self._remove_marker()
        self.canvas.stopRendering()
        self.canvas.setLayers([])
        self._layers, self._district, self.source = [], None, None

    def sizeHint(self) -> QSize:
        """A small map."""
        return QSize(260, 220)

    def _show(self, layers: list[QgsMapLayer], words: str) -> None:
        self._remove_marker()
        self._layers = layers
        district = [self._district] if self._district is not None else []
        # The district's outline lies over a picture, and under a file's features.
        pictures = [layer for layer in layers if isinstance(layer, QgsRasterLayer)]
        self.canvas.setLayers([*(layer for layer in layers if layer not in pictures), *district, *pictures])
        show_text(self.summary, words)

    def _show_whole(self) -> None:
        """Show the district and the file's place, as far as they are known."""
        boxes = [self._place.boundingBox()] if self._place is not None else []
        if self._district is not None:
            boxes.append(self._district.extent())
        if boxes:
            box = QgsRectangle(boxes[0])
            box.combineExtentWith(boxes[-1])
            self._set_extent(box)

    def _set_extent(self, box: QgsRectangle) -> None:
        extent = QgsRectangle(box)
        extent.scale(MARGIN)
        self.canvas.setExtent(extent)
        self.canvas.refresh()

    def _relation(self, place: QgsGeometry) -> str:
        if self.is_reading:
            return ""
        if self._district is None:
            return tr("The library has no district to compare it with.")
        district = next(self._district.getFeatures()).geometry()
        distance_km = district.distance(place) / M_PER_KM
        if distance_km > 0:
            return tr("It lies {distance} km away from the district.").format(distance=f"{distance_km:,.1f}")
        if district.boundingBox().contains(place.boundingBox()):
            return tr("It lies in the district (dark outline).")
        return tr("It lies in the district (dark outline), and reaches beyond it.")

    def _in_library(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> QgsGeometry | None:
        transformed = QgsGeometry(geometry)
        transform = QgsCoordinateTransform(crs, self.canvas.mapSettings().destinationCrs(), QgsProject.instance())
        try:
            transformed.transform(transform)
        except QgsCsException:
            return None
        return transformed if transformed.boundingBox().isFinite() else None

    def _remove_marker(self) -> None:
        if self._marker is not None:
            self.canvas.scene().removeItem(self._marker)
            self._marker = None


def district_table(library: str) -> QgsVectorLayer:
    """The table of a library's district; it opens slowly, because GDAL looks at all other tables too."""
    return table_layer(library, "onemap_district", "district", geometry="", is_listed=False)


def district_in(table: QgsVectorLayer) -> QgsGeometry | None:
    """The district in its table, in the coordinate system of the library; None if there is none."""
    if not table.isValid() or table.fields().lookupField("geom") < 0:
        return None
    parts = [_geometry_of_blob(bytes(row["geom"])) for row in table.getFeatures()]
    return QgsGeometry.unaryUnion(parts) if parts else None


def _geometry_of_blob(blob: bytes) -> QgsGeometry:
    """The geometry of a GeoPackage blob: a header, an envelope whose length the header gives, and WKB."""
    envelope = GP_ENVELOPES[(blob[3] >> 1) & 7]
    geometry = QgsGeometry()
    geometry.fromWkb(blob[GP_HEADER + envelope :])
    return geometry


def _vector_layer(path: str, layer: InspectedLayer, crs: QgsCoordinateReferenceSystem) -> QgsVectorLayer | None:
    """The features as QGIS reads them; None where it cannot, or where they are too many."""
    if (layer.count or 0) > MAX_FEATURES:
        return None
    for uri in (f"{path}|layername={layer.name}", path):
        source = QgsVectorLayer(uri, layer.name, "ogr")
        if source.isValid() and source.isSpatial() and source.featureCount() == layer.count:
            source.setCrs(crs)
            source.setRenderer(QgsSingleSymbolRenderer(_symbol(source, SOURCE_COLOUR)))
            return source
    return None


def _raster_layer(path: str, crs: QgsCoordinateReferenceSystem) -> QgsRasterLayer | None:
    """The raster as QGIS draws it; None where it cannot."""
    picture = QgsRasterLayer(path, "picture", "gdal")
    if not picture.isValid():
        return None
    picture.setCrs(crs)
    return picture


def _symbol(layer: QgsVectorLayer, colour: str) -> QgsSymbol:
    look = {"stroke": colour, "stroke_mm": 0.5, "fill": colour, "fill_opacity": FILL_OPACITY}
    return symbol_of(look, layer.geometryType())


def _memory_layer(geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, fill: str, outline: str) -> QgsVectorLayer:
    layer = QgsVectorLayer("MultiPolygon", "outline", "memory")
    layer.setCrs(crs)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.collectGeometry(geometry.asGeometryCollection()))
    layer.dataProvider().addFeatures([feature])
    layer.updateExtents()
    look = {"outline_color": outline, "outline_width": "0.6", "style": "b_diagonal" if fill else "no", "color": fill}
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(look)))
    return layer
