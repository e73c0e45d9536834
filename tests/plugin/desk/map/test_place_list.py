"""The search of the tab Map: place names of the library and parcels of the map, each one click away."""

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.desk.map import place_list
from onemap.plugin.desk.map.place_list import find_places
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import X, Y, box, lay_out, wait_for, write_layer


@pytest.fixture(scope="module")
def named_places(provider, town, tmp_path_factory):
    """A library with three place names."""
    folder = tmp_path_factory.mktemp("names")
    rows = [
        (f"POINT({X + 100} {Y + 100})", "D1", "安澜小学", "学校"),
        (f"POINT({X + 500} {Y + 500})", "D2", "安澜公园100%", "公园"),
        (f"POINT({X + 900} {Y + 900})", "D3", "东营村", "居民点"),
    ]
    write_layer(folder / "names.gpkg", ["DMBH", "DMMC", "DMLB"], rows)
    names = ("DMDZ", folder / "names.gpkg", {})
    return make_library(folder / "library.gpkg", town / "district.gpkg", names)


@pytest.fixture
def tab(dock, named_places):
    dock.show()
    dock.open_library(named_places)
    wait_for(lambda: dock.library.layers)
    return dock.map_tab


def find(tab, text):
    """Type into the search and wait for what is found."""
    searched = []
    connection = tab.places.searched.connect(lambda: searched.append(True))
    tab.search.setText(text)
    wait_for(lambda: searched)
    tab.places.searched.disconnect(connection)
    return [tab.places.item(row).text().split(" · ")[0] for row in range(tab.places.count())]


def test_a_place_is_found_by_a_part_of_its_name_and_gone_to(tab, canvas):
    assert find(tab, "安澜") == ["安澜小学", "安澜公园100%"]
    assert tab.places.isVisible()
    tab.places.itemClicked.emit(tab.places.item(0))
    assert canvas.extent().contains(X + 100, Y + 100)
    assert canvas.extent().width() < 1000
    assert find(tab, "") == []
    assert not tab.places.isVisible()


def test_parcels_of_the_map_are_found_by_number_and_name(tab, tmp_path):
    rows = [(box(100, 100, 50, 50), "DK00017", "安澜家园地块"), (box(300, 100, 50, 50), "DK00018", "长桥商务楼地块")]
    layer = QgsVectorLayer(write_layer(tmp_path / "parcels.gpkg", ["DKBH", "DKMC"], rows), "parcels", "ogr")
    QgsProject.instance().addMapLayer(layer)
    assert find(tab, "dk00018") == ["DK00018 长桥商务楼地块"]
    assert find(tab, "安澜") == ["安澜小学", "安澜公园100%", "DK00017 安澜家园地块"]


def test_the_core_finds_initials_numbers_and_coordinates_besides(tab, canvas):
    assert find(tab, "alxx") == ["安澜小学"]
    assert find(tab, "anlan") == ["安澜小学", "安澜公园100%"]
    assert find(tab, f"{X + 900}，{Y + 100}") == [f"{X + 900}.00, {Y + 100}.00"]
    tab.places.itemClicked.emit(tab.places.item(0))
    assert canvas.extent().contains(X + 900, Y + 100) and canvas.extent().width() < 2000


def test_where_nothing_is_sought_no_table_is_opened(tab, monkeypatch):
    opened = []
    monkeypatch.setattr(place_list, "table_layer", lambda *source: opened.append(source))
    assert [find_places(tab._library, text) for text in ("", "澜")] == [[], []] and opened == []


def test_enter_goes_to_the_only_hit_and_among_several_the_keys_go_on(tab, canvas):
    tab.search.setText("alxx")  # which only the core knows, and nobody has waited for
    QTest.keyClick(tab.search, Qt.Key.Key_Return)
    wait_for(lambda: canvas.extent().contains(X + 100, Y + 100) and canvas.extent().width() < 1000)
    tab.search.setFocus()
    find(tab, "安澜")
    QTest.keyClick(tab.search, Qt.Key.Key_Return)
    wait_for(lambda: tab.places.hasFocus())
    assert find(tab, "DMDZ") == []
    QTest.keyClick(tab.search, Qt.Key.Key_Return)
    wait_for(lambda: tab.item_of("DMDZ").checkState(0) == Qt.CheckState.Checked)
    assert tab.tree.currentItem() is tab.item_of("DMDZ")


def test_what_is_called_by_no_name_is_said_to_be_nowhere(tab):
    assert find(tab, "xyzzy") == [] and tab.nothing.isVisible() and "parcel on the map" in tab.nothing.text()
    assert find(tab, "澜") == [] and tab.nothing.isVisible() and "from two letters on" in tab.nothing.text()
    for text in ("DMDZ", ""):
        find(tab, text)
        assert not tab.nothing.isVisible()


def test_places_that_are_found_have_the_room_of_the_layers_where_no_layer_is(tab):
    find(tab, "安澜")
    lay_out()
    assert tab.nothing.isVisible() and "only the places above" in tab.nothing.text()
    assert not tab.tree.isVisible() and tab.places.height() > tab.places.sizeHint().height()
    find(tab, "DMDZ")
    assert tab.tree.isVisible()
    tab.search.setText("安澜")
    tab.places.find()
    assert not tab.tree.isVisible()  # at once: the core, which may be busy, has not answered
    find(tab, "安澜")
    tab.fill()  # a version was added meanwhile: what is sought is sought again
    wait_for(lambda: not tab.tree.isVisible())
    assert tab.places.count() == 2
    tab.search.setText("")
    wait_for(lambda: not tab.places.isVisible())
    assert tab.tree.isVisible()


def test_signs_that_mean_something_to_a_database_are_only_letters(tab):
    assert find(tab, "' OR 1=1 --") == []
    assert find_places(tab._library, "安") == []


def test_another_library_forgets_what_was_found(tab, library):
    find(tab, "安澜")
    tab._library.open(library)
    wait_for(lambda: not tab.places._timer.isActive())
    assert not tab.places.isVisible()


def test_layers_are_still_filtered_by_the_same_words(tab):
    find(tab, "DMDZ")
    assert not tab.item_of("DMDZ").isHidden()
    assert tab.item_of("DLTB").isHidden()
    assert tab.places.focusPolicy() & Qt.FocusPolicy.TabFocus
