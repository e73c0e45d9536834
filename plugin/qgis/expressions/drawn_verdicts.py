"""The map layers drawn with the expression functions; they are drawn again when the functions' answers change."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsMapLayer, QgsProject, QgsReadWriteContext, QgsVectorLayer
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.connection.task import one_shot_timer

LATER_MS = 50  # a library that is opened changes its day and its rules in one go
DRAWN_PARTS = (
    QgsMapLayer.StyleCategory.Symbology | QgsMapLayer.StyleCategory.Labeling | QgsMapLayer.StyleCategory.Diagrams
)


class DrawnVerdicts(QObject):
    """Repaints the layers whose symbols, labels, diagrams or virtual fields call certain functions.

    names: of the functions.
    """

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._later = one_shot_timer(self, LATER_MS, self._repaint)

    def draw_again(self) -> None:
        """Draw the layers again soon; several calls in a row draw them once."""
        self._later.start()

    def close_down(self) -> None:
        """Draw nothing again any more."""
        self._later.stop()

    def _repaint(self) -> None:
        layers = [one for one in QgsProject.instance().mapLayers().values() if isinstance(one, QgsVectorLayer)]
        callers = {layer.id() for layer in layers if self._names_a_function(layer)}
        for layer in layers:
            if layer.id() in callers or any(join.joinLayerId() in callers for join in layer.vectorJoins()):
                layer.triggerRepaint()  # which also forgets its picture in the canvas's cache

    def _names_a_function(self, layer: QgsVectorLayer) -> bool:
        style = QDomDocument()
        layer.exportNamedStyle(style, QgsReadWriteContext(), DRAWN_PARTS)
        texts = [style.toString(), *(layer.expressionField(index) for index in range(layer.fields().count()))]
        return any(name in text.lower() for text in texts for name in self._names)
