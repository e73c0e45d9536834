"""The problems of a delivery on the map: styled layers above the delivered layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsProject,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)

from onemap.plugin.desk.map.layer_styles import symbol_of
from onemap.plugin.desk.map.map_groups import give_name, put_in
from onemap.plugin.words.core_words import layer_title
from onemap.plugin.words.translation import tr

TABLES = ("finding_areas", "finding_lines", "finding_points")  # of the core's file, from below
PROPERTY_PROOF = "onemap/proof"  # on the group, and on the layers of findings
DELIVERED = {"stroke": "#404040", "stroke_mm": 0.3}


class FindingGrounds:
    """The ground of each problem, by the problem's number in the report."""

    def __init__(self, path: str) -> None:
        """Read the file that the core wrote. May run in any thread."""
        self.path = path
        self.grounds: dict[int, QgsGeometry] = {}
        self.crs = QgsCoordinateReferenceSystem()
        for table in TABLES:
            layer = QgsVectorLayer(f"{path}|layername={table}", table, "ogr")
            if layer.isValid():
                self.crs = layer.crs()
                number = layer.fields().indexOf("number")
                for feature in layer.getFeatures():
                    self.grounds[int(feature.attributes()[number])] = QgsGeometry(feature.geometry())


class ProofMap:
    """The layers of the last proof on the map, if there is one."""

    def __init__(self) -> None:
        self._delivered_layers: dict[tuple[str, str], str] = {}  # ids of layers by file and name

    def show(self, path: str, name: str, layers: list[dict[str, Any]], layer_codes: set[str]) -> None:
        """Show the problems that have a geometry.

        layers: of the core's answer; layer_codes: the codes of layers with a problem, which are shown below the
        problems.
        """
        group = self._group(name)
        for node in list(group.children()):
            layer = node.layer() if hasattr(node, "layer") else None
            if layer is not None and layer.customProperty(PROPERTY_PROOF):
                QgsProject.instance().removeMapLayer(layer.id())
        for one in reversed(layers):
            if one["code"] in layer_codes:
                self._show_delivered(group, one)
        titles = {
            "finding_points": tr("Problems (points)"),
            "finding_lines": tr("Problems (lines)"),
            "finding_areas": tr("Problems (areas)"),
        }
        for table in TABLES:
            layer = QgsVectorLayer(f"{path}|layername={table}", titles[table], "ogr")
            if layer.isValid() and layer.featureCount():
                layer.setCustomProperty(PROPERTY_PROOF, table)
                layer.setReadOnly(True)
                put_in(group, layer)

    def unsaved_layers(self) -> list[str]:
        """The names of delivered layers with unsaved changes, which a proof does not see yet."""
        layers = map(QgsProject.instance().mapLayer, self._delivered_layers.values())
        return [layer.name() for layer in layers if layer is not None and layer.isEditable() and layer.isModified()]

    def refresh(self) -> None:
        """Draw the delivered layers as they are now."""
        for layer in map(QgsProject.instance().mapLayer, self._delivered_layers.values()):
            if layer is not None and not layer.isEditable():
                layer.dataProvider().reloadData()
                layer.triggerRepaint()

    def remove(self) -> None:
        """Remove all its layers from the map, except those that are being edited."""
        for group in _groups():
            for node in list(group.findLayers()):
                layer = node.layer()
                if layer is not None and not (layer.isEditable() and layer.isModified()):
                    QgsProject.instance().removeMapLayer(layer.id())
            if not group.children():
                group.parent().removeChildNode(group)
        self._delivered_layers.clear()

    def _group(self, name: str) -> QgsLayerTreeGroup:
        title = tr("Proof of {delivery}").format(delivery=name)
        for group in _groups():
            return group
        group = QgsProject.instance().layerTreeRoot().insertGroup(0, title)
        give_name(group, title)
        group.setCustomProperty(PROPERTY_PROOF, name)
        return group

    def _show_delivered(self, group: QgsLayerTreeGroup, one: dict[str, Any]) -> None:
        """Show a delivered layer below the problems, unless it is on the map already."""
        place = (one["file"], one["name"])
        if (
            QgsProject.instance().mapLayer(self._delivered_layers.get(place, "")) is not None
            or not Path(place[0]).exists()
        ):
            return
        layer = QgsVectorLayer(f"{place[0]}|layername={place[1]}", layer_title(one["code"]), "ogr")
        if not layer.isValid() or layer.geometryType() == Qgis.GeometryType.Null:
            return
        layer.setRenderer(QgsSingleSymbolRenderer(symbol_of(DELIVERED, layer.geometryType())))
        put_in(group, layer).setExpanded(False)
        self._delivered_layers[place] = layer.id()


def _groups() -> list[QgsLayerTreeGroup]:
    """The groups of proofs in the layer tree: one, besides those of a project that was opened."""
    try:
        nodes = QgsProject.instance().layerTreeRoot().findGroups()
        return [node for node in nodes if isinstance(node, QgsLayerTreeGroup) and node.customProperty(PROPERTY_PROOF)]
    except RuntimeError:  # QGIS takes all down
        return []
