"""Parcels of a part of a layer keep the names that a check of the whole layer gives them."""

import pytest
from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.desk.parcels.parcel_export import export_parcels, export_some_parcels, has_names
from onemap.tests.plugin.small_town import box, write_layer

NOTES = ("a", "b", "c")


def layer_of(path, *fields):
    """A layer of three squares, each with its note; further fields hold the note too."""
    rows = [(box(100 * place, 0, 50, 50), *[note] * (1 + len(fields))) for place, note in enumerate(NOTES)]
    return QgsVectorLayer(write_layer(path, ["note", *fields], rows), "squares", "ogr")


@pytest.fixture
def nameless(tmp_path):
    return layer_of(tmp_path / "nameless.gpkg")


def names_in(source):
    """The note of each parcel of a file, by its name."""
    layer = QgsVectorLayer(f"{source.path}|layername={source.layer}", "x", "ogr")
    assert layer.isValid()
    return {one["parcel"]: one["note"] for one in layer.getFeatures()}


def test_a_layer_is_given_as_its_file(nameless, tmp_path):
    assert export_parcels(nameless, False, str(tmp_path)) == SourceFile(str(tmp_path / "nameless.gpkg"))


def test_a_selection_keeps_the_places_of_its_parcels_in_the_layer(nameless, tmp_path):
    nameless.selectByIds([2, 3])
    assert names_in(export_parcels(nameless, True, str(tmp_path))) == {"2": "b", "3": "c"}


def test_places_outlast_edits_that_are_not_saved(nameless, tmp_path):
    """The first is deleted and a fourth and fifth are drawn: b and c stay the second and third."""
    nameless.startEditing()
    nameless.deleteFeature(1)
    for note in ("d", "e"):
        feature = QgsFeature(nameless.fields())
        feature["note"] = note
        feature.setGeometry(QgsGeometry.fromWkt(box(900, 0, 50, 50)))
        nameless.addFeature(feature)
    ids = {one["note"]: one.id() for one in nameless.getFeatures()}
    for part in ("some", "all"):
        (tmp_path / part).mkdir()
    some = export_some_parcels(nameless, [ids["c"], ids["e"]], str(tmp_path / "some"))
    assert names_in(some) == {"3": "c", "5": "e"}
    everything = export_parcels(nameless, False, str(tmp_path / "all"))
    assert names_in(everything) == {"2": "b", "3": "c", "4": "d", "5": "e"}
    nameless.rollBack()


def test_what_a_filter_leaves_has_the_places_of_the_whole_file(nameless, tmp_path):
    nameless.setSubsetString("note <> 'a'")
    assert names_in(export_parcels(nameless, False, str(tmp_path))) == {"2": "b", "3": "c"}
    nameless.selectByIds([3])
    (tmp_path / "selection").mkdir()
    assert names_in(export_parcels(nameless, True, str(tmp_path / "selection"))) == {"3": "c"}


@pytest.mark.parametrize("field", ["DKBH", "bsm"])
def test_parcels_that_have_names_keep_them(tmp_path, field):
    named = layer_of(tmp_path / "named.gpkg", field)
    assert has_names(named.fields())
    (tmp_path / "out").mkdir()
    source = export_some_parcels(named, [2], str(tmp_path / "out"))
    (feature,) = QgsVectorLayer(f"{source.path}|layername={source.layer}", "x", "ogr").getFeatures()
    assert feature[field] == "b" and feature.fields().indexOf("parcel") < 0
