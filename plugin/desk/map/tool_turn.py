"""Taking the map for a tool: a tool that takes the map from QGIS gives it back to QGIS's own tool."""

from __future__ import annotations

import contextlib

from qgis.gui import QgsMapCanvas, QgsMapTool
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAbstractButton

_TOOL_OF_QGIS = "tool_of_qgis"


def take_map(canvas: QgsMapCanvas, tool: QgsMapTool) -> None:
    """Give the map to a tool of One Map. A tool of One Map that has it ends, and will not get it back."""
    before = canvas.mapTool()
    setattr(tool, _TOOL_OF_QGIS, getattr(before, _TOOL_OF_QGIS, before))
    canvas.setMapTool(tool)


def return_map(canvas: QgsMapCanvas, tool: QgsMapTool) -> None:
    """Give the map back to the tool of QGIS that had it before, unless another tool has taken it since."""
    if canvas.mapTool() is not tool:
        return
    canvas.unsetMapTool(tool)
    before = getattr(tool, _TOOL_OF_QGIS, None)
    if before is not None:
        with contextlib.suppress(RuntimeError):  # of another plugin, which has deleted it meanwhile
            canvas.setMapTool(before)


class ToolTurn(QObject):
    """A map tool, and the button that stays pressed while the tool has the map."""

    def __init__(self, canvas: QgsMapCanvas, tool: QgsMapTool, button: QAbstractButton) -> None:
        super().__init__(button)
        self._canvas, self._tool, self._button = canvas, tool, button
        canvas.mapToolSet.connect(self._release_button)

    def pass_to(self, is_on: bool) -> None:
        """Give the map and the keyboard to the tool, or give the map back."""
        if is_on:
            take_map(self._canvas, self._tool)
            self._canvas.setFocus()
        else:
            return_map(self._canvas, self._tool)

    def close_down(self) -> None:
        """Take the tool off the map for good."""
        self._canvas.mapToolSet.disconnect(self._release_button)
        self._canvas.unsetMapTool(self._tool)

    def _release_button(self, tool: QgsMapTool | None, _before: QgsMapTool | None = None) -> None:
        if tool is not self._tool:
            self._button.setChecked(False)
