"""The note that a background map is shifted: what a person draws or asks on it lies elsewhere."""

from __future__ import annotations

from qgis.gui import QgsMapCanvas

from onemap.plugin.desk.map.shifted_maps import shifted_layers
from onemap.plugin.widgets.buttons import embolden, show_text
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.words.translation import name_list, tr


class ShiftedMapNote(FittedLabel):
    """A line that is there while the map shows a layer in GCJ-02 or BD-09."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._canvas = canvas
        embolden(self)
        self.setContentsMargins(6, 0, 6, 0)
        canvas.layersChanged.connect(self._look)
        self._look()

    def _look(self) -> None:
        """Name the layers on the map that are shifted."""
        names = shifted_layers(self._canvas)
        text = tr(
            "Shifted by some hundred metres: {layers}. Hide it before you draw a parcel or ask what lies somewhere; "
            "天地图 is not shifted."
        )
        show_text(self, text.format(layers=name_list(names)) if names else "")
