"""In which ground to search: the library's district, a layer of the map, its selection, a file, or what is drawn."""

from __future__ import annotations

from qgis.core import QgsGeometry, QgsProject, QgsProviderRegistry, QgsProviderSublayerDetails, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.layer_export import file_of_layer, write_source
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.parcels.parcel_choice import Choice, ChoiceWords, ParcelChoice
from onemap.plugin.words.translation import tr

DISTRICT = Choice()


class GroundChoice(ParcelChoice):
    """As of parcels, but the district can be chosen too, and what is drawn takes the place of what was."""

    DRAWN = "onemap/ground"

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(canvas, parent)
        # In the narrowest dock there is no room for its word beside the longer names of this form.
        self.draw_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def words(self) -> ChoiceWords:
        """What this choice is called where it is asked."""
        return ChoiceWords(
            file=tr("Search in the polygons of a file"),
            draw=tr("Draw the ground: click its corners, finish with the right button or Enter"),
            drawn=tr("Ground to search in"),
            ask=tr("Ground to search in"),
            which=tr("This file has several layers. Which has the ground?"),
        )

    def first_entries(self) -> list[tuple[str, Choice]]:
        """The district."""
        return [(tr("the district"), DISTRICT)]

    def path(self, folder: str) -> str:
        """The chosen ground as a file for the core, which is told neither layer nor system; empty: the district.

        Raises Refusal.
        """
        choice = self.choice or DISTRICT
        if choice == DISTRICT:
            return ""
        if choice.path:
            if not choice.part:
                return choice.path
            layer = QgsVectorLayer(f"{choice.path}|layername={choice.part}", choice.part, "ogr")
        else:
            layer = QgsProject.instance().mapLayer(choice.layer)
        if layer is None or not layer.isValid():
            raise Refusal(tr("“{name}” cannot be handed to the core: {reason}").format(name=choice.name, reason="–"))
        chosen = layer.selectedFeatureCount() > 0
        found = None if chosen else file_of_layer(layer)
        if found is not None and not found.crs and len(_sublayers(found.path)) == 1:
            return found.path
        features = layer.getSelectedFeatures() if chosen else layer.getFeatures()
        return write_source(folder, layer.name(), layer.fields(), layer.wkbType(), layer.crs(), features).path

    def take_drawn(self, geometry: QgsGeometry) -> None:
        """Search in what was drawn, and no longer in what was drawn before."""
        before = self._drawn_layer()
        before.dataProvider().truncate()
        super().take_drawn(geometry)


def _sublayers(path: str) -> list[QgsProviderSublayerDetails]:
    return QgsProviderRegistry.instance().querySublayers(path)
