"""A list whose selected name wraps, so that a long name can be read in a narrow dock."""

from __future__ import annotations

import re

from qgis.PyQt.QtCore import QRect, Qt
from qgis.PyQt.QtGui import QPaintEvent, QResizeEvent
from qgis.PyQt.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter

from onemap.plugin.widgets.alignment import LEFT
from onemap.plugin.widgets.form_fields import shrink

MIN_LETTERS = 4  # the rest is in the lines below
ICON_GAP_PX = 4
MARGIN_PX = 2  # that the style draws no text in
HEIGHT_MAX = 2**20
UNIT_OF_NUMBER = re.compile(r"(?<=\d)(?=[\u4e00-\u9fff])")  # as in 2020版, of which no line takes a part
WORD_JOINER = "\u2060"  # has no width, and is not drawn


class WrappedChoice(QComboBox):
    """A combo box that is high enough for the selected name at its width."""

    def __init__(self, name: str = "") -> None:
        """Make an empty list. name: for screen readers, if the list is not in a form."""
        super().__init__(accessibleName=name)
        shrink(self, MIN_LETTERS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentTextChanged.connect(lambda _name: self._fit())

    def showPopup(self) -> None:
        """List the names in full, even if they are wider than the box."""
        widths = [self.fontMetrics().horizontalAdvance(self.itemText(row)) for row in range(self.count())]
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        margin_px = self.iconSize().width() + bar + 4 * ICON_GAP_PX
        self.view().setMinimumWidth(max(widths, default=0) + margin_px)
        super().showPopup()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the height to the name at this width."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the box like the style, and the name on as many lines as it needs."""
        painter, option = QStylePainter(self), self._option()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.setPen(self.palette().color(self.foregroundRole()))
        area = self._text_area(option)
        if not option.currentIcon.isNull():
            size = option.iconSize
            left = area.left() - ICON_GAP_PX - size.width()
            place = QRect(left, area.center().y() - size.height() // 2, size.width(), size.height())
            option.currentIcon.paint(painter, place)
        flags = LEFT | int(self._wrap(option.currentText, area.width()))
        self.style().drawItemText(
            painter, area, flags, option.palette, self.isEnabled(), option.currentText, self.foregroundRole()
        )

    def _option(self) -> QStyleOptionComboBox:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        text = self.placeholderText() if self.currentIndex() < 0 else option.currentText
        option.currentText = UNIT_OF_NUMBER.sub(WORD_JOINER, text)
        return option

    def _text_area(self, option: QStyleOptionComboBox) -> QRect:
        field = QStyle.SubControl.SC_ComboBoxEditField
        area = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self)
        icon = 0 if option.currentIcon.isNull() else option.iconSize.width() + ICON_GAP_PX
        return area.adjusted(icon + MARGIN_PX, 0, -MARGIN_PX, 0)

    def _wrap(self, text: str, width: int) -> Qt.TextFlag:
        """Wrap between words, or between letters if a word, such as a file's name, is longer than the line."""
        longest = max(map(self.fontMetrics().horizontalAdvance, text.split()), default=0)
        is_latin = text.isascii()  # Chinese ends a line anywhere
        return Qt.TextFlag.TextWrapAnywhere if is_latin and longest > width else Qt.TextFlag.TextWordWrap

    def _fit(self) -> None:
        option = self._option()
        usual, line = super().sizeHint().height(), self.fontMetrics().height()
        room = QRect(0, 0, max(self._text_area(option).width(), 1), HEIGHT_MAX)
        wrap = self._wrap(option.currentText, room.width())
        lines = self.fontMetrics().boundingRect(room, int(wrap), option.currentText).height()
        height = max(usual, usual - line + lines)
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)
