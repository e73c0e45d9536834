"""The legend on pages of its own, for a legend that would be too small to read beside the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

from qgis.core import QgsLayoutExporter, QgsPrintLayout
from qgis.PyQt.QtCore import QRectF, QSizeF, Qt
from qgis.PyQt.QtGui import QPainter

from onemap.plugin.desk.map.sliced_work import SlicedWork
from onemap.plugin.words.translation import tr

TRIES = 3  # times the columns that would do if each could be filled
MAP_PARTS, PAGE_PARTS = ("map", "legend", "scale", "north"), ("page", "title", "foot")  # these on each page


class LegendPages:
    """Columns as wide as the widest name, as many on a page as fit, in the sheet's font size."""

    def __init__(self, sheet: QgsPrintLayout, dpi: float) -> None:
        self._dpi = dpi
        self._work = SlicedWork(steps_at_once=1)
        self._sheet, self._legend = sheet, sheet.itemById("legend")
        head, ground = sheet.itemById("title"), sheet.itemById("map")
        self._room = QRectF(ground.pos().x(), ground.pos().y(), head.rect().width(), ground.rect().height())
        self._pitch_mm = 0.0  # from one column to the next
        self._columns_on_page = 1
        self.count = 0  # of the pages

    def fit(self, on_done: Callable[[], None]) -> None:
        """Find how many columns the legend needs to fit the height of a page; each attempt is an event of its own."""
        self._work.begin(self._column_steps(), on_done)

    def _column_steps(self) -> Iterator[None]:
        legend = self._legend
        self._measure()  # as wide as the widest name
        self._pitch_mm = legend.rect().width() + legend.columnSpace()
        self._columns_on_page = max(1, int((self._room.width() + legend.columnSpace()) / self._pitch_mm))
        legend.setEqualColumnWidth(True)
        least = ceil(legend.rect().height() / self._room.height())
        for columns in range(least, TRIES * least + 1):
            yield
            legend.setColumnCount(columns)
            self._measure()
            if legend.rect().height() <= self._room.height():
                break
        used_columns = round((legend.rect().width() + legend.columnSpace()) / self._pitch_mm)  # QGIS may need fewer
        self.count = ceil(used_columns / self._columns_on_page)
        legend.setVisibility(False)

    def _measure(self) -> None:
        """Measure the legend; its size is known only after it was drawn at the final resolution."""
        self._legend.attemptSetSceneRect(QRectF(self._legend.pos(), QSizeF(1, 1)))
        QgsLayoutExporter(self._sheet).renderPageToImage(0, dpi=self._dpi)

    @property
    def words(self) -> str:
        """The text on the map's sheet that says on which pages the legend is; empty if it is on the sheet itself."""
        text = tr("Legend: page 2") if self.count == 1 else tr("Legend: pages 2 to {last}")
        return text.format(last=self.count + 1) if self.count else ""

    def draw(self, page: int, painter: QPainter, dots_per_mm: float) -> None:
        """Draw one page, counted from 0, at the painter's position; this removes the map from the sheet."""
        legend, exporter = self._legend, QgsLayoutExporter(self._sheet)
        self._show(MAP_PARTS, False)
        exporter.renderPage(painter, 0)
        self._show(PAGE_PARTS, False)
        legend.setVisibility(True)
        offset = page * self._columns_on_page * self._pitch_mm
        box = QRectF(self._room.topLeft(), legend.rect().size())
        legend.attemptSetSceneRect(box.translated(-offset, 0))
        painter.save()
        room = QRectF(self._room)
        room.setWidth(min(room.width(), self._columns_on_page * self._pitch_mm - legend.columnSpace()))
        room = QRectF(*(dots_per_mm * side for side in room.getRect()))
        painter.setClipRect(room, Qt.ClipOperation.IntersectClip)
        exporter.renderPage(painter, 0)
        painter.restore()
        self._show(PAGE_PARTS, True)

    def _show(self, parts: tuple[str, ...], is_shown: bool) -> None:
        for part in parts:
            self._sheet.itemById(part).setVisibility(is_shown)
