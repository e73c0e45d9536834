"""Rasters in the dock: their content, their place, and their picture on the map."""

import pytest
from osgeo import gdal, osr
from qgis.core import QgsMapThemeCollection, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QMimeData, Qt, QUrl

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.source_choice import dropped_file
from onemap.plugin.desk.map.map_layers import PROPERTY_TABLE, layer_on_map, put_on_map, show_version
from onemap.plugin.dock.map_tab import ROLE_VERSION
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import X, Y, press_add, wait_for


@pytest.fixture
def heights(tmp_path):
    """A raster of 50 × 50 cells of 20 m over the town."""
    path = tmp_path / "数字高程模型.tif"
    made = gdal.GetDriverByName("GTiff").Create(str(path), 50, 50, 1, gdal.GDT_Float32)
    made.SetGeoTransform((X, 20, 0, Y + 1000, 0, -20))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4547)
    made.SetProjection(system.ExportToWkt())
    made.GetRasterBand(1).Fill(42.0)
    made.FlushCache()
    del made
    return path


@pytest.fixture
def dialog(own_library):
    made = AddDialog(own_library)
    made.begin("")
    yield made
    made.close_down()
    made.deleteLater()


def show(dialog, path):
    """Choose a file and wait for what is in it."""
    dialog.form.source.choose(SourceFile(str(path)))
    wait_for(lambda: not dialog.is_working and not dialog.page.preview.is_reading)


def test_a_raster_is_shown_beside_the_district_and_added_and_drawn(dialog, heights):
    show(dialog, heights)
    text = dialog.page.facts.text()
    assert "Raster: 50 × 50 cells of 20 × 20" in text
    assert "Bands: 1 × float32" in text
    assert "No data: not stated" in text
    assert dialog.page.preview.summary.text() == "It lies in the district (dark outline)."
    assert any(isinstance(layer, QgsRasterLayer) for layer in dialog.page.preview.canvas.layers())
    dialog.form.choose_target("DEM")
    assert press_add(dialog), dialog.notice.text
    library = dialog._library
    library.refresh()
    wait_for(lambda: any(layer.versions for layer in library.layers))
    entry = next(layer for layer in library.layers if layer.code == "DEM")
    picture = put_on_map(library, entry, entry.versions[0])
    assert isinstance(picture, QgsRasterLayer)
    assert layer_on_map(library, entry.versions[0]) is picture
    themes, record = QgsProject.instance().mapThemeCollection(), QgsMapThemeCollection.MapThemeRecord()
    record.addLayerRecord(QgsMapThemeCollection.MapThemeLayerRecord(picture))
    themes.insert("Terrain", record)
    shown = show_version(picture, library, entry, entry.versions[0])  # another layer, in the same theme
    assert shown is not picture and themes.mapThemeVisibleLayerIds("Terrain") == [shown.id()]
    themes.clear()


def test_a_copy_beside_the_library_is_drawn_and_an_outline_where_the_raster_is_gone(dialog, heights):
    library = dialog._library
    for copy in (True, False):
        show(dialog, heights)
        dialog.form.choose_target("DEM")
        dialog.options.copy.setChecked(copy)
        dialog.options.label.setText("copied" if copy else "referred to")
        dialog.add()
        wait_for(lambda: not dialog.is_working)
        assert dialog.notice.text.startswith("“"), dialog.notice.text
    heights.unlink()
    library.refresh()
    wait_for(lambda: any(len(layer.versions) == 2 for layer in library.layers))
    entry = next(layer for layer in library.layers if layer.code == "DEM")
    found = {version.label: put_on_map(library, entry, version) for version in entry.versions}
    assert isinstance(found["copied"], QgsRasterLayer)
    assert found["referred to"].featureCount() == 1


@pytest.mark.slow
def test_a_raster_whose_file_became_another_is_not_drawn_and_the_tree_says_so(dock, own_library, heights, tmp_path):
    core("add", own_library.path, heights, "--as", "DEM", "--label", "2024", "--covers", "extent")
    dock.open_library(own_library.path)
    tab = dock.map_tab
    wait_for(lambda: tab.item_of("DEM") is not None and tab.item_of("DEM").data(0, ROLE_VERSION))

    def shown_layers():
        return [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty(PROPERTY_TABLE)]

    tab.item_of("DEM").setCheckState(0, Qt.CheckState.Checked)
    assert [type(layer) for layer in shown_layers()] == [QgsRasterLayer]
    tab.item_of("DEM").setCheckState(0, Qt.CheckState.Unchecked)
    content = heights.read_bytes()
    heights.write_bytes(content[:-4] + b"\0\0\0\0")  # of the same size, after the library was read
    tab.item_of("DEM").setCheckState(0, Qt.CheckState.Checked)
    wait_for(lambda: "✕" in tab.item_of("DEM").text(1))
    assert tab.item_of("DEM").text(1) == "2024 ✕ unreadable"
    (outline,) = shown_layers()
    assert isinstance(outline, QgsVectorLayer) and outline.featureCount() == 1
    assert "is not the one that was added" in dock.notice.text
    assert tab.item_of("DEM").checkState(0) == Qt.CheckState.Checked
    heights.write_bytes(content)
    dock.library.refresh()
    wait_for(lambda: "✕" not in tab.item_of("DEM").text(1))
    assert tab.item_of("DEM").text(1) == "2024 ◌ assumed"


def test_a_raster_becomes_no_layer_of_features_nor_the_other_way_round(dialog, heights, town):
    show(dialog, heights)
    dialog.form.choose_target("YJJBNTTB")
    assert "It is a raster" in dialog.hint.text()
    assert not dialog.add_button.isEnabled()
    show(dialog, town / "farmland.gpkg")
    dialog.form.choose_target("DEM")
    assert "kept as a raster" in dialog.hint.text()


def test_a_picture_on_the_map_can_be_chosen(dialog, heights):
    layer = QgsRasterLayer(str(heights), "heights")
    QgsProject.instance().addMapLayer(layer)
    dialog.form.source._fill_menu()
    action = next(action for action in dialog.form.source.menu.actions() if action.text() == "heights")
    action.trigger()
    wait_for(lambda: not dialog.is_working)
    assert dialog.form.chosen_part.raster["width"] == 50


@pytest.mark.parametrize(
    ("names", "head"),
    [
        (["a.dbf", "a.prj", "a.shp", "a.shp.xml", "a.shx"], "a.shp"),
        (["b.DAT", "b.ID", "b.MAP", "b.TAB"], "b.TAB"),
        (["c.aux.xml", "c.tfw", "c.tif"], "c.tif"),
        (["a.shp", "b.shp"], ""),
        (["a.shp", "b.txt"], ""),
    ],
)
def test_parts_that_are_dropped_together_are_one_file(names, head):
    what = QMimeData()
    what.setUrls([QUrl.fromLocalFile(f"/data/{name}") for name in names])
    found = dropped_file(what)
    assert (found.path if found else "").rpartition("/")[2] == head
