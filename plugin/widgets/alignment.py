"""The alignment of cells, for models and items of tables: words on the left, figures on the right."""

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHeaderView

LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def lay_headings_left(header: QHeaderView) -> None:
    """Align all headings of a table left, where its words begin."""
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
