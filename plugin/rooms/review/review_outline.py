"""The outline of the open case's parcels on the map."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from onemap.plugin.desk.results.highlight import MARGIN, PARCEL_COLOUR
from onemap.plugin.desk.results.results import RunTables

MAX_PARCELS = 2000


class ParcelOutline:
    """One band around all parcels; if there are very many, around their extent."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._band: QgsRubberBand | None = None
        self._is_shown = True
        self._extent = QgsRectangle()
        self._crs = QgsCoordinateReferenceSystem()

    @property
    def is_on(self) -> bool:
        """Whether the outline is visible."""
        return self._band is not None and self._band.isVisible()

    def draw(self, path: str) -> None:
        """Draw the parcels in a round's tables. Raises Refusal if they cannot be read."""
        self.clear()
        layer = RunTables(path).layer("parcels")
        self._extent, self._crs = layer.extent(), layer.crs()
        band = QgsRubberBand(self._canvas, Qgis.GeometryType.Polygon)
        for feature in layer.getFeatures(QgsFeatureRequest().setLimit(MAX_PARCELS).setNoAttributes()):
            band.addGeometry(feature.geometry(), self._crs, False)
        band.setStrokeColor(QColor(PARCEL_COLOUR))
        band.setSecondaryStrokeColor(QColor(255, 255, 255, 200))
        band.setBrushStyle(Qt.BrushStyle.NoBrush)
        band.setLineStyle(Qt.PenStyle.DashLine)
        band.setWidth(2)
        band.updatePosition()
        band.update()
        self._band = band
        self.show(self._is_shown)

    def show(self, is_shown: bool) -> None:
        """Show the outline, or hide it while another tab is open."""
        self._is_shown = is_shown
        if self._band is not None:
            self._band.setVisible(is_shown)

    def go_to(self) -> None:
        """Zoom to the parcels."""
        if self._band is None or self._extent.isNull():
            return
        system = self._canvas.mapSettings().destinationCrs()
        box = QgsRectangle(self._extent)
        try:
            box = QgsCoordinateTransform(self._crs, system, QgsProject.instance()).transformBoundingBox(box)
        except QgsCsException:  # a map that cannot show this ground stays where it is
            return
        box.scale(MARGIN)
        self._canvas.setExtent(box)
        self._canvas.refresh()

    def clear(self) -> None:
        """Remove the outline."""
        if self._band is not None:
            self._canvas.scene().removeItem(self._band)
            self._band = None
