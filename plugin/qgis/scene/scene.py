"""The library in QGIS's 3D view: terrain from the elevation model, volumes by height, height limits as surfaces.

resources/styles/scene.json says which layer is shown by which field. Nothing is computed: a plot without a permitted
height has no volume.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    Qgis,
    QgsAbstract3DSymbol,
    QgsLayerTreeNode,
    QgsMapLayer,
    QgsProject,
    QgsProperty,
    QgsPropertyCollection,
    QgsRasterDemTerrainProvider,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QApplication, QDialog, QDockWidget

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import groups_in, remove_layer, switch_layer
from onemap.plugin.desk.map.map_layers import layer_on_map, put_on_map
from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.words.translation import tr

PITCH_DEG, NEARER = 55.0, 0.8  # from the vertical; of the distance from which QGIS shows all


@dataclass(frozen=True)
class Scene:
    """The content of the view: the terrain, and the layers with a 3D style; missing ones by title.

    lent: layers added to the map and nodes switched on for the view, until it is closed.
    """

    terrain: QgsRasterLayer | None
    layers: list[QgsVectorLayer]
    missing: list[str]
    lent: list[str | QgsLayerTreeNode]


def missing_view() -> str:
    """The reason why this QGIS has no 3D view; empty if it has one."""
    try:
        import qgis._3d  # noqa: F401
    except ImportError:
        return tr("This QGIS has no 3D view: it was built without it.")
    return ""


def prepare_scene(library: OpenLibrary) -> Scene:
    """Show the layers of the scene on the map, and give each its 3D style.

    The elevation model becomes the project's terrain, so that every 3D view of the project stands on it. A layer
    without the field of its heights counts as missing.
    """
    looks = json.loads((RESOURCES / "styles" / "scene.json").read_text(encoding="utf-8"))
    missing: list[str] = []
    lent: list[str | QgsLayerTreeNode] = []
    before = set(QgsProject.instance().mapLayers())
    codes_on_map = {entry.code for entry in library.layers if entry.in_force and layer_on_map(library, entry.in_force)}
    terrain = _on_map(library, looks["terrain"], missing)
    if terrain is not None and looks["terrain"] not in codes_on_map:
        switch_layer(terrain, False)  # the ground has its shape, and the map's own colours
    if isinstance(terrain, QgsRasterLayer):
        provider = QgsRasterDemTerrainProvider()
        provider.setLayer(terrain)
        QgsProject.instance().elevationProperties().setTerrainProvider(provider)
    layers = []
    for look, is_surface in [*((one, False) for one in looks["volumes"]), *((one, True) for one in looks["surfaces"])]:
        layer = _on_map(library, look["code"], missing)
        if not isinstance(layer, QgsVectorLayer):
            continue
        if layer.fields().lookupField(look["height"]) < 0:
            missing.append(layer.name())
            continue
        layer.setRenderer3D(_renderer(layer, look, is_surface))
        layers.append(layer)
        # A view shows what the map shows, and a theme may have switched the layer off.
        lent += _nodes_off(QgsProject.instance().layerTreeRoot().findLayer(layer.id()))
        switch_layer(layer, True, with_groups=True)
    lent += set(QgsProject.instance().mapLayers()) - before
    return Scene(terrain if isinstance(terrain, QgsRasterLayer) else None, layers, missing, lent)


def give_back(lent: Iterable[str | QgsLayerTreeNode]) -> None:
    """Restore the flat map after a view: remove layers added for it, and switch off what was off before."""
    root = QgsProject.instance().layerTreeRoot()
    there = [*root.findLayers(), *groups_in(root)]
    for one in lent:
        if isinstance(one, str):
            layer = QgsProject.instance().mapLayer(one)
            if layer is not None:
                remove_layer(layer)
        elif one in there:  # else it was removed meanwhile
            one.setItemVisibilityChecked(False)


def _nodes_off(node: QgsLayerTreeNode | None) -> list[QgsLayerTreeNode]:
    """The switched-off nodes among a node of the layer tree and those above it."""
    nodes = []
    while node is not None:
        nodes += [] if node.itemVisibilityChecked() else [node]
        node = node.parent()
    return nodes


def look_aslant(view: Any) -> None:
    """Tilt a new view, so that heights are seen at once. view: None if QGIS gives none."""
    camera = view.cameraController() if hasattr(view, "cameraController") else None
    if camera is not None:
        camera.setLookingAtPoint(camera.lookingAtPoint(), NEARER * camera.distance(), PITCH_DEG, camera.yaw())


def show_view(name: str) -> bool:
    """Bring an open 3D view to the front; False if no view of that name is open."""
    for window in QApplication.allWidgets():
        if isinstance(window, (QDialog, QDockWidget)) and window.windowTitle() == name and not window.isHidden():
            window.show()
            window.raise_()
            window.activateWindow()
            return True
    return False


def height_expression(field: str) -> str:
    """An expression for the first number in a field, in metres, such as 60 in "≤60m"; null if there is none."""
    return f"to_real(regexp_substr(to_string(\"{field}\"), '([0-9]+\\\\.?[0-9]*)'))"


def _on_map(library: OpenLibrary, code: str, missing: list[str]) -> QgsMapLayer | None:
    """A layer's version in force on the map; if there is none to show, None, and its title is added to `missing`."""
    entry = library.entry(code)
    version = entry.in_force if entry is not None else None
    if entry is not None and version is not None:
        layer = layer_on_map(library, version) or put_on_map(library, entry, version, follows_day=True)
        if layer.isValid():
            return layer
    missing.append(entry.title if entry is not None else code)
    return None


def _renderer(layer: QgsVectorLayer, look: dict[str, Any], is_surface: bool) -> Any:
    """Draw polygons as volumes on the terrain up to their height, or as surfaces at a height above sea level."""
    from qgis._3d import QgsPolygon3DSymbol, QgsVectorLayer3DRenderer

    colour = QColor(look["colour"])
    material = _material()
    material.setDiffuse(colour)
    # A surface is seen from above and from below: it has its colour whichever side the light falls on.
    material.setAmbient(colour if is_surface else colour.darker(150))
    material.setOpacity(float(look["opacity"]))
    height = QgsProperty.fromExpression(f"coalesce({height_expression(look['height'])}, 0)")
    properties = QgsPropertyCollection()
    symbol = QgsPolygon3DSymbol()
    symbol.setMaterialSettings(material)
    if is_surface:
        symbol.setAltitudeClamping(Qgis.AltitudeClamping.Absolute)
        symbol.setEdgesEnabled(True)
        symbol.setEdgeColor(colour)
        properties.setProperty(QgsAbstract3DSymbol.Property.PropertyHeight, height)
    else:
        symbol.setAltitudeClamping(Qgis.AltitudeClamping.Terrain)
        properties.setProperty(QgsAbstract3DSymbol.Property.PropertyExtrusionHeight, height)
    symbol.setDataDefinedProperties(properties)
    renderer = QgsVectorLayer3DRenderer(symbol)
    renderer.setLayer(layer)
    return renderer


def _material() -> Any:
    """A material that reacts to light; its class is in another module in QGIS 4."""
    try:
        from qgis.core import QgsPhongMaterialSettings
    except ImportError:
        from qgis._3d import QgsPhongMaterialSettings
    return QgsPhongMaterialSettings()
