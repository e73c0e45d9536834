"""A map sheet that is written in the background: QGIS's own tasks filter the legend and draw the map."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsLayerTreeFilterSettings,
    QgsLayerTreeModel,
    QgsLayoutExporter,
    QgsLegendStyle,
    QgsMapRendererTask,
    QgsMapSettings,
    QgsMapSettingsUtils,
    QgsPrintLayout,
)
from qgis.PyQt.QtCore import QMarginsF, QObject, QRectF, QSize, QSizeF, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QFont, QImage, QPageSize, QPainter, QPdfWriter, QPen

from onemap.plugin.connection.file_writing import part_beside
from onemap.plugin.connection.task import BackgroundTask
from onemap.plugin.desk.map.legend_pages import LegendPages
from onemap.plugin.words.translation import tr

LEGEND_PARTS = (
    QgsLegendStyle.Style.Title,
    QgsLegendStyle.Style.Group,
    QgsLegendStyle.Style.Subgroup,
    QgsLegendStyle.Style.Symbol,
    QgsLegendStyle.Style.SymbolLabel,
)
DRAFT_DPI, DPI = 20, 300
LETTERS_PT, LEAST_SHARE = 8, 0.75  # of the template, and how much of them remains; smaller ones are not read on paper
FILTER_DPI = 25.4  # a dot a millimetre: as fine as a layout looks which symbols are in sight
DOTS_PER_MM = DPI / 25.4
FRAME_MM = 0.3

_running: set[SheetDrawing] = set()  # a task paints on what they hold, whoever else has forgotten them


class SheetDrawing(QObject):
    """One sheet that is being written to a file. Each step is an event of its own, so that keys are read between them.

    The sheet is QGIS's layout. Its exporter would block everything while it draws the map and looks which symbols are
    in sight; so the map is hidden in the layout, and a task draws it. It has the layers that lay on the map at the
    beginning; where one of them is removed before it is drawn, nothing is written.
    """

    finished = pyqtSignal(str, str)  # the file, and why it was not written; empty for a file that was

    def __init__(self, sheet: QgsPrintLayout, path: str) -> None:
        super().__init__()
        self._sheet, self._path = sheet, Path(path)
        self._part = part_beside(path)
        self._map, self._legend = sheet.itemById("map"), sheet.itemById("legend")
        self._pages = LegendPages(sheet, DPI)
        self._layer_ids: list[str] = []  # that the map has
        self._page = 0  # of the legend, that is drawn next
        self._is_image = self._path.suffix.lower() == ".png"
        self._device: QImage | QPdfWriter | None = None
        self._painter: QPainter | None = None  # of the sheet
        self._page_dots = QSize()
        self._ground: QImage | None = None  # the map, where a PDF cannot hold it as lines
        self._map_painter: QPainter | None = None

    def begin(self) -> None:
        """Begin; what becomes of it, `finished` tells."""
        _running.add(self)
        self._map.setVisibility(False)
        layers = self._map_settings(DRAFT_DPI).layers()
        self._layer_ids = [layer.id() for layer in layers]
        self._map.setLayers(layers)
        self._legend.setLegendFilterByMapEnabled(False)
        self._draw_draft()  # with which the layout has forgotten its own filter
        model = self._legend.model()
        model.setFlag(QgsLayerTreeModel.Flag.UseThreadedHitTest, True)
        model.hitTestCompleted.connect(self._fit)
        model.setFilterSettings(QgsLayerTreeFilterSettings(self._map_settings(FILTER_DPI)))
        if not model.hitTestInProgress():  # nothing lies on the map
            self._fit()

    def _map_settings(self, dpi: float) -> QgsMapSettings:
        box = self._map.rect()
        size = QSizeF(box.width(), box.height()) * (dpi / 25.4)
        return self._map.mapSettings(self._map.extent(), size, dpi, True)

    def _fit(self) -> None:
        self._legend.model().hitTestCompleted.disconnect(self._fit)
        QTimer.singleShot(0, self._fit_legend)

    def _draw_draft(self) -> None:
        QgsLayoutExporter(self._sheet).renderPageToImage(0, dpi=DRAFT_DPI)

    def _fit_legend(self) -> None:
        """Make the legend smaller if it would cover the scale bar; its height is known only after a draft.

        A legend that would then be too small to read gets pages of its own.
        """
        self._draw_draft()
        legend = self._legend
        room = self._sheet.itemById("scale").pos().y() - legend.pos().y()
        share = room / max(room, legend.rect().height())
        if share < LEAST_SHARE:
            self._pages.fit(self._draw_map)
            return
        for part in LEGEND_PARTS if share < 1 else ():
            style = legend.style(part)
            text = style.textFormat()
            text.setSize(text.size() * share)
            style.setTextFormat(text)
            for side in (QgsLegendStyle.Side.Top, QgsLegendStyle.Side.Bottom):
                style.setMargin(side, style.margin(side) * share)
            legend.setStyle(part, style)
        legend.setSymbolHeight(legend.symbolHeight() * share)
        legend.setSymbolWidth(legend.symbolWidth() * share)
        QTimer.singleShot(0, self._draw_map)

    def _draw_map(self) -> None:
        """Draw the map in a task of QGIS, which the status bar shows and where it can be cancelled."""
        settings = self._map_settings(DPI)
        if [layer.id() for layer in settings.layers()] != self._layer_ids:
            self._end(tr("The map was not printed: a layer of it was removed meanwhile. Print it again."))
            return
        if not self._open():
            self._end(self._not_written())
            return
        is_picture = not self._is_image and QgsMapSettingsUtils.containsAdvancedEffects(settings)
        if is_picture:
            self._ground = QImage(settings.outputSize(), QImage.Format.Format_ARGB32_Premultiplied)
            self._ground.fill(0)
            self._map_painter = QPainter(self._ground)
        else:
            self._map_painter = self._painter
            self._painter.save()
            self._painter.setClipRect(self._map_box())
            self._painter.translate(self._map_box().topLeft())
        task = QgsMapRendererTask(settings, self._map_painter)
        task.taskCompleted.connect(lambda: QTimer.singleShot(0, self._draw_frame))
        task.taskTerminated.connect(lambda: self._end(tr("Cancelled.")))
        QgsApplication.taskManager().addTask(task)

    def _open(self) -> bool:
        """Begin the sheet with everything beside the map; False if the file cannot be written."""
        size = self._sheet.pageCollection().page(0).pageSize()
        if self._is_image:
            self._page_dots = (size.toQSizeF() * DOTS_PER_MM).toSize()
            height = self._page_dots.height() * (1 + self._pages.count)
            self._device = QImage(self._page_dots.width(), height, QImage.Format.Format_RGB32)
            self._device.setDotsPerMeterX(round(DOTS_PER_MM * 1000))
            self._device.setDotsPerMeterY(round(DOTS_PER_MM * 1000))
            self._device.fill(0xFFFFFFFF)
        else:
            self._device = QPdfWriter(str(self._part))
            self._device.setPageSize(QPageSize(size.toQSizeF(), QPageSize.Unit.Millimeter))
            self._device.setPageMargins(QMarginsF(0, 0, 0, 0))
            self._device.setResolution(DPI)
            self._device.setTitle(self._sheet.itemById("title").currentText())
            self._device.setCreator("One Map")
        self._painter = QPainter()
        if not self._painter.begin(self._device):
            return False
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        QgsLayoutExporter(self._sheet).renderPage(self._painter, 0)  # with the paper, so that it comes first
        self._painter.fillRect(self._map_box(), Qt.GlobalColor.white)
        place = self._legend.pos() * DOTS_PER_MM
        self._painter.setFont(QFont(self._painter.font().family(), LETTERS_PT))
        self._painter.drawText(place, self._pages.words)
        return True

    def _map_box(self) -> QRectF:
        """Where the map lies on the sheet, in dots."""
        place, box = self._map.pos(), self._map.rect()
        return QRectF(*(DOTS_PER_MM * one for one in (place.x(), place.y(), box.width(), box.height())))

    def _draw_frame(self) -> None:
        """The frame around the map, over its edge."""
        if self._ground is None:
            self._painter.restore()
        else:
            self._map_painter.end()
            self._painter.drawImage(self._map_box(), self._ground)
        self._painter.setPen(QPen(Qt.GlobalColor.black, DOTS_PER_MM * FRAME_MM))
        self._painter.drawRect(self._map_box())
        QTimer.singleShot(0, self._go_on)

    def _go_on(self) -> None:
        """Draw the next page of the legend, then pack all pages; in a picture they lie below the map."""
        if self._page < self._pages.count:
            if self._is_image:
                self._painter.translate(0, self._page_dots.height())
            else:
                self._device.newPage()
            self._pages.draw(self._page, self._painter, DOTS_PER_MM)
            self._page += 1
            QTimer.singleShot(0, self._go_on)
            return
        BackgroundTask(tr("Printing the map…"), self._pack, self._take_packed).start()

    def _pack(self, _progress: object) -> bool:
        """Pack the sheet into its file; runs in a thread."""
        return self._painter.end() and (not self._is_image or self._device.save(str(self._part), "PNG"))

    def _take_packed(self, is_packed: bool | None, _error: Exception | None) -> None:
        self._end("" if is_packed else self._not_written())

    def _not_written(self) -> str:
        text = tr("{path} could not be written. Choose another folder, or close the file where it is open.")
        return text.format(path=self._path)

    def _end(self, why_not: str) -> None:
        """Move the finished file to its place, or remove what was written. why_not: why there is none; empty: it is."""
        if why_not and self._device is not None:
            self._painter.end()
        self._device = None
        try:
            if not why_not:
                os.replace(self._part, self._path)
        except OSError:
            why_not = self._not_written()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)
        _running.discard(self)
        self.finished.emit(str(self._path), why_not)
