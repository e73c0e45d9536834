"""Parts of a dialog or a page that scroll up and down where it is low."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QWidget


def scroll_area(content: QWidget, kind: type[QScrollArea] = QScrollArea, is_wide: bool = False) -> QScrollArea:
    """An area without a frame, whose content is as wide as the area.

    kind: in QGIS's own the wheel scrolls, whatever field is under the pointer.
    is_wide: what cannot be so narrow scrolls sideways, too.
    """
    area = kind()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    if not is_wide:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area
