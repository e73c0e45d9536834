"""The delegate for names in lists of results: names wrap where they do not fit, in lists of any length."""

from __future__ import annotations

import re
from math import ceil

from qgis.PyQt.QtCore import QModelIndex, QSize, Qt
from qgis.PyQt.QtGui import QFont, QFontMetrics, QTextLayout, QTextOption
from qgis.PyQt.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

LEAST_WIDTH_PX = 40
SIZES_KEPT = 4_000  # of one column
LINE_END = "\u2028"
BREAK = "\u200b"  # takes no room, and a line may end there
DOT, ARROW = "\u00a0·", "→\u00a0"  # a dot ends a line, an arrow begins one
PART_ENDS = re.compile(f"(?<={DOT}) | (?={ARROW})|\n|\u2028")
OPENED, CLOSED = "[（〔【《]", f"[）〕】》，。：；、]*(?:{DOT})?"  # they stay with the word
# What Qt breaks nowhere; from the Chinese characters on it knows itself where a line may end.
UNBROKEN = re.compile(f"{OPENED}*[^ \n\u2028\u2e80-\U0010ffff]+{CLOSED}")
# Where Qt ends no line, and a Chinese one may end: before a bracket behind a number, around what is quoted, and before
# the dot of an ending such as .pdf.
LINE_ENDS = re.compile(
    f"(?<=[^ \n\u2028\u2e80-\U0010ffff])(?={OPENED})|(?<=[\u2e80-\U0010ffff])(?=[“‘])"
    "|(?<=[”’])(?=[\u2e80-\u2fff\u3040-\ufaff])|(?<=[）》，；：、])(?=[.])"
)
# A case's number may end a line at its hyphen too, which Qt ends no line with where a digit follows; a date may not.
HYPHEN = re.compile("(?<=[A-Za-z0-9]-)(?=[A-Za-z])|(?<=[0-9]{8}-)(?=[0-9])")
BEFORE_DIGIT = re.compile("(?<=[0-9]{8}-)(?=[0-9])")
JOIN = "\u2060"  # takes no room, and no line may end there
NO_BREAK = "\u00a0"
BETWEEN_CHINESE = re.compile("(?<=[\u2e80-\U0010ffff])(?=[\u2e80-\U0010ffff])")
UNIT = "[mk]?m²|k?m|ha|mu|平方千米|平方米|立方米|千米|公顷|亩|倍|%"
AMOUNT = re.compile(f"({OPENED}*[0-9.,]*[0-9]) ((?:{UNIT})(?![A-Za-z]){CLOSED})")


