"""The order in which Tab goes through the controls of a room."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.PyQt.QtWidgets import QSlider, QWidget

from onemap.plugin.widgets.accessible_names import CONTROLS


def controls_of(row: QWidget) -> list[QWidget]:
    """The controls of a row that take the focus, in the order in which they were added."""
    controls = [row, *row.findChildren(QWidget)]
    return [one for one in controls if isinstance(one, (*CONTROLS, QSlider)) and not isinstance(one.parent(), CONTROLS)]


def order_keys(controls: Iterable[QWidget], window: QWidget) -> None:
    """Make Tab go from each control to the next; controls in other windows are left out."""
    order = [one for one in controls if one.window() is window]
    for before, after in zip(order, order[1:]):
        QWidget.setTabOrder(before, after)
