"""Pages that take turns in one place, which is as high as the one that is shown needs."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtWidgets import QStackedWidget, QWidget


class Pages(QStackedWidget):
    """A stack of pages; Qt's own is as high as its highest, so that a room with one sentence in it scrolls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(lambda _page: self.updateGeometry())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the widest, as high as the one that is shown."""
        shown = self.currentWidget()
        return self._as_high_as(super().minimumSizeHint(), shown.minimumSizeHint() if shown is not None else None)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the widest, as high as the one that is shown."""
        shown = self.currentWidget()
        return self._as_high_as(super().sizeHint(), shown.sizeHint() if shown is not None else None)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """No: for the sake of one sentence that wraps, a room would be as high as its lists would like to be."""
        return False

    @staticmethod
    def _as_high_as(size: QSize, shown: QSize | None) -> QSize:
        return size if shown is None else QSize(size.width(), shown.height())
