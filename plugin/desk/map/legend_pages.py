"""The legend on pages of its own, where it has too much for the edge of a sheet to be read there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

from qgis.core import QgsLayoutExporter, QgsLayoutItem, QgsLayoutItemLabel, QgsLayoutPoint, QgsPrintLayout
from qgis.PyQt.QtCore import QRectF, Qt, QTimer
from qgis.PyQt.QtGui import QPainter

from onemap.plugin.words.translation import tr

TRIES = 3  # times the columns that would do if each could be filled
BESIDE_MAP = ("map", "legend", "scale", "north")  # a page of the legend has the title and the foot


class LegendPages:
    """Columns as wide as the widest name, as many on a page as fit, in the letters of the sheet."""

    def __init__(self, sheet: QgsPrintLayout) -> None:
        self._sheet, self._legend = sheet, sheet.itemById("legend")
        head, ground = sheet.itemById("title"), sheet.itemById("map")
        self._room = QRectF(ground.pos().x(), ground.pos().y(), head.rect().width(), ground.rect().height())
        self._pitch_mm = 0.0  # from one column to the next
        self._columns_on_page = 1
        self.count = 0  # of the pages

    def fit(self, on_done: Callable[[], None]) -> None:
        """Find how many columns the legend needs: no higher than a page; each try is an event of its own."""
        legend = self._legend
        width, space = legend.rect().width(), legend.columnSpace()
        self._columns_on_page = max(1, int((self._room.width() + space) / (width + space)))
        legend.setEqualColumnWidth(True)
        least = ceil(legend.rect().height() / self._room.height())
        self._try_columns(iter(range(least, TRIES * least + 1)), on_done)

    def _try_columns(self, counts: Iterator[int], on_done: Callable[[], None]) -> None:
        legend, columns = self._legend, next(counts, 0)
        if columns:
            legend.setColumnCount(columns)
            legend.adjustBoxSize()
            if legend.rect().height() > self._room.height():
                QTimer.singleShot(0, lambda: self._try_columns(counts, on_done))
                return
        self._pitch_mm = (legend.rect().width() + legend.columnSpace()) / legend.columnCount()
        self.count = ceil(legend.columnCount() / self._columns_on_page)
        self._say_where()
        on_done()

    def _say_where(self) -> None:
        """Say beside the map where the legend is."""
        words = QgsLayoutItemLabel(self._sheet)
        text = tr("Legend: page 2") if self.count == 1 else tr("Legend: pages 2 to {last}")
        words.setText(text.format(last=self.count + 1))
        words.setTextFormat(self._sheet.itemById("foot").textFormat())
        self._sheet.addLayoutItem(words)
        words.attemptSetSceneRect(QRectF(self._legend.pos().x(), self._legend.pos().y(), 64, 14))
        self._legend.setVisibility(False)
        self._words = words

    def draw(self, page: int, painter: QPainter, dots_per_mm: float) -> None:
        """Draw one of the pages, from 0, where the painter stands; the sheet has its map on it no longer."""
        legend, exporter = self._legend, QgsLayoutExporter(self._sheet)
        for item in (*map(self._sheet.itemById, BESIDE_MAP), self._words):
            item.setVisibility(False)
        exporter.renderPage(painter, 0)
        others = [one for one in self._sheet.items() if isinstance(one, QgsLayoutItem) and one.isVisible()]
        for item in others:
            item.setVisibility(False)
        legend.setVisibility(True)
        offset = page * self._columns_on_page * self._pitch_mm
        legend.attemptMove(QgsLayoutPoint(self._room.left() - offset, self._room.top()))
        painter.save()
        room = QRectF(*(dots_per_mm * side for side in self._room.getRect()))
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        exporter.renderPage(painter, 0)
        painter.restore()
        legend.setVisibility(False)
        for item in others:
            item.setVisibility(True)
