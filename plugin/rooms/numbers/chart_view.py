"""The core's charts in the dock: the pictures of pages and documents, at the dock's width; to be saved or copied."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QRectF, QSignalBlocker, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QFont, QFontInfo, QGuiApplication, QImage, QPainter, QPaintEvent, QResizeEvent
from qgis.PyQt.QtSvg import QSvgRenderer
from qgis.PyQt.QtWidgets import QComboBox, QSizePolicy, QWidget

from onemap.plugin.connection.file_writing import write_file
from onemap.plugin.connection.refusals import refusals_told
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.target_file import ask_document
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import tr

Chart = tuple[str, str, str]  # what the chart is called in the list, its title, and its SVG
MM_PER_INCH = 25.4
LEAST_MM, MOST_MM = 85, 165  # between these a chart is legible, and no wider than on a page
LARGEST = 1.6  # of the size for which it was drawn
EDGE_PX = 6  # of white paper around a chart
FORMS = file_forms([".svg", ".png"])
PX_PER_MM = 8.0  # of a picture that is saved or copied: 203 dpi
FAMILIES = re.compile(r' font-family="([^"]*)"')


class ChartPicture(QWidget):
    """One chart at the available width, on white even in a dark theme, because its colours are chosen for white."""

    def __init__(self) -> None:
        super().__init__()
        self.renderer = QSvgRenderer(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_svg(self, svg: str) -> None:
        """Draw another chart."""
        self.renderer.load(QByteArray(svg_for_qt(svg).encode("utf-8")))
        self._take_height()
        self.update()

    def image(self) -> QImage:
        """The chart as a picture for other programs."""
        size = self.renderer.viewBoxF().size() * PX_PER_MM
        picture = QImage(size.toSize(), QImage.Format.Format_ARGB32)
        picture.fill(Qt.GlobalColor.white)
        painter = QPainter(picture)
        self.renderer.render(painter)
        painter.end()
        return picture

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Follow the dock's width."""
        super().resizeEvent(event)
        self._take_height()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the chart; text and lines stay sharp on any screen."""
        painter = QPainter(self)
        sheet = QRectF(0, 0, self._drawn_width() + 2 * EDGE_PX, self.height())
        painter.fillRect(sheet, self.palette().mid())  # its outline: a white sheet also in a dark theme
        painter.fillRect(sheet.adjusted(1, 1, -1, -1), Qt.GlobalColor.white)
        self.renderer.render(painter, sheet.adjusted(EDGE_PX, EDGE_PX, -EDGE_PX, -EDGE_PX))
        painter.end()

    def sizeHint(self) -> QSize:
        """The size in which the core drew the chart."""
        return self.renderer.defaultSize()

    def _drawn_width(self) -> float:
        box = self.renderer.viewBoxF()
        return min(float(self.width() - 2 * EDGE_PX), LARGEST * box.width() * self.logicalDpiX() / MM_PER_INCH)

    def _take_height(self) -> None:
        box = self.renderer.viewBoxF()
        if box.width() > 0:
            self.setFixedHeight(max(1, round(self._drawn_width() * box.height() / box.width()) + 2 * EDGE_PX))


class ChartView(QWidget):
    """The charts of what is chosen, one at a time."""

    message_sent = pyqtSignal(str)
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._charts: list[Chart] = []
        self.box = QComboBox(accessibleName=tr("Chart"))
        self.copy_button = tool_button("export", tr("Copy the picture"), lambda: self.copy())
        self.save_button = tool_button("keep", tr("Save the picture…"), lambda: self._choose_target())
        self.picture = ChartPicture()
        row = row_of((self.box, 1), self.copy_button, self.save_button)
        column_of(row, self.picture, inside=self, is_tight=True)
        self.box.currentIndexChanged.connect(lambda place: self._show(place))
        self.hide()

    @property
    def wanted_mm(self) -> int:
        """The width at which a chart should be drawn so that its text is legible in the dock as it is now."""
        return round(min(max(self.parentWidget().width() / self.logicalDpiX() * MM_PER_INCH, LEAST_MM), MOST_MM))

    def show_charts(self, charts: Sequence[Chart]) -> None:
        """Offer these charts, and show the one of the kind that was shown last."""
        kind = self.box.currentText()
        self._charts = list(charts)
        with QSignalBlocker(self.box):
            self.box.clear()
            for name, _title, _svg in self._charts:
                self.box.addItem(name)
            self.box.setCurrentIndex(max(0, self.box.findText(kind)))
        self.setVisible(bool(self._charts))
        self._show(self.box.currentIndex())

    def copy(self) -> None:
        """Copy the picture to the clipboard, as pixels and as SVG."""
        data = QMimeData()
        data.setImageData(self.picture.image())
        data.setData("image/svg+xml", QByteArray(self._current[2].encode("utf-8")))
        QGuiApplication.clipboard().setMimeData(data)
        self.message_sent.emit(tr("The picture is on the clipboard."))

    def save(self, path: str) -> None:
        """Write the picture as SVG or PNG, depending on the file's ending."""
        is_png = path.lower().endswith(".png")
        with refusals_told(self.refused.emit):
            write_file(path, png_of(self.picture.image()) if is_png else self._current[2].encode("utf-8"))
            self.message_sent.emit(tr("Written: {path}").format(path=path))

    @property
    def _current(self) -> Chart:
        return self._charts[self.box.currentIndex()]

    def _show(self, place: int) -> None:
        if 0 <= place < len(self._charts):
            _name, title, svg = self._charts[place]
            self.picture.show_svg(svg)
            self.picture.setAccessibleName(title)
            self.picture.setToolTip(title)

    def _choose_target(self) -> None:
        ask_document(self, self.save_button.toolTip(), self._current[1], FORMS, self.save)


def svg_for_qt(svg: str) -> str:
    """A chart with the first of its font families that is installed: Qt's SVG takes a list of families for one name."""
    match = FAMILIES.search(svg)
    if match is None:
        return svg
    family = next((name for name in match.group(1).split(", ") if QFontInfo(QFont(name)).family() == name), None)
    return svg.replace(match.group(0), f' font-family="{family}"' if family else "", 1)


def png_of(image: QImage) -> bytes:
    """A picture as the bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data())
