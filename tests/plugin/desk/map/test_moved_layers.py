"""A project moved together with its library: the dock recognises the layers as those of the library."""

import shutil

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import Qt

from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY
from onemap.tests.plugin.small_town import wait_for

FARMLAND = "YJJBNTTB"

pytestmark = pytest.mark.slow


def open_library(dock, path):
    dock.open_library(str(path))
    wait_for(lambda: dock.library.path == str(path) and dock.library.packs)


@pytest.fixture
def moved_folder(dock, library, tmp_path):
    """The dock with an open project that was saved beside its library, with farmland, and moved with it."""
    first, second = tmp_path / "desk", tmp_path / "另一台 #1%"
    first.mkdir()
    shutil.copyfile(library, first / "town.gpkg")
    open_library(dock, first / "town.gpkg")
    dock.map_tab.item_of(FARMLAND).setCheckState(0, Qt.CheckState.Checked)
    assert QgsProject.instance().write(str(first / "map.qgz"))
    QgsProject.instance().clear()
    shutil.copytree(first, second)
    shutil.rmtree(first)
    assert QgsProject.instance().read(str(second / "map.qgz"))
    return second


def test_layers_of_a_library_that_was_moved_with_the_project_are_ticked_and_not_put_there_twice(dock, moved_folder):
    [layer] = QgsProject.instance().mapLayers().values()
    assert layer.isValid() and layer.customProperty(PROPERTY_LIBRARY) == str(moved_folder / "town.gpkg")
    open_library(dock, moved_folder / "town.gpkg")
    item = dock.map_tab.item_of(FARMLAND)
    assert item.checkState(0) == Qt.CheckState.Checked
    assert list(QgsProject.instance().mapLayers().values()) == [layer]
    item.setCheckState(0, Qt.CheckState.Unchecked)
    item.setCheckState(0, Qt.CheckState.Checked)
    groups = [node.name() for node in QgsProject.instance().layerTreeRoot().children()]
    assert len(groups) == 1 and groups[0].startswith("One Map · Town")


def test_a_layer_that_somebody_points_elsewhere_moves_no_library(dock, moved_folder, town):
    open_library(dock, moved_folder / "town.gpkg")
    [layer] = QgsProject.instance().mapLayers().values()
    twin = layer.clone()
    QgsProject.instance().addMapLayer(twin)
    twin.setDataSource(str(town / "farmland.gpkg"), twin.name(), "ogr")
    dock.library.refresh()
    wait_for(lambda: not dock.library.reading.is_busy)
    assert layer.customProperty(PROPERTY_LIBRARY) == str(moved_folder / "town.gpkg")
    assert dock.map_tab.item_of(FARMLAND).checkState(0) == Qt.CheckState.Checked


def test_a_file_that_qgis_takes_for_another_is_told_with_the_letters_to_change(dock, library, tmp_path):
    folder = tmp_path / "%E5%9F%8E"  # as browsers save a Chinese name
    folder.mkdir()
    shutil.copyfile(library, folder / "town.gpkg")
    open_library(dock, folder / "town.gpkg")
    refusals = []
    dock.map_tab.refused.connect(refusals.append)
    dock.map_tab.item_of(FARMLAND).setCheckState(0, Qt.CheckState.Checked)
    assert "“%E5”" in refusals[0] and "Rename" in refusals[0]
