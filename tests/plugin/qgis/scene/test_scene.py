"""The scene in three dimensions: terrain, volumes by height and surfaces, as QGIS's own objects hold them."""

import shutil
from pathlib import Path

import pytest
from osgeo import gdal, osr
from qgis.core import (
    Qgis,
    QgsAbstract3DSymbol,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsProject,
)

from onemap.plugin.desk.map.map_day import following_layers
from onemap.plugin.desk.map.map_layers import put_on_map
from onemap.plugin.qgis.scene.scene import height_expression, missing_view, prepare_scene
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import X, Y, box, wait_for, write_layer

pytestmark = pytest.mark.slow

pytest.importorskip("qgis._3d", reason="this QGIS has no 3D view")


@pytest.fixture(scope="module")
def high_library(provider, town, tmp_path_factory):
    """A library with an elevation model, plots with permitted heights, and limits of an airfield."""
    folder = tmp_path_factory.mktemp("scene")
    plots = [
        (box(0, 0, 100, 100), "K1", "070102", "≤60"),
        (box(200, 0, 100, 100), "K2", "0901", "24.5m"),
        (box(400, 0, 100, 100), "K3", "0901", None),
    ]
    limits = [(box(0, 0, 500, 500), "X1", 103.0), (box(500, 0, 500, 500), "X2", 108.0)]
    raster = gdal.GetDriverByName("GTiff").Create(str(folder / "dem.tif"), 10, 10, 1, gdal.GDT_Float32)
    raster.SetGeoTransform((X, 100, 0, Y + 1000, 0, -100))
    system = osr.SpatialReference()
    system.ImportFromEPSG(4547)
    raster.SetProjection(system.ExportToWkt())
    raster.GetRasterBand(1).Fill(75)
    raster = None
    return make_library(
        folder / "library.gpkg",
        town / "district.gpkg",
        ("KGDK", write_layer(folder / "plots.gpkg", ["DKBH", "YDXZDM", "JZXG"], plots), {}),
        ("JCZAWXZM", write_layer(folder / "limits.gpkg", ["BH", "XZGD"], limits), {}),
        ("DEM", folder / "dem.tif", {}),
    )


@pytest.fixture
def ready(dock, high_library):
    dock.show()
    dock.open_library(high_library)
    wait_for(lambda: dock.library.layers)
    return dock


def test_the_terrain_and_the_volumes_are_those_of_the_library(ready):
    scene = prepare_scene(ready.library)
    provider = QgsProject.instance().elevationProperties().terrainProvider()
    assert provider.layer() is scene.terrain
    assert provider.heightAt(X + 550, Y + 550) == 75
    node = QgsProject.instance().layerTreeRoot().findLayer(scene.terrain.id())
    assert not node.isVisible()  # the terrain is the ground's shape; its greys would hide the map
    plots, limits = scene.layers
    assert heights_of(plots, QgsAbstract3DSymbol.Property.PropertyExtrusionHeight) == [60.0, 24.5, 0.0]
    assert plots.renderer3D().symbol().altitudeClamping() == Qgis.AltitudeClamping.Terrain
    assert heights_of(limits, QgsAbstract3DSymbol.Property.PropertyHeight) == [103.0, 108.0]
    surface = limits.renderer3D().symbol()
    assert surface.altitudeClamping() == Qgis.AltitudeClamping.Absolute  # above sea level, not above the ground
    assert surface.edgesEnabled()  # where one step meets the next
    material = surface.materialSettings()
    assert material.ambient() == material.diffuse()  # as red from below as from above
    assert len(scene.missing) == 2  # buildings, models: told, not passed over
    assert prepare_scene(ready.library).layers == [plots, limits]  # a second time nothing is added


def test_what_a_theme_has_switched_off_is_in_the_view_again_and_follows_the_day(ready):
    plots, limits = prepare_scene(ready.library).layers
    root = QgsProject.instance().layerTreeRoot()
    node = root.findLayer(plots.id())
    node.setItemVisibilityChecked(False)
    node.parent().setItemVisibilityChecked(False)
    assert prepare_scene(ready.library).layers == [plots, limits]
    assert node.isVisible() and root.findLayer(limits.id()).isVisible()
    assert plots in following_layers(ready.library)  # as what is ticked in the list does


