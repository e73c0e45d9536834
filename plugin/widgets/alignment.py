"""The sides of a cell, as models and items of tables take them: words stand on the left, figures on the right."""

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHeaderView

LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def lay_headings_left(header: QHeaderView) -> None:
    """Begin all headings of a table where its words begin."""
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
