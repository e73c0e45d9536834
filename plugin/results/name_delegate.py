"""The names in the lists of results: they wrap where they do not fit, or are cut where they say least."""

from __future__ import annotations

from qgis.PyQt.QtCore import QModelIndex, QRect, QSize, Qt
from qgis.PyQt.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QTreeView

NAME_MARGIN_PX = 14  # beside the icon and the text of a name
LEAST_WIDTH_PX = 40
HEIGHT_MARGIN_PX = 4
SEPARATOR = " · "  # between a parcel and its verdict


class NameDelegate(QStyledItemDelegate):
    """For the first column of a tree; in one whose rows are all of one height names are cut instead of wrapped.

    Of a parcel the verdict is cut, which its sign says too; where its name alone is too long, the middle.
    """

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: N802 - Qt's name
        """As high as the wrapped name: Qt's own tree does not tell a delegate how wide its column is."""
        size, tree = super().sizeHint(option, index), self.parent()
        if tree.uniformRowHeights():
            return size
        flags = int(Qt.TextFlag.TextWordWrap) | int(Qt.TextFlag.TextWrapAnywhere)
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        width = max(text_width(tree, index), LEAST_WIDTH_PX)
        lines = tree.fontMetrics().boundingRect(QRect(0, 0, width, 10_000), flags, text)
        return QSize(size.width(), max(size.height(), lines.height() + HEIGHT_MARGIN_PX))

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # noqa: N802 - Qt's name
        """Cut a text where it does not fit."""
        super().initStyleOption(option, index)
        if not self.parent().uniformRowHeights():
            option.textElideMode = Qt.TextElideMode.ElideNone
            return
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.WrapText  # else it ends at the last blank that fits
        if not index.parent().isValid():
            name, _separator, _verdict = option.text.rpartition(SEPARATOR)
            fits = option.fontMetrics.horizontalAdvance(name + SEPARATOR) < text_width(self.parent(), index)
            option.textElideMode = Qt.TextElideMode.ElideRight if fits else Qt.TextElideMode.ElideMiddle


def text_width(tree: QTreeView, index: QModelIndex) -> int:
    """How much room the text of a row's first column has, in pixels."""
    is_spanned = tree.isFirstColumnSpanned(index.row(), index.parent())
    whole = tree.viewport().width() if is_spanned else tree.columnWidth(0)
    level = 2 if index.parent().isValid() else 1
    icon = 0 if index.data(Qt.ItemDataRole.DecorationRole) is None else tree.iconSize().width()
    return whole - level * tree.indentation() - icon - NAME_MARGIN_PX
