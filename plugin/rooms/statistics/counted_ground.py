"""The choice of the ground whose land use is summed: the whole layer, its divisions, a layer, a file, or a drawing."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas

from onemap.plugin.connection.layer_export import write_source
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.ground_choice import DISTRICT, GroundChoice
from onemap.plugin.desk.parcels.parcel_choice import Choice, ChoiceTexts
from onemap.plugin.words.translation import tr

DIVISIONS = ("XZQ", "CJDCQ")
VIEW = Choice(part="the map's view")
SIDE_PARTS = 100  # of each side of the view, which is straight neither in another system nor on the ellipsoid
NEAR_DEGREES, LAST_DEGREE = 3.0, 85.0  # a plane is used beyond its ground too; next to a pole no map goes


class CountedGround(GroundChoice):
    """A choice of ground whose fixed entries come from the library: all ground, and each division."""

    DRAWN = "onemap/counted_ground"

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__(library, canvas)
        library.listed.connect(self.refresh)

    def words(self) -> ChoiceTexts:
        """The texts of this choice."""
        return ChoiceTexts(
            file=tr("Add up the land in the polygons of a file"),
            draw=tr("Draw the ground: click its corners, finish with the right button or Enter"),
            drawn=tr("Ground to add up"),
            ask=tr("Ground to add up"),
            which=tr("This file has several layers. Which has the ground?"),
        )

    def fixed_entries(self) -> list[tuple[str, Choice]]:
        """All ground, and the divisions that the library holds."""
        division_layers = [
            layer for layer in self._library.layers if layer.code in DIVISIONS and layer.in_force is not None
        ]
        entries = [
            (tr("each of: {layer}").format(layer=layer.title), Choice(part=layer.code)) for layer in division_layers
        ]
        return [(tr("all that the layer covers"), DISTRICT), (tr("what the map shows"), VIEW), *entries]

    @property
    def name(self) -> str:
        """The chosen ground, as the list shows it."""
        return self.box.currentText()

    def params(self, folder: str) -> dict[str, str]:
        """The parameters of `statistics` for the chosen ground, whose file goes into a folder. Raises Refusal."""
        choice = self.choice or DISTRICT
        if choice == VIEW:
            return {"within": self._write_view(folder)}
        if choice.part and not choice.path:
            layer = next(layer for layer in self._library.layers if layer.code == choice.part)
            names = [field.name for field in layer.fields if field.name.endswith("MC")]
            return {"within": choice.part, **({"unit": names[0]} if names else {})}
        path = self.path(folder)
        return {"within": path} if path else {}

    def _write_view(self, folder: str) -> str:
        """Write the ground that the map shows, rotated like the map, in the library's plane. Raises Refusal."""
        view = self._canvas.mapSettings()
        system, plane = view.destinationCrs(), QgsCoordinateReferenceSystem(self._library.crs)
        view_ground = QgsGeometry.fromPolygonXY([[QgsPointXY(corner) for corner in view.visiblePolygon()]])
        if system.isValid():
            view_ground, system = _in_plane(view_ground, system, plane), plane
        view_ground.convertToMultiType()
        ground = QgsFeature()
        ground.setGeometry(view_ground)
        return write_source(folder, "view", QgsFields(), Qgis.WkbType.MultiPolygon, system, iter([ground])).path


def _in_plane(
    view_ground: QgsGeometry, system: QgsCoordinateReferenceSystem, plane: QgsCoordinateReferenceSystem
) -> QgsGeometry:
    """The displayed extent in a plane; if it spans half the world, only the ground near the plane's own area.

    Its sides are transformed in parts. Raises Refusal.
    """
    context = QgsProject.instance().transformContext()
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")  # in which QGIS says where a plane is used
    try:
        if not plane.bounds().isEmpty():
            world = QgsRectangle(-180, -LAST_DEGREE, 180, LAST_DEGREE)
            near = plane.bounds().buffered(NEAR_DEGREES).intersect(world)
            ground = QgsGeometry.fromRect(near).densifyByCount(SIDE_PARTS - 1)
            ground.transform(QgsCoordinateTransform(degrees, system, context))
            if not ground.contains(view_ground):
                view_ground = view_ground.intersection(ground)
        if not view_ground.isEmpty():
            view_ground = view_ground.densifyByCount(SIDE_PARTS - 1)
            view_ground.transform(QgsCoordinateTransform(system, plane, context))
    except QgsCsException:
        view_ground = QgsGeometry()
    if view_ground.isEmpty():
        raise Refusal(tr("The map shows nothing of the ground of the library. Move it there, then add up again."))
    return view_ground
