"""Layers that leave the map disappear with their labels, whether the map is being drawn or not."""

import pytest
from qgis.core import (
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsPalLayerSettings,
    QgsProject,
    QgsSingleSymbolRenderer,
    QgsTextFormat,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)
from qgis.gui import QgsLayerTreeMapCanvasBridge
from qgis.PyQt.QtGui import QColor

from onemap.plugin.desk.map.map_groups import remove_layer
from onemap.plugin.desk.map.removed_layers import RemovedLayers
from onemap.tests.plugin.small_town import CRS, box, wait_for


def filled_layer(colour, label_colour, count):
    """A layer that fills the map, in many pieces if drawing it is to take a while, with a label in its middle."""
    layer = QgsVectorLayer(f"Polygon?crs={CRS}", colour, "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(box(-500, -500, 5000, 5000)))
    layer.dataProvider().addFeatures([QgsFeature(feature) for _piece in range(count)])
    symbol = QgsFillSymbol.createSimple({"color": colour, "outline_style": "no"})
    layer.setRenderer(QgsSingleSymbolRenderer(symbol))
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = "if(@id = 1, '████████', '')", True
    look = QgsTextFormat()
    look.setColor(QColor(label_colour))
    settings.setFormat(look)
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    return layer


@pytest.mark.parametrize("is_drawing", [False, True])
def test_a_layer_that_leaves_the_map_leaves_the_picture_too(canvas, is_drawing):
    canvas.setCachingEnabled(True)
    canvas.setParallelRenderingEnabled(True)
    bridge = QgsLayerTreeMapCanvasBridge(QgsProject.instance().layerTreeRoot(), canvas)
    removals = RemovedLayers(canvas)
    ground, layer = filled_layer("#00ff00", "#00ff00", 3000), filled_layer("#ff0000", "#0000ff", 1)
    QgsProject.instance().addMapLayers([layer, ground])
    canvas.show()

    def colours():
        picture = canvas.grab().toImage()
        return {picture.pixelColor(x, y).name() for x in range(150, 450, 4) for y in range(50, 350, 4)}  # its middle

    wait_for(lambda: "#ff0000" in colours() and not canvas.isDrawing())
    assert "#0000ff" in colours()  # its label

    def begins_to_draw():
        """A drawing may be over before anybody has looked: then it is begun again."""
        if not canvas.isDrawing():
            ground.triggerRepaint()
        return canvas.isDrawing()

    if is_drawing:
        wait_for(begins_to_draw)
    remove_layer(layer)
    wait_for(lambda: colours() == {"#00ff00"}, 20_000)
    removals.close_down()
    canvas.hide()
    del bridge