class NameDelegate(QStyledItemDelegate):
    """The delegate of a tree's column whose rows are as high as their wrapped names."""

    margin_px = 4  # above and below a name together

    def __init__(self, parent: QTreeView) -> None:
        super().__init__(parent)
        self._sizes: dict[tuple[object, ...], QSize] = {}  # a tree asks again for every row whenever one has changed
        self._style = parent.style()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """The height of the wrapped name; Qt's own tree does not tell a delegate the width of its column."""
        font, width = index.data(Qt.ItemDataRole.FontRole) or self.parent().font(), self._width(index)
        text = str(index.data(Qt.ItemDataRole.DisplayRole))
        signs = (Qt.ItemDataRole.DecorationRole, Qt.ItemDataRole.CheckStateRole)
        key = (text, font.key(), width, *(index.data(sign) is not None for sign in signs))
        if key not in self._sizes:
            if len(self._sizes) >= SIZES_KEPT:
                self._sizes.clear()
            metrics = QFontMetrics(font)
            height = max(metrics.height(), wrapped_height(breakable(text, metrics, width), font, width))
            self._sizes[key] = QSize(super().sizeHint(option, index).width(), height + self.margin_px)
        return self._sizes[key]

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Break lines within words that are longer than a line."""
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideNone
        option.text = breakable(option.text, option.fontMetrics, self._width(index))

    def _width(self, index: QModelIndex) -> int:
        self._style = self.parent().style()  # kept, or Python would look up its kind anew for every cell
        return max(text_width(self.parent(), index), LEAST_WIDTH_PX)


def wrap_names(tree: QTreeView, delegate: NameDelegate | None = None, column: int = 0) -> None:
    """Wrap the names in a column of a tree, and again whenever the column's width changes.

    delegate: a subclass that does more than wrap.
    """
    tree.setWordWrap(True)
    tree.setUniformRowHeights(False)
    tree.setItemDelegateForColumn(column, delegate or NameDelegate(tree))
    tree.header().sectionResized.connect(lambda *_sizes: tree.scheduleDelayedItemsLayout())


def fit_columns(tree: QTreeView, stretched: int = 0) -> None:
    """Make each column of a tree as wide as its content, and give one column the remaining room."""
    header, mode = tree.header(), QHeaderView.ResizeMode
    header.setStretchLastSection(False)
    for column in range(header.count()):
        header.setSectionResizeMode(column, mode.Stretch if column == stretched else mode.ResizeToContents)


def breakable(text: str, metrics: QFontMetrics, width: int) -> str:
    """The text with places to break in every word that is wider than a line, such as a parcel's long number.

    In a text of parts, separated by dots or arrows, lines end between the parts, so that a verdict of two characters is
    not torn apart; a number and its unit stay on one line.
    """

    def fit_word(word: str) -> str:
        if metrics.horizontalAdvance(word) <= width:
            return word
        parts = HYPHEN.split(word)  # where Qt ends a line by itself
        if len(parts) == 1:
            return BREAK.join(word)
        return BEFORE_DIGIT.sub(BREAK, "".join(map(fit_word, parts)))

    def join_unit(amount: re.Match[str]) -> str:
        is_fit = metrics.horizontalAdvance(amount[0]) <= width
        return f"{amount[1]}{NO_BREAK}{JOIN.join(amount[2])}" if is_fit else amount[0]

    def fit_part(part: str) -> str:
        if metrics.horizontalAdvance(part) <= width:
            return BETWEEN_CHINESE.sub(JOIN, part.replace(" ", NO_BREAK))
        return UNBROKEN.sub(lambda match: fit_word(match[0]), LINE_ENDS.sub(BREAK, AMOUNT.sub(join_unit, part)))

    if metrics.horizontalAdvance(text) <= width:
        return text
    marked_text = text.replace(" · ", f"{DOT} ").replace(" → ", f" {ARROW}")
    parts, ends = PART_ENDS.split(marked_text), [*PART_ENDS.findall(marked_text), ""]
    return "".join(fit_part(part) + end for part, end in zip(parts, ends))


def wrapped_height(text: str, font: QFont, width: int) -> int:
    """The height of the lines as Qt will draw them; Chinese may come from another font with higher lines."""
    layout = QTextLayout(text.replace("\n", LINE_END), font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    height = 0.0
    line = layout.createLine()
    while line.isValid():
        line.setLineWidth(width)
        height += line.height()
        line = layout.createLine()
    layout.endLayout()
    return ceil(height)


def text_width(tree: QTreeView, index: QModelIndex) -> int:
    """How much room the text of a cell has, in pixels; the first column is indented, and may span all."""
    is_first = index.column() == 0
    is_spanned = is_first and tree.isFirstColumnSpanned(index.row(), index.parent())
    whole = tree.viewport().width() if is_spanned else tree.columnWidth(index.column())
    level, above = int(is_first and tree.rootIsDecorated()), index.parent()
    while is_first and above.isValid():
        level, above = level + 1, above.parent()
    icon_size, style = tree.iconSize(), tree.style()
    margins = 2 * (style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameHMargin) + 1)  # of a text, and of an icon
    icon = box = 0
    if index.data(Qt.ItemDataRole.DecorationRole) is not None:
        usual = style.pixelMetric(QStyle.PixelMetric.PM_SmallIconSize)
        icon = (icon_size.width() if icon_size.isValid() else usual) + margins
    if index.data(Qt.ItemDataRole.CheckStateRole) is not None:
        box = style.pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth) + margins
    return whole - level * tree.indentation() - icon - box - margins
