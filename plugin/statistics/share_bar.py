"""Shares in a list with a bar behind each: the chart of a table."""

from __future__ import annotations

from qgis.PyQt.QtCore import QModelIndex, QRectF, Qt
from qgis.PyQt.QtGui import QPainter, QPalette
from qgis.PyQt.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

ROLE_SHARE = Qt.ItemDataRole.UserRole + 1
OPACITY = 0.35


class ShareBar(QStyledItemDelegate):
    """Paints the share of an item, 0 to 1 under ROLE_SHARE, below its text."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint the bar, then the item as it is."""
        share = index.data(ROLE_SHARE)
        if share:
            area = QRectF(option.rect).adjusted(1, 2, -1, -2)
            area.setWidth(area.width() * min(1.0, max(0.0, share)))
            painter.save()
            painter.setOpacity(OPACITY)
            painter.fillRect(area, option.palette.brush(QPalette.ColorRole.Highlight))
            painter.restore()
        super().paint(painter, option, index)
