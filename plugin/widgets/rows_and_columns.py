"""Layouts of widgets in rows and columns, and stacks of pages."""

from __future__ import annotations

from typing import Union

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QStackedWidget, QVBoxLayout, QWidget

ROOM_MARGINS_PX = (4, 6, 4, 4)
Item = Union[QWidget, QLayout]
Part = Union[Item, tuple[Item, int], int]  # with its share of the room that is left; a number is room alone


def row_of(*parts: Part, inside: QWidget | None = None, is_tight: bool = False, spacing: int = -1) -> QHBoxLayout:
    """A row of widgets and layouts.

    inside: the widget that the row fills; is_tight: without margins; spacing: between the parts, in pixels.
    """
    return _fill_box(QHBoxLayout(inside) if inside is not None else QHBoxLayout(), parts, is_tight, spacing)


def column_of(*parts: Part, inside: QWidget | None = None, is_tight: bool = False, spacing: int = -1) -> QVBoxLayout:
    """A column of widgets and layouts; arguments as for `row_of`."""
    return _fill_box(QVBoxLayout(inside) if inside is not None else QVBoxLayout(), parts, is_tight, spacing)


def fill_room(room: QWidget, *parts: Part) -> None:
    """Lay out a room of the dock, with the margins that all rooms have."""
    column_of(*parts, inside=room).setContentsMargins(*ROOM_MARGINS_PX)


def widgets_in(layout: QLayout) -> list[QWidget]:
    """The widgets of a layout, in their order."""
    return [layout.itemAt(number).widget() for number in range(layout.count())]


def _fill_box(box: QBoxLayout, parts: tuple[Part, ...], is_tight: bool, spacing: int) -> QBoxLayout:
    if is_tight:
        box.setContentsMargins(0, 0, 0, 0)
    if spacing >= 0:  # else the style's
        box.setSpacing(spacing)
    for part in parts:
        item, share = part if isinstance(part, tuple) else (part, 0)
        if isinstance(item, int):
            box.addStretch(item)
        elif isinstance(item, QWidget):
            box.addWidget(item, share)
        else:
            box.addLayout(item, share)
    return box


class Pages(QStackedWidget):
    """A stack as high as its current page. Qt's own is as high as its highest page, so a short page would scroll."""

    def __init__(self, *pages: QWidget) -> None:
        super().__init__()
        for page in pages:
            self.addWidget(page)
        self.currentChanged.connect(lambda _page: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        """The width of the widest page, the height of the current one."""
        page = self.currentWidget()
        return self._as_high_as(super().minimumSizeHint(), page.minimumSizeHint() if page is not None else None)

    def sizeHint(self) -> QSize:
        """The width of the widest page, the height of the current one."""
        page = self.currentWidget()
        return self._as_high_as(super().sizeHint(), page.sizeHint() if page is not None else None)

    def hasHeightForWidth(self) -> bool:
        """Return False: for one wrapping sentence, Qt would give a tab the preferred height of its lists."""
        return False

    @staticmethod
    def _as_high_as(size: QSize, page_size: QSize | None) -> QSize:
        return size if page_size is None else QSize(size.width(), page_size.height())
