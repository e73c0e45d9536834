"""Takes the user to a finding on the map: zooms with a margin, flashes, shows the pieces with their measures."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsRubberBand
from qgis.PyQt.QtCore import QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen
from qgis.PyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget

from onemap.plugin.figures import area_text
from onemap.plugin.results import CheckedParcel, Finding, RunTables
from onemap.plugin.verdicts import LOOKS

MARGIN = 1.6  # how much more than the thing itself is shown
SMALLEST_VIEW_M = 60.0
PARCEL_COLOUR = "#222222"
LABELS_AT_MOST = 200


class Spotlight:
    """What is highlighted on a map canvas, and the view to go back to."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._bands: list[QgsRubberBand] = []
        self._labels: MeasureLabels | None = None
        self._view_before: QgsRectangle | None = None
        self._view_shown: QgsRectangle | None = None

    @property
    def is_on(self) -> bool:
        """Whether something is highlighted."""
        return bool(self._bands)

    @property
    def labels(self) -> list[str]:
        """The measures that are shown."""
        return [text for _place, text in self._labels.texts] if self._labels is not None else []

    def show(self, tables: RunTables, parcel: CheckedParcel, finding: Finding | None) -> None:
        """Go to a parcel, or to the pieces of one of its findings."""
        self._remove()
        outline = tables.geometry("parcels", parcel.row)
        self._draw(outline, tables.crs, PARCEL_COLOUR, None)
        pieces = tables.pieces(finding) if finding is not None else []
        for piece in pieces:
            self._draw(piece.geometry, tables.crs, "", finding.verdict if piece.counted else "notice")
        self._labels = MeasureLabels(
            self._canvas,
            [
                (self._to_map(piece.geometry.pointOnSurface(), tables.crs), area_text(piece.area_m2))
                for piece in sorted(pieces, key=lambda piece: -(piece.area_m2 or 0))[:LABELS_AT_MOST]
            ],
        )
        aim = QgsGeometry.unaryUnion([piece.geometry for piece in pieces]) if pieces else outline
        # A sliver at the edge says nothing without the parcel; a village away from it, the parcel nothing.
        self._go_to(outline if pieces else aim, tables.crs)
        self._canvas.flashGeometries([aim], tables.crs)

    def leave(self) -> None:
        """Take the highlight away, and go back to the view before, unless the user has moved on."""
        self._remove()
        before, shown = self._view_before, self._view_shown
        self._view_before = self._view_shown = None
        if before is not None and shown is not None and shown == self._canvas.extent():
            self._canvas.setExtent(before)
            self._canvas.refresh()

    def _draw(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, colour: str, verdict: str | None) -> None:
        if geometry.isNull():
            return
        band = QgsRubberBand(self._canvas, Qgis.GeometryType.Polygon)
        band.setToGeometry(geometry, crs)
        band.setWidth(2)
        if verdict is None:
            band.setStrokeColor(QColor(colour))
            band.setSecondaryStrokeColor(QColor(255, 255, 255, 180))
            band.setBrushStyle(Qt.BrushStyle.NoBrush)
        else:
            look = LOOKS[verdict]
            fill = QColor(look.colour)
            if look.brush == Qt.BrushStyle.SolidPattern:
                fill.setAlpha(60)
            band.setStrokeColor(QColor(look.colour))
            band.setFillColor(fill)
            band.setBrushStyle(look.brush)
            band.setLineStyle(look.pen)
            band.setWidth(round(look.width_px))
        band.show()
        self._bands.append(band)

    def _go_to(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        if geometry.isNull():
            return
        box = geometry.boundingBox()
        if crs.mapUnits() == Qgis.DistanceUnit.Meters:
            box.grow(max(0.0, (SMALLEST_VIEW_M - max(box.width(), box.height())) / 2))
        if self._view_before is None:
            self._view_before = self._canvas.extent()
        target = self._to_map(QgsGeometry.fromRect(box), crs).boundingBox()
        target.scale(MARGIN)
        self._canvas.setExtent(target)
        self._canvas.refresh()
        self._view_shown = self._canvas.extent()

    def _to_map(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> QgsGeometry:
        moved = QgsGeometry(geometry)
        transform = QgsCoordinateTransform(crs, self._canvas.mapSettings().destinationCrs(), QgsProject.instance())
        try:
            moved.transform(transform)
        except QgsCsException:  # a map that cannot show this ground shows what it can
            return QgsGeometry(geometry)
        return moved

    def _remove(self) -> None:
        for band in self._bands:
            self._canvas.scene().removeItem(band)
        self._bands = []
        if self._labels is not None:
            self._canvas.scene().removeItem(self._labels)
            self._labels = None


class MeasureLabels(QgsMapCanvasItem):
    """Measures written on the map, each beside a point inside its piece."""

    def __init__(self, canvas: QgsMapCanvas, points: list[tuple[QgsGeometry, str]]) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.texts = [(point.asPoint(), text) for point, text in points if not point.isNull()]
        self.setZValue(200)
        self.updatePosition()

    def updatePosition(self) -> None:  # noqa: N802 - QGIS's name
        """Cover the whole canvas; the labels find their own places."""
        self.setRect(self._canvas.extent())

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """All that may be painted on."""
        return QRectF(0, 0, self._canvas.width(), self._canvas.height())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem = None, widget: QWidget = None) -> None:
        """Write each measure with a halo; one that would cover another is left out, the largest are first."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._canvas.font()
        font.setBold(True)
        metrics = QFontMetricsF(font)
        taken: list[QRectF] = []
        for place, text in self.texts:
            centre = self.toCanvasCoordinates(QgsPointXY(place)) - self.pos()
            width, height = metrics.horizontalAdvance(text), metrics.height()
            box = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
            if any(box.intersects(other) for other in taken):
                continue
            taken.append(box)
            path = QPainterPath()
            path.addText(QPointF(box.left(), box.top() + metrics.ascent()), font, text)
            painter.strokePath(path, QPen(QColor(255, 255, 255, 230), 4))
            painter.fillPath(path, QColor("#1A1A1A"))
