"""The file that the core reads: the user's own if it has everything, else an export."""

import json

import pytest
from qgis.core import QgsField, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QMetaType

from onemap.plugin.connection.layer_export import SourceFile, export_layer, file_of_layer, file_of_path
from onemap.plugin.desk.parcels.parcel_choice import _layers_of_parcels
from onemap.tests.plugin.small_town import box, line, write_layer


@pytest.fixture
def shapefile(tmp_path):
    path = write_layer(tmp_path / "地块.shp", ["DKBH"], [(box(0, 0, 1, 1), "甲")], driver="ESRI Shapefile")
    return QgsVectorLayer(path, "parcels", "ogr")


def attributes(source):
    layer = QgsVectorLayer(f"{source.path}|layername={source.layer}", "x", "ogr")
    assert layer.isValid()
    return [dict(zip(layer.fields().names(), feature.attributes(), strict=True)) for feature in layer.getFeatures()]


def test_a_shapefile_is_given_as_it_is_so_that_the_core_judges_its_encoding(shapefile):
    assert file_of_layer(shapefile) == SourceFile(shapefile.source())


def test_a_layer_of_a_geopackage_is_given_with_its_name(town):
    layer = QgsVectorLayer(f"{town / 'parcels.gpkg'}|layername=parcels", "x", "ogr")
    assert file_of_layer(layer) == SourceFile(str(town / "parcels.gpkg"), "parcels")


def test_a_path_as_qgis_writes_it_is_taken_apart():
    assert file_of_path("/a/b.gpkg|layername=c") == SourceFile("/a/b.gpkg", "c")
    assert file_of_path("/a/红线.txt") == SourceFile("/a/红线.txt", "")


def test_what_is_filtered_joined_or_edited_in_qgis_is_exported(town, tmp_path):
    layer = QgsVectorLayer(f"{town / 'parcels.gpkg'}|layername=parcels", "x", "ogr")
    layer.setSubsetString("\"DKBH\" = 'B'")
    assert file_of_layer(layer) is None
    assert [row["DKBH"] for row in attributes(export_layer(layer, False, str(tmp_path)))] == ["B"]
    layer.setSubsetString("")
    layer.addExpressionField("'x'", QgsField("computed", QMetaType.Type.QString))
    assert file_of_layer(layer) is None
    second = tmp_path / "second"
    second.mkdir()
    assert attributes(export_layer(layer, False, str(second)))[0]["computed"] == "x"


def test_a_selection_is_exported_with_all_its_attributes(shapefile, tmp_path):
    shapefile.selectAll()
    source = export_layer(shapefile, True, str(tmp_path))
    assert [row["DKBH"] for row in attributes(source)] == ["甲"]


def test_a_field_called_fid_stays_an_ordinary_field(tmp_path):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4547&field=fid:string&field=name:string", "with fid", "memory")
    from qgis.core import QgsFeature, QgsGeometry

    for name in ("a", "b"):
        feature = QgsFeature(layer.fields())
        feature.setAttributes(["same", name])
        feature.setGeometry(QgsGeometry.fromWkt(box(0, 0, 1, 1)))
        layer.dataProvider().addFeatures([feature])
    rows = attributes(export_layer(layer, False, str(tmp_path)))
    assert [(row["fid"], row["name"]) for row in rows] == [("same", "a"), ("same", "b")]


def test_the_coordinate_system_that_qgis_was_told_goes_along(tmp_path):
    path = write_layer(tmp_path / "lost.shp", ["DKBH"], [(box(0, 0, 1, 1), "A")], crs=None, driver="ESRI Shapefile")
    layer = QgsVectorLayer(path, "lost", "ogr")
    assert file_of_layer(layer).crs == ""
    layer.setCrs(QgsProject.instance().crs().fromEpsgId(4547))
    assert file_of_layer(layer).crs == "EPSG:4547"


def test_a_system_that_qgis_was_told_instead_of_the_file_s_goes_along(shapefile):
    assert shapefile.dataProvider().crs().authid() == "EPSG:4547" and file_of_layer(shapefile).crs == ""
    shapefile.setCrs(QgsProject.instance().crs().fromEpsgId(4548))
    assert file_of_layer(shapefile).crs == "EPSG:4548"
    other = (
        QgsProject.instance().crs().fromProj("+proj=tmerc +lat_0=0 +lon_0=114.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80")
    )
    shapefile.setCrs(other)
    assert file_of_layer(shapefile).crs == other.toWkt()


def test_layers_of_a_file_that_may_be_parcels_are_known_by_name(town, tmp_path):
    assert _layers_of_parcels(str(town / "parcels.gpkg"), takes_lines=False) == ["parcels"]
    path = tmp_path / "route.gpkg"
    write_layer(path, ["A"], [(line((0, 0), (9, 9)), "L")])
    assert _layers_of_parcels(str(path), takes_lines=True) == ["route"]
    assert _layers_of_parcels(str(path), takes_lines=False) == []


def test_a_layer_of_one_kind_of_geometry_in_a_mixed_file_is_exported(tmp_path):
    square = {"type": "Polygon", "coordinates": [[[110, 30], [111, 30], [111, 31], [110, 30]]]}
    shapes = [{"type": "Point", "coordinates": [110, 30]}, square]
    features = [{"type": "Feature", "properties": {"n": n}, "geometry": shape} for n, shape in enumerate(shapes)]
    path = tmp_path / "mixed.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    layer = QgsVectorLayer(f"{path}|geometrytype=Polygon", "mixed", "ogr")
    assert layer.featureCount() == 1 and file_of_layer(layer) is None
    assert [row["n"] for row in attributes(export_layer(layer, False, str(tmp_path)))] == [1]
