"""A bar chart of counts: name, bar and count in each row; a click, or arrows and Enter, choose a row."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import QEvent, QRect, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon, QKeyEvent, QMouseEvent, QPainter, QPalette
from qgis.PyQt.QtWidgets import QSizePolicy, QStyle, QStyleOptionFocusRect, QWidget

from onemap.plugin.words.contrast import quiet_brush

GAP_PX = 6
BAR_SHARE = 0.62  # of a row's height
MAX_NAME_SHARE = 0.62  # of the whole width


@dataclass(frozen=True)
class CountRow:
    """One row.

    marked: how many of the count are drawn in the full colour.
    note: text after the count.
    """

    key: str
    name: str
    count: int
    marked: int = 0
    note: str = ""
    icon: QIcon | None = None


class CountBars(QWidget):
    """Rows of counts; the longest bar fills the width."""

    chosen = pyqtSignal(str)  # the key of a row

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[CountRow] = []
        self._current = 0  # the row that Enter chooses
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_counts(self, rows: list[CountRow]) -> None:
        """Show these rows."""
        self.rows = rows
        self._current = min(self._current, max(0, len(rows) - 1))
        self.setAccessibleName("; ".join(f"{row.name}: {row.count} {row.note}".strip() for row in rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The height of the rows."""
        return QSize(200, max(1, len(self.rows)) * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """The height of the rows, narrow."""
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, _event: QEvent) -> None:
        """Draw the name on the left, the bar, and the count at the bar's end."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, height = self.fontMetrics(), self._row_height()
        icons = height if any(row.icon for row in self.rows) else 0
        widest = max((metrics.horizontalAdvance(row.name) + 1 for row in self.rows), default=0)  # Qt rounds it
        bar_left = icons + min(widest, int(MAX_NAME_SHARE * self.width())) + GAP_PX
        count_texts = [f"{row.count:,}" + (f"  {row.note}" if row.note else "") for row in self.rows]
        text_width = max((metrics.horizontalAdvance(text) for text in count_texts), default=0) + 2 * GAP_PX
        max_length = max(8, self.width() - bar_left - text_width)
        largest = max((row.count for row in self.rows), default=0) or 1
        palette = self.palette()
        for position, (row, text) in enumerate(zip(self.rows, count_texts)):
            top = position * height
            if row.icon is not None:
                row.icon.paint(painter, 0, top + (height - 14) // 2, 14, 14)
            role = QPalette.ColorRole.WindowText
            quiet = quiet_brush(palette, role, QPalette.ColorRole.Window).color()
            painter.setPen(palette.color(role) if row.count else quiet)
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, bar_left - icons - GAP_PX)
            alignment = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            painter.drawText(QRectF(icons, top, bar_left - icons, height), alignment, name)
            length = max_length * row.count / largest
            thick = BAR_SHARE * height
            bar = QRectF(bar_left, top + (height - thick) / 2, length, thick)
            colour = palette.color(QPalette.ColorRole.Highlight)
            if row.count:
                lighter = palette.color(QPalette.ColorRole.Highlight)
                lighter.setAlpha(120)
                painter.fillRect(bar, lighter)
                painter.fillRect(QRectF(bar.left(), bar.top(), length * row.marked / row.count, thick), colour)
            painter.drawText(QRectF(bar_left + length + GAP_PX, top, self.width(), height), alignment, text)
        if self.hasFocus() and self.rows:
            option = QStyleOptionFocusRect()
            option.initFrom(self)
            option.rect = QRect(0, self._current * height, self.width(), height)
            self.style().drawPrimitive(QStyle.PrimitiveElement.PE_FrameFocusRect, option, painter, self)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from row to row by arrows; Enter and Space choose one."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps and self.rows:
            self._current = min(len(self.rows) - 1, max(0, self._current + steps[event.key()]))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.rows:
            self.chosen.emit(self.rows[self._current].key)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        row = int(event.pos().y() // self._row_height())
        if event.button() == Qt.MouseButton.LeftButton and 0 <= row < len(self.rows):
            self.chosen.emit(self.rows[row].key)

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 6
