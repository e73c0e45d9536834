"""The states of versions in the tree of layers: a long name of a version leaves room for its layer's."""

from __future__ import annotations

from qgis.PyQt.QtCore import QModelIndex, QSize, Qt
from qgis.PyQt.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

WIDEST = "2026-12-31 ●  "  # a day and a sign; what is longer is cut in its middle


class StateDelegate(QStyledItemDelegate):
    """For the column of versions: no wider than a day with its sign; the end, which says the state, stays readable."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the text, up to the widest usual one."""
        size = super().sizeHint(option, index)
        return QSize(min(size.width(), option.fontMetrics.horizontalAdvance(WIDEST)), size.height())

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # noqa: N802 - Qt's name
        """Cut the version's name, not its state."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideMiddle
