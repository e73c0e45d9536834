"""Shares in a list, each with a bar behind it, as the chart of a table."""

from __future__ import annotations

from qgis.PyQt.QtCore import QModelIndex, QRectF
from qgis.PyQt.QtGui import QPainter, QPalette
from qgis.PyQt.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from onemap.plugin.desk.answers.answer_tree import NAME, ROLE_ROW

OPACITY = 0.35


class ShareBar(QStyledItemDelegate):
    """Paints a row's share, from 0 to 1 in the delegate's column, as a bar below its text."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Paint the bar, then the item as it is."""
        row = index.siblingAtColumn(NAME).data(ROLE_ROW)
        share = row["values"][index.column() - 1]["value"]
        if share:
            area = QRectF(option.rect).adjusted(1, 2, -1, -2)
            area.setWidth(area.width() * min(1.0, max(0.0, share)))
            painter.save()
            painter.setOpacity(OPACITY)
            painter.fillRect(area, option.palette.brush(QPalette.ColorRole.Highlight))
            painter.restore()
        super().paint(painter, option, index)
