"""How high a row of two lines is: Qt measures the first font alone, and would cut the second line of mixed scripts."""

from __future__ import annotations

from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QFontMetrics

_LINE = "国Ag"
_MARGIN_PX = 6


def row_size(metrics: QFontMetrics, texts: tuple[str, ...]) -> QSize:
    """The least size of a row with these texts in its columns, each of one line or more."""
    lines = max(text.count("\n") for text in texts) + 1
    return QSize(0, metrics.size(0, "\n".join([_LINE] * lines)).height() + _MARGIN_PX * (lines - 1))
