"""The measures on the map: they are beside the labels of the map's own layers, on their ground."""

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsPalLayerSettings,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerSimpleLabeling,
)

from onemap.plugin.connection.row_records import record_of
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.desk.results.results import PIECE_TABLES, Finding, RunTables
from onemap.tests.plugin.small_town import CRS, box, write_layer


@pytest.fixture
def named_ground(canvas):
    """A map with one layer, whose label is in the middle of its ground."""
    layer = QgsVectorLayer(f"Polygon?crs={CRS}", "ground", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(box(0, 0, 200, 200)))
    layer.dataProvider().addFeatures([feature])
    settings = QgsPalLayerSettings()
    settings.fieldName, settings.isExpression = "'Parks and green space'", True
    layer.setLabeling(QgsVectorLayerSimpleLabeling(settings))
    layer.setLabelsEnabled(True)
    QgsProject.instance().addMapLayer(layer)
    canvas.resize(600, 600)
    canvas.setDestinationCrs(layer.crs())
    canvas.setLayers([layer])
    return layer


def test_a_measure_stands_beside_the_label_of_the_map_and_on_its_ground(canvas, named_ground):
    ground = next(named_ground.getFeatures()).geometry()
    highlight = Highlight(canvas)
    highlight.show_grounds(ground, [(ground, "clear", "1.3 m west")], QgsCoordinateReferenceSystem(CRS))
    canvas.waitWhileRendering()
    labels = canvas.scene().items()[0]  # on top of all
    (name_box,) = labels._map_label_boxes()
    ((measure_box, text),) = labels.boxes()
    middle = labels.toCanvasCoordinates(ground.pointOnSurface().asPoint()) - labels.pos()
    assert text == "1.3 m west" and name_box.contains(middle)
    assert not measure_box.intersects(name_box)
    assert abs(measure_box.center().y() - middle.y()) < 4 * measure_box.height()
    highlight.clear()
    assert highlight.labels == []


def test_the_pieces_of_a_parcel_are_found_whatever_signs_are_in_its_name(tmp_path):
    path, name = tmp_path / "run.gpkg", r"A\n1 'new'"
    columns = ["parcel", "rule", "feature", "area_m2", "length_m", "distance_m", "counted"]
    for table in PIECE_TABLES:
        write_layer(path, columns, [(box(0, 0, 10, 10), name, "r", table, None, None, None, None)], layer=table)
    finding = record_of(Finding, {"parcel": name, "rule": "r"})
    assert [piece.feature for piece in RunTables(str(path)).pieces(finding)] == list(PIECE_TABLES)
