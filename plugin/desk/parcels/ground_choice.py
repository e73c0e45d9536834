"""The choice of the ground to search: the library's district, a map layer, its selection, a file, or a drawing."""

from __future__ import annotations

from qgis.core import QgsProviderRegistry, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt

from onemap.plugin.connection.layer_export import file_of_layer, write_layer
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.parcel_choice import Choice, ChoiceTexts, ParcelChoice
from onemap.plugin.words.translation import tr

DISTRICT = Choice()


class GroundChoice(ParcelChoice):
    """A choice of parcels that also offers the district; a new drawing replaces the one before."""

    DRAWN = "onemap/ground"
    TAKES_LINES = False
    IS_ALONE = True

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__(library, canvas)
        # In the narrowest dock its text does not fit beside the longer names of this form.
        self.draw_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)

    def words(self) -> ChoiceTexts:
        """The texts of this choice."""
        return ChoiceTexts(
            file=tr("Search in the polygons of a file"),
            draw=tr("Draw the ground: click its corners, finish with the right button or Enter"),
            drawn=tr("Ground to search in"),
            ask=tr("Ground to search in"),
            which=tr("This file has several layers. Which has the ground?"),
        )

    def fixed_entries(self) -> list[tuple[str, Choice]]:
        """The district."""
        return [(tr("the district"), DISTRICT)]

    def path(self, folder: str) -> str:
        """The chosen ground as a file with one layer and a coordinate system; empty: the district. Raises Refusal."""
        choice = self.choice or DISTRICT
        if choice == DISTRICT:
            return ""
        if choice.path:
            if not choice.part:
                return choice.path
            layer = QgsVectorLayer(choice.file_uri, choice.part, "ogr")
        else:
            layer = choice.map_layer
        if layer is None or not layer.isValid():
            raise Refusal(tr("“{name}” cannot be handed to the core: {reason}").format(name=choice.name, reason="–"))
        has_selection = layer.selectedFeatureCount() > 0
        file = None if has_selection else file_of_layer(layer)
        if file is not None and not file.crs and len(QgsProviderRegistry.instance().querySublayers(file.path)) == 1:
            return file.path
        return write_layer(layer, has_selection, folder).path
