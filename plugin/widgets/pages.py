"""A stack of pages that is as high as the current page needs."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtWidgets import QStackedWidget, QWidget


class Pages(QStackedWidget):
    """A stack of pages. Qt's own stack is as high as its highest page, so that a tab with one sentence would scroll."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(lambda _page: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest page, as high as the current one."""
        page = self.currentWidget()
        return self._as_high_as(super().minimumSizeHint(), page.minimumSizeHint() if page is not None else None)

    def sizeHint(self) -> QSize:
        """As wide as the widest page, as high as the current one."""
        page = self.currentWidget()
        return self._as_high_as(super().sizeHint(), page.sizeHint() if page is not None else None)

    def hasHeightForWidth(self) -> bool:
        """No: for one sentence that wraps, Qt would give a tab the height that its lists would like."""
        return False

    @staticmethod
    def _as_high_as(size: QSize, page_size: QSize | None) -> QSize:
        return size if page_size is None else QSize(size.width(), page_size.height())
