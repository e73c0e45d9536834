"""Counts as bars: a name, a bar as long as its count, the count; a click chooses."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QPainter, QPalette
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from onemap.plugin.words.contrast import quiet_brush

GAP_PX = 6
BAR_SHARE = 0.62  # of a row's height
WIDEST_NAME = 0.5  # of the whole width


@dataclass(frozen=True)
class Count:
    """One row. marked: how many of them press, drawn darker and told after the number."""

    key: str
    name: str
    count: int
    marked: int = 0
    said: str = ""
    icon: QIcon | None = None


class CountBars(QWidget):
    """Rows of counts; the longest bar fills the width."""

    chosen = pyqtSignal(str)  # the key of a row

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Count] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_counts(self, rows: list[Count]) -> None:
        """Show these rows."""
        self.rows = rows
        self.setAccessibleName("; ".join(f"{row.name}: {row.count} {row.said}".strip() for row in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows."""
        return QSize(200, max(1, len(self.rows)) * self._row_height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows, narrow."""
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, _event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Name on the left, bar, number at the bar's end."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, height = self.fontMetrics(), self._row_height()
        icons = height if any(row.icon for row in self.rows) else 0
        widest = max((metrics.horizontalAdvance(row.name) for row in self.rows), default=0)
        left = icons + min(widest, int(WIDEST_NAME * self.width())) + GAP_PX
        said = [f"{row.count:,}" + (f"  {row.said}" if row.said else "") for row in self.rows]
        end = max((metrics.horizontalAdvance(text) for text in said), default=0) + 2 * GAP_PX
        room = max(8, self.width() - left - end)
        most = max((row.count for row in self.rows), default=0) or 1
        palette = self.palette()
        for place, (row, text) in enumerate(zip(self.rows, said)):
            top = place * height
            if row.icon is not None:
                row.icon.paint(painter, 0, top + (height - 14) // 2, 14, 14)
            role = QPalette.ColorRole.WindowText
            quiet = quiet_brush(palette, role, QPalette.ColorRole.Window).color()
            painter.setPen(palette.color(role) if row.count else quiet)
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, left - icons - GAP_PX)
            at = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(icons, top, left - icons, height), at, name)
            length = room * row.count / most
            thick = BAR_SHARE * height
            bar = QRectF(left, top + (height - thick) / 2, length, thick)
            colour = palette.color(QPalette.ColorRole.Highlight)
            if row.count:
                lighter = palette.color(QPalette.ColorRole.Highlight)
                lighter.setAlpha(120)
                painter.fillRect(bar, lighter)
                painter.fillRect(QRectF(bar.left(), bar.top(), length * row.marked / row.count, thick), colour)
            painter.drawText(QRectF(left + length + GAP_PX, top, self.width(), height), at, text)
        painter.end()

    def mousePressEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Choose the row under the mouse."""
        place = int(event.pos().y() // self._row_height())
        if event.button() == Qt.MouseButton.LeftButton and 0 <= place < len(self.rows):
            self.chosen.emit(self.rows[place].key)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 6
