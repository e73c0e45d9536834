"""Rows with a tick box whose edge is visible in any theme, where the style draws it too pale."""

from __future__ import annotations

from qgis.PyQt.QtCore import QModelIndex, Qt
from qgis.PyQt.QtGui import QPainter, QPen
from qgis.PyQt.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from onemap.plugin.words.contrast import quiet_brush


class TickDelegate(QStyledItemDelegate):
    """The delegate of a tree's column with the boxes."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the row, and around its box a line that contrasts with the list."""
        super().paint(painter, option, index)
        if index.data(Qt.ItemDataRole.CheckStateRole) is None:
            return
        whole = QStyleOptionViewItem(option)
        self.initStyleOption(whole, index)
        style = whole.widget.style()
        box = style.subElementRect(QStyle.SubElement.SE_ItemViewItemCheckIndicator, whole, whole.widget)
        painter.save()
        painter.setPen(QPen(quiet_brush(option.palette).color()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.restore()
