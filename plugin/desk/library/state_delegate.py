"""The delegate for the states of versions in the tree of layers: long labels leave room for the layers' names."""

from __future__ import annotations

import re

from qgis.PyQt.QtCore import QModelIndex, QSize, Qt
from qgis.PyQt.QtGui import QFontMetrics
from qgis.PyQt.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem

WIDEST = "2026-12-31 ●"  # a day and a sign; of what is longer the version's name is cut
STATE = re.compile(r" [●◐◔◌✕].*$")  # from the sign on
CELL_MARGIN_PX = 8
MEASURED_PX = 10_000
SIZES_KEPT = 4_000
SHARE = 0.4  # of a wide dock, which has room for a day with a longer word
DAY = re.compile(r"\d{4}-\d\d-\d\d")
ROUNDING_PX = 2  # name and state, measured apart, take more than the whole


class StateDelegate(QStyledItemDelegate):
    """The delegate of the column of versions: as wide as a day with its sign, or with its word in a wide dock.

    The end of the text, which says the state, stays readable.
    """

    def __init__(self, parent: QAbstractItemView) -> None:
        super().__init__(parent)
        self._sizes: dict[tuple[object, ...], QSize] = {}  # a tree asks again for every row whenever one has changed

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """The width of the text, up to the widest usual one."""
        key = (str(index.data()), option.font.key(), self.parent().viewport().width())
        if key not in self._sizes:
            if len(self._sizes) >= SIZES_KEPT:
                self._sizes.clear()
            self._sizes[key] = self._size(option, index)
        return self._sizes[key]

    def _size(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        whole = QStyleOptionViewItem(option)
        whole.rect.setWidth(MEASURED_PX)  # else what is cut now would be the text to measure
        size = super().sizeHint(whole, index)
        match = STATE.search(str(index.data()))
        texts = [WIDEST, *([f"2026年度{match.group()}"] if match is not None else [])]
        usual = max(map(option.fontMetrics.horizontalAdvance, texts))
        usual += CELL_MARGIN_PX + ROUNDING_PX
        label = STATE.sub("", str(index.data()))
        if DAY.fullmatch(label) and isinstance(option.widget, QAbstractItemView):
            usual = max(usual, round(SHARE * option.widget.viewport().width()))
        return QSize(min(size.width() + ROUNDING_PX, usual), size.height())

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Cut the version's name, not its state."""
        super().initStyleOption(option, index)
        match = STATE.search(option.text)
        label, state = (option.text[: match.start()], match.group()) if match is not None else (option.text, "")
        option.text = cut_label(label, state, option.rect.width(), option.fontMetrics)
        option.textElideMode = Qt.TextElideMode.ElideLeft


def cut_label(label: str, state: str, width: int, metrics: QFontMetrics) -> str:
    """A version's label with its state; a label that does not fit is cut in its middle, a day at its end."""
    room = width - CELL_MARGIN_PX - metrics.horizontalAdvance(state)
    mode = Qt.TextElideMode.ElideRight if DAY.fullmatch(label) else Qt.TextElideMode.ElideMiddle
    return metrics.elidedText(label, mode, max(room, 0)) + state
