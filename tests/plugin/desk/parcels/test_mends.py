"""Refusals in the dock name controls, not options, and have a button if a click can mend them."""

import os
import re
import tomllib
import zipfile

import pytest
from osgeo import gdal, ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QInputDialog

from onemap.plugin.desk.parcels.parcel_choice import Choice
from onemap.plugin.profile import settings
from onemap.plugin.words.option_names import add_controls, dock_controls, name_controls
from onemap.tests.plugin.small_town import CRS, ROOT, X, Y, box, check, wait_for, write_layer

BOW_TIE = f"POLYGON(({X} {Y},{X + 10} {Y + 10},{X + 10} {Y},{X} {Y + 10},{X} {Y}))"


@pytest.fixture
def tab(dock, library):
    dock.open_library(library)
    wait_for(lambda: dock.library.layers)
    return dock.check_tab


def refusal_of(dock, path):
    """Check a file that will be refused; return the dock's words."""
    dock.check_tab.parcels.choose_file(str(path))
    dock.check_tab.check()
    wait_for(lambda: dock.notice.text)
    return dock.notice.text


def press_and_choose(dock, text):
    """Press the button of the message, and choose a line in the list that opens."""

    def choose():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QInputDialog):
            QTimer.singleShot(50, choose)
            return
        assert text in dialog.comboBoxItems()
        dialog.setTextValue(text)
        dialog.accept()

    done = []
    dock.check_tab.finished.connect(lambda: done.append(True))
    QTimer.singleShot(50, choose)
    dock.notice._button.click()
    wait_for(lambda: done)


def test_parcels_whose_numbers_repeat_are_checked_by_another_field_which_is_remembered(dock, tab, tmp_path):
    rows = [(box(100, 100, 50, 50), "A", "1"), (box(300, 100, 50, 50), "A", "2")]
    path = write_layer(tmp_path / "twice.gpkg", ["DKBH", "number"], rows)
    sentence = refusal_of(dock, path)
    assert "--" not in sentence and "Processing" not in sentence
    assert dock.notice._button.text() == "Choose the field…"
    press_and_choose(dock, "number")
    assert [parcel.parcel for parcel in tab.results.model.parcels] == ["1", "2"]
    check(dock)  # nobody is asked again
    assert dock.notice.text == ""


def test_invalid_parcels_are_repaired_and_checked_by_a_click(dock, tab, tmp_path):
    path = write_layer(tmp_path / "bow.gpkg", ["DKBH"], [(BOW_TIE, "A"), (box(300, 100, 50, 50), "B")])
    refusal_of(dock, path)
    done = []
    tab.finished.connect(lambda: done.append(True))
    assert dock.notice._button.text() == "Repair and check"
    dock.notice._button.click()
    wait_for(lambda: done)
    assert len(tab.results.model.parcels) == 2


def test_a_file_of_several_layers_is_checked_by_the_one_that_is_chosen(dock, tab, tmp_path):
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(("other.geojson", "parcels.geojson")):
            rows = [(box(300, 100, 50, 50), f"{number}{row}") for row in range(number + 1)]
            archive.write(write_layer(tmp_path / name, ["DKBH"], rows, driver="GeoJSON"), name)
    refusal_of(dock, path)
    assert dock.notice._button.text() == "Choose the layer…"
    press_and_choose(dock, "parcels")
    assert len(tab.results.model.parcels) == 2


def test_parcels_without_a_coordinate_system_get_it_once(dock, tab, tmp_path):
    rows = [(box(100, 100, 100, 100), "A")]
    path = write_layer(tmp_path / "lost.shp", ["DKBH"], rows, crs=None, driver="ESRI Shapefile")
    sentence = refusal_of(dock, path)
    assert "--crs" not in sentence and "Processing" not in sentence
    assert dock.notice._button.text() == "Choose the coordinate system…" in sentence
    done = []
    tab.finished.connect(lambda: done.append(True))
    tab.mends.add_params(Choice(path=str(path)), crs=QgsCoordinateReferenceSystem(CRS).authid())
    wait_for(lambda: done)
    assert tab.results.counts.buttons["prohibited"].text().startswith("1 ")


def test_no_option_of_a_mend_is_left_and_values_are_words():
    controls = add_controls()
    sentence = name_controls("Give --covers extent or --covers FILE, or make the library with --district.", controls)
    assert sentence == (
        "Give “Covers: the extent of its features (assumed)” or “Covers: a file of polygons”, "
        "or make the library with “District”."
    )
    assert name_controls("If it has another name, say --fields BSM=NAME.", controls) == (
        "If it has another name, say “Fields”."
    )
    assert name_controls("Leave --define out.", controls) == "Leave “DEFINE in the Processing toolbox” out."
    assert name_controls("Every parcel needs an id of its own; choose another field with --id.", dock_controls()) == (
        "Every parcel needs an id of its own; choose another field with “ID in the Processing toolbox”."
    )
    for language in ("en", "zh"):
        text = (ROOT / "resources" / "messages" / f"{language}.toml").read_text(encoding="utf-8")
        named = name_controls(text.replace("# --", ""), controls)
        assert "--" not in named and not re.search(
            r"onemap (add|district|inspect|layers|new|publish|runs|self-test)\b", named
        )