def test_buildings_without_the_field_of_their_heights_are_told(dock, provider, town, tmp_path):
    source = write_layer(tmp_path / "plots.gpkg", ["DKBH", "YDXZDM"], [(box(0, 0, 100, 100), "K1", "070102")])
    dock.open_library(make_library(tmp_path / "flat.gpkg", town / "district.gpkg", ("KGDK", source, {})))
    wait_for(lambda: dock.library.layers)
    scene = prepare_scene(dock.library)
    assert scene.layers == [] and scene.terrain is None
    title = dock.library.entry("KGDK").title
    assert any(title in missing for missing in scene.missing)


def heights_of(layer, which):
    """The value of a property of a layer's symbol for each feature."""
    height = layer.renderer3D().symbol().dataDefinedProperties().property(which)
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    heights = []
    for feature in layer.getFeatures():
        context.setFeature(feature)
        heights.append(height.valueAsDouble(context)[0])
    return heights


def test_the_settings_of_a_view_take_the_layers(ready):
    from qgis._3d import Qgs3DMapSettings

    scene = prepare_scene(ready.library)
    settings = Qgs3DMapSettings()
    settings.setCrs(QgsProject.instance().crs())
    settings.setLayers([*scene.layers, scene.terrain])
    assert settings.layers() == [*scene.layers, scene.terrain]


@pytest.mark.parametrize(("text", "height"), [("≤60", 60), ("24.5m", 24.5), ("80", 80), ("不限", None), ("", None)])
def test_a_height_is_the_first_number_of_a_text(text, height):
    expression = QgsExpression(height_expression("h").replace('"h"', QgsExpression.quotedValue(text)))
    value = expression.evaluate()
    assert value == height, expression.evalErrorString()


def test_the_button_opens_a_view_and_says_what_is_missing(ready):
    opened = []
    ready._open_scene = lambda name, _on_closed: opened.append(name)
    assert missing_view() == "" and ready.scene_button.isEnabled()
    ready.scene_button.click()
    assert opened == ["One Map 3D"]
    assert ready.notice.isVisible()


def test_the_flat_map_is_as_before_once_the_view_is_closed(ready):
    """What was put there goes, what was off is off again, with its group; what was on stays."""
    root = QgsProject.instance().layerTreeRoot()
    for code, is_on in (("KGDK", True), ("JCZAWXZM", False)):
        entry = ready.library.entry(code)
        layer = put_on_map(ready.library, entry, entry.in_force)
        root.findLayer(layer.id()).setItemVisibilityChecked(is_on)
    group = root.findLayer(layer.id()).parent()
    group.setItemVisibilityChecked(False)
    before = [(node.name(), node.itemVisibilityChecked()) for node in root.findLayers()]
    closing = []
    ready._open_scene = lambda _name, on_closed: not closing.append(on_closed) and len(closing) != 2
    for _press in range(3):  # a view, the same again, and another before QGIS has taken the first one down
        ready.scene_button.click()
    assert all(node.isVisible() for node in root.findLayers() if node.layer() in prepare_scene(ready.library).layers)
    closing[0]()
    assert all(node.isVisible() for node in root.findLayers() if node.layer() in prepare_scene(ready.library).layers)
    closing[2]()
    wait_for(lambda: [(node.name(), node.itemVisibilityChecked()) for node in root.findLayers()] == before)
    assert not group.itemVisibilityChecked()


def test_a_library_without_any_of_it_says_so(dock, library):
    opened = []
    dock._open_scene = lambda name, _on_closed: opened.append(name)
    dock.show()
    dock.open_library(library)
    wait_for(lambda: dock.library.layers)
    dock.scene_button.click()
    assert opened == [] and dock.notice.isVisible()


def test_layers_leave_the_map_while_a_view_in_the_real_qgis_loads_them(drive_desktop, high_library, town, tmp_path):
    """QGIS 3.40 goes down with them if they are deleted first."""
    own = tmp_path / "library.gpkg"
    shutil.copy(high_library, own)
    driver = Path(__file__).parents[2] / "scene_driver.py"
    seen = drive_desktop(tmp_path / "desktop", str(own), town / "parcels.gpkg", driver=driver)
    assert seen["errors"] == []
    assert seen["left"] == [["JCZAWXZM", "KGDK"]] * len(seen["left"])
    assert seen["given_back"]  # once a view is closed the map is as it was before it
    assert seen["views"] == [["One Map 3D"]] * len(seen["left"])  # one, however often the button is pressed
