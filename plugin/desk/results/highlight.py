"""The highlight of a finding on the map: it zooms with a margin, flashes, and shows the pieces with their measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from qgis.PyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget

from onemap.plugin.desk.results.results import CheckedParcel, Finding, Piece, RunTables
from onemap.plugin.words.number_format import measure_text
from onemap.plugin.words.verdicts import LOOKS

MARGIN = 1.6  # how much more than the thing itself is shown
SMALLEST_VIEW_M = 60.0
PARCEL_COLOUR = "#222222"
MAX_LABELS = 200
LINE_WIDTH_PX = 4
MOST_STEPS = 16  # of half a line each, up and down, to stand beside the labels of the map


class Highlight:
    """A highlight on a map canvas, and the view to return to."""

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
        """The measures on display."""
        return [label.text for label in self._labels.labels] if self._labels is not None else []

    def show(self, tables: RunTables, parcel: CheckedParcel, finding: Finding | None, is_to_move: bool = True) -> None:
        """Highlight a parcel, or the pieces of one of its findings.

        tables: the run's tables.
        finding: None highlights the parcel alone.
        is_to_move: False leaves the map's view as it is.
        """
        outline = tables.geometry("parcels", parcel.row)
        pieces = sorted(tables.pieces(finding), key=_weight) if finding is not None else []
        grounds = [(piece.geometry, finding.verdict if piece.counted else "notice") for piece in pieces]
        labels = []
        for piece in pieces[:MAX_LABELS]:
            place = piece.geometry.nearestPoint(outline) if piece.distance_m else piece.geometry.pointOnSurface()
            labels.append((place, _piece_text(piece, finding), piece.geometry))
        self._draw_all(outline, grounds, labels, tables.crs)
        if not is_to_move:
            return
        # A sliver at the edge says nothing without the parcel; what is only near it, nothing without the way there.
        box = outline.boundingBox()
        for piece in pieces:
            if piece.distance_m:
                box.combineExtentWith(outline.shortestLine(piece.geometry).boundingBox())
        self._go_to(box, tables.crs)
        self._canvas.flashGeometries([piece.geometry for piece in pieces] or [outline], tables.crs)

    def show_grounds(
        self,
        outline: QgsGeometry,
        grounds: Sequence[tuple[QgsGeometry, str, str]],
        crs: QgsCoordinateReferenceSystem,
        around_m: float = 0.0,
    ) -> None:
        """Highlight an outline and grounds in or beside it, and zoom to them.

        outline: a null geometry for none.
        grounds: geometry, the verdict that gives the look, and the label of each.
        crs: the coordinate system of all geometries.
        around_m: the least width of the surroundings on view.
        """
        labels = [(ground.pointOnSurface(), text, ground) for ground, _verdict, text in grounds[:MAX_LABELS]]
        self._draw_all(outline, [(ground, verdict) for ground, verdict, _text in grounds], labels, crs)
        geometries = [ground for ground, _verdict, _text in grounds]
        whole = [geometry for geometry in (outline, *geometries) if not geometry.isNull()]
        box = QgsGeometry.collectGeometry(whole).boundingBox()
        if crs.mapUnits() == Qgis.DistanceUnit.Meters:
            box.grow(around_m)
        self._go_to(box, crs)
        self._canvas.flashGeometries(geometries or [outline], crs)

    def restore_view(self) -> None:
        """Remove the highlight, and restore the view before it unless the user has moved the map."""
        self._remove()
        view_before, view_shown = self._view_before, self._view_shown
        self._view_before = self._view_shown = None
        if view_before is not None and view_shown is not None and view_shown == self._canvas.extent():
            self._canvas.setExtent(view_before)
            self._canvas.refresh()

    def clear(self) -> None:
        """Remove the highlight; the map's view stays."""
        self._remove()
        self._view_before = self._view_shown = None

    def _draw_all(
        self,
        outline: QgsGeometry,
        grounds: Sequence[tuple[QgsGeometry, str]],
        labels: Sequence[tuple[QgsGeometry, str, QgsGeometry]],
        crs: QgsCoordinateReferenceSystem,
    ) -> None:
        """Draw an outline, grounds and labels.

        grounds: geometry and verdict of each.
        labels: place, text and ground of each.
        """
        self._remove()
        self._draw(outline, crs, None)
        for ground, verdict in grounds:
            self._draw(ground, crs, verdict)
        ground_labels = [
            MeasureLabel(self._to_map(place, crs), text, self._to_map(ground, crs)) for place, text, ground in labels
        ]
        self._labels = MeasureLabels(self._canvas, ground_labels)

    def _draw(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, verdict: str | None) -> None:
        if geometry.isNull():
            return
        band = QgsRubberBand(self._canvas, geometry.type())
        band.setToGeometry(geometry, crs)
        band.setWidth(2)
        if verdict is None:
            band.setStrokeColor(QColor(PARCEL_COLOUR))
            band.setSecondaryStrokeColor(QColor(255, 255, 255, 180))
            band.setBrushStyle(Qt.BrushStyle.NoBrush)
        else:
            look = LOOKS[verdict]
            fill = QColor(look.colour)
            brush = Qt.BrushStyle.SolidPattern if verdict == "clear" else look.brush  # what would pass is seen at once
            if brush == Qt.BrushStyle.SolidPattern:
                fill.setAlpha(60)
            band.setStrokeColor(QColor(look.colour))
            band.setFillColor(fill)
            band.setBrushStyle(brush)
            band.setLineStyle(look.pen)
            band.setWidth(max(2, round(look.width_px)))
            if geometry.type() != Qgis.GeometryType.Polygon:  # nothing else of it can be seen than its stroke
                band.setSecondaryStrokeColor(QColor(255, 255, 255, 200))
                band.setWidth(LINE_WIDTH_PX)
                band.setIcon(QgsRubberBand.IconType.ICON_CIRCLE)
                band.setIconSize(3 * LINE_WIDTH_PX)
        band.show()
        self._bands.append(band)

    def _go_to(self, box: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        if box.isNull():
            return
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
        moved_geometry = QgsGeometry(geometry)
        transform = QgsCoordinateTransform(crs, self._canvas.mapSettings().destinationCrs(), QgsProject.instance())
        try:
            moved_geometry.transform(transform)
        except QgsCsException:  # a map that cannot show this ground shows what it can
            return QgsGeometry(geometry)
        return moved_geometry

    def _remove(self) -> None:
        for band in self._bands:
            self._canvas.scene().removeItem(band)
        self._bands = []
        if self._labels is not None:
            self._canvas.scene().removeItem(self._labels)
            self._labels = None


def _piece_text(piece: Piece, finding: Finding) -> str:
    """A piece's label: its measure; for a point its name; for an object that is only near, its distance."""
    if piece.geometry.type() == Qgis.GeometryType.Point and not piece.distance_m:
        return piece.feature
    length_m = piece.length_m if finding.length_m is not None else None
    return measure_text(piece.area_m2, length_m, piece.distance_m)


def _weight(piece: Piece) -> tuple[float, float]:
    return -(piece.area_m2 or piece.length_m or 0), piece.distance_m or 0


@dataclass(frozen=True)
class MeasureLabel:
    """A measure, the point where it should stand, and the ground that it must not leave, in the map's coordinates."""

    place: QgsGeometry
    text: str
    ground: QgsGeometry


class MeasureLabels(QgsMapCanvasItem):
    """Measures written on the map, each at a point inside its piece, clear of the labels of the map's layers."""

    def __init__(self, canvas: QgsMapCanvas, labels: Sequence[MeasureLabel]) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.labels = [label for label in labels if not label.place.isNull()]
        self.setZValue(200)
        self.updatePosition()

    def updatePosition(self) -> None:
        """Cover the whole canvas; the labels find their own positions."""
        self.setRect(self._canvas.extent())

    def boundingRect(self) -> QRectF:
        """The area that may be painted."""
        return QRectF(0, 0, self._canvas.width(), self._canvas.height())

    def boxes(self) -> list[tuple[QRectF, str]]:
        """The place of each measure, in pixels, largest piece first; a measure that would cover another is left out."""
        metrics = QFontMetricsF(self._font())
        taken_boxes = self._map_label_boxes()
        boxes: list[tuple[QRectF, str]] = []
        for label in self.labels:
            centre = self.toCanvasCoordinates(label.place.asPoint()) - self.pos()
            box = QRectF(0, 0, metrics.horizontalAdvance(label.text), metrics.height())
            box.moveCenter(centre)
            box = next((one for one in self._places(box, label.ground) if not _meets(one, taken_boxes)), box)
            if not _meets(box, [other for other, _text in boxes]):
                boxes.append((box, label.text))
        return boxes

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem = None, widget: QWidget = None) -> None:
        """Write each measure with a halo."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._font()
        ascent = QFontMetricsF(font).ascent()
        for box, text in self.boxes():
            path = QPainterPath()
            path.addText(QPointF(box.left(), box.top() + ascent), font, text)
            painter.strokePath(path, QPen(QColor(255, 255, 255, 230), 4))
            painter.fillPath(path, QColor("#1A1A1A"))

    def _font(self) -> QFont:
        font = self._canvas.font()
        font.setBold(True)
        return font

    def _map_label_boxes(self) -> list[QRectF]:
        """The labels that QGIS has written, in pixels."""
        results = self._canvas.labelingResults()
        if results is None:
            return []
        labels = results.labelsWithinRect(self._canvas.extent())
        return [self._pixels(label.labelRect) for label in labels]

    def _pixels(self, rectangle: QgsRectangle) -> QRectF:
        places = (rectangle.xMinimum(), rectangle.yMinimum()), (rectangle.xMaximum(), rectangle.yMaximum())
        corners = [self.toCanvasCoordinates(QgsPointXY(*place)) - self.pos() for place in places]
        return QRectF(*corners).normalized()

    def _places(self, box: QRectF, ground: QgsGeometry) -> Iterator[QRectF]:
        """Possible places of a label: its own first, then places above and below it that are still on its ground."""
        yield box
        for step in range(1, MOST_STEPS + 1):
            for way in (-1, 1):
                moved_box = box.translated(0, way * step * box.height() / 2)
                corners = [moved_box.topLeft(), moved_box.bottomRight()]
                points = [self.toMapCoordinates((corner + self.pos()).toPoint()) for corner in corners]
                if ground.contains(QgsGeometry.fromRect(QgsRectangle(*points))):
                    yield moved_box


def _meets(box: QRectF, others: Sequence[QRectF]) -> bool:
    return any(box.intersects(other) for other in others)