def test_the_desk_speaks_of_its_own_buttons_where_the_core_names_commands(provider):
    def mend_of(code):
        subject, _, name = code.partition(".")
        with (ROOT / "resources" / "messages" / f"{settings.language()}.toml").open("rb") as file:
            return name_controls(tomllib.load(file)[subject][name]["mend"], {})

    assert mend_of("layer.unknown").startswith("See the codes with “Layers on the tab Map”; ")
    assert mend_of("library.missing") == "Check the path, or make one with “New library…”."
    assert mend_of("sites.no_district").endswith("or give the library its district with “The library's district…”.")
    assert mend_of("package.no_record") == "Unpack it, and add its data with “Add to the one map…”."
    assert mend_of("package.receipt").startswith(
        "Give the .receipt.json that “Receive a package in the Processing toolbox” wrote"
    )
    assert mend_of("copy.damaged") == (
        "See what is damaged with “onemap verify on the command line”, restore the library from a backup, then copy it."
    )
    assert mend_of("library.network").endswith("on a PostGIS server (“onemap copy on the command line”).")
    settings.put("language", "zh")
    assert mend_of("library.missing") == "检查路径，或用“New library…”新建。"
    assert mend_of("layer.unknown").startswith("用“Layers on the tab Map”查看代码；")


def test_in_chinese_the_controls_have_their_chinese_names():
    QgsSettings().setValue("onemap/language", "zh")
    assert (
        name_controls("用 --crs 指定，或向来源单位核实。", {"--crs": "坐标系"}) == "用“坐标系”指定，或向来源单位核实。"
    )
    assert name_controls("用--layer指定。", {"--layer": "其中图层"}) == "用“其中图层”指定。"


def draw(path, east):
    """A drawing (DGN) of one closed square, 100 m a side, from a distance east of the town's corner."""
    options = ["UOR_PER_SU=1", "SU_PER_MU=1000", "MASTER_UNIT_NAME=m", f"ORIGIN={X},{Y},0"]
    path.unlink(missing_ok=True)
    source = ogr.GetDriverByName("DGN").CreateDataSource(str(path), options=options)
    layer = source.CreateLayer("elements")
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt(box(east, 100, 100, 100)))
    layer.CreateFeature(feature)


def test_a_drawing_that_was_drawn_anew_is_read_anew_at_the_next_check(dock, tab, tmp_path):
    if gdal.GetDriverByName("DGN") is None:
        pytest.skip("the GDAL of this QGIS has no driver for DGN")
    path = tmp_path / "parcels.dgn"
    draw(path, east=400)
    refusal_of(dock, path)
    assert dock.notice._button.text() == "Read it with QGIS's GDAL"
    dock.notice._button.click()
    wait_for(lambda: dock.notice._button.text() == "Choose the coordinate system…")
    done = []
    tab.finished.connect(lambda: done.append(True))
    dock.notice.hide()
    tab.mends.add_params(tab.parcels.choice, crs=CRS)
    wait_for(lambda: done or dock.notice.text)
    assert dock.notice.text == ""
    assert verdicts(tab) == ["unknown"]  # off the farmland; of the red line nothing is known
    draw(path, east=10)
    os.utime(path, (1, 1))  # another time, whatever the disk's clock counts
    done.clear()
    tab.check()
    wait_for(lambda: done)
    assert verdicts(tab) == ["prohibited"]  # within the farmland, which ends 150 m east
    done.clear()
    tab.check()  # of what did not change nothing is converted
    assert tab.is_checking
    wait_for(lambda: done)


def test_a_coordinate_system_that_was_given_once_falls_away_once_the_layer_has_its_own(dock, tab):
    layer = QgsVectorLayer("Polygon?field=DKBH:string", "lost", "memory")
    layer.setCrs(QgsCoordinateReferenceSystem())
    feature = QgsFeature(layer.fields())
    feature["DKBH"] = "M"
    feature.setGeometry(QgsGeometry.fromWkt(box(10, 100, 100, 100)))
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    choice = Choice(layer=layer.id())
    tab.parcels.choose_layer(layer)
    done = []
    tab.finished.connect(lambda: done.append(True))
    tab.mends.add_params(choice, crs="EPSG:4548")  # the next zone to the east: far outside the district
    wait_for(lambda: done)
    assert verdicts(tab) == ["unknown"]
    assert tab.mends.params_for(choice) == {"crs": "EPSG:4548"}  # as long as the layer says nothing
    layer.setCrs(QgsCoordinateReferenceSystem(CRS))
    check(dock)
    assert verdicts(tab) == ["prohibited"]


def test_a_file_that_declares_its_system_by_now_is_read_by_it(dock, tab, tmp_path):
    rows = [(box(10, 100, 100, 100), "A")]
    path = write_layer(tmp_path / "lost.shp", ["DKBH"], rows, crs=None, driver="ESRI Shapefile")
    tab.parcels.choose_file(str(path))
    done = []
    tab.finished.connect(lambda: done.append(True))
    tab.mends.add_params(tab.parcels.choice, crs="EPSG:4548")
    wait_for(lambda: done)
    assert verdicts(tab) == ["unknown"]
    (tmp_path / "lost.prj").write_text(QgsCoordinateReferenceSystem(CRS).toWkt(), encoding="utf-8")
    check(dock)
    assert verdicts(tab) == ["prohibited"]


def verdicts(tab):
    """The verdicts on display."""
    return [parcel.verdict for parcel in tab.results.model.parcels]
