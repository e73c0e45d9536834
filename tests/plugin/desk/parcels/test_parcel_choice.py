"""The parcels to check are chosen by somebody: a library's whole layer is never taken by itself."""

import shutil

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.tests.plugin.small_town import box, wait_for, write_layer


@pytest.fixture
def tab(dock, library):
    """The tab Check of a library whose layers are on the map, among them polygons."""
    dock.open_library(library)
    wait_for(lambda: dock.library.layers)
    for code in ("YJJBNTTB", "STBHHX"):
        item = dock.map_tab.item_of(code)
        if item is not None and item.data(0, Qt.ItemDataRole.CheckStateRole) is not None:
            item.setCheckState(0, Qt.CheckState.Checked)
    wait_for(lambda: dock.check_tab.parcels.box.count())
    return dock.check_tab


def add_layer(folder, name):
    """A layer with one parcel on the map, as a user adds it."""
    layer = QgsVectorLayer(write_layer(folder / f"{name}.gpkg", ["DKBH"], [(box(100, 100, 50, 50), "1")]), name, "ogr")
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_no_layer_of_the_library_is_checked_by_itself(tab):
    assert tab.parcels.choice is None
    assert not tab.button.isEnabled()
    assert tab.parcels.box.placeholderText() == "Choose…"


def test_parcels_that_are_added_after_the_library_was_opened_are_those_to_check(tab, tmp_path):
    add_layer(tmp_path, "Redline")
    assert tab.parcels.choice.name == "Redline"
    assert tab.button.isEnabled()


def test_own_layers_and_files_stand_before_the_layers_of_libraries(tab, tmp_path):
    path = write_layer(tmp_path / "file.gpkg", ["DKBH"], [(box(100, 100, 50, 50), "1")])
    tab.parcels.choose_file(path)
    add_layer(tmp_path, "Redline")
    names = [tab.parcels.box.itemText(row) for row in range(tab.parcels.box.count())]
    assert names[:2] == ["Redline (1)", "file.gpkg"] and len(names) > 2
    assert all(tab.parcels.box.itemData(row, Qt.ItemDataRole.ToolTipRole) for row in range(2, len(names)))


def test_what_somebody_chose_stays_when_other_layers_come(tab, tmp_path):
    add_layer(tmp_path, "Redline")
    box_of_choices = tab.parcels.box
    box_of_choices.setFocus()
    QTest.keyClick(box_of_choices, Qt.Key.Key_End)  # the library's own layers are the last
    chosen = tab.parcels.choice
    assert chosen.name != "Redline"
    add_layer(tmp_path, "Another")
    assert tab.parcels.choice == chosen


def test_a_chosen_layer_that_leaves_the_map_gives_way_to_the_other_parcels(tab, tmp_path):
    first, second = add_layer(tmp_path, "First"), add_layer(tmp_path, "Second")
    tab.parcels.choose_layer(second)
    QgsProject.instance().removeMapLayer(second.id())
    assert tab.parcels.choice.layer == first.id()


def test_layers_of_one_name_are_told_apart(tab, canvas, library, tmp_path):
    other = tmp_path / "other" / "city.gpkg"
    other.parent.mkdir()
    shutil.copyfile(library, other)
    own = tab.parcels.box.itemText(0)
    [opened] = [one for one in QgsProject.instance().mapLayers().values() if one.customProperty("onemap/code")]
    twin = opened.clone()
    twin.setCustomProperty("onemap/library", str(other))
    QgsProject.instance().addMapLayer(twin)
    for system in ("EPSG:3857", "EPSG:4490"):
        canvas.setDestinationCrs(QgsCoordinateReferenceSystem(system))
        tab.parcels.add_drawing(QgsGeometry.fromRect(canvas.extent()))
    names = [tab.parcels.box.itemText(row) for row in range(tab.parcels.box.count())]
    title = own.rpartition(" (")[0]
    assert names[:2] == ["Drawn parcels · EPSG:3857 (1)", "Drawn parcels · EPSG:4490 (1)"]
    assert set(names[2:]) == {f"{title} · library.gpkg (1)", f"{title} · city.gpkg (1)"}
    QgsProject.instance().removeMapLayer(twin.id())
    # Layers of libraries go by dozens: they are listed anew once all have gone.
    wait_for(lambda: own in [tab.parcels.box.itemText(row) for row in range(tab.parcels.box.count())])
