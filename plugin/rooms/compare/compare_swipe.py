"""Plans drawn over the map: two divided at the pointer, plan A left and plan B right of it; or one on all of it."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsMapLayer, QgsMapRendererParallelJob, QgsMapSettings, QgsPointXY, QgsProject, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import QObject, QPointF, QRectF, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QFontMetricsF, QImage, QKeyEvent, QPainter, QPen
from qgis.PyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget

from onemap.plugin.desk.map.tool_turn import return_map

LINE, PAPER, INK = "#1A1A1A", "#FFFFFF", "#1A1A1A"
GAP_PX = 8
Z_ABOVE_MAP = -5  # QGIS draws its map at -10, and what is highlighted from 0 on


@dataclass
class PlanSide:
    """One plan: its title, its layers from the topmost down, and its picture once it is drawn."""

    title: str
    layers: list[QgsMapLayer]
    picture: QImage | None = None
    extent: QgsRectangle | None = None


class PlanPictures(QObject):
    """Pictures of one plan, or of two with a divide, drawn over a map for its current extent."""

    layer_removed = pyqtSignal()  # a layer of a plan is about to be removed from the project

    def __init__(
        self, canvas: QgsMapCanvas, sides: tuple[PlanSide, ...], other_sides: tuple[PlanSide, ...] = ()
    ) -> None:
        """Draw the plans over a canvas. other_sides: the other half of the comparison, which is shown elsewhere."""
        super().__init__(canvas)
        self.sides = sides
        self._layer_ids = {layer.id() for side in (*sides, *other_sides) for layer in side.layers}
        self.item = PlanItem(canvas, sides)
        self._canvas = canvas
        self._jobs: dict[QgsMapRendererParallelJob, PlanSide] = {}
        canvas.extentsChanged.connect(self._draw)
        QgsProject.instance().layersWillBeRemoved.connect(self._miss_layers)
        self._draw()

    @property
    def is_drawn(self) -> bool:
        """Whether all plans are drawn for the current extent."""
        return not self._jobs and all(side.picture is not None for side in self.sides)

    def remove(self) -> None:
        """Restore the map."""
        self._canvas.extentsChanged.disconnect(self._draw)
        QgsProject.instance().layersWillBeRemoved.disconnect(self._miss_layers)
        self._stop()
        self._canvas.scene().removeItem(self.item)
        self.deleteLater()

    def _miss_layers(self, identifiers: list[str]) -> None:
        if self._layer_ids & set(identifiers):
            self.layer_removed.emit()

    def _draw(self) -> None:
        self._stop()
        for side in self.sides:
            settings = QgsMapSettings(self._canvas.mapSettings())
            settings.setLayers(side.layers)
            settings.setBackgroundColor(QColor(PAPER))
            job = QgsMapRendererParallelJob(settings)
            self._jobs[job] = side
            job.finished.connect(lambda finished_job=job: self._take_picture(finished_job))
        for job in list(self._jobs):
            job.start()

    def _take_picture(self, job: QgsMapRendererParallelJob) -> None:
        side = self._jobs.pop(job, None)
        if side is not None:
            side.picture, side.extent = job.renderedImage(), job.mapSettings().visibleExtent()
            self.item.update()

    def _stop(self) -> None:
        jobs, self._jobs = list(self._jobs), {}
        for job in jobs:
            job.cancelWithoutBlocking()


class SwipeTool(QgsMapTool):
    """A map tool that shows the two plans; moving the pointer moves the divide. Esc ends it."""

    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, left: PlanSide, right: PlanSide) -> None:
        super().__init__(canvas)
        self.sides = (left, right)
        self.pictures: PlanPictures | None = None
        self.setCursor(Qt.CursorShape.SplitHCursor)

    def activate(self) -> None:
        """Draw both plans."""
        super().activate()
        self.pictures = PlanPictures(self.canvas(), self.sides)
        self.pictures.layer_removed.connect(self.end)

    def end(self) -> None:
        """Give the map back to the tool before."""
        return_map(self.canvas(), self)

    def deactivate(self) -> None:
        """Restore the map's picture."""
        super().deactivate()
        if self.pictures is not None:
            self.pictures.remove()
            self.pictures = None
            self.ended.emit()

    @property
    def item(self) -> PlanItem | None:
        """The divided picture; None while the tool is off."""
        return self.pictures.item if self.pictures is not None else None

    @property
    def is_drawn(self) -> bool:
        """Whether both plans are drawn for the current extent."""
        return self.pictures is not None and self.pictures.is_drawn

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Move the divide."""
        if self.item is not None:
            self.item.divide(event.pos().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """End with Esc; move the divide with the arrows."""
        steps = {Qt.Key.Key_Left: -GAP_PX, Qt.Key.Key_Right: GAP_PX}
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.end()
        elif event.key() in steps and self.item is not None:
            event.accept()
            self.item.divide(self.item.position + steps[event.key()])
        else:
            super().keyPressEvent(event)


class PlanItem(QgsMapCanvasItem):
    """The pictures over the map."""

    def __init__(self, canvas: QgsMapCanvas, sides: tuple[PlanSide, ...]) -> None:
        super().__init__(canvas)
        self._canvas, self._sides = canvas, sides
        self.position = canvas.width() // 2  # of the divide, in pixels from the left
        self.setZValue(Z_ABOVE_MAP)
        self.updatePosition()

    def divide(self, position: int) -> None:
        """Move the divide."""
        self.position = max(0, min(position, self._canvas.width()))
        self.update()

    def updatePosition(self) -> None:
        """Cover the whole map."""
        self.setRect(self._canvas.extent())

    def boundingRect(self) -> QRectF:
        """The area that may be painted."""
        return QRectF(0, 0, self._canvas.width(), self._canvas.height())

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem = None, widget: QWidget = None) -> None:
        """Paint each picture on its side of the divide, at the position of its ground, with the plan's title."""
        width, height = self._canvas.width(), self._canvas.height()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        is_divided = len(self._sides) > 1
        halves = (QRectF(0, 0, self.position, height), QRectF(self.position, 0, width - self.position, height))
        for side, half in zip(self._sides, halves if is_divided else (self.boundingRect(),)):
            if side.picture is None or side.extent is None:
                continue
            first = QgsPointXY(side.extent.xMinimum(), side.extent.yMaximum())
            last = QgsPointXY(side.extent.xMaximum(), side.extent.yMinimum())
            corners = (self.toCanvasCoordinates(corner) - self.pos() for corner in (first, last))
            painter.save()
            painter.setClipRect(half)
            painter.drawImage(QRectF(*corners), side.picture)
            painter.restore()
        if not is_divided:
            self._draw_title(painter, self._sides[0].title, 0.0, is_right=True)
            return
        for colour, line_width in ((PAPER, 4), (LINE, 1.5)):
            painter.setPen(QPen(QColor(colour), line_width))
            painter.drawLine(QPointF(self.position, 0), QPointF(self.position, height))
        self._draw_title(painter, self._sides[0].title, self.position, is_right=False)
        self._draw_title(painter, self._sides[1].title, self.position, is_right=True)

    def _draw_title(self, painter: QPainter, title: str, position: float, is_right: bool) -> None:
        """Draw a plan's title beside a position."""
        font = self._canvas.font()
        font.setBold(True)
        metrics = QFontMetricsF(font)
        width, height = metrics.horizontalAdvance(title) + 2 * GAP_PX, metrics.height() + GAP_PX
        left = position + GAP_PX if is_right else position - GAP_PX - width
        box = QRectF(left, GAP_PX, width, height)
        painter.setFont(font)
        painter.fillRect(box, QColor(255, 255, 255, 220))
        painter.setPen(QColor(INK))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, title)
